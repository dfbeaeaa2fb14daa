"""Follows one service's log: attaches, says when it was lost and what may be missing, attaches again.

`logs APP --num N -t` begins with the last N lines of each process, one process after the other; these are put in order
of time. After a loss the same lines come again: those seen shortly before are left out. Whether Dokku's stream goes on
with the container that replaces another has not been measured, so whoever learns of a replacement asks to attach again.
"""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from tui.engine.ports import ClockPort, StreamPort
from tui.engine.ring import LogRing
from tui.model.errors import ConsoleError
from tui.model.outcome import describe
from tui.model.text import clean_line

LINES = 100
"""lines of each process to begin with"""
OVERLAP = 2000
"""lines remembered to leave out what comes again"""
QUIET = 0.3
"""seconds without a line after which the beginning is complete"""
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ")


class Following(StrEnum):
    """Where the stream stands."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    LOST = "lost"
    ENDED = "ended"


class LogFollower:
    """One service's log, followed as long as somebody wants it."""

    def __init__(
        self,
        start: Callable[[int], StreamPort],
        clock: ClockPort,
        *,
        spool: Callable[[bytes], None] | None = None,
        cap: int = 32 * 1024 * 1024,
    ) -> None:
        self.ring = LogRing(cap)
        self.state = Following.CONNECTING
        self.why = ""
        self.since: datetime = clock.now()
        self.retry_at: datetime | None = None
        self.received = 0
        """lines taken in"""
        self._start = start
        self._clock = clock
        self._spool = spool
        self._task: asyncio.Task[None] | None = None
        self._stream: StreamPort | None = None
        self._recent: deque[bytes] = deque(maxlen=OVERLAP)
        self._begun: bytearray | None = None
        self._again: Counter[bytes] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._listeners: list[Callable[[], None]] = []
        self._reason = ""
        self._lost_at: datetime | None = None
        self._counted: deque[tuple[float, int]] = deque(maxlen=64)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def rate(self) -> float:
        """Lines a second over the last five seconds."""
        now = self._clock.monotonic()
        return sum(count for at, count in self._counted if now - at <= 5.0) / 5.0

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every change, without payload."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # ── following ────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End; what was taken in stays readable."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._close()

    async def attach_again(self, why: str) -> None:
        """The stream may belong to what no longer runs: say so in the log and attach anew."""
        self._reason = why
        await self._close()

    async def _follow(self) -> None:
        attempt = 0
        while True:
            self._enter(Following.CONNECTING)
            received = self.received
            why = await self._attached()
            attempt = 0 if self.received > received else attempt + 1
            lost_at = self._clock.now()
            pause = 0.0 if self._reason else PAUSES[min(attempt, len(PAUSES) - 1)]
            if self._reason or self.received > received:  # an attempt that brought nothing is no news
                self.ring.note(f"{lost_at:%H:%M:%S}Z {self._reason or f'stream lost: {why}'}")
                self._lost_at = lost_at
            self._reason = ""
            self._enter(Following.LOST, why, pause)
            await self._clock.sleep(pause)
            self._again = Counter(self._recent)

    async def _attached(self) -> str:
        """Take in until the stream ends; returns why it ended."""
        self._begun = bytearray()
        try:
            self._stream = self._start(LINES)
            async for chunk in self._stream:
                if self.state is not Following.STREAMING:
                    self._back()
                    self._enter(Following.STREAMING)
                self._take(chunk)
            outcome = self._stream.outcome
            return describe(outcome) if outcome is not None else "it ended"
        except ConsoleError as error:
            return clean_line(error.message, 200)
        finally:
            self._complete()
            await self._close()

    def _back(self) -> None:
        if self._lost_at is None:
            return
        now, lost_at = self._clock.now(), self._lost_at
        self._lost_at = None
        gap = (now - lost_at).total_seconds()
        self.ring.note(f"{now:%H:%M:%S}Z attached again after {gap:.1f} s; lines of that time may be missing")

    def _take(self, chunk: bytes) -> None:
        if self._begun is None:
            self._store(chunk)
            return
        self._begun += chunk
        if self._timer is not None:
            self._timer.cancel()
        if len(self._begun) > 1_000_000:
            self._complete()
        else:
            self._timer = asyncio.get_running_loop().call_later(QUIET, self._complete)

    def _complete(self) -> None:
        """The beginning of a stream is over: in order of time, without what was there before the loss."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._begun is None:
            return
        raw, self._begun = bytes(self._begun), None
        *lines, rest = raw.split(b"\n")
        fresh: list[bytes] = []
        for line in lines:
            if self._again.get(line, 0) > 0:
                self._again[line] -= 1
            else:
                fresh.append(line)
        self._again.clear()
        if fresh:
            self._store(b"\n".join(in_order(fresh)) + b"\n")
        if rest:
            self._store(rest)
        self._tell()

    def _store(self, raw: bytes) -> None:
        if self._spool is not None:
            self._spool(raw)
        before = self.ring.last
        count = self.ring.feed(raw)
        self.received += count
        self._counted.append((self._clock.monotonic(), count))
        keep = min(count, OVERLAP)
        self._recent.extend(self.ring.lines(before + count - keep, before + count))
        self._tell()

    async def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()

    def _enter(self, state: Following, why: str = "", pause: float = 0.0) -> None:
        now = self._clock.now()
        if state is not self.state:
            self.since = now
        self.state, self.why = state, why
        self.retry_at = now + timedelta(seconds=pause) if state is Following.LOST else None
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()


def in_order(lines: list[bytes]) -> list[bytes]:
    """Lines by their time stamps; one without a stamp stays with the line before it."""
    keyed: list[tuple[bytes, int, bytes]] = []
    last = b""
    for position, line in enumerate(lines):
        found = _STAMP.match(line)
        last = found[0] if found else last
        keyed.append((last, position, line))
    keyed.sort(key=lambda item: item[:2])
    return [line for _, _, line in keyed]
