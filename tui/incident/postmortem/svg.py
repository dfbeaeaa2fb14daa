"""A chart as SVG that stands alone: no script, no font, no address. Every text in it is escaped."""

from collections.abc import Iterator
from html import escape

from tui.incident.postmortem import charts
from tui.model.postmortem import Chart
from tui.text.axis import Axis

WIDTH, HEIGHT, FLOOR = 720, 150, 120
_LEFT, _TOP = 8, 24
_GOOD, _BAD, _LINE = "#2e7d32", "#c62828", "#888"


def picture(chart: Chart) -> str:
    """One `<svg>` element."""
    return "\n".join(_parts(chart))


def _parts(chart: Chart) -> Iterator[str]:
    said = escape(charts.words(chart))
    yield f'<svg role="img" aria-label="{said}" viewBox="0 0 {WIDTH} {HEIGHT}" xmlns="http://www.w3.org/2000/svg">'
    yield f"<title>{said}</title>"
    yield f'<text x="{_LEFT}" y="14" font-size="12" fill="currentColor">{said}</text>'
    wide = (WIDTH - 2 * _LEFT) / max(1, len(chart.columns))
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
    axis = Axis(chart.begin, chart.end, len(chart.columns))
    for mark in chart.marks:
        place = axis.place(mark.at) if mark.at is not None else None
        if place is None:
            continue
        x = _LEFT + place * wide
        yield f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{FLOOR + 6}" stroke="currentColor"/>'
        yield f'<text x="{x + 2:.1f}" y="{_TOP + 8}" font-size="10" fill="currentColor">{escape(mark.name)}</text>'
    yield f'<text x="{_LEFT}" y="{HEIGHT - 8}" font-size="11" fill="currentColor">{escape(charts.span(chart))}</text>'
    yield "</svg>"
