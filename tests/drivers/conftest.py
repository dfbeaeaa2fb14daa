"""Shared by tests of several drivers: the stand-ins of vendors, a real sshd, a home without the machine's own keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sshd import Sshd, real_sshd
from tests.vendors import vendors as vendors


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with a blank in its path, and no agent."""
    folder = tmp_path / "a home"
    (folder / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return folder


@pytest.fixture(scope="module")
def sshd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """An OpenSSH server. Every login runs the module's `FORCED`, which finds the command in SSH_ORIGINAL_COMMAND."""
    with real_sshd(tmp_path_factory.mktemp("sshd"), request.module.FORCED) as server:
        yield server
