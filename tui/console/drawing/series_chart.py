"""A service's failed requests and response times on one axis of time, from a series that was counted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.console.drawing import labels, rows
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Row
from tui.incident import error_rates
from tui.model.evidence import RateSource, Series
from tui.text import chart
from tui.text.chart import Axis, Mark

if TYPE_CHECKING:
    from tui.engine.releases.catalog import Listing

LEAST_CELLS = 24
"""columns below which nothing could be told apart"""
_ROWS_FOR_HALF = 4
LEAST_ROWS = 7
"""a title, two rows of failures, the axis, response times and two rows of legend"""


def columns(cells: int) -> int:
    """The number of slices that fit into so many cells; 0 where there is no room for a picture."""
    room = cells - chart.GUTTER - 1
    return room if room >= LEAST_CELLS else 0


def deploys(listing: "Listing | None") -> list[Mark]:
    """A mark for each deploy of what runs, as far as it is known what runs."""
    containers = listing.current.containers if listing is not None else ()
    return [Mark(c.deployed_at, "deploy", "warn") for c in containers if c.running and c.deployed_at is not None]


def drawn(
    found: Series, axis: Axis, marks: Sequence[Mark], palette: Palette, *, limit: float, height: int, legend: bool
) -> list[Row]:
    """The picture: `height` rows of failures, the axis, a row of response times, and what the marks mean."""
    content = [
        *_failures(found, limit, height, palette),
        chart.labelled(
            "fail", chart.baseline(axis, [s.total is not None for s in found.slices], marks, palette), palette
        ),
        *_times(found, palette),
    ]
    if legend:
        content.extend(_legend(found, axis, marks, palette, axis.cells + chart.GUTTER + 1))
    return content


def _failures(found: Series, limit: float, height: int, palette: Palette) -> list[Row]:
    shares = [s.share for s in found.slices]
    top = chart.scale(shares, limit)
    drawn = chart.columns(shares, top, height, palette, limit=limit)
    scale = _scale(top, limit, height)
    return [chart.labelled(label, cells, palette) for label, cells in zip(scale, drawn, strict=True)]


def _scale(top: float, limit: float, height: int) -> list[str]:
    """What stands left of each row, the upper row first: the top, half of it where there is room, and the limit."""
    scale = [""] * height
    if height >= _ROWS_FOR_HALF and limit < top / 4:
        scale[height // 2] = error_rates.percent(top / 2)
    scale[height - 1 - chart.limit_level(limit, top, height)] = error_rates.percent(limit)
    scale[0] = error_rates.percent(top)
    return scale


def _times(found: Series, palette: Palette) -> list[Row]:
    """The 95th percentile of each slice, in one row; its highest is the scale."""
    times = [s.p95 for s in found.slices]
    top = max((t for t in times if t is not None), default=None)
    if not top:
        return []
    (cells,) = chart.columns(times, top, 1, palette)
    calm = [(text, "dim") for text, _ in cells]
    return [chart.labelled(labels.took(top), calm, palette)]


def _legend(found: Series, axis: Axis, marks: Sequence[Mark], palette: Palette, cells: int) -> list[Row]:
    counted = "failed requests" if found.source is RateSource.ACCESS_LOG else "failed probes of ours"
    signs = {m.sign for m in marks if axis.place(m.at) is not None}
    words = {"deploy": "deploy", "back": "rollback", "yes": "serves", "look": "checkpoint", "end": "end"}
    told = "".join(f"{palette.sign(sign)} {word}  " for sign, word in words.items() if sign in signs)
    timed = any(s.p95 is not None for s in found.slices)
    said = f" {told}{counted} above" + (f", response time (p95, {found.timed_by}) below" if timed else "")
    return rows.paragraph(said, cells, "dim", indent=1)
