"""The picture of an incident: failed requests and response times on one axis, with what happened marked on it.

The axis of a watch runs from some minutes before the rollback to the watch's end and does not move while it lasts: a
column is drawn once and stays. What has not come yet is blank.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.console.drawing import series_chart
from tui.console.drawing.rows import Row
from tui.console.incident_flow import IncidentFlow
from tui.incident import watch as watching
from tui.model.incident import Incident, Watch
from tui.text.chart import Axis, Mark

BEFORE = timedelta(minutes=5)
"""how much of the time before a rollback the axis shows, at most"""
LOOKED_BACK = timedelta(minutes=15)
"""what the picture before a rollback shows"""
ROOM_BEFORE = 26
"""rows of a page from which on the evidence is a picture too: there the decision tree comes first"""
TALL = 20
"""rows of a page from which on the chart has four rows, and its marks a legend"""


def of_watch(flow: IncidentFlow, incident: Incident, watch: Watch, cells: int) -> list[Row]:
    """The watch so far: failures above, response times below. Empty where there is no number yet, or no room."""
    begin = incident.confirmed_at or watch.opened_at
    length = watch.deadline - begin
    since = begin - min(BEFORE, length / 3)
    first = Mark(begin, "look", "dim") if incident.guarding else Mark(begin, "back", "run")
    marks = [first, Mark(watch.deadline, "end", "dim")]
    if incident.served_at is not None:
        marks.append(Mark(incident.served_at, "yes", "ok"))
    now = flow.console.engine.clock.now()
    marks[2:2] = [Mark(at, "look", "dim") for at in watching.checkpoints(watch)[:-1] if at <= now]
    return _drawn(flow, since, watch.deadline, marks, cells)


def of_evidence(flow: IncidentFlow, cells: int) -> list[Row]:
    """The time before a rollback, up to now."""
    now = flow.console.engine.clock.now()
    return _drawn(flow, now - LOOKED_BACK, now, series_chart.deploys(flow.status.listing), cells)


def _drawn(flow: IncidentFlow, begin: datetime, end: datetime, marks: Sequence[Mark], cells: int) -> list[Row]:
    room = series_chart.columns(cells)
    if not room or end <= begin or flow.charted:
        return []
    found = flow.console.engine.evidence.series(flow.service, begin, end, room)
    if not found.asked:
        return []
    limit = flow.console.engine.fleet.watch_of(flow.service.name).error_rate
    tall = flow.room >= TALL
    axis = Axis(begin, end, room)
    return series_chart.drawn(found, axis, marks, flow.palette, limit=limit, height=4 if tall else 2, legend=tall)
