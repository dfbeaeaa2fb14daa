"""The page for whoever comes next: at every moment of an incident, of 40 lines at most, and only what is on record."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.incident import stories
from tests.incident.facts import later
from tui.incident import events as ev
from tui.incident import handover
from tui.incident.decide import fold
from tui.incident.postmortem.due import duty
from tui.model.incident import Closing, State, StepResult
from tui.model.outcome import Exited
from tui.model.verification import Check, Verdict

WHOLE = [one for one in stories.whole() if isinstance(one, ev.Event)]


def written(events: list[ev.Event]) -> handover.HandOver:
    incident = fold(events)
    return handover.write(incident, events, duty(incident, timedelta(hours=48)), events[-1].at + timedelta(minutes=3))


@pytest.mark.parametrize("length", range(1, len(WHOLE) + 1))
def test_every_moment_of_an_incident_fits_one_page_and_names_a_next_step(length: int) -> None:
    found = written(WHOLE[:length])
    text = handover.markdown(found)
    lines = text.splitlines()
    assert len(lines) <= handover.LINES
    assert [line[3:] for line in lines if line.startswith("## ")] == list(handover.TITLES.values())
    assert "rollback" in " ".join(found.next)


def test_a_closed_rollback_says_what_was_proven_what_was_ruled_out_and_what_is_due() -> None:
    found = written(WHOLE)
    assert found.state[0].startswith("CLOSED: recovered since 2026-11-23 22:20:44Z (3 min ago), severity P1")
    assert "release:4 serves since" in found.state[-1]
    assert any("3 of 3 healthy in a row" in one for one in found.proven)
    assert any("Is the service healthy? No (health down, HTTP 503)" in one for one in found.ruled_out)
    assert any(one.startswith("error rate:") and "since the change, as of 22:" in one for one in found.ruled_out)
    assert found.last_post == (
        "ticket: started, 2026-11-23 22:20:10Z (3 min ago), https://github.com/acme/ops/issues/7",
    )
    assert any("post-mortem wanted by 2026-11-25 22:20:44Z" in one for one in found.held)
    assert found.next == ("rollback postmortem inc1: writes it down",)


def test_while_it_is_sent_nobody_claims_to_know_what_serves() -> None:
    begun = next(i for i, one in enumerate(WHOLE) if isinstance(one, ev.StepStarted) and one.step == "push")
    found = written(WHOLE[: begun + 1])
    assert found.state[-1] == "what serves is not known yet: what was sent goes on at the host"
    assert found.last_post == ("nobody was told anything",)


def test_a_failed_verification_is_open_and_not_proven() -> None:
    until = next(i for i, one in enumerate(WHOLE) if isinstance(one, ev.ChecksDone))
    bad = ev.ChecksDone(
        at=later(340),
        checks=(
            Check(name="identity", verdict=Verdict.PASSED, evidence="ours"),
            Check(name="health", verdict=Verdict.FAILED, evidence="HTTP 503"),
        ),
    )
    found = written([*WHOLE[:until], bad])
    assert found.proven[0] == "identity: ours"
    assert "health failed: HTTP 503" in found.open
    assert any("--close" in one for one in found.next)


def test_a_refused_step_says_that_the_old_release_serves() -> None:
    begun = next(i for i, one in enumerate(WHOLE) if isinstance(one, ev.StepStarted))
    refused = ev.StepEnded(
        at=later(320), step="record", outcome=Exited(code=1), result=StepResult.REFUSED, detail="somebody has it"
    )
    found = written([*WHOLE[: begun + 1], refused])
    assert "serves as before" in found.state[-1]
    assert any("somebody has it" in one for one in found.open)


@given(st.text(max_size=400), st.text(max_size=400))
def test_hostile_words_stay_on_their_line_and_are_no_markup(reason: str, close: str) -> None:
    events: list[ev.Event] = [
        stories.opened(reason=reason),
        *(one for one in stories.closed(later(9), Closing.FALSE_ALARM, close) if isinstance(one, ev.Event)),
    ]
    text = handover.markdown(written(events))
    assert len(text.splitlines()) <= handover.LINES
    assert text.count("\n## ") == len(handover.TITLES)
    assert all(ord(char) >= 32 or char == "\n" for char in text)


def test_a_watch_says_how_many_minutes_are_left() -> None:
    for length in range(1, len(WHOLE) + 1):
        incident, found = fold(WHOLE[:length]), written(WHOLE[:length])
        if incident.state is State.WATCHING and incident.watch is not None:
            left = incident.watch.deadline - WHOLE[length - 1].at - timedelta(minutes=3)
            told = f"({left.total_seconds() / 60:.0f} min left)" if left > timedelta(0) else "(over)"
            assert any(one.startswith("watch after a rollback until") and told in one for one in found.held)
            return
    raise AssertionError("the story has a watch")


def test_a_release_that_was_planned_and_left_is_ruled_out_and_an_outage_is_told_once_it_is_over() -> None:
    made = next(one for one in WHOLE if isinstance(one, ev.PlanMade))
    earlier = replace(made, plan=replace(made.plan, attempt="inc1.0"))
    at = WHOLE.index(made)
    begun = next(i for i, one in enumerate(WHOLE) if isinstance(one, ev.StepStarted) and one.step == "push")
    down = ev.WentDown(at=WHOLE[begun].at + timedelta(seconds=1), what="no answer")
    again = ev.CameUp(at=WHOLE[begun].at + timedelta(seconds=8))
    found = written([*WHOLE[:at], earlier, ev.PlanDropped(at=made.at, reason="another"), *WHOLE[at : begun + 1], down])
    assert any("was planned before as attempt inc1.0, and left" in one for one in found.ruled_out)
    assert not any("did not answer" in one for one in found.proven), "it does not answer yet"
    found = written([*WHOLE[: begun + 1], down, again])
    assert "it did not answer for 7 s, and does again" in found.proven
