"""What every measurement needs: programs in a real pty, interleaved rounds, ratios of pairs, a table.

Absolute times mean little on a machine that does other things: the largest of a run is easily four times the median.
So whatever is compared runs alternately in the same minute, each round gives one ratio, and the median of these counts.
"""

import contextlib
import fcntl
import json
import os
import select
import struct
import subprocess
import sys
import termios
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from time import monotonic
from typing import Any

SYNC_ASKED, SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
TIME_LIMIT = 120.0
"""seconds after which a program that does not get there fails the measurement"""


@dataclass(slots=True, kw_only=True)
class Finding:
    """One measured number. `limit` is a bound on `value`: at most, or at least where `least` is set."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    least: bool = False
    detail: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, str] = field(default_factory=dict)
    """what the value is made of, told beside a limit that is missed"""

    @property
    def kept(self) -> bool:
        """Within its limit, or without one."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.least else self.value <= self.limit


@dataclass(slots=True, frozen=True, kw_only=True)
class Effort:
    """How thorough: the smoke test runs everything with next to nothing."""

    rounds: int = 5
    lines: int = 200_000
    seconds: float = 5.0


TINY = Effort(rounds=1, lines=2_000, seconds=0.6)
Bench = Callable[[Effort], list[Finding]]


def interleaved(cases: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run all cases once per round, every other round backwards."""
    found: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds):
        names = list(cases)
        for name in names if number % 2 == 0 else reversed(names):
            found[name].append(cases[name]())
    return found


def ratio(mine: Sequence[float], peer: Sequence[float]) -> float:
    """Median of the ratios of each round."""
    return median(a / b for a, b in zip(mine, peer, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Pty:
    """A program on a terminal of its own. Its reports (JSON lines on the descriptor named last in argv) are apart."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
        drain: float | None = None,
        raw: bool = False,
    ) -> None:
        """`drain`: bytes a second that the terminal takes; None: all it can."""
        self.bytes = 0
        """bytes read so far"""
        self.tail = b""
        """the last 64 KiB read"""
        self.reports: list[dict[str, Any]] = []
        self.started = monotonic()
        self._drain = drain
        self._allowed_from = self.started
        self._drained = 0
        self._said = b""
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if raw:
            tty.setraw(slave)
        self._hears, says = os.pipe()
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "BENCH_FD": str(says)}
        env.update(environ or {})
        self.process = subprocess.Popen(
            list(argv), stdin=slave, stdout=slave, stderr=slave, env=env, pass_fds=(says,), start_new_session=True
        )
        os.close(slave)
        os.close(says)
        self._open = [self._master, self._hears]

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def pump(self, until: Callable[[], bool], *, limit: float = TIME_LIMIT) -> None:
        """Be the terminal until the condition holds or the program has ended. Raises TimeoutError."""
        end = monotonic() + limit
        while self._open and not until():
            if monotonic() > end:
                raise TimeoutError(f"not within {limit} s; it said: {self.tail[-500:]!r}")
            self._step()

    def pump_for(self, seconds: float) -> None:
        """Be the terminal for so long."""
        end = monotonic() + seconds
        self.pump(lambda: monotonic() >= end)

    def report(self, name: str) -> Any:
        """Be the terminal until the program reports this; what it reported."""
        self.pump(lambda: any(name in one for one in self.reports))
        found = [one[name] for one in self.reports if name in one]
        if not found:
            raise RuntimeError(f"ended without reporting {name}; it said: {self.tail[-2000:]!r}")
        return found[-1]

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._drain = None
            self.pump(lambda: self.process.poll() is not None, limit=10)
            self.process.wait(5)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in (self._master, self._hears):
            os.close(fd)

    def _step(self) -> None:
        room = self._room()
        wanted = [fd for fd in self._open if fd != self._master or room > 0]
        ready, _, _ = select.select(wanted, [], [], 0.005 if self._drain else 0.02)
        for fd in ready:
            try:
                got = os.read(fd, min(room, 65_536) if fd == self._master else 65_536)
            except OSError:  # Linux: the program closed its side of the pty
                got = b""
            if not got:
                self._open.remove(fd)
            elif fd == self._master:
                self._read(got)
            else:
                *whole, self._said = (self._said + got).split(b"\n")
                self.reports.extend(json.loads(one) for one in whole)

    def _room(self) -> int:
        if self._drain is None:
            return 65_536
        return int((monotonic() - self._allowed_from) * self._drain) - self._drained

    def _read(self, got: bytes) -> None:
        self.bytes += len(got)
        self._drained += len(got)
        if SYNC_ASKED in self.tail[-len(SYNC_ASKED) + 1 :] + got:
            self.type(SYNC_ANSWER)
        self.tail = (self.tail + got)[-65_536:]

    def drain_from_now(self, rate: float | None) -> None:
        """Another speed from now on."""
        self._drain, self._allowed_from, self._drained = rate, monotonic(), 0


@contextlib.contextmanager
def on_pty(argv: Sequence[str], **how: Any) -> Iterator[Pty]:
    """A program on a pty for as long as it is needed."""
    pty = Pty(argv, **how)
    try:
        yield pty
    finally:
        pty.close()


def module(name: str, *words: str) -> list[str]:
    """The command line of a program among the benches, with this interpreter."""
    return [sys.executable, "-m", name, *words]


def say(**what: Any) -> None:
    """Called by a measured program: report to the harness."""
    fd = int(os.environ["BENCH_FD"])
    os.write(fd, json.dumps(what).encode() + b"\n")


def table(findings: Sequence[Finding]) -> str:
    """For people."""
    wide = max((len(f.name) for f in findings), default=0)
    out = []
    for f in findings:
        bound = "" if f.limit is None else f"{'>=' if f.least else '<='} {f.limit:g}"
        verdict = "" if f.limit is None else ("kept" if f.kept else "MISSED")
        out.append(f"{f.name:<{wide}}  {f.value:>10.3g} {f.unit:<10} {bound:<10} {verdict}".rstrip())
        if not f.kept:
            out += [f"  {part}: {value}" for part, value in f.profile.items()]
            out.append(f"  load of the machine: {os.getloadavg()[0]:.1f}, on {os.cpu_count()} processors")
    return "\n".join(out)


def document(findings: Sequence[Finding]) -> str:
    """For programs."""
    return json.dumps([{**asdict(f), "kept": f.kept} for f in findings], indent=2)
