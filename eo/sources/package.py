"""A file that an installed Python distribution carries."""

from importlib import metadata
from pathlib import Path

from eo.errors import InputError
from eo.origin import PackageSource
from eo.sources._found import Found


def find(source: PackageSource) -> list[Found]:
    """Give the file of the installed distribution.

    Raises
    ------
    InputError
        The distribution is not installed, or has no such file.
    """
    try:
        distribution = metadata.distribution(source.distribution)
    except metadata.PackageNotFoundError:
        raise InputError(
            f"package {source.distribution!r} must be installed, and it is not; "
            f"the extra {source.extra!r} has it: pip install 'eo-climate-indicators[{source.extra}]'"
        ) from None
    path = Path(str(distribution.locate_file(source.path)))
    if not path.is_file():
        raise InputError(f"package {source.distribution!r} must have {source.path!r}, and it has not")
    return [Found(path, f"pkg:pypi/{source.distribution}@{distribution.version}#{source.path}")]
