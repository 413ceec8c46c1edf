"""Files that are already on this machine: a glob."""

import glob
from pathlib import Path

from eo.errors import InputError
from eo.origin import LocalSource
from eo.sources._found import Found


def find(source: LocalSource) -> list[Found]:
    """Give the files that match the glob, by name.

    Raises
    ------
    InputError
        Nothing matches, or the folder cannot be read.
    """
    try:
        return _matching(source)
    except OSError as error:
        raise InputError(f"{error.filename or source.path} must be readable: {error.strerror}") from None


def _matching(source: LocalSource) -> list[Found]:
    paths = sorted(Path(name) for name in glob.glob(source.path, recursive=True))  # noqa: PTH207 - the pattern may be absolute
    files = [path.resolve() for path in paths if path.is_file()]
    if not files:
        folder = Path(source.path).parent
        there = (
            f"the folder has {len(list(folder.iterdir()))} entries"
            if folder.is_dir()
            else f"there is no folder {folder}"
        )
        raise InputError(f"a local source matches at least one file, and {source.path!r} matches none; {there}")
    return [Found(path, path.as_uri()) for path in files]
