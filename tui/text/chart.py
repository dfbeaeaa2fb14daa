"""Small charts of text: columns in eighths of a cell over an axis of time, with marks.

A column is as high as its value; what was not measured has no axis below it, so that nothing seen and nothing wrong
look different. Values over the limit have another colour. The limit is a line in the empty cells of the row where it
lies, which may be the lowest one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tui.text.axis import Axis, scale
from tui.text.signs import Signs

__all__ = ["GUTTER", "Axis", "Mark", "Piece", "Row", "baseline", "columns", "labelled", "scale"]

Piece = tuple[str, str]
"""text and the name of its look"""
Row = tuple[Piece, ...]

GUTTER = 6
"""cells left of the columns: the scale"""


class Mark(NamedTuple):
    """Something that happened, on the axis."""

    at: datetime
    sign: str
    """its name in `SIGNS`"""
    look: str


def columns(
    values: Sequence[float | None], top: float, height: int, signs: Signs, *, limit: float | None = None
) -> list[list[Piece]]:
    """`height` rows of one cell a value, the upper row first."""
    line = None if limit is None else limit_level(limit, top, height)
    drawn: list[list[Piece]] = []
    for level in reversed(range(height)):
        cells: list[Piece] = []
        for value in values:
            filled = 0.0 if value is None else min(1.0, value / top) * height - level
            over = limit is not None and value is not None and value > limit
            if filled >= 1:
                _add(cells, signs.sign("full"), "down" if over else "ok")
            elif filled > 0:
                _add(cells, signs.spark(filled), "down" if over else "ok")
            elif level == line:
                _add(cells, signs.sign("limit"), "dim")
            else:
                _add(cells, " ", "")
        drawn.append(cells)
    return drawn


def limit_level(limit: float, top: float, height: int) -> int:
    """The row of `height` rows in which the limit lies, counted from 0 at the bottom."""
    return min(height - 1, int(limit / top * height))


def baseline(axis: Axis, measured: Sequence[bool], marks: Sequence[Mark], signs: Signs) -> list[Piece]:
    """The line below: whole where something was measured, blank elsewhere; marks, the later ones on top."""
    drawn: list[Piece] = [(signs.sign("rule"), "dim") if seen else (" ", "") for seen in measured]
    for mark in marks:
        place = axis.place(mark.at)
        if place is not None:
            drawn[place] = (signs.sign(mark.sign), mark.look)
    cells: list[Piece] = []
    for text, look in drawn:
        _add(cells, text, look)
    return cells


def labelled(label: str, cells: Sequence[Piece], signs: Signs, bar: str = "bar") -> Row:
    """A row of a chart behind its scale."""
    return ((f"{label[: GUTTER - 1]:>{GUTTER - 1}}", "dim"), (signs.sign(bar), "dim"), *cells)


def _add(cells: list[Piece], text: str, look: str) -> None:
    """One more cell; neighbours of one look are one piece, which is fewer bytes on the wire."""
    if cells and cells[-1][1] == look:
        cells[-1] = (cells[-1][0] + text, look)
    else:
        cells.append((text, look))
