"""Original files of the Copernicus Marine Service, brought by its toolbox, of the version that is asked for.

The toolbox logs in and reads the catalogue anew each time it is called. So files that wait for one another are asked
for together: the first of them brings those of all.
"""

import importlib.util
import logging
import os
import shutil
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from eo.errors import Absent, Denied, InputError, SourceError, Unavailable
from eo.origin import CmemsSource
from eo.sources._connector import Tally
from eo.sources._credentials import without
from eo.sources._patience import patiently
from eo.sources._remote import Remote, Wanted
from eo.sources._times import picked

_HOST = "marine.copernicus.eu"
_MEBIBYTE = 1 << 20
_AUTHENTICATION = "auth.marine.copernicus.eu"
_TOGETHER = 64
"""Files that one call of the toolbox brings at most."""
_GATHER = 0.05
"""Seconds that the first file waits for others to come with it."""
_one_at_a_time = threading.Lock()
"""The toolbox opens its files through boto3's default session, which threads must not share."""


def check(source: CmemsSource) -> None:
    """Refuse a source whose toolbox, user or password is not there: the toolbox would ask at the terminal.

    Raises
    ------
    InputError
        Says what is lacking.
    """
    if importlib.util.find_spec("copernicusmarine") is None:
        raise InputError("the Copernicus Marine Service needs the package copernicusmarine; the extra 'cmems' has it")
    _login(source)


def _login(source: CmemsSource) -> tuple[str | None, str | None]:
    """Give user and password of the environment; none where the toolbox has a file of its own."""
    names = source.credentials.user, source.credentials.password
    user, password = (os.environ.get(name) if name else None for name in names)
    if user and password:
        return user, password
    if user or password:
        lacking = names[1] if user else names[0]
        raise InputError(f"the Copernicus Marine Service takes a user and a password, and {lacking} is not set")
    home = Path(os.environ.get("COPERNICUSMARINE_CREDENTIALS_DIRECTORY") or Path.home())
    own = home / ".copernicusmarine" / ".copernicusmarine-credentials"
    if not own.is_file() and not _in_netrc(Path.home() / ".netrc"):
        raise InputError(
            f"user and password of the Copernicus Marine Service are in {' and '.join(names)}, in {own} "
            f"('copernicusmarine login' writes it) or in ~/.netrc for {_AUTHENTICATION}; they are in none"
        )
    return None, None


def _in_netrc(path: Path) -> bool:
    try:
        return _AUTHENTICATION in path.read_text(encoding="utf-8").split()
    except OSError:
        return False


def find(source: CmemsSource, wanted: Wanted) -> list[Remote]:
    """Give the files of the span that the version of the data set has, by name.

    Raises
    ------
    SourceError
        The service does not answer, or it has no such data set or version.
    """

    def listed() -> list[Any]:
        return list(_got(source, dry_run=True, regex=wanted.product.filename).files)

    found = [_remote(one) for one in patiently(_HOST, source.limits, listed) if picked(one.filename, wanted)]
    return sorted(found, key=lambda one: one.name)


def _remote(file: Any) -> Remote:  # noqa: ANN401 - copernicusmarine.FileGet; its package is optional
    return Remote(
        name=file.filename,
        url=file.https_url,
        size=round(file.file_size * _MEBIBYTE),  # a power of two: exact
        etag=file.etag,
        modified=file.last_modified_datetime.replace("+00:00", "Z"),
    )


@dataclass
class _Waiting:
    """A file that a thread waits for, and what became of it."""

    remote: Remote
    draft: Path
    got: Remote | None = None
    error: Exception | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing became of it yet."""
        return self.got is None and self.error is None


_turn = threading.Lock()
_waiting: dict[CmemsSource, deque[_Waiting]] = {}
_ailing: Counter[str] = Counter()
"""How often, by address, files did not come with others: what ails one must not keep the others from coming."""
_ALONE = 2
"""From so often on a file is asked for alone."""


def fetch(source: CmemsSource, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Put the bytes of a file into the draft, always from its beginning: the toolbox cannot go on with one.

    Raises
    ------
    Absent
        There is no such file.
    Denied
        User or password is refused.
    Unavailable
        The service cannot be reached, or the file changed while it came.
    """
    one, queue = _Waiting(remote, draft), _waiting.setdefault(source, deque())
    if _ailing[remote.url] >= _ALONE:
        queue = deque()
    queue.append(one)
    with _turn:
        if one.is_open:
            time.sleep(_GATHER)
        while one.is_open:
            _bring(source, [queue.popleft() for _ in range(min(len(queue), _TOGETHER))])
    if one.error is not None:
        raise one.error
    tally(draft.stat().st_size)
    return one.got or remote


def _bring(source: CmemsSource, files: list[_Waiting]) -> None:
    """Put the bytes of files into their drafts, or say of each why they did not come."""
    folder = files[0].draft.with_name(f"{files[0].draft.name}.toolbox")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    listed = folder / "wanted.txt"
    listed.write_text("".join(f"{one.remote.url}\n" for one in files), encoding="utf-8")
    try:
        said = _got(source, file_list=listed, output_directory=folder / "got", no_directories=True).files
        _take(source, files, {found.name: found for found in map(_remote, said)}, folder / "got")
    except Exception as error:  # noqa: BLE001 - goes to the threads that wait
        _fail([one for one in files if one.is_open], error, together=len(files) > 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fail(files: list[_Waiting], error: Exception, *, together: bool) -> None:
    """Give up on files; those that were asked for together are worth another try, where the log-in is not at fault."""
    for one in files:
        one.error = error
        if together and isinstance(error, SourceError) and not isinstance(error, Denied):
            one.error = Unavailable(f"{one.remote.name} was asked for with others: {error}")
            _ailing[one.remote.url] += 1 if isinstance(error, Unavailable) else _ALONE


def _take(source: CmemsSource, files: list[_Waiting], got: dict[str, Remote], folder: Path) -> None:
    for one in files:
        if one.remote.name in got:
            (folder / one.remote.name).replace(one.draft)
            one.got = got[one.remote.name]
            del _ailing[one.remote.url]
        else:
            one.error = Absent(
                f"{_HOST} must have {one.remote.name} in {source.dataset} {source.version}, and it has not"
            )


def _got(source: CmemsSource, **what: Any) -> Any:  # noqa: ANN401 - copernicusmarine.ResponseGet; its package is optional
    """Give what the toolbox answers."""
    user, password = _login(source)
    with _one_at_a_time, _speaking(source, user, password):
        import copernicusmarine

        logging.getLogger("copernicusmarine").setLevel(logging.WARNING)
        found = copernicusmarine.get(
            dataset_id=source.dataset, dataset_version=source.version, dataset_part=source.part, username=user,
            password=password, disable_progress_bar=True, max_concurrent_requests=0, **what,
        )  # fmt: skip
    if found is None:  # what the toolbox gives where it cannot ask at a terminal
        raise Denied(f"{_HOST} must know the user, and the toolbox found no user and password in its files")
    return found


@contextmanager
def _speaking(source: CmemsSource, user: str | None, password: str | None) -> Iterator[None]:
    """Give what goes wrong as an error of the service, without user and password."""
    import copernicusmarine as toolbox
    import requests
    from boto3.exceptions import Boto3Error
    from botocore import exceptions as boto

    place = f"{source.dataset} {source.version}"

    def said(error: Exception) -> str:
        return without(error, user or "", password or "") or type(error).__name__

    try:
        yield
    except toolbox.InvalidUsernameOrPassword:
        raise Denied(f"{_HOST} must accept the user and the password, and it does not") from None
    except (toolbox.DatasetNotFound, toolbox.DatasetVersionNotFound, toolbox.DatasetVersionPartNotFound) as error:
        raise SourceError(f"{_HOST} must have {place}, which may be retired, and it says: {said(error)}") from None
    except boto.ClientError as error:
        code = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        busy = code >= HTTPStatus.INTERNAL_SERVER_ERROR
        kind = Absent if code == HTTPStatus.NOT_FOUND else Unavailable if busy else SourceError
        raise kind(f"{_HOST} must give {place}, and it said: {said(error)}") from None
    except (
        toolbox.CouldNotConnectToAuthenticationSystem, requests.RequestException, boto.BotoCoreError, Boto3Error,
        OSError,
    ) as error:  # fmt: skip
        raise Unavailable(f"{_HOST} must give {place}, and it cannot be reached: {said(error)}") from None
    except Exception as error:  # noqa: BLE001 - the toolbox lets through whatever its many libraries raise
        raise SourceError(f"{_HOST} must give {place}, and the toolbox failed: {said(error)}") from None
