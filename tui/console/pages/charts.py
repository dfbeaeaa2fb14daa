"""The picture of an incident: failed requests and response times on one axis, with what happened marked on it.

The axis of a watch runs from some minutes before the rollback to the watch's end and does not move while it lasts: a
column is drawn once and stays. What has not come yet is blank.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.console.drawing import chart, rows
from tui.console.drawing.chart import Axis, Mark
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Row
from tui.console.incident_flow import IncidentFlow
from tui.incident import error_rates
from tui.incident import watch as watching
from tui.model.evidence import RateSource, Series
from tui.model.incident import Incident, Watch

BEFORE = timedelta(minutes=5)
"""how much of the time before a rollback the axis shows, at most"""
LOOKED_BACK = timedelta(minutes=15)
"""what the picture before a rollback shows"""
ROOM_BEFORE = 26
"""rows of a page from which on the evidence is a picture too: there the decision tree comes first"""
TALL = 20
"""rows of a page from which on the chart has four rows, and its marks a legend"""
LEAST_CELLS = 24
"""columns below which nothing could be told apart"""


def of_watch(flow: IncidentFlow, incident: Incident, watch: Watch, cells: int) -> list[Row]:
    """The watch so far: failures above, response times below. Empty where there is no number yet, or no room."""
    begin = incident.confirmed_at or watch.opened_at
    length = watch.deadline - begin
    since = begin - min(BEFORE, length / 3)
    marks = [Mark(begin, "back", "run"), Mark(watch.deadline, "end", "dim")]
    if incident.served_at is not None:
        marks.append(Mark(incident.served_at, "yes", "ok"))
    now = flow.console.engine.clock.now()
    marks[2:2] = [Mark(at, "look", "dim") for at in watching.checkpoints(watch)[:-1] if at <= now]
    return _drawn(flow, since, watch.deadline, marks, cells)


def of_evidence(flow: IncidentFlow, cells: int) -> list[Row]:
    """The time before a rollback, up to now."""
    now = flow.console.engine.clock.now()
    since = now - LOOKED_BACK
    before = flow.status.listing.current.containers if flow.status.listing else ()
    deployed = [c.deployed_at for c in before if c.running and c.deployed_at is not None]
    return _drawn(flow, since, now, [Mark(at, "deploy", "warn") for at in deployed], cells)


def _drawn(flow: IncidentFlow, begin: datetime, end: datetime, marks: Sequence[Mark], cells: int) -> list[Row]:
    room = cells - chart.GUTTER - 1
    if room < LEAST_CELLS or end <= begin:
        return []
    found = flow.console.engine.evidence.series(flow.service, begin, end, room)
    if not found.asked:
        return []
    axis, palette = Axis(begin, end, room), flow.palette
    limit = flow.console.engine.fleet.watch_of(flow.service.name).error_rate
    tall = flow.room >= TALL
    content = [
        *_failures(found, limit, 4 if tall else 2, palette),
        chart.labelled("", chart.baseline(axis, [s.total is not None for s in found.slices], marks, palette), palette),
        *_times(found, palette),
    ]
    if tall:
        content.extend(_legend(found, axis, marks, palette, cells))
    return content


def _failures(found: Series, limit: float, height: int, palette: Palette) -> list[Row]:
    shares = [s.share for s in found.slices]
    top = chart.scale(shares, limit)
    drawn = chart.columns(shares, top, height, palette, limit=limit)
    labels = [error_rates.percent(top), "fail", *("" for _ in drawn[2:])]
    return [chart.labelled(label, cells, palette) for label, cells in zip(labels, drawn, strict=True)]


def _times(found: Series, palette: Palette) -> list[Row]:
    """The 95th percentile of each slice, in one row; its highest is the scale."""
    times = [s.p95 for s in found.slices]
    top = max((t for t in times if t is not None), default=None)
    if not top:
        return []
    (cells,) = chart.columns(times, top, 1, palette)
    calm = [(text, "dim") for text, _ in cells]
    return [chart.labelled(f"{top * 1000:.0f}ms" if top < 10 else f"{top:.0f}s", calm, palette)]


def _legend(found: Series, axis: Axis, marks: Sequence[Mark], palette: Palette, cells: int) -> list[Row]:
    counted = "failed requests" if found.source is RateSource.ACCESS_LOG else "failed probes of ours"
    signs = {m.sign for m in marks if axis.place(m.at) is not None}
    words = {"deploy": "deploy", "back": "rollback", "yes": "serves", "look": "checkpoint", "end": "end"}
    told = "".join(f"{palette.sign(sign)} {word}  " for sign, word in words.items() if sign in signs)
    said = f" {told}{counted} above, response time (p95, {found.timed_by}) below"
    return rows.paragraph(said, cells, "dim", indent=1)
