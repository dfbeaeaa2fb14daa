"""Follows one app's access log and counts what it sees, by our own clock.

Theory. A line is written when its request has ended, and reaches us a fraction of a second later: so it is counted at
the moment it arrives. The phases of an incident are stamped by this machine's clock too, and no two clocks have to be
compared: the host's may be wrong, or be set while we look. The price is that a log which nginx buffers
(`access_log … buffer= flush=`) is counted late; how late is measured against the lines' own times, as `lag`. The lines'
times are used for one thing more: those that were written while the stream was lost are placed by their distance from
the last line before it.

`nginx:access-logs APP -t` begins with the last lines of the file (10 to 20), also when it is attached again. At the
first time they are history, and not counted. Later they are laid against the last lines seen (as hashes: no line is
kept): where they join on, nothing is missing; where they do not, the time between counts as not seen. A log that is
rotated goes on, because Dokku's tail follows the name. A stream that brings nothing, although it has shown our own
probes before and they are still sent, has fallen silent and is attached again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tui.dokku import access_log
from tui.dokku.framing import Framer
from tui.engine.error_edge import answered, worded
from tui.engine.monitor.log_follower import PAUSES, lost
from tui.engine.ports import ClockPort, StreamPort
from tui.engine.supervisor import Supervisor
from tui.model.errors import ConsoleError
from tui.text.clean import clean_line

BEGINNING = 1.0
"""seconds after its first bytes in which a stream's beginning is complete"""
SHOWN = 10
"""lines that a stream begins with, at least, where the file has so many"""
REMEMBERED = 64
"""lines, as hashes, that a new beginning is laid against: more than any beginning shows"""
SILENT = timedelta(seconds=30)
"""without a line, while our own probes must leave some: the stream has fallen silent"""
LONGEST = 65_536
"""bytes of a line: nginx takes 8 kB for an address and writes each odd byte of it as four"""
LATE = 50
"""lines over which the lag is measured"""


class AccessFollower:
    """One app's access log, followed as long as somebody wants it."""

    def __init__(
        self,
        start: Callable[[], StreamPort],
        clock: ClockPort,
        *,
        beginning: float = BEGINNING,
    ) -> None:
        self.tally = access_log.Tally()
        self.why = ""
        """why it is not streaming, if so"""
        self.last_at: datetime | None = None
        """when the latest line came"""
        self.own_at: datetime | None = None
        """when the latest line of our own probes came"""
        self.unread = ""
        """the shape of the last line that was not understood, letters and digits hidden"""
        self._start = start
        self._clock = clock
        self._beginning = beginning
        self._work = Supervisor(self._broke)
        self._task: asyncio.Task[None] | None = None
        self._stream: StreamPort | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._begun: list[str] | None = None
        self._seen: deque[int] = deque(maxlen=REMEMBERED)
        self._lost_at: datetime | None = None
        self._attached_at: datetime | None = None
        self._log_time: datetime | None = None
        self._late: deque[float] = deque(maxlen=LATE)
        self._least_late: float | None = None
        self._own = 0
        self._spans: deque[tuple[datetime, datetime | None]] = deque(maxlen=500)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def streaming(self) -> bool:
        """True if lines are counted as they come."""
        return bool(self._spans) and self._spans[-1][1] is None

    @property
    def lag(self) -> float | None:
        """Seconds that lines come later than the earliest of them; None before any line with a time."""
        if not self._late or self._least_late is None:
            return None
        return round(sorted(self._late)[len(self._late) // 2] - self._least_late, 1)

    @property
    def saw_own(self) -> bool:
        """True if it has shown a probe of this program: then the health URL is answered by this app's own site."""
        return self._own > 0

    def covered(self, since: datetime, until: datetime) -> float:
        """Share of the window that was seen, 0 to 1."""
        whole = (until - since).total_seconds()
        if whole <= 0:
            return 1.0 if self.streaming else 0.0
        seen = sum(
            max(0.0, (min(end or until, until) - max(begin, since)).total_seconds()) for begin, end in self._spans
        )
        return min(1.0, seen / whole)

    # ── following ────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin."""
        if self._task is None or self._task.done():
            self._task = self._work.begin(self._follow())

    async def stop(self) -> None:
        """End; what was counted stays readable."""
        await self._work.end()
        self._task = None
        await self._close()
        self._lose("not followed any more")

    async def probed(self) -> None:
        """A probe of this program was answered by the app: if the stream has long shown nothing, it is attached
        again."""
        heard = [at for at in (self.last_at, self._attached_at) if at is not None]
        if self.streaming and self.saw_own and self._clock.now() - max(heard) > SILENT:
            self._lose("it fell silent", at=self.last_at)
            await self._close()

    def _broke(self, error: BaseException) -> None:
        self._lose(f"broken: {worded(error)}")

    async def _follow(self) -> None:
        attempt = 0
        while True:
            came = self.last_at
            why = await answered(self._attached(), worded)
            self._complete()
            self._lose(why)
            attempt = attempt + 1 if self.last_at == came else 0
            await self._clock.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])

    async def _attached(self) -> str:
        """Count until the stream ends; returns why it ended."""
        framer = Framer(LONGEST, as_it_is=True)
        self._begun = None
        try:
            self._stream = self._start()
            first = True
            async for chunk in self._stream:
                if first:
                    first = False
                    self._begun = []
                    self._timer = asyncio.get_running_loop().call_later(self._beginning, self._complete)
                for line in framer.feed(chunk):
                    self._take(line.text)
            return lost(self._stream)
        except ConsoleError as error:
            return f"stream lost: {clean_line(error.message, 200)}"
        finally:
            await self._close()

    def _take(self, text: str) -> None:
        if self._begun is not None:
            self._begun.append(text)
            return
        now = self._clock.now()
        entry = self._count(text, now)
        if entry is not None and entry.at is not None:
            late = (now - entry.at).total_seconds()
            self._late.append(late)
            self._least_late = late if self._least_late is None else min(late, self._least_late)

    def _count(self, text: str, at: datetime) -> access_log.AccessEntry | None:
        """One line that is new."""
        entry = access_log.read(text)
        self.tally.add(entry, at)
        self._know(text, entry)
        if entry is None:
            self.unread = hidden(text)
        return entry

    def _know(self, text: str, entry: access_log.AccessEntry | None) -> None:
        self._seen.append(hash(text))
        self.last_at = self._clock.now()
        if entry is not None:
            self._log_time = entry.at or self._log_time
            if entry.kind is access_log.Kind.OWN:
                self._own += 1
                self.own_at = self.last_at

    def _complete(self) -> None:
        """The stream's beginning is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._begun is None:
            return
        lines, self._begun = self._begun, None
        now, lost = self._clock.now(), self._lost_at
        self._attached_at = now
        if lost is None:
            for text in lines:
                self._know(text, access_log.read(text))
            self._spans.append((now, None))
            return
        known = joined(self._seen, [hash(text) for text in lines])
        whole = known > 0 or (not self._seen and len(lines) < SHOWN)
        came, written = self.last_at, self._log_time
        for text in lines[known:]:
            entry = access_log.read(text)
            at = now
            if entry is not None and entry.at is not None and came is not None and written is not None:
                at = min(now, max(lost, came + (entry.at - written)))
            self._count(text, at)
        self._spans.append((lost if whole else now, None))
        self._lost_at = None

    def _lose(self, why: str, at: datetime | None = None) -> None:
        self.why = why
        if self.streaming:
            begin, _ = self._spans.pop()
            self._lost_at = max(begin, at or self._clock.now())
            self._spans.append((begin, self._lost_at))

    async def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()


def joined(seen: Sequence[int], lines: Sequence[int]) -> int:
    """The longest overlap: how many of the first of `lines` are the last of `seen`."""
    known = list(seen)
    for length in range(min(len(known), len(lines)), 0, -1):
        if known[-length:] == list(lines[:length]):
            return length
    return 0


def hidden(text: str) -> str:
    """A line's shape, to be shown where it is not understood: nobody's address, path or token can be read from it."""
    return clean_line("".join("a" if c.isalpha() else "0" if c.isdigit() else c for c in text[:80]), 80)
