"""What was fetched and is kept: raw/<product>/<digest>/<name>, and beside it what is known of how it came."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from eo.errors import InputError
from eo.filenames import groups
from eo.model import Product
from eo.origin import HttpsSource, OpendapSource
from eo.sources._asked import asked
from eo.sources._listing import last_of
from eo.sources._remote import Remote

ENDING = ".origin.json"
_STATED = ("etag", "size", "modified", "version", "checksum")


@dataclass(frozen=True)
class Stated:
    """What a service states of a file: by this a re-issue is noticed."""

    etag: str = ""
    size: int | None = None
    modified: str = ""
    version: str = ""
    checksum: str = ""

    @classmethod
    def of(cls, remote: Remote) -> "Stated":
        """Give what is stated of a file that a service has."""
        return cls(*(getattr(remote, name) for name in _STATED))


@dataclass(frozen=True)
class Kept:
    """A granule that was fetched."""

    name: str
    remote: str
    """The name of the file at the service: another than `name` for a member of an archive."""
    origin: str
    offered: Stated
    """As the service listed the file."""
    sent: Stated
    """As the service described the file while it sent it."""
    retrieved: str
    sha256: str
    size: int
    times: tuple[str, ...]
    version: str
    """Stated in the file or its name."""
    licence: str
    request: str | None = None
    """What was asked of the service, see `eo.sources._asked`; None of a granule that came before that was kept."""
    beside: tuple[str, ...] = ()
    path: Path = Path()

    def document(self) -> str:
        """Give the JSON that stands beside the file."""
        said = asdict(self)
        del said["path"]
        return json.dumps(said, indent=1) + "\n"

    def is_of(self, remote: Remote) -> bool:
        """Tell whether a file at the service is the one that is kept: nothing that is stated of it differs."""
        if self.remote != remote.name:
            return False
        for one in _STATED:
            now, before = getattr(remote, one), {getattr(self.offered, one), getattr(self.sent, one)} - {"", None}
            if now and before and now not in before:
                return False
        return True


def present(product: Product, raw: Path) -> list[Kept]:
    """Give what is kept of a product as it is configured now, in the order in which it came.

    Raises
    ------
    InputError
        What stands beside a granule cannot be read.
    """
    return answering(product, kept(raw))


def answering(product: Product, found: list[Kept]) -> list[Kept]:
    """Give the granules that a product asks for as it is configured now, and that are named as its files are.

    One of which the request is not known counts where published files are asked for by their names alone.
    """
    request = asked(product)
    return [one for one in found if (one.request or "") == request and _is_named(one, product)]


def _is_named(one: Kept, product: Product) -> bool:
    """Tell whether a granule is named as a product has it, and as its source addresses it: of its version, say."""
    if product.filename is not None and groups(one.name, product) is None:
        return False
    source = product.source
    if isinstance(source, OpendapSource) or (isinstance(source, HttpsSource) and source.listing == "none"):
        return one.remote == last_of(source.url.format(time=np.datetime64(one.times[0], "s").item()))
    return True


def kept(raw: Path) -> list[Kept]:
    """Give everything that is kept of a product, of whatever request, in the order in which it came.

    Raises
    ------
    InputError
        What stands beside a granule cannot be read.
    """
    found = [kept_at(path) for path in raw.glob(f"*/*{ENDING}")]
    return sorted(found, key=lambda one: (one.retrieved, one.name, one.sha256))


def kept_at(path: Path) -> Kept:
    """Give the granule that a file says where it is from.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        exact = {
            "times": tuple(said["times"]),
            "beside": tuple(said["beside"]),
            "offered": Stated(**said["offered"]),
            "sent": Stated(**said["sent"]),
            "path": path.with_name(path.name.removesuffix(ENDING)),
        }
        return Kept(**said | exact)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} must say where a granule is from, and it cannot be read: {error}") from None


def newest(found: list[Kept]) -> list[Kept]:
    """Give the newest issue of each name, and of each time where a re-issue came under another name; by name."""
    by_name = {one.name: one for one in found}
    by_time = {one.times or (one.name,): one for one in sorted(by_name.values(), key=found.index)}
    return sorted(by_time.values(), key=lambda one: (one.times, one.name))


assert set(_STATED) == {one.name for one in fields(Stated)}  # noqa: S101 - one list of what is stated
