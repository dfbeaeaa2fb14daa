"""The page of an incident: which one is shown follows from the incident's state alone, so that a new login finds the
same page."""

from tui.console.incident_flow import IncidentFlow, may_plan
from tui.console.page import Page, View
from tui.console.pages import assess, close, following, guard, plan, replaying, run, target, unsettled, watch
from tui.engine.incident.onlooker import Onlooker
from tui.engine.replay import Playback
from tui.model.incident import Question, State


class IncidentPage(Page):
    """One incident being led or followed, or about to be opened."""

    name = "incident"

    def __init__(self, flow: IncidentFlow) -> None:
        self.flow = flow

    def view(self, cells: int) -> View:
        """The page that the incident's state asks for; of another console's incident to be looked at only."""
        self.flow.room, self.flow.charted = self.room, self.charted == self.flow.service.name
        if isinstance(self.flow.walk, Playback):
            return replaying.view(self.flow.walk, _of_state(self.flow, cells), cells)
        if isinstance(self.flow.walk, Onlooker):
            return following.view(self.flow, self.flow.walk, _of_state(self.flow, cells), cells)
        return _of_state(self.flow, cells)


def shows(page: Page | None, flow: IncidentFlow) -> bool:
    """True where this page is the one of that incident."""
    return isinstance(page, IncidentPage) and page.flow is flow


def _of_state(flow: IncidentFlow, cells: int) -> View:
    incident = flow.incident
    if incident is None or (incident.severity is None and incident.state is State.ASSESSING):
        return assess.severity(flow, cells)
    if (flow.choosing or flow.wanted is not None) and may_plan(incident):
        return target.view(flow, incident, cells)
    if incident.asking is Question.NOT_IN_ORDER:
        return unsettled.view(flow, incident, cells)
    if incident.guarding and incident.state is State.WATCHING and incident.watch is not None:
        return guard.view(flow, incident, incident.watch, cells)
    if incident.guard is not None and incident.state is State.CLOSED and not incident.wrote:
        return guard.ended(flow, incident, cells)
    match incident.state:
        case State.ASSESSING:
            return assess.confirm(flow, incident, cells)
        case State.PLANNED:
            return plan.view(flow, incident, cells)
        case State.EXECUTING | State.STOPPED | State.UNCERTAIN | State.FAILED | State.VERIFYING:
            return run.view(flow, incident, cells)
        case State.WATCHING:
            return watch.view(flow, incident, cells)
        case State.CLOSED:
            return close.view(flow, incident, cells)
