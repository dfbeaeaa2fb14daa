"""A chart as SVG that stands alone: no script, no font, no address. Every text in it is escaped."""

from collections.abc import Iterator
from html import escape

from tui.incident.postmortem import charts
from tui.model.postmortem import Chart
from tui.text.axis import Axis

WIDTH, FLOOR, ROW = 720, 120, 14
NAME = 130
"""room for the longest name"""
_LEFT, _TOP = 8, 24
_GOOD, _BAD, _LINE = "#2e7d32", "#c62828", "#888"


def picture(chart: Chart) -> str:
    """One `<svg>` element."""
    return "\n".join(_parts(chart))


def _parts(chart: Chart) -> Iterator[str]:
    said = escape(charts.words(chart))
    height = FLOOR + ROW * (_rows(_marks(chart)) + 2)
    yield f'<svg role="img" aria-label="{said}" viewBox="0 0 {WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">'
    yield f"<title>{said}</title>"
    yield f'<text x="{_LEFT}" y="14" font-size="12" fill="currentColor">{said}</text>'
    wide = _wide(chart)
    for number, one in enumerate(chart.columns):
        if one.value is None:
            continue
        high = max(1.0, min(1.0, one.value / chart.top) * (FLOOR - _TOP))
        x, colour = _LEFT + number * wide, _BAD if one.bad else _GOOD
        yield (
            f'<rect x="{x:.1f}" y="{FLOOR - high:.1f}" width="{max(1.0, wide - 1):.1f}" height="{high:.1f}" '
            f'fill="{colour}"/>'
        )
        yield f'<line x1="{x:.1f}" y1="{FLOOR}" x2="{x + wide:.1f}" y2="{FLOOR}" stroke="{_LINE}"/>'
    if chart.limit is not None and chart.limit <= chart.top:
        y = FLOOR - chart.limit / chart.top * (FLOOR - _TOP)
        yield (
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _LEFT}" y2="{y:.1f}" stroke="{_LINE}" stroke-dasharray="4"/>'
        )
    marks = _marks(chart)
    for x, row, name in marks:
        y = FLOOR + ROW * (row + 1)
        beside = f'x="{x + 3:.1f}"' if _right_of(x) else f'x="{x - 3:.1f}" text-anchor="end"'
        yield f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{y}" stroke="currentColor"/>'
        yield f'<text {beside} y="{y}" font-size="10" fill="currentColor">{escape(name)}</text>'
    y = FLOOR + ROW * (_rows(marks) + 1) + 4
    yield f'<text x="{_LEFT}" y="{y}" font-size="11" fill="currentColor">{escape(charts.span(chart))}</text>'
    yield "</svg>"


def _marks(chart: Chart) -> tuple[tuple[float, int, str], ...]:
    """Place, row below the floor and name of each mark, each in a row of its own. A name stands to the right of its
    line where there is room; of those the first mark has the lowest row, so that no later line crosses its name."""
    axis = Axis(chart.begin, chart.end, len(chart.columns))
    places = ((axis.place(mark.at) if mark.at is not None else None, mark.name) for mark in chart.marks)
    found = sorted((_LEFT + place * _wide(chart), name) for place, name in places if place is not None)
    left = [one for one in found if _right_of(one[0])]
    right = found[len(left) :]
    return (
        *((x, row, name) for row, (x, name) in enumerate(reversed(left))),
        *((x, row, name) for row, (x, name) in enumerate(right, len(left))),
    )


def _right_of(x: float) -> bool:
    """True if there is room for a name to the right of a line."""
    return x + NAME <= WIDTH


def _rows(marks: tuple[tuple[float, int, str], ...]) -> int:
    return max((row + 1 for _, row, _ in marks), default=0)


def _wide(chart: Chart) -> float:
    return (WIDTH - 2 * _LEFT) / max(1, len(chart.columns))
