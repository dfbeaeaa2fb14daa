"""Whether an incident can be undone, and to what."""

import pytest
from msgspec.structs import replace

from tests.incident.facts import T0, THEIRS, current, landed, plan
from tui.incident import events as ev
from tui.incident import undo
from tui.incident.decide import fold
from tui.model.errors import AlreadyThere, Refused
from tui.model.incident import Closing, Incident, Question, State, StepResult
from tui.model.outcome import Exited
from tui.model.plan import Plan, StepKind
from tui.model.release import Release
from tui.model.verification import Check, Verdict

OPENED = ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me")
PASSED = ev.ChecksDone(at=T0, checks=(Check(name="identity", verdict=Verdict.PASSED, evidence=""),))
FAILED = ev.ChecksDone(at=T0, checks=(Check(name="identity", verdict=Verdict.FAILED, evidence=""),))
LEFT = Release(app="cyc", commit=THEIRS)


def carried_out(made: Plan, checks: ev.ChecksDone) -> tuple[ev.Event, ...]:
    return (
        ev.PlanMade(at=T0, plan=made),
        ev.Confirmed(at=T0, by="me"),
        ev.StepStarted(at=T0, step="push"),
        ev.StepEnded(at=T0, step="push", outcome=Exited(code=0), result=StepResult.DONE),
        ev.Observed(at=T0, current=landed()),
        checks,
    )


def story(*events: ev.Event) -> tuple[Incident, undo.Trace | None]:
    return fold((OPENED, *events)), undo.trace((OPENED, *events))


ROLLED_BACK = (*carried_out(plan(StepKind.PUSH), PASSED), ev.Settled(at=T0))


def test_what_the_incident_left_first_is_what_undo_goes_to() -> None:
    first = plan(StepKind.PUSH)
    second = replace(first, leaving=first.target, target=replace(first.target, number=9, holder="cyc--r9"))
    incident, did = story(*carried_out(first, FAILED), *carried_out(second, PASSED), ev.Settled(at=T0))
    assert did == undo.Trace(left=first.leaving, brought=second)
    assert undo.check(incident, did, landed(), first.target).commit == THEIRS


def test_a_plan_that_was_dropped_changes_nothing_of_what_was_done() -> None:
    other = replace(plan(StepKind.PUSH), leaving=plan().target)
    events = (*carried_out(plan(StepKind.PUSH), FAILED), ev.PlanMade(at=T0, plan=other), ev.PlanDropped(at=T0))
    incident, did = story(*events, ev.CloseAsked(at=T0, closing=Closing.ABORTED), ev.Settled(at=T0))
    assert undo.check(incident, did, landed(), plan().target).commit == THEIRS


def test_why_not() -> None:
    incident, did = story(*ROLLED_BACK)
    assert undo.check(incident, did, landed(), plan().target).commit == THEIRS
    with pytest.raises(AlreadyThere):
        undo.check(incident, did, current(), LEFT)
    with pytest.raises(Refused, match="somebody else's deploy"):
        undo.check(incident, did, current(metadata="9" * 40), Release(app="cyc", commit="9" * 40))
    planned, nothing = story(ev.PlanMade(at=T0, plan=plan()))
    with pytest.raises(Refused, match="nothing to undo"):
        undo.check(planned, nothing, current(), LEFT)
    unknown = replace(incident, state=State.UNCERTAIN, asking=Question.OUTCOME_UNKNOWN)
    with pytest.raises(Refused, match="not known yet"):
        undo.check(unknown, did, landed(), plan().target)
    nameless = undo.Trace(left=Release(app="cyc"), brought=plan(StepKind.PUSH))
    with pytest.raises(Refused, match="known by no commit"):
        undo.check(incident, nameless, landed(), plan().target)


def test_the_newest_that_changed_what_serves_is_meant() -> None:
    changed, _ = story(*ROLLED_BACK)
    planned, _ = story(ev.PlanMade(at=T0, plan=plan()))
    assert undo.latest((planned, changed)) is changed
    with pytest.raises(Refused):
        undo.latest((planned,))
