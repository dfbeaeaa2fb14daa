"""What tests of several drivers need: the stand-ins of vendors, and a home without the machine's own keys."""

from pathlib import Path

import pytest

from tests.vendors import vendors as vendors


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with a blank in its path, and no agent."""
    folder = tmp_path / "a home"
    (folder / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return folder
