"""A real terminal: tmux on a socket of its own, its keys and its screen."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui.console.widgets.work import HELD


@dataclass(frozen=True, slots=True, kw_only=True)
class Tmux:
    """One session."""

    socket: Path

    def command(self, *words: str) -> str:
        """A command of tmux; its output."""
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), *words], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def screen(self) -> str:
        """What is on the screen."""
        return self.command("capture-pane", "-p", "-t", "main")

    def sees(self, text: str, seconds: float = 60) -> str:
        """Wait until this can be read; gives the whole screen."""
        until = time.monotonic() + seconds
        while text not in (seen := self.screen()):
            assert time.monotonic() < until, f"never seen: {text!r}\n{seen}"
            time.sleep(0.05)
        return seen

    def gone(self, text: str, seconds: float = 60) -> str:
        """Wait until this cannot be read any more."""
        until = time.monotonic() + seconds
        while text in (seen := self.screen()):
            assert time.monotonic() < until, f"still seen: {text!r}\n{seen}"
            time.sleep(0.05)
        return seen

    def ended(self, seconds: float = 30) -> int:
        """Wait until the program has ended; gives the exit code as a shell sees it."""
        return int(self.sees("EXIT ", seconds).rpartition("EXIT ")[2].split()[0])

    def keys(self, *names: str) -> None:
        """Press keys one after the other, each deliberately: not sooner than a person who reads."""
        for name in names:
            time.sleep(HELD + 0.1)
            self.command("send-keys", "-t", "main", name)

    def types(self, text: str) -> None:
        """Type text."""
        self.command("send-keys", "-t", "main", "-l", text)


@contextlib.contextmanager
def tmux(
    folder: Path, command: str, *, columns: int = 80, lines: int = 24, environ: Mapping[str, str] | None = None
) -> Iterator[Tmux]:
    """Run `command` (a shell's line) in a terminal of this size until the block ends."""
    if shutil.which("tmux") is None:
        pytest.skip("no tmux on this machine: install tmux")
    folder.mkdir(parents=True, exist_ok=True)
    session = Tmux(socket=folder / "socket")
    env = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(environ or {})}
    argv = ["tmux", "-S", str(session.socket), "-f", "/dev/null", "new-session", "-d", "-s", "main"]
    size = ["-x", str(columns), "-y", str(lines)]
    subprocess.run([*argv, *size, f"{command}; echo EXIT $?; exec sleep 600"], env=env, check=True, timeout=20)
    try:
        yield session
    finally:
        with contextlib.suppress(AssertionError):  # it may have ended by itself
            session.command("kill-server")
