"""A guard that is led here goes on by itself: its word is acted on as by `rollback guard`, unless a person is at it."""

from tui.console.incident_flow import IncidentFlow
from tui.engine import guard as guarding
from tui.engine.incident.runner import IncidentRunner
from tui.model.guard import OnBreach
from tui.model.incident import Closing, Incident, Question

_WORDS = frozenset({Question.WATCH_BREACHED, Question.WATCH_INCONCLUSIVE})
"""the questions that are a guard's word"""


async def carry(flow: IncidentFlow) -> None:
    """Do what follows from the guard's word; what it leaves to a person, or a person has begun on it, is theirs."""
    engine, walk = flow.console.engine, flow.walk
    while isinstance(walk, IncidentRunner) and walk.incident.guarding:
        incident = await walk.settled()
        if not incident.open or not incident.guarding or asks(flow, incident):
            return
        live = incident.latest or await engine.links.current(incident.host, incident.app)
        await guarding.answer(engine, walk, live, _nobody)


def asks(flow: IncidentFlow, incident: Incident) -> bool:
    """True where the guard's word is for a person: they choose a release now, or services.yaml wants them asked."""
    by_services = incident.guard is not None and incident.guard.on_breach is OnBreach.ASK
    breached = incident.asking is Question.WATCH_BREACHED
    at_it = flow.choosing or flow.wanted is not None
    return at_it or incident.asking not in _WORDS or (by_services and breached)


async def stop(flow: IncidentFlow) -> None:
    """End the guard before its time: nothing is changed but its claim."""
    if isinstance(flow.walk, IncidentRunner) and flow.walk.incident.guarding:
        await guarding.end(flow.console.engine, flow.walk, Closing.ABORTED, "stopped by a person")


async def _nobody() -> str:
    return "nobody was asked"
