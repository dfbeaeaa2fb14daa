"""What a log panel shows of a ring: which lines, how each is drawn. Only what is visible is ever parsed."""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from tui.console.rows import Piece, Row
from tui.dokku.lines import frame
from tui.dokku.logs import LogLine, read_line
from tui.model.text import decode

if TYPE_CHECKING:
    from tui.engine.ring import LogRing

TROUBLE = re.compile(rb"(?i)\b(?:error|exception|traceback|fatal|panic|critical|oomkilled)\b|\bHTTP/[\d.]+\" 5\d\d\b")
"""what `next error` looks for"""
_PROCESS_LOOKS = ("process-0", "process-1", "process-2", "process-3", "process-4")


@dataclass(slots=True)
class LogView:
    """How one reader looks at one log. `top` is the number of the first line shown, None while following."""

    top: int | None = None
    left: int = 0
    wrap: bool = False
    stamps: bool = True
    colours: bool = True
    search: re.Pattern[bytes] | None = None
    words: str = ""
    filter: re.Pattern[bytes] | None = None
    filter_words: str = ""
    inverse: bool = False
    context: int = 0
    _matched: list[int] = field(default_factory=list)
    _filtered_to: int = 0

    def pattern(self, words: str) -> re.Pattern[bytes]:
        """What a person typed as a pattern: a regular expression, or those very words where it is none."""
        try:
            return re.compile(words.encode(), re.IGNORECASE)
        except re.error:
            return re.compile(re.escape(words.encode()), re.IGNORECASE)

    def set_filter(self, words: str) -> None:
        """Show only lines that match; `!` in front: that do not. Empty: show all."""
        self.inverse = words.startswith("!")
        self.filter_words = words
        bare = words.removeprefix("!")
        self.filter = self.pattern(bare) if bare else None
        self._matched, self._filtered_to = [], 0

    def numbers(self, ring: "LogRing") -> "range | list[int]":
        """The numbers of the lines there are to show, in order."""
        if self.filter is None:
            return range(ring.first, ring.last)
        start = max(self._filtered_to, ring.first)
        for number in ring.matching(self.filter, start, inverse=self.inverse):
            first = max(number - self.context, ring.first, self._matched[-1] + 1 if self._matched else 0)
            self._matched.extend(range(first, min(number + self.context + 1, ring.last)))
        self._filtered_to = ring.last
        if self._matched and self._matched[0] < ring.first:
            self._matched = [n for n in self._matched if n >= ring.first]
        return self._matched

    def unseen(self, ring: "LogRing", shown_to: int) -> int:
        """Lines that came after the last one shown."""
        return max(0, ring.last - shown_to - 1)

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
        low, high = 0, len(numbers)
        while low < high:
            middle = (low + high) // 2
            if numbers[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        return min(low, len(numbers) - 1)

    def moved(self, ring: "LogRing", lines: int, first: int) -> int:
        """The number of the line `lines` further than `first`."""
        numbers = self.numbers(ring)
        if not numbers:
            return first
        index = max(0, min(len(numbers) - 1, self._index(numbers, first) + lines))
        return numbers[index]

    def rows(self, ring: "LogRing", number: int, cells: int) -> list[Row]:
        """One line as it is drawn."""
        note = ring.notes.get(number)
        if note is not None:
            return [((f"── {note} ".ljust(cells, "─")[:cells], "warn"),)]
        raw = ring.line(number)
        if not self.wrap:
            # a line is cut to the window before it is parsed; the prefix and colours need some room
            raw = raw[: (self.left + cells) * 6 + 256]
        line = read_line(frame(decode(raw.rpartition(b"\r")[2] if b"\r" in raw.rstrip(b"\r") else raw.rstrip(b"\r"))))
        head: list[Piece] = []
        if line.at is not None and self.stamps:
            head.append((f"{line.at:%H:%M:%S} ", "dim"))
        if line.process is not None:
            look = _PROCESS_LOOKS[sum(line.process.encode()) % len(_PROCESS_LOOKS)]
            head.append((f"{line.process[:20]} ", look))
        body = self._body(line, raw)
        used = sum(cell_len(text) for text, _ in head)
        if not self.wrap:
            return [(*head, *_window(body, self.left, cells - used))]
        return _wrapped(head, body, cells, used)

    def _body(self, line: LogLine, raw: bytes) -> list[Piece]:
        ground = "down-text" if TROUBLE.search(raw) else ""
        marks: list[tuple[int, int, str]] = []
        if self.colours:
            marks.extend((s.start, s.end, f"sgr:{s.style}") for s in line.spans)
        if self.search is not None:
            text = line.text.encode()
            for found in self.search.finditer(text):
                start = len(text[: found.start()].decode(errors="replace"))
                end = start + len(found[0].decode(errors="replace"))
                if end > start:
                    marks.append((start, end, "found"))
        return _marked(line.text, marks, ground)


def _marked(text: str, marks: list[tuple[int, int, str]], ground: str) -> list[Piece]:
    """Text in pieces; a later mark covers an earlier one."""
    if not marks:
        return [(text, ground)]
    edges = sorted({0, len(text), *(e for m in marks for e in m[:2] if 0 <= e <= len(text))})
    pieces: list[Piece] = []
    for start, end in pairwise(edges):
        look = next((name for a, b, name in reversed(marks) if a <= start and b >= end), ground)
        pieces.append((text[start:end], look))
    return pieces


def _window(body: list[Piece], left: int, cells: int) -> list[Piece]:
    """The part of a line from column `left` on that fits."""
    out: list[Piece] = []
    skip, room = left, cells
    for text, look in body:
        size = cell_len(text)
        if skip >= size:
            skip -= size
            continue
        piece = text[len(set_cell_size(text, skip)) :] if skip else text
        skip = 0
        if cell_len(piece) > room:
            piece = set_cell_size(piece, max(0, room))
        out.append((piece, look))
        room -= cell_len(piece)
        if room <= 0:
            break
    return out


def _wrapped(head: list[Piece], body: list[Piece], cells: int, used: int) -> list[Row]:
    """A line on as many rows as it takes, broken anywhere: logs are searched by eye for what stands where."""
    lines: list[list[Piece]] = [list(head)]
    room = cells - used
    for text, look in body:
        rest = text
        while rest:
            piece = rest if cell_len(rest) <= room else set_cell_size(rest, room).rstrip("\x00") if room > 0 else ""
            if piece:
                lines[-1].append((piece, look))
                room -= cell_len(piece)
                rest = rest[len(piece) :]
            if rest:
                lines.append([("  ", "")])
                room = max(1, cells - 2)
    return [tuple(line) for line in lines]
