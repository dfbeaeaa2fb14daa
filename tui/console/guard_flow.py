"""A guard that is led here goes on by itself: its word is acted on as by `rollback guard`, where no person is asked."""

from tui.console.incident_flow import IncidentFlow
from tui.engine import guard as guarding
from tui.engine.incident.runner import IncidentRunner
from tui.model.guard import OnBreach
from tui.model.incident import Closing, Incident, Question

_WORDS = frozenset({Question.WATCH_BREACHED, Question.WATCH_INCONCLUSIVE})
"""the questions that are a guard's word"""


async def carry(flow: IncidentFlow) -> None:
    """Do what follows from the guard's word; what it leaves to a person is theirs."""
    engine, walk = flow.console.engine, flow.walk
    while isinstance(walk, IncidentRunner) and walk.incident.guarding:
        incident = await walk.settled()
        if not incident.open or not incident.guarding or asks(incident):
            return
        live = incident.latest or await engine.links.current(incident.host, incident.app)
        await guarding.answer(engine, walk, live, _nobody)


def asks(incident: Incident) -> bool:
    """True where the question is a person's: services.yaml wants them asked, or it is not about the deploy."""
    by_services = incident.guard is not None and incident.guard.on_breach is OnBreach.ASK
    return incident.asking not in _WORDS or (by_services and incident.asking is Question.WATCH_BREACHED)


async def stop(flow: IncidentFlow, reason: str = "stopped by a person") -> None:
    """End the guard before its time, or as the person answers its breach: nothing is changed but its claim."""
    walk = flow.walk
    if isinstance(walk, IncidentRunner) and walk.incident.open and walk.incident.guarding:
        breached = walk.incident.asking is Question.WATCH_BREACHED
        said = f"{walk.incident.failure}; {reason}" if breached else reason
        closing = Closing.NOT_RECOVERED if breached else Closing.ABORTED
        await guarding.end(flow.console.engine, walk, closing, said)


async def go_back(flow: IncidentFlow) -> None:
    """A person goes before the guard: it ends, and an incident of theirs begins."""
    await stop(flow, "a person goes back to another release")
    await flow.console.begin(flow.service)


async def _nobody() -> str:
    return "nobody was asked"
