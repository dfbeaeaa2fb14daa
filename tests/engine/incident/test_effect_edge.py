"""One edge for every effect: whatever a handler raises ends in that effect's own event, which claims nothing."""

from collections.abc import Awaitable, Callable

import pytest

from tests.incident.facts import T0, plan
from tests.stage import HandClock
from tui.engine.incident.effect_edge import Edge
from tui.incident import events as ev
from tui.incident.decide import opened
from tui.model.errors import LinkError
from tui.model.evidence import Phase
from tui.model.incident import Closing, Incident, StepResult
from tui.model.outcome import Lost
from tui.model.verification import Verdict

INCIDENT = opened(ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box"))
ERRORS = (LinkError("the host is gone"), KeyError("a fault of ours"), OSError("disk"))


class Broken:
    """Raises at every effect."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def run_step(self, incident: Incident, step: str, note: object) -> ev.StepEnded:
        raise self.error

    async def observe(self, incident: Incident) -> ev.Observed:
        raise self.error

    async def verify(self, incident: Incident) -> ev.ChecksDone:
        raise self.error

    async def look(self, incident: Incident) -> ev.HealthSampled:
        raise self.error

    async def measure(self, incident: Incident, phase: Phase) -> ev.Measured:
        raise self.error

    async def settle(self, incident: Incident, closing: Closing) -> ev.Settled:
        raise self.error

    async def close(self) -> None: ...


async def _no_note(event: ev.Event) -> None: ...


EFFECTS: dict[str, Callable[[Edge], Awaitable[ev.Event]]] = {
    "run_step": lambda edge: edge.run_step(INCIDENT, plan().steps[0].id, _no_note),
    "observe": lambda edge: edge.observe(INCIDENT),
    "verify": lambda edge: edge.verify(INCIDENT),
    "look": lambda edge: edge.look(INCIDENT),
    "measure": lambda edge: edge.measure(INCIDENT, Phase.BEFORE),
    "settle": lambda edge: edge.settle(INCIDENT, Closing.NOT_RECOVERED),
}


def _claims_nothing(event: ev.Event, why: str) -> bool:
    match event:
        case ev.StepEnded(result=StepResult.UNKNOWN, outcome=Lost(why=said)) | ev.NotObserved(why=said, final=False):
            return why in said
        case ev.ChecksDone(checks=(check,)):
            return check.verdict is Verdict.INCONCLUSIVE and why in check.evidence
        case ev.HealthSampled(sample=sample):
            return sample.healthy is None and why in sample.note
        case ev.Measured(measurement=measured):
            return all(rate.total is None and why in rate.note for rate in measured.rates)
        case ev.Unsettled(why=said):
            return why in said
    return False


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_an_effect_that_fails_is_unknown_and_says_why(effect: str, error: Exception) -> None:
    event = await EFFECTS[effect](Edge(Broken(error), HandClock()))
    assert event.at == T0
    assert _claims_nothing(event, error.args[0]), event


def test_every_effect_of_a_handler_is_held_by_the_edge() -> None:
    public = {name for name in vars(Edge) if not name.startswith("_")}
    assert public == set(EFFECTS) | {"close"}
