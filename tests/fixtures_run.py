"""The real run, built once for all tests: OSTIA from iris-sample-data, as configs/ has it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import succeeds
from synthetic import CONFIGS


@dataclass(frozen=True)
class Finished:
    """A run that was built."""

    root: Path
    said: str

    @property
    def result(self) -> Path:
        return self.root / "results" / "enso_ostia.nc"


@pytest.fixture(scope="session")
def enso(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Give the result of the real run; it is there to be read, not to be changed."""
    root = tmp_path_factory.mktemp("enso") / "a root with spaces, ä and %20"
    return Finished(root, succeeds("build", "enso_ostia", "--root", root, "--configs", CONFIGS))
