"""The part of a ring that a log panel shows: which lines, how each is drawn. Only what is visible is ever parsed."""

import asyncio
import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import msgspec
from rich.cells import cell_len

from tui.console.drawing.log_line import in_full, marked, steady, window, wrapped
from tui.console.drawing.rows import Piece, Row, wrap
from tui.console.log_search import TooSlow, Wanted
from tui.dokku.framing import frame
from tui.dokku.log_lines import LogLine, read_line
from tui.text.clean import decode
from tui.text.redact import redact_coloured

if TYPE_CHECKING:
    from tui.engine.monitor.log_ring import LogRing, Pattern

TROUBLE = re.compile(rb"(?i)\b(?:error|exception|traceback|fatal|panic|critical|oomkilled)\b|\bHTTP/[\d.]+\" 5\d\d\b")
"""what `next error` looks for"""
BLOCKS = 4
"""blocks of lines that are looked at before something else may go on: 256 KiB, a few milliseconds"""
ROOM = 24
"""bytes of a raw line for each cell of the window: a colour of its own for each character still fits"""
_PROCESS_LOOKS = ("process-0", "process-1", "process-2", "process-3", "process-4")


class LogView(msgspec.Struct):
    """The view of one log that one reader has. `top` is the number of the first line shown, None while following."""

    top: int | None = None
    at: int | None = None
    """the line last found: its time and process are marked"""
    left: int = 0
    wrap: bool = False
    stamps: bool = True
    colours: bool = True
    search: Wanted | None = None
    words: str = ""
    filter: Wanted | None = None
    filter_words: str = ""
    inverse: bool = False
    context: int = 0
    services: tuple[str, ...] = ()
    """whose lines there are, where there are several: each has a colour of its own"""
    too_slow: str = ""
    """what was given up, because it takes too long in this log; empty: nothing"""
    _matched: list[int] = msgspec.field(default_factory=list)
    _filtered_to: int = 0
    _owed_to: int = 0
    """lines up to here (not included) are shown around a match, whether they came already or not"""
    _every: list[int] = msgspec.field(default_factory=list)
    """lines that the search is found in, as far as they were counted"""
    _counted_to: int = 0

    def set_search(self, words: str) -> None:
        """Look for these words; empty: for none."""
        self.words = words
        self.search = Wanted(words) if words else None
        self._every, self._counted_to = [], 0

    def set_filter(self, words: str) -> None:
        """Show only lines that match; `!` in front: that do not. Empty: show all."""
        self.inverse = words.startswith("!")
        self.filter_words = words
        bare = words.removeprefix("!")
        self.filter = Wanted(bare) if bare else None
        self._matched, self._filtered_to, self._owed_to = [], 0, 0

    def numbers(self, ring: "LogRing") -> "range | list[int]":
        """The numbers of the lines there are to show, in order. A filter looks at some blocks more each time, so that
        nobody waits for all of them (`behind`)."""
        if self.filter is None:
            return range(ring.first, ring.last)
        start = max(self._filtered_to, ring.first)
        stop = ring.block_after(start, BLOCKS)
        matched = self._matched
        self.filter.allow()
        try:
            for number in ring.matching(self.filter, start, stop, inverse=self.inverse):
                self._around(matched, max(number - self.context, ring.first), number + 1)
                self._owed_to = number + 1 + self.context
        except TooSlow:
            self.too_slow = self.filter_words
            self.set_filter("")
            return range(ring.first, ring.last)
        self._around(matched, stop, stop)
        self._filtered_to = stop
        if matched and matched[0] < ring.first:
            del matched[: bisect_left(matched, ring.first)]
        return matched

    def behind(self, ring: "LogRing") -> bool:
        """True while the filter has not looked at all lines."""
        return self.filter is not None and self._filtered_to < ring.last

    def _around(self, matched: list[int], start: int, stop: int) -> None:
        """Add what is owed to the match before, and these; nothing twice."""
        known = matched[-1] + 1 if matched else 0
        owed = range(known, min(self._owed_to, stop)) if matched else range(0)
        matched.extend(owed)
        matched.extend(range(max(start, matched[-1] + 1 if matched else 0), stop))

    def unseen(self, ring: "LogRing", shown_to: int) -> int:
        """Lines to show that came after the last one shown."""
        numbers = self.numbers(ring)
        if isinstance(numbers, range):
            return max(0, ring.last - shown_to - 1)
        return len(numbers) - bisect_right(numbers, shown_to)

    async def find(self, ring: "LogRing", wanted: "Pattern", start: int, *, forward: bool) -> int | None:
        """The next line to show that matches, from `start` on, looked for in a thread. Raises TooSlow."""
        while self.behind(ring):
            self.numbers(ring)
            await asyncio.sleep(0)
        allow(wanted)
        blocks = ring.scan(wanted, start, forward=forward)
        while (hits := await asyncio.to_thread(next, blocks, None)) is not None:
            numbers = self.numbers(ring)
            found = next((n for n in hits if ring.first <= n and _is_in(numbers, n)), None)
            if found is not None:
                return found
            allow(wanted)
        return None

    async def place(self, ring: "LogRing", found: int) -> tuple[int, int]:
        """The place of a line among those that the search is found in, and their number. As `find`."""
        wanted, every = self.search, self._every
        while wanted is not None and self._counted_to < ring.last:
            start = max(self._counted_to, ring.first)
            stop = ring.block_after(start, BLOCKS)
            wanted.allow()
            every.extend(await asyncio.to_thread(list, ring.matching(wanted, start, stop)))
            self._counted_to = stop
        del every[: bisect_left(every, ring.first)]
        return bisect_left(every, found) + 1, len(every)

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def page(self, ring: "LogRing", cells: int, height: int) -> tuple[list[Row], int, int]:
        """The rows of the window, and the numbers of the first and the last line in it."""
        numbers = self.numbers(ring)
        if not numbers or height <= 0:
            return [], ring.first, ring.last - 1
        if self.top is None:
            return self._from_below(ring, numbers, cells, height)
        start = self._index(numbers, max(self.top, ring.first))
        shown: list[Row] = []
        index = start
        while index < len(numbers) and len(shown) < height:
            shown.extend(self.rows(ring, numbers[index], cells))
            index += 1
        return shown[:height], numbers[start], numbers[max(start, index - 1)]

    def _from_below(
        self, ring: "LogRing", numbers: "range | list[int]", cells: int, height: int
    ) -> tuple[list[Row], int, int]:
        parts: list[list[Row]] = []
        total, index = 0, len(numbers)
        while index > 0 and total < height:
            index -= 1
            part = self.rows(ring, numbers[index], cells)
            parts.append(part)
            total += len(part)
        shown = [row for part in reversed(parts) for row in part]
        return shown[-height:], numbers[index], numbers[-1]

    @staticmethod
    def _index(numbers: "range | list[int]", wanted: int) -> int:
        if isinstance(numbers, range):
            return max(0, min(wanted - numbers.start, len(numbers) - 1))
        return min(bisect_left(numbers, wanted), len(numbers) - 1)

    def moved(self, ring: "LogRing", lines: int, first: int) -> int:
        """The number of the line `lines` further than `first`."""
        numbers = self.numbers(ring)
        if not numbers:
            return first
        index = max(0, min(len(numbers) - 1, self._index(numbers, first) + lines))
        return numbers[index]

    def around(self, ring: "LogRing", number: int, height: int) -> int:
        """The first line to show so that `number` is in the upper third of a window that is full."""
        numbers = self.numbers(ring)
        if not numbers:
            return number
        index = self._index(numbers, number)
        last = index if self.wrap else len(numbers) - height  # wrapped lines take more rows than one
        return numbers[max(0, min(index - height // 3, last))]

    def rows(self, ring: "LogRing", number: int, cells: int) -> list[Row]:
        """One line as it is drawn."""
        note = ring.notes.get(number)
        if note is not None:
            said = [f"── {line} " for line in wrap(steady(note), max(8, cells - 4))]
            return [((line + "─" * max(0, cells - cell_len(line)), "warn"),) for line in said]
        raw = in_full(ring.line(number))
        if not self.wrap:
            raw = raw[: (self.left + cells) * ROOM + 256]  # cut to the window before it is parsed
        line = _read(raw)
        head: list[Piece] = []
        if line.at is not None and self.stamps:
            head.append((f"{line.at:%H:%M:%S} ", "dim"))
        if line.process is not None:
            head.append((f"{line.process[: 32 if self.services else 20]} ", self._look_of(line.process)))
        if number == self.at:
            head = [(text, "found") for text, _ in head]
        body = self._body(line, raw)
        used = sum(cell_len(text) for text, _ in head)
        if not self.wrap:
            return [(*head, *window(body, self.left, cells - used))]
        return wrapped(head, body, cells, used)

    def _look_of(self, process: str) -> str:
        """The colour of a process; where there are several services, of its service."""
        service = process.partition(" ")[0]
        if service in self.services:
            return _PROCESS_LOOKS[self.services.index(service) % len(_PROCESS_LOOKS)]
        return _PROCESS_LOOKS[sum(process.encode()) % len(_PROCESS_LOOKS)]

    def words_of(self, ring: "LogRing", number: int) -> str:
        """One line's own words, with its time."""
        line = _read(in_full(ring.line(number)))
        when = f"{line.at:%H:%M:%S}Z " if line.at is not None else ""
        return f"{when}{line.text}"[:200]

    def _body(self, line: LogLine, raw: bytes) -> list[Piece]:
        ground = "down-text" if TROUBLE.search(raw) else ""
        marks: list[tuple[int, int, str]] = []
        if self.colours:
            marks.extend((s.start, s.end, f"sgr:{s.style}") for s in line.spans)
        if self.search is not None:
            marks.extend(self._found_in(line.text.encode()))
        return marked(line.text, marks, ground)

    def _found_in(self, text: bytes) -> list[tuple[int, int, str]]:
        """The places where the search is found in a line, as positions of characters with their look."""
        if self.search is None:
            return []
        self.search.allow()
        try:
            spans = [(start, end) for start, end in self.search.spans(text) if end > start]
        except TooSlow:
            self.too_slow = self.words
            self.set_search("")
            return []
        return [
            (len(text[:start].decode(errors="replace")), len(text[:end].decode(errors="replace")), "found")
            for start, end in spans
        ]


def _read(raw: bytes) -> LogLine:
    """A line's parts, harmless and without secrets."""
    return read_line(frame(redact_coloured(steady(decode(raw)))))


def allow(wanted: "Pattern") -> None:
    """Give a person's expression time for the next block; the console's own patterns need none."""
    if isinstance(wanted, Wanted):
        wanted.allow()


def _is_in(numbers: "range | list[int]", number: int) -> bool:
    if isinstance(numbers, range):
        return number in numbers
    index = bisect_left(numbers, number)
    return index < len(numbers) and numbers[index] == number
