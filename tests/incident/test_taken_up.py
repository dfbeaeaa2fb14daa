"""An incident whose process died while it was being ended, taken up by another process."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.incident.facts import T0, later, plan
from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident import watch
from tui.incident.decide import decide, fold, opened
from tui.model.incident import Closing, Incident, Question, Sample, State, StepResult, StepRun, WatchKind
from tui.model.outcome import Exited
from tui.model.verification import Check, Verdict

OPENED = ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box")
PASSED = ev.ChecksDone(at=later(30), checks=(Check(name="release", verdict=Verdict.PASSED, evidence="seen"),))
FAILED = ev.ChecksDone(at=later(900), checks=(Check(name="release", verdict=Verdict.FAILED, evidence="another"),))
TAKEN_UP = ev.Resumed(at=later(600), by="you", anew=True)


def verifying() -> Incident:
    done = plan()
    runs = tuple(
        StepRun(step=s.id, started_at=T0, ended_at=T0, outcome=Exited(code=0), result=StepResult.DONE)
        for s in done.steps
    )
    return replace(opened(OPENED), plan=done, runs=runs, state=State.VERIFYING, asking=None, confirmed_at=T0)


def watched(kind: WatchKind) -> Incident:
    """A watch whose time is over, healthy in every look."""
    window = watch.open_watch(kind, T0, timedelta(seconds=60))
    incident = replace(verifying(), state=State.WATCHING, watch_for=timedelta(seconds=60), watch=window)
    for second in range(5, 61, 5):
        sample = Sample(at=later(second), healthy=True, seconds=0.05)
        incident, _ = decide(incident, ev.HealthSampled(at=sample.at, sample=sample))
    return incident


def test_what_was_verified_before_a_death_is_verified_anew() -> None:
    incident, effects = decide(verifying(), PASSED)
    assert incident.settling is Closing.UNWATCHED
    incident, effects = decide(incident, TAKEN_UP)
    assert (incident.settling, effects) == (None, (do.Verify(),))
    again, effects = decide(incident, replace(PASSED, at=later(900)))
    assert (again.settling, effects) == (Closing.UNWATCHED, (do.Settle(closing=Closing.UNWATCHED),))
    other, _ = decide(incident, FAILED)
    assert (other.verdict, other.asking) == (Verdict.FAILED, Question.VERIFY_FAILED)


@pytest.mark.parametrize(
    ("kind", "closing"),
    [(WatchKind.AFTER_ROLLBACK, Closing.RECOVERED), (WatchKind.AFTER_CLEAN_DEPLOY, Closing.FALSE_ALARM)],
)
def test_what_a_watch_found_before_a_death_is_looked_at_once_more(kind: WatchKind, closing: Closing) -> None:
    incident, _ = decide(watched(kind), ev.WatchTimerFired(at=later(60)))
    assert incident.settling is closing
    incident, effects = decide(incident, TAKEN_UP)
    assert (incident.settling, effects) == (None, (do.KeepWatch(until=later(60)),))
    again, _ = decide(incident, ev.WatchTimerFired(at=later(601)))
    assert again.settling is closing
    strayed, _ = decide(incident, ev.ForeignChangeSeen(at=later(601), what="another deploy"))
    assert strayed.asking is Question.WATCH_BREACHED


def test_what_could_not_be_put_in_order_is_no_word_of_a_person() -> None:
    incident, _ = decide(verifying(), PASSED)
    for second in (31, 100):
        incident, _ = decide(incident, ev.Unsettled(at=later(second), why="no answer"))
    assert incident.asking is Question.NOT_IN_ORDER
    incident, effects = decide(incident, TAKEN_UP)
    assert (incident.asking, incident.unsettled, effects) == (None, "", (do.Verify(),))


@pytest.mark.parametrize("closing", [Closing.RECOVERED, Closing.FALSE_ALARM, Closing.NOT_RECOVERED, Closing.ABORTED])
def test_an_end_that_a_person_asked_for_is_carried_out(closing: Closing) -> None:
    asked = ev.CloseAsked(at=later(61), closing=closing, reason="enough")
    incident, _ = decide(watched(WatchKind.AFTER_ROLLBACK), asked)
    taken_up, effects = decide(incident, TAKEN_UP)
    assert (taken_up.settling, effects) == (closing, (do.Settle(closing=closing),))


def test_a_journal_that_was_carried_on_without_a_new_look_is_read_as_it_was_written() -> None:
    incident, _ = decide(verifying(), PASSED)
    incident, effects = decide(incident, replace(TAKEN_UP, anew=False))
    assert effects == (do.Settle(closing=Closing.UNWATCHED),)
    incident, _ = decide(incident, ev.Settled(at=later(601)))
    assert (incident.state, incident.closing) == (State.CLOSED, Closing.UNWATCHED)
    assert not ev.read('{"type":"Resumed","at":"2026-11-28T22:00:00Z","by":"you"}').anew  # type: ignore[union-attr]
    assert fold([OPENED]).open
