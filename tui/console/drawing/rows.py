"""Rows: what a panel shows, as plain values that can be made and tested without a terminal.

A row is a sequence of pieces, each a text with the name of its look. Texts are harmless already when they arrive (the
engine's boundary has seen to that); they are never parsed as markup, only measured, cut and drawn.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, overload

from rich.cells import cell_len, set_cell_size

from tui.text.clean import clean_line
from tui.text.redact import redact

if TYPE_CHECKING:
    from textual.strip import Strip

    from tui.console.drawing.palette import Palette

Piece = tuple[str, str]
"""text and the name of its look"""
Row = tuple[Piece, ...]
EMPTY: Row = ()


class LazyRows(Sequence[Row]):
    """Rows of which each is drawn when it is first looked at: of 200 services a screen shows some twenty."""

    def __init__(self, drawing: Sequence[Callable[[], Row]]) -> None:
        self._drawing = drawing
        self._drawn: dict[int, Row] = {}

    def __len__(self) -> int:
        return len(self._drawing)

    @overload
    def __getitem__(self, at: int) -> Row: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...

    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(len(self)))]
        if at not in self._drawn:
            self._drawn[at] = self._drawing[at]()
        return self._drawn[at]


def row(*pieces: Piece | str) -> Row:
    """A row of pieces; a bare text has the plain look."""
    return tuple((piece, "") if isinstance(piece, str) else piece for piece in pieces)


def text(row: Row) -> str:
    """The text of a row, without looks."""
    return "".join(piece for piece, _ in row)


def width(row: Row) -> int:
    """Cells it takes."""
    return sum(cell_len(piece) for piece, _ in row)


def fit(text: str, cells: int, *, right: bool = False) -> str:
    """`text` in exactly this many cells: padded, or cut with an ellipsis."""
    if cells <= 0:
        return ""
    size = cell_len(text)
    if size > cells:
        kept = _without_part_of_number(set_cell_size(text, cells - 1), text)
        return kept + "…" + " " * (cells - 1 - cell_len(kept))
    padding = " " * (cells - size)
    return padding + text if right else text + padding


def _without_part_of_number(kept: str, text: str) -> str:
    """The beginning of a text without a number that would end in its middle: 41 of 780 must not become 41 of 7."""
    rest = text[len(kept) :]
    if text.startswith(kept) and re.search(r"[0-9][.,]?$", kept) and re.match(r"[0-9]|[.,][0-9]", rest):
        return re.sub(r"[0-9][0-9.,]*$", "", kept)
    return kept


def ended(row: Row, cells: int) -> Row:
    """The row in no more than so many cells; where something is cut off, a sign says so, and no number is cut."""
    if width(row) <= cells:
        return row
    out: list[Piece] = []
    left = cells
    for text, look in row:
        size = cell_len(text)
        if size < left:
            out.append((text, look))
            left -= size
            continue
        out.append((fit(text, left) if size > left else fit(f"{text} ", left), look))
        break
    return tuple(out)


def fit_middle(text: str, cells: int) -> str:
    """As `fit`, but cut in its middle: names of many services often begin alike, and end so."""
    if cell_len(text) <= cells or cells < 9:
        return fit(text, cells)
    end = (cells - 1) // 2
    tail = text[len(set_cell_size(text, cell_len(text) - end)) :]
    return fit(f"{set_cell_size(text, cells - 1 - cell_len(tail))}…{tail}", cells)


def safe(text: str, limit: int = 500) -> str:
    """One harmless line of anything."""
    return clean_line(text, limit)


def wrap(text: str, cells: int, *, indent: int = 0) -> list[str]:
    """`text` in lines of at most this many cells, broken at blanks where there are some. Blanks at its beginning stay;
    later lines are indented."""
    cells = max(8, cells)
    text = redact(text)  # before it is cut into lines that nobody would know again
    body = text.lstrip(" ")
    lines: list[str] = []
    line, lead = "", " " * min(len(text) - len(body), cells // 2)
    for word in body.split(" "):
        candidate = f"{line} {word}" if line else lead + word
        if cell_len(candidate) <= cells:
            line = candidate
            continue
        if line:
            lines.append(line)
            lead = " " * min(indent, cells // 2)
        line = lead + word
        lead = " " * min(indent, cells // 2)
        while cell_len(line) > cells:
            head = set_cell_size(line, cells).rstrip(" ") or line[:1]
            lines.append(head)
            line = lead + line[len(head) :]
    lines.append(line)
    return lines


def paragraph(text: str, cells: int, look: str = "", *, indent: int = 0) -> list[Row]:
    """`text` as rows of one look."""
    return [((line, look),) for line in wrap(text, cells, indent=indent)]


def title(words: Sequence[Piece], cells: int, rule: str, look: str, end: str = "") -> Row:
    """A panel's first row: the words on a rule; `end` is at its right, and is never cut off by them."""
    said = tuple(words)
    tail: Row = ((f" {end} ", "key"), (rule, look)) if end else ()
    room = cells - width(tail)
    left = room - width(said) - 2
    if left < 0:
        return (*cut(said, room), *tail) if tail else said
    return ((rule, look), *said, (" ", ""), (rule * max(0, left), look), *tail)


def cut(row: Row, cells: int) -> Row:
    """The row in exactly so many cells."""
    left, out = cells, list[Piece]()
    for text, look in row:
        piece = text if cell_len(text) <= left else set_cell_size(text, max(0, left))
        out.append((piece, look))
        left -= cell_len(piece)
    return (*out, (" " * max(0, left), ""))


def strip(row: Row, cells: int, palette: "Palette", base: "object" = None) -> "Strip":
    """The row as Textual draws it: exactly this many cells."""
    from rich.segment import Segment
    from rich.style import Style
    from textual.strip import Strip

    ground = (base if isinstance(base, Style) else Style.null()) + palette.base
    looks = groupby((one for one in row if one[0]), key=itemgetter(1))  # each change of look is a dozen bytes
    segments = [
        Segment(palette.text("".join(map(itemgetter(0), of))), ground + palette.style(look)) for look, of in looks
    ]
    return Strip(segments).adjust_cell_length(cells, ground)


def joined(parts: Iterable[Row], between: Piece) -> Row:
    """Rows one after the other on one line."""
    out: list[Piece] = []
    for part in parts:
        if out:
            out.append(between)
        out.extend(part)
    return tuple(out)
