"""Watching without changing anything, answers to the tree, and what may be done when."""

from datetime import timedelta

import pytest

from tests.incident.facts import T0, later, plan
from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident.decide import decide, opened
from tui.model.errors import InvalidTransition
from tui.model.incident import Closing, Incident, Question, Sample, State, WatchKind

TEN = timedelta(minutes=10)


@pytest.fixture
def incident() -> Incident:
    return opened(ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box"))


def test_watching_instead_of_changing_ends_as_a_false_alarm(incident: Incident) -> None:
    watching, effects = decide(incident, ev.WatchAsked(at=T0, length=TEN, reason="looks fine"))
    assert (watching.state, watching.asking) == (State.WATCHING, None)
    assert effects == (do.KeepWatch(until=T0 + TEN),)
    assert watching.watch is not None
    assert watching.watch.kind is WatchKind.AFTER_CLEAN_DEPLOY
    assert watching.decisions[-1][1] == "monitor only: looks fine"
    for second in range(5, 601, 5):
        watching, _ = decide(
            watching, ev.HealthSampled(at=later(second), sample=Sample(at=later(second), healthy=True, seconds=0.1))
        )
    settling, effects = decide(watching, ev.WatchTimerFired(at=T0 + TEN))
    assert settling.settling is Closing.FALSE_ALARM
    assert effects == (do.Settle(closing=Closing.FALSE_ALARM),)


def test_a_breach_while_only_watching_leads_to_a_plan(incident: Incident) -> None:
    watching, _ = decide(incident, ev.WatchAsked(at=T0, length=TEN))
    for second in (5, 10, 15):
        watching, _ = decide(
            watching, ev.HealthSampled(at=later(second), sample=Sample(at=later(second), healthy=False))
        )
    assert watching.asking is Question.WATCH_BREACHED
    planned, _ = decide(watching, ev.PlanMade(at=later(20), plan=plan()))
    assert planned.state is State.PLANNED


def test_nothing_is_watched_for_no_time(incident: Incident) -> None:
    with pytest.raises(InvalidTransition):
        decide(incident, ev.WatchAsked(at=T0, length=timedelta(0)))


def test_a_plan_that_runs_cannot_become_a_watch(incident: Incident) -> None:
    planned, _ = decide(incident, ev.PlanMade(at=T0, plan=plan()))
    executing, _ = decide(planned, ev.Confirmed(at=T0, by="me"))
    with pytest.raises(InvalidTransition):
        decide(executing, ev.WatchAsked(at=T0, length=TEN))


def test_an_answer_taken_back_takes_those_below_it_along(incident: Incident) -> None:
    for node, answer in (("healthy", True), ("errors", True), ("rate", False)):
        incident, _ = decide(incident, ev.Answered(at=T0, node=node, answer=answer, evidence="seen"))
    again, _ = decide(incident, ev.Answered(at=T0, node="errors", answer=False))
    assert [(a.node, a.answer) for a in again.answers] == [("healthy", True), ("errors", False)]
    none, _ = decide(incident, ev.Answered(at=T0, node="healthy", answer=None))
    assert none.answers == ()
