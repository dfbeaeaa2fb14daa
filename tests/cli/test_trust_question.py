"""A services.yaml that lies in the working directory: nothing is contacted before a person trusted it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forks import run
from tests.pty.terminals import environment, pty_of
from tui.drivers.trusted_files import TrustedFiles
from tui.model.errors import JournalError

FILE = """\
version: 1
hosts: {{h: {{ssh: "dokku@127.0.0.1:{port}"}}}}
services:
  api: {{host: h, app: scenextras, title: {title}, health: {{url: "http://127.0.0.1:{port}/${{STOLEN:-}}"}}}}
"""
HOME = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody who sees whether anything was contacted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def _write(folder: Path, listener: socket.socket, title: str = "API") -> None:
    (folder / "services.yaml").write_text(FILE.format(port=listener.getsockname()[1], title=title))


def _run(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return run(
        [sys.executable, "-m", "tui", *words],
        cwd=folder,
        env={**HOME, "ROLLBACK_STATE_DIR": str(folder / "state"), **environ},
    )


def _contacted(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.mark.parametrize("words", ["status", "api --list", "api previous --yes", "check", "keep --all"])
def test_without_a_terminal_it_is_refused_and_nothing_is_contacted(
    tmp_path: Path, listener: socket.socket, words: str
) -> None:
    _write(tmp_path, listener)
    ran = _run(tmp_path, *words.split(), "--json", STOLEN="secret")
    assert ran.returncode == 2
    assert "nobody has trusted it: nothing was contacted" in ran.stderr
    assert "--services ./services.yaml" in json.loads(ran.stdout)["error"]["fix"]
    assert "--trust" in json.loads(ran.stdout)["error"]["fix"]
    assert not _contacted(listener)


def test_named_or_trusted_it_is_used_until_it_can_do_more(tmp_path: Path, listener: socket.socket) -> None:
    _write(tmp_path, listener)
    assert _run(tmp_path, "status", "--services", "./services.yaml").returncode != 2 and _contacted(listener)
    while _contacted(listener):
        pass
    assert _run(tmp_path, "status").returncode == 2 and not _contacted(listener)  # naming it remembered nothing
    assert _run(tmp_path, "status", "--trust").returncode != 2 and _contacted(listener)
    _write(tmp_path, listener, title="Renamed")
    assert _run(tmp_path, "status").returncode != 2
    with (tmp_path / "services.yaml").open("a") as file:
        file.write("notify: [AWS_SECRET_ACCESS_KEY]\n")
    ran = _run(tmp_path, "status")
    assert ran.returncode == 2 and "nobody has trusted it" in ran.stderr


def test_a_person_is_shown_what_it_can_do_and_asked_once(tmp_path: Path, listener: socket.socket) -> None:
    _write(tmp_path, listener)
    environ = environment(tmp_path / "state")
    argv = [sys.executable, "-m", "tui", "status"]
    with pty_of(argv, environ, folder=tmp_path) as terminal:
        terminal.shows("Trust it from now on? [y/N]")
        assert "hosts.h.ssh: dokku@127.0.0.1:" in terminal.text
        terminal.type(b"\r")
        assert terminal.end() == 2
    assert not _contacted(listener)
    with pty_of(argv, environ, folder=tmp_path) as terminal:
        terminal.shows("Trust it from now on? [y/N]")
        terminal.type(b"yes\r")
        assert terminal.end() != 2
    assert _contacted(listener)
    assert _run(tmp_path, "status").returncode != 2


def test_the_console_asks_before_it_draws(tmp_path: Path, listener: socket.socket) -> None:
    _write(tmp_path, listener)
    environ = environment(tmp_path / "state")
    argv = [sys.executable, "-m", "tui"]
    with pty_of(argv, environ, folder=tmp_path) as terminal:
        terminal.shows("Trust it from now on? [y/N]")
        assert not _contacted(listener)
        terminal.type(b"y\r")
        terminal.shows("SERVICES 1")
        terminal.type(b"q")
        assert terminal.end() == 0
    with pty_of(argv, environ, folder=tmp_path) as terminal:
        terminal.shows("SERVICES 1")
        terminal.type(b"q")
        assert terminal.end() == 0


def test_no_file_anywhere_says_what_leads_on(tmp_path: Path) -> None:
    ran = _run(tmp_path, "status", HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path / "config"))
    assert ran.returncode == 2
    assert "there is no services.yaml: looked for $ROLLBACK_SERVICES" in ran.stderr
    assert "--services FILE" in ran.stderr and "rollback sandbox" in ran.stderr


def test_the_list_of_trusted_files_is_private_and_a_broken_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))
    store, file = TrustedFiles(), tmp_path / "services.yaml"
    assert store.known(file) is None
    store.trust(file, b"version: 1", "f" * 64)
    assert store.unchanged(file, b"version: 1") and not store.unchanged(file, b"version: 2")
    assert not store.unchanged(tmp_path / "other.yaml", b"version: 1")
    kept = tmp_path / "state" / "trusted.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    for broken in ("{", "[]", '{"a": 1}', "null"):
        kept.write_text(broken)
        with pytest.raises(JournalError, match="cannot be read") as caught:
            store.known(file)
        assert "remove it" in caught.value.fix
    kept.unlink()
    kept.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError):
        store.known(file)
