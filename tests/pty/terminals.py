"""A child process in a pty of its own, its screen as pyte sees it, and conditions to wait for."""

import contextlib
import os
import re
import select
import signal
import sys
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic

import pyte

from tests.forks import on_terminal

LIMIT = 30.0
"""seconds after which what was waited for counts as never happening"""
BARE = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
MOUSE = re.compile(rb"\x1b\[\?(?:1000|1002|1003|1006|1015|1016)h")


class Pty:
    """One terminal and the program in it."""

    def __init__(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str],
        *,
        rows: int = 24,
        columns: int = 80,
        folder: Path | None = None,
    ) -> None:
        self.raw = b""
        self._display = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._display)
        self.pid, self.fd = on_terminal(argv, environ, rows=rows, columns=columns, folder=folder)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self._display.display)

    def read(self, seconds: float = 0.1) -> bool:
        """Take what the program wrote; says whether it may write more."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.raw += data
        # pyte 0.8 takes the private marks of these for plain modes and keyboard protocol pops for "restore cursor"
        self._stream.feed(re.sub(rb"\x1b\[[<>=?][0-9;]*[u$p]+", b"", data))
        return bool(data)

    def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Read until it is so. Fails when the program ends first, or it never comes to be."""
        end = monotonic() + LIMIT
        while not condition():
            more = self.read()
            if condition():
                return
            assert more, f"ended before {what}:\n{self.text}\n{self.raw[-2000:]!r}"
            assert monotonic() < end, f"never {what}:\n{self.text}\n{self.raw[-2000:]!r}"

    def shows(self, words: str) -> None:
        """Wait until the screen shows these words."""
        self.until(lambda: words in self.text, f"shows {words!r}")

    def type(self, data: bytes) -> None:
        """Send bytes as if they were typed."""
        os.write(self.fd, data)

    def resize(self, rows: int, columns: int) -> None:
        """Make it another size; the program gets SIGWINCH."""
        self._display.resize(rows, columns)
        termios.tcsetwinsize(self.fd, (rows, columns))

    def signal(self, number: signal.Signals) -> None:
        """To the program."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the terminal's far end."""
        os.close(self.fd)
        self.fd = -1

    def end(self) -> int:
        """Wait for the program's end and give its exit code; minus the signal's number when one killed it."""
        limit = monotonic() + LIMIT
        with contextlib.suppress(OSError, ValueError):
            while self.read():
                assert monotonic() < limit, f"never ended:\n{self.text}"
        return self.reap()

    def reap(self) -> int:
        """As `end`, without reading."""
        limit = monotonic() + LIMIT
        while True:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            assert monotonic() < limit, f"never ended:\n{self.text}"
            select.select([], [], [], 0.02)

    def assert_clean(self) -> None:
        """The alternate screen is left, no mode is on, the cursor shows."""
        for mode in (b"1049", b"1000", b"1002", b"1003", b"1004", b"1006", b"1015", b"1016", b"2004", b"2026", b"2048"):
            on, off = self.raw.rfind(b"\x1b[?" + mode + b"h"), self.raw.rfind(b"\x1b[?" + mode + b"l")
            assert off >= on, f"mode {mode!r} is left on: {self.raw[-500:]!r}"
        for mode in (b"25", b"7"):
            on, off = self.raw.rfind(b"\x1b[?" + mode + b"h"), self.raw.rfind(b"\x1b[?" + mode + b"l")
            assert on >= off, f"mode {mode!r} is left off: {self.raw[-500:]!r}"


@contextlib.contextmanager
def pty_of(
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    rows: int = 24,
    columns: int = 80,
    folder: Path | None = None,
) -> Iterator[Pty]:
    """The program in a terminal, killed at the end if it is still there."""
    terminal = Pty(argv, environ, rows=rows, columns=columns, folder=folder)
    try:
        yield terminal
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            if not os.waitpid(terminal.pid, os.WNOHANG)[0]:
                os.kill(terminal.pid, signal.SIGKILL)
                os.waitpid(terminal.pid, 0)
        with contextlib.suppress(OSError):
            os.close(terminal.fd)


def environment(state: Path, **more: str) -> dict[str, str]:
    """What a person's shell would give it, and nothing of this machine."""
    found = {**BARE, "LANG": "C.UTF-8", "TERM": "xterm-256color", "ROLLBACK_STATE_DIR": str(state), **more}
    return {name: value for name, value in found.items() if value}


def console(services: str, *words: str) -> list[str]:
    """The console's command line."""
    return [sys.executable, "-m", "tui", *words, "--services", services]
