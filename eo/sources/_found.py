"""What a source gives for each file."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Found:
    """A file on this machine and where it comes from."""

    path: Path
    origin: str
