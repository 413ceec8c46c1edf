"""Published tables to compare with, of which not every folder of real files has each."""

from pathlib import Path

import pytest


def published(path: Path) -> Path:
    """Give a published table; a test that needs it is skipped where the folder has none."""
    if not path.is_file():
        pytest.skip(f"EO_REAL_DATA has no {path.parent.name}/{path.name}")
    return path
