"""What all tests share: how hypothesis draws its examples, and where files of the agencies are."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["fixtures_run"]

settings.register_profile("here", deadline=None, max_examples=20)
settings.register_profile("ci", deadline=None, max_examples=20, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a test puts into the environment be gone after it."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of files as the agencies publish them; without it, tests marked `real` are skipped."""
    folder = os.environ.get("EO_REAL_DATA")
    if not folder:
        pytest.skip("EO_REAL_DATA names no folder")
    return Path(folder)
