"""Which incidents want a post-mortem, and until when."""

from datetime import timedelta

from tui.model.incident import Closing, Incident
from tui.model.notice import Milestone
from tui.model.postmortem import DueDate

LEVELS = ("P1", "P2")
"""the runbook requires one after these"""


def duty(incident: Incident, within: timedelta) -> DueDate:
    """The due date; `within` counts from the closing. A false alarm wants none, no matter what it was taken for."""
    required = incident.severity in LEVELS and incident.closing is not Closing.FALSE_ALARM
    taken = [w.at for w in incident.written]
    taken += [d.at for d in incident.deliveries if d.milestone is Milestone.POSTMORTEM and d.delivered]
    due = incident.closed_at + within if required and incident.closed_at is not None else None
    return DueDate(required=required, due=due, written=min(taken, default=None))
