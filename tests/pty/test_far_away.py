"""The console where people are: in tmux, behind `ssh -t`, as the forced command of a bastion's account, on a drill."""

import contextlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.pty.terminals import LIMIT, MOUSE, console, environment, pty_of
from tests.sshd import real_sshd


def so(condition: Callable[[], bool], what: str) -> None:
    """Wait until it is."""
    end = monotonic() + LIMIT
    while not condition():
        assert monotonic() < end, f"never {what}"
        sleep(0.02)


def running(pid: int) -> bool:
    """Whether that process is alive; one that only waits for its parent is not."""
    try:
        return not re.search(r"\) [ZX] ", Path(f"/proc/{pid}/stat").read_text())
    except OSError:
        return False


def pids(words: str, parent: int | None = None) -> set[int]:
    """The processes whose command line holds these words; only those that `parent` started, if given."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            ours = parent is None or stat.rpartition(")")[2].split()[1] == str(parent)
            if words in line and ours:
                found.add(int(folder.name))
    return found


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[list[str]]:
    if shutil.which("tmux") is None:
        pytest.skip("no tmux on this machine")
    argv = ["tmux", "-f", "/dev/null", "-S", str(tmp_path / "tmux")]
    yield argv
    subprocess.run([*argv, "kill-server"], check=False, capture_output=True)


def test_a_tmux_that_is_left_and_attached_again(services: str, state: Path, tmux: list[str]) -> None:
    environ = environment(state)
    with pty_of([*tmux, "new-session", "-s", "incident", *console(services)], environ) as terminal:
        terminal.shows("SERVICES 1")
        subprocess.run([*tmux, "detach-client"], check=True, env=environ)
        assert terminal.end() == 0
        terminal.assert_clean()
    with pty_of([*tmux, "attach", "-t", "incident"], environ, rows=30, columns=100) as terminal:
        terminal.shows("SERVICES 1")
        terminal.type(b"?")
        terminal.shows("EVERYWHERE")
        terminal.type(b"q")
        assert terminal.end() == 0, "the session ends with its only program"
        terminal.assert_clean()


def ssh(port: int, identity: str, known_hosts: str, user: str) -> list[str]:
    """A person's `ssh -t`."""
    options = ["-F", "/dev/null", "-i", identity, "-o", f"UserKnownHostsFile={known_hosts}", "-o", "IdentitiesOnly=yes"]
    return ["ssh", "-t", *options, "-p", str(port), f"{user}@127.0.0.1"]


@pytest.mark.parametrize("by_key", [False, True], ids=["sshd_config", "authorized_keys"])
def test_the_forced_command_of_a_bastion(services: str, state: Path, tmp_path: Path, by_key: bool) -> None:
    """`restrict,pty,command="rollback …"`: whatever the client asks for, it gets the console; the link is cut; another
    login finds everything as it was."""
    environ = f"LANG=C.UTF-8 ROLLBACK_STATE_DIR={state}"
    forced = f"{environ} exec {sys.executable} -m tui --services {services} 2>{tmp_path}/errors"
    with real_sshd(tmp_path / "sshd", f"cd {Path.cwd()}\n{forced}", by_key=by_key) as server:
        line = ssh(server.port, server.identity, server.known_hosts, server.user)
        with pty_of([*line, "rm", "-rf", "/"], environment(state)) as terminal:
            terminal.shows("SERVICES 1")
            assert not MOUSE.search(terminal.raw), "the mouse stays the client's inside ssh"
            (there,) = pids(f"-m tui --services {services}")
            terminal.signal(signal.SIGKILL)  # the client is gone without a word: the link is cut
            terminal.reap()
            so(lambda: not running(there), "the console behind the cut link ended")
        assert (state / "board.json").exists(), "it ended before it flushed"
        assert (tmp_path / "errors").read_text() == ""
        with contextlib.closing(sqlite3.connect(state / "journal.sqlite")) as journal:
            assert journal.execute("pragma integrity_check").fetchall() == [("ok",)]
        with pty_of(line, environment(state)) as terminal:
            terminal.shows("SERVICES 1")
            assert b"LAST SEEN" in terminal.raw
            terminal.type(b"q")
            assert terminal.end() == 0
            terminal.assert_clean()


def test_a_killed_console_takes_its_sandbox_along(state: Path) -> None:
    argv = [sys.executable, "-m", "tui", "sandbox", "--pace", "fast"]
    with pty_of(argv, environment(state)) as terminal:
        terminal.shows("SANDBOX  ●")
        terminal.until(lambda: re.search(r"127\.0\.0\.1:\d+", terminal.text) is not None, "names the host")
        found = re.search(r"127\.0\.0\.1:(\d+)", terminal.text)
        assert found
        port = int(found[1])
        socket.create_connection(("127.0.0.1", port), 5).close()
        boxes = pids("tui.sandbox", terminal.pid)
        terminal.signal(signal.SIGKILL)
        terminal.reap()
        so(lambda: not any(running(pid) for pid in boxes), "the sandbox ended")
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), 5)
    assert boxes
    assert not state.exists(), "a drill leaves no trace in the journal of real incidents"
