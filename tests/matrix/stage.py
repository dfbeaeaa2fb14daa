"""One host and one console for one cell: the sandbox behind an sshd that can be stopped, and a command."""

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.forks import on_terminal
from tests.sandboxes import Done, Sandbox, running_sandbox
from tests.scenarios.test_real_sshd import forced, through
from tests.sshd import SSHD, Sshd, answers, real_sshd
from tui.incident.transitions.uncertain import UNKNOWN_LIMIT

APP = "scenextras"
RECORD = f"{APP}--incident"
LIMIT = 150.0
"""seconds after which something counts as never happening"""


@dataclass(slots=True, kw_only=True)
class Running:
    """A command line with a controlling terminal; its stdout is a file, its stderr a pipe that can be closed."""

    pid: int
    terminal: int
    out: Path
    err: Path
    reader: "subprocess.Popen[bytes]"
    """copies stderr into `err`"""

    @property
    def told(self) -> str:
        """What it said on stderr so far."""
        return self.err.read_text(errors="replace") if self.err.exists() else ""

    def alive(self) -> bool:
        """Whether it still runs; it is not reaped by this."""
        state = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return state is None

    def wait(self, limit: float = LIMIT) -> int | None:
        """Its exit code, minus the signal's number when one killed it; None where it does not end in time."""
        end = time.monotonic() + limit
        while self.alive():
            self._drain()
            if time.monotonic() > end:
                return None
            time.sleep(0.05)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _drain(self) -> None:
        """Nothing is written to the terminal itself; what the line discipline echoes must not fill it."""
        if self.terminal >= 0:
            with contextlib.suppress(OSError):
                os.set_blocking(self.terminal, False)
                os.read(self.terminal, 65536)


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything of one cell."""

    box: Sandbox
    sshd: Sshd
    folder: Path
    server: "subprocess.Popen[bytes] | None" = None
    """the sshd that was started after the first one was stopped"""
    clock: Path
    """steps the command's clock, where `faked`"""
    faked: bool = False
    step: str = "+1h"
    colleague_pushes: int = 0
    second_pushes: int = 0
    """of the second console, by its own word"""
    said: list[Done] = field(default_factory=list)

    def begin(self, *words: str) -> Running:
        """Start a command line in a terminal of its own, on a clock that can be stepped."""
        out, err, pipe = self.folder / "out.json", self.folder / "err.txt", self.folder / "stderr"
        for old in (out, err, pipe):
            old.unlink(missing_ok=True)
        os.mkfifo(pipe)
        with err.open("wb") as kept:
            reader = subprocess.Popen(["cat", str(pipe)], stdout=kept)
        pid, terminal = on_terminal(self.box.argv(*words), self.env(), redirected={1: out, 2: pipe})
        return Running(pid=pid, terminal=terminal, out=out, err=err, reader=reader)

    def env(self) -> dict[str, str]:
        """The command's environment, with a clock that can be stepped where that is wanted."""
        found = self.box.env()
        library = faketime() if self.faked else None
        if library is not None:
            self.clock.write_text("+0s\n")
            found |= {
                "LD_PRELOAD": str(library),
                "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                "FAKETIME_NO_CACHE": "1",
                "DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # it makes threads that wait for their turn wait for ever
            }
        return found

    def run(self, *words: str, state: Path | None = None) -> Done:
        """A command line to its end, as a person types it afterwards."""
        before, self.box.state = self.box.state, state or self.box.state
        try:
            done = self.box.run(*words, timeout=LIMIT + UNKNOWN_LIMIT.total_seconds())
        finally:
            self.box.state = before
        self.said.append(done)
        return done

    def sessions(self) -> list[int]:
        """The sshd processes that serve connections."""
        found = []
        for master in (self.sshd.pid, self.server.pid if self.server else 0):
            found += _children(master) if master else []
        return found

    def cut(self) -> None:
        """Every connection ends, without a word."""
        for pid in self.sessions():
            for one in (*_children(pid), pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)

    def freeze(self, seconds: float) -> None:
        """Every connection stays open and silent for that long."""
        held = self.sessions()
        for pid in held:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        for pid in held:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def close_port(self) -> None:
        """Nobody listens any more, and every connection ends."""
        self.cut()
        os.kill(self.sshd.pid, signal.SIGTERM)

    def open_port(self) -> None:
        """The same server on the same port again."""
        home = self.folder / "sshd"
        with (home / "sshd.log").open("ab") as log:
            self.server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(home / "sshd_config")], stderr=log)
        answers(self.server, self.sshd.port, home / "sshd.log")

    def until(self, condition: Callable[[], bool], running: Running, what: str, every: float = 0.03) -> None:
        """Wait until it is so, looked at after so many seconds each."""
        end = time.monotonic() + LIMIT
        while not condition():
            assert running.alive(), f"ended before {what}:\n{running.told[-1500:]}"
            assert time.monotonic() < end, f"never {what}"
            time.sleep(every)


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def faketime() -> Path | None:
    """The library that steps a process's clock, where it is installed."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def no_more_writing(pid: int) -> None:
    """The disk is full for that process: every write that makes a file longer fails."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))


@contextlib.contextmanager
def stage(folder: Path, *, dokku: str = "0.35.15", pace: str = "0.15") -> Iterator[Stage]:
    """A sandbox behind an sshd of its own."""
    with (
        running_sandbox(folder / "box", dokku=dokku, pace=pace) as box,
        real_sshd(folder / "sshd", forced(box)) as sshd,
    ):
        through(box, sshd, folder)
        box.state = folder / "state"
        made = Stage(box=box, sshd=sshd, folder=folder, clock=folder / "clock")
        try:
            yield made
        finally:
            if made.server is not None:
                made.server.terminate()
                made.server.wait(10)
