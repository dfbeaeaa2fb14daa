"""A deploy that is no push, in the decision core: its end is never proof, and it is never begun twice."""

import pytest

from tests.incident.facts import T0, THEIRS, container, current, later, plan
from tests.incident.test_walk import BEGIN
from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident.decide import decide, opened
from tui.model.errors import InvalidTransition
from tui.model.incident import Incident, Question, State, StepResult
from tui.model.outcome import Exited, Lost, Outcome
from tui.model.plan import Plan, Proof, StepKind

DONE = "/home/dokku/cyc#" + "a" * 40


def deploying() -> Incident:
    """An incident in the middle of a deploy that is no push."""
    made = plan(StepKind.RECORD, StepKind.DEPLOY, StepKind.MARK)
    values = {name: getattr(made, name) for name in Plan.__struct_fields__}
    made = Plan(**values | {"push": None, "proof": Proof(source="git-sync", metadata=DONE), "outlives": False})
    incident = opened(BEGIN)
    for event in (
        ev.PlanMade(at=T0, plan=made),
        ev.Confirmed(at=later(1), by="me", watch=None),
        ev.StepStarted(at=later(2), step="record"),
        ev.StepEnded(at=later(3), step="record", outcome=Exited(code=0), result=StepResult.DONE),
        ev.StepStarted(at=later(4), step="deploy"),
    ):
        incident, _ = decide(incident, event)
    return incident


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (Exited(code=0), StepResult.DONE),
        (Exited(code=1), StepResult.UNKNOWN),
        (Exited(code=1), StepResult.FAILED),
        (Lost(why="cut"), StepResult.UNKNOWN),
    ],
)
def test_whatever_it_said_the_host_is_asked(outcome: Outcome, result: StepResult) -> None:
    end = ev.StepEnded(at=later(9), step="deploy", outcome=outcome, result=result, reported=True)
    incident, effects = decide(deploying(), end)
    doubt = State.EXECUTING if result is StepResult.DONE else State.UNCERTAIN  # a normal end is no doubt
    assert (incident.state, effects) == (doubt, (do.Observe(),))
    with pytest.raises(InvalidTransition):
        decide(incident, ev.StepStarted(at=later(10), step="deploy"))


def test_the_metadata_and_new_containers_lead_on_to_the_mark() -> None:
    end = ev.StepEnded(at=later(9), step="deploy", outcome=Exited(code=1), result=StepResult.UNKNOWN, reported=True)
    incident, _ = decide(deploying(), end)
    new = current(at=later(10), metadata=DONE, containers=(container("new"),))
    synced = type(new)(**{name: getattr(new, name) for name in new.__struct_fields__} | {"source": "git-sync"})
    incident, effects = decide(incident, ev.Observed(at=later(10), current=synced))
    assert (incident.state, effects) == (State.EXECUTING, (do.RunStep(step="mark"),))


def test_a_refusal_that_changed_nothing_is_a_failure_with_the_old_release_serving() -> None:
    end = ev.StepEnded(
        at=later(9), step="deploy", outcome=Exited(code=128), result=StepResult.UNKNOWN, detail="no such commit",
        reported=True,
    )  # fmt: skip
    incident, _ = decide(deploying(), end)
    incident, effects = decide(incident, ev.Observed(at=later(10), current=current(at=later(10), metadata=THEIRS)))
    assert (incident.state, incident.asking, effects) == (State.FAILED, Question.WHAT_NEXT, ())
    assert "the old release serves" in incident.failure


def test_after_a_death_in_the_middle_it_is_looked_at_and_not_sent_again() -> None:
    incident, effects = decide(deploying(), ev.Resumed(at=later(60), by="you", anew=True))
    assert (incident.state, effects) == (State.UNCERTAIN, (do.Observe(),))
