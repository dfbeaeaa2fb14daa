"""The timeline in words: in order of time, and each step once, by the name that people know from the plan."""

from typing import get_args

from msgspec.structs import replace

from tests.incident.facts import later
from tests.incident.statistics.test_fold import story
from tests.incident.stories import told
from tui.incident import events as ev
from tui.incident.timeline import in_order, tell
from tui.model.notice import Milestone


def events() -> list[ev.Event]:
    return [one for one in story(30, 70, 95, 102) if isinstance(one, get_args(ev.Event))]


def test_it_is_in_order_of_time_and_a_step_has_one_line_with_its_name() -> None:
    said = [*events(), ev.ServesAgain(at=later(90), looks=40, bad=29)]
    found = in_order(said)
    assert [event.at for event, _ in found] == sorted(event.at for event, _ in found)
    words = [line for _, (line, _) in found]
    assert any("it serves again" in line for line in words[:-1])
    titles = {step.title for event in said if isinstance(event, ev.PlanMade) for step in event.plan.steps}
    done = [line.removeprefix("done: ").partition(" (")[0] for line in words if line.startswith("done: ")]
    assert done and set(done) <= titles and len(done) == len(set(done))


def test_a_step_that_has_not_ended_is_told_as_begun() -> None:
    said = events()
    last = max(n for n, event in enumerate(said) if isinstance(event, ev.StepStarted))
    words = [line for _, (line, _) in in_order(said[: last + 1])]
    assert sum(line.startswith("begun: ") for line in words) == 1


def test_who_was_told_who_was_told_by_hand_and_who_was_not() -> None:
    sent = told(later(0), "SLACK_URL", Milestone.CLOSED)
    found = [
        tell(ev.DeliveryRecorded(at=later(0), delivery=one))
        for one in (sent, replace(sent, by_hand=True), replace(sent, delivered=False, detail="HTTP 403"))
    ]
    assert [line for line in found if line is not None] == [
        ("told SLACK_URL: closed ", ""),
        ("told by hand SLACK_URL: closed ", ""),
        ("NOT DELIVERED: SLACK_URL: closed HTTP 403", "warn"),
    ]
