"""The time that the runbook gives each of its steps, against the time that a step takes. A signal, never a limit."""

from datetime import datetime, timedelta
from typing import NamedTuple

from tui.model.incident import Incident, State
from tui.model.runbook_numbers import Budgets
from tui.text import numbers

_THEN = {
    "confirming": "roll back",
    "rolling back": "look at what the host says",
    "verifying": "go further back, or watch it",
}


class Spent(NamedTuple):
    """The time that a step has taken."""

    step: str
    taken: timedelta
    budget: timedelta

    @property
    def over(self) -> str:
        """The words where it takes longer than it should; else empty."""
        if self.taken <= self.budget:
            return ""
        given = f"{self.budget.total_seconds():.0f} s"
        taken = numbers.over(self.taken.total_seconds())
        return f"{self.step} takes {taken}, the runbook gives it {given}: {_THEN[self.step]}"


def running(incident: Incident, budgets: Budgets, now: datetime) -> Spent | None:
    """The step that the incident is in; None where the runbook has no time for it."""
    match incident.state:
        case State.ASSESSING | State.PLANNED if not incident.runs:
            return Spent("confirming", now - incident.opened_at, budgets.confirm)
        case State.EXECUTING | State.STOPPED | State.UNCERTAIN:
            since = incident.sent_at or incident.confirmed_at
            return Spent("rolling back", now - since, budgets.roll_back) if since is not None else None
        case State.VERIFYING if incident.asking is None:
            return Spent("verifying", now - (incident.served_at or incident.since), budgets.verify)
    return None


def rolled_back(incident: Incident, budgets: Budgets) -> str:
    """The time until the target served, against the budget; empty where that is not known, or where two clocks
    disagree."""
    if incident.sent_at is None or incident.served_at is None:
        return ""
    taken, given = (incident.served_at - incident.sent_at).total_seconds(), budgets.roll_back.total_seconds()
    if taken < 0:
        return ""
    said = numbers.over(taken) if taken > given else numbers.whole_seconds(taken)
    return f"the target served after {said}; the runbook gives it {given:.0f} s"


def serving_again(incident: Incident) -> str:
    """The time from the word to the first good answer; empty where that is not known."""
    if incident.answered_throughout:
        return "serving again: it answered throughout"
    seconds = incident.again_after
    return "" if seconds is None else f"serving again {numbers.whole_seconds(seconds)} after the word"
