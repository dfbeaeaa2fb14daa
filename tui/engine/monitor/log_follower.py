"""Follows one service's log: attaches, says when it was lost and what may be missing, attaches again.

`logs APP --num N -t` begins with the last N lines of each process, one process after the other; these are put in order
of time. After a loss the same lines come again: those seen before are left out. Whether Dokku's stream goes on with the
container that replaces another has not been measured, so whoever learns of a replacement asks to attach again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from tui.dokku import refusals
from tui.engine.change_signal import Signal
from tui.engine.error_edge import answered, worded
from tui.engine.monitor.log_overlap import compare
from tui.engine.monitor.log_ring import LogRing
from tui.engine.ports import ClockPort, StreamPort
from tui.engine.supervisor import Supervisor
from tui.model.errors import ConsoleError
from tui.model.outcome import Exited, describe
from tui.text.clean import clean_line

LINES = 100
"""lines of each process to begin with"""
MOST_LINES = 2000
"""lines of each process asked for after a long loss"""
OVERLAP = 5000
"""lines looked back at to leave out what comes again"""
QUIET = 0.3
"""seconds without a line after which the beginning is complete"""
BEGINNING = 1.0
"""seconds after which it is complete in any case: an app that logs all the time leaves no quiet"""
BEGINNING_BYTES = 1_000_000
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""seconds before the next attempt"""
UNWRITTEN = 16 * 1024 * 1024
"""bytes that wait for the disk at most"""
WINDOW = 5
"""seconds over which the rate is measured"""


class Following(StrEnum):
    """The state of the stream."""

    CONNECTING = "connecting"
    """asked for, nothing came yet: the link may be slow, or the app quiet"""
    STREAMING = "streaming"
    LOST = "lost"
    """ended or cut; tried again at `retry_at`"""
    ENDED = "ended"
    """nobody follows any more"""


class LogFollower:
    """One service's log, followed as long as somebody wants it."""

    def __init__(
        self,
        start: Callable[[int], StreamPort],
        clock: ClockPort,
        *,
        spool: Callable[[bytes], None] | None = None,
        spooled: Callable[[], Iterator[bytes]] | None = None,
        cap: int = 32 * 1024 * 1024,
    ) -> None:
        self.ring = LogRing(cap)
        self.state = Following.CONNECTING
        self.why = ""
        self.since: datetime = clock.now()
        self.retry_at: datetime | None = None
        self.received = 0
        """lines taken in"""
        self.spooling = True
        """False once the spool could not be written: what leaves the ring is gone then"""
        self._start = start
        self._clock = clock
        self._spool = spool
        self._spooled = spooled
        self._unwritten = bytearray()
        self._writer: asyncio.Task[None] | None = None
        self._work = Supervisor(self._broke)
        self._writing = Supervisor(lambda error: self._spool_ended(worded(error)))
        self._task: asyncio.Task[None] | None = None
        self._stream: StreamPort | None = None
        self._begun: bytearray | None = None
        self._asked = LINES
        self._timer: asyncio.TimerHandle | None = None
        self._latest: asyncio.TimerHandle | None = None
        self._news = Signal()
        self._reason = ""
        self._lost_at: datetime | None = None
        self._rate_then = 0.0
        self._counted: deque[tuple[int, int]] = deque(maxlen=WINDOW + 1)
        self._first_second = 0
        """from which on lines are counted as they come"""

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def rate(self) -> float:
        """Lines a second over the last seconds, without the one that is not over yet; of a stream that is younger, over
        the seconds that it has been there."""
        now = int(self._clock.monotonic())
        since = max(now - WINDOW, self._first_second)
        return sum(count for second, count in self._counted if since <= second < now) / max(1, now - since)

    async def whole(self) -> Iterator[bytes]:
        """Everything that came: from the spool where there is one, else what the ring still keeps. May be read in
        another thread."""
        await self._written()
        if self._spooled is not None and self.spooling:
            return self._spooled()
        return iter(list(self.ring.raw()))

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every change, without payload; returns what ends that."""
        return self._news.subscribe(listener)

    # ── following ────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin."""
        if self._task is None or self._task.done():
            self._task = self._work.begin(self._follow())

    async def stop(self) -> None:
        """End; what was taken in stays readable."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            self._enter(Following.ENDED)
        await self._close()
        await self._written()

    async def attach_again(self, why: str) -> None:
        """The stream may belong to what no longer runs: say so in the log and attach anew."""
        self._reason = why
        await self._close()

    def _broke(self, error: BaseException) -> None:
        self._enter(Following.ENDED, f"broken: {worded(error)}")

    async def _follow(self) -> None:
        attempt = 0
        while True:
            self._enter(Following.CONNECTING)
            received = self.received
            why = await answered(self._attached(), worded)
            news = self.received > received  # an attempt that brought nothing new is not told again
            attempt = 0 if news else attempt + 1
            pause = 0.0 if self._reason else PAUSES[min(max(0, attempt - 1), len(PAUSES) - 1)]
            if self._reason or news:
                self._rate_then = self.rate
                self._lost_at = self._clock.now()
                self._note(f"{self._lost_at:%H:%M:%S}Z {self._reason or why}")
            self._reason = ""
            self._enter(Following.LOST, why, pause)
            await self._clock.sleep(pause)

    async def _attached(self) -> str:
        """Take in until the stream ends; returns why it ended."""
        self._begun = bytearray()
        self._asked = self._wanted()
        try:
            self._stream = self._start(self._asked)
            async for chunk in self._stream:
                self._take(chunk)
            if self._stream is not None and self._stream.outcome == Exited(code=0):
                return "stream ended: its containers stopped or were replaced"
            return lost(self._stream)
        except ConsoleError as error:
            return f"stream lost: {clean_line(error.message, 200)}"
        finally:
            self._complete()
            await self._close()

    def _wanted(self) -> int:
        """Lines to ask for: after a loss, twice what may have been written meanwhile."""
        if self._lost_at is None:
            return LINES
        away = (self._clock.now() - self._lost_at).total_seconds()
        return max(LINES, min(MOST_LINES, int(2 * away * self._rate_then)))

    def _take(self, chunk: bytes) -> None:
        if self.state is not Following.STREAMING:
            self._enter(Following.STREAMING)
        if self._begun is None:
            self._store(chunk)
            return
        loop = asyncio.get_running_loop()
        self._begun += chunk
        if self._timer is not None:
            self._timer.cancel()
        if len(self._begun) > BEGINNING_BYTES:
            self._complete()
            return
        self._timer = loop.call_later(QUIET, self._complete)
        if self._latest is None:
            self._latest = loop.call_later(BEGINNING, self._complete)

    def _complete(self) -> None:
        """The beginning of a stream is over: in order of time, without what was there before the loss."""
        for timer in (self._timer, self._latest):
            if timer is not None:
                timer.cancel()
        self._timer = self._latest = None
        if self._begun is None:
            return
        raw, self._begun = bytes(self._begun), None
        self._first_second = int(self._clock.monotonic())
        if not raw:
            return
        *lines, rest = raw.split(b"\n")
        ring = self.ring
        seen = ring.lines(ring.last - OVERLAP, ring.last)
        again = compare(seen, lines, self._asked)
        if self._lost_at is not None:
            now, gap = self._clock.now(), (self._clock.now() - self._lost_at).total_seconds()
            missing = f"lines of up to {gap:.0f} s may be missing of {', '.join(again.gaps)}" if again.gaps else ""
            renewed = f"a new container of {', '.join(again.renewed)}" if again.renewed else ""
            if missing or renewed or again.fresh:
                said = "; ".join(filter(None, (renewed, missing))) or "nothing is missing"
                self._note(f"{now:%H:%M:%S}Z attached again after {gap:.1f} s: {said}")
                self._lost_at = None
        if again.fresh:
            self._store(b"\n".join(again.fresh) + b"\n", now=False)
        if rest:
            self._store(rest)
        self._news.tell()

    def _store(self, raw: bytes, *, now: bool = True) -> None:
        """`now`: written just now, so that it counts for the rate; a beginning was written whenever it was."""
        self._keep(raw)
        count = self.ring.feed(raw)
        self.received += count
        if now:
            second = int(self._clock.monotonic())
            if self._counted and self._counted[-1][0] == second:
                count += self._counted.pop()[1]
            self._counted.append((second, count))
        self._news.tell()

    def _note(self, text: str) -> None:
        self._keep(f"-- {text} --\n".encode())
        self.ring.note(text)

    def _keep(self, raw: bytes) -> None:
        if self._spool is None or not self.spooling:
            return
        self._unwritten += raw
        if len(self._unwritten) > UNWRITTEN:
            self._spool_ended("the disk is slower than the log")
        elif self._writer is None or self._writer.done():
            self._writer = self._writing.begin(self._write(self._spool))

    async def _write(self, spool: Callable[[bytes], None]) -> None:
        """Write what has come, in a thread: a slow disk holds nobody up."""
        while self._unwritten and self.spooling:
            raw, self._unwritten = bytes(self._unwritten), bytearray()
            try:
                await asyncio.to_thread(spool, raw)
            except OSError as error:
                self._spool_ended(str(error))

    async def _written(self) -> None:
        """Wait until everything that came is in the file, or is not written any more."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    def _spool_ended(self, why: str) -> None:
        self.spooling = False
        self._unwritten.clear()
        self.ring.note(f"the log is no longer written to its file: {why}")
        self._news.tell()

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
        self._news.tell()


def lost(stream: StreamPort | None) -> str:
    """Why a stream ended, with the host's own words where it refused."""
    outcome = stream.outcome if stream is not None else None
    if stream is None or outcome is None:
        return "stream closed"
    said = clean_line("; ".join(refusals.words(stream.stderr)[-2:]), 160) if isinstance(outcome, Exited) else ""
    return f"stream lost: {describe(outcome)}{f': {said}' if said else ''}"
