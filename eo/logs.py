"""What happens, line by line on standard error: as text for a person, or as JSON where EO_LOG is ``json``.

The modules of `eo` log to loggers below ``eo``: one line for each part, fetch and result, none for a chunk or a file.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

ENVIRONMENT = "EO_LOG"
JSON = "json"
LOGGER = logging.getLogger("eo")


def as_json() -> bool:
    """Tell whether lines are to be JSON."""
    return os.environ.get(ENVIRONMENT, "").lower() == JSON


def numbers(**said: object) -> dict[str, dict[str, object]]:
    """Give what a line of JSON has beside its message, as ``extra`` of a logger."""
    return {"eo": said}


class JsonLines(logging.Formatter):
    """One JSON object on one line for each record: time (UTC), level, logger, message, and the numbers beside it."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "eo", {}),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


@contextmanager
def shown(*, verbose: bool = False) -> Iterator[None]:
    """Show what is logged, for as long as it lasts: all of it as JSON or where it is asked for, else warnings alone.

    Parameters
    ----------
    verbose : text for a person, one line for each part
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json() else logging.Formatter("%(message)s"))
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    LOGGER.handlers, LOGGER.propagate = [handler], False
    LOGGER.setLevel(logging.INFO if verbose or as_json() else logging.WARNING)
    try:
        yield
    finally:
        LOGGER.handlers, LOGGER.propagate = before[0], before[2]
        LOGGER.setLevel(before[1])


def listen() -> None:
    """Let one line a part through to whoever takes what is logged: for a process that set up its logging itself."""
    LOGGER.setLevel(logging.INFO)
