"""Which moments are told, in which order, and that what is said calls nobody."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.console import scenes
from tests.incident.facts import T0
from tui.incident import announcements
from tui.incident import events as ev
from tui.incident.decide import fold
from tui.model.incident import Closing, Incident
from tui.model.notice import Delivery, Milestone
from tui.model.verification import Verdict
from tui.text.chat import NO_WIDTH, plain

STORIES = {
    "assessing": (scenes.confirmed_down(), ()),
    "planned": (scenes.planned(), ()),
    "confirmed": ((*scenes.planned(), ev.Confirmed(at=T0, by="me")), (Milestone.STARTED,)),
    "running": (scenes.running(), (Milestone.STARTED,)),
    "landed": (scenes.pushed(), (Milestone.STARTED,)),
    "failed checks": ((*scenes.pushed(), scenes.checks(Verdict.FAILED)), (Milestone.STARTED,)),
    "watching": (scenes.watching(), (Milestone.STARTED, Milestone.VERIFIED)),
    "breached": (
        (*scenes.watching(), scenes.STRAYED), (Milestone.STARTED, Milestone.VERIFIED, Milestone.VERDICT)
    ),
    "closed": (scenes.closed(), (Milestone.STARTED, Milestone.VERIFIED, Milestone.VERDICT, Milestone.CLOSED)),
    "closed without a rollback": (
        (*scenes.opened(), ev.CloseAsked(at=T0, closing=Closing.FALSE_ALARM), ev.Settled(at=T0)), ()
    ),
    "nothing is wanted": ((*scenes.planned(), ev.PostChosen(at=T0, post=False), ev.Confirmed(at=T0, by="me")), ()),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_what_an_incident_has_come_to(name: str) -> None:
    events, expected = STORIES[name]
    assert announcements.reached(fold(events)) == expected


@pytest.mark.parametrize("name", STORIES)
def test_what_was_reached_stays_reached(name: str) -> None:
    """Whoever takes an incident up tells what has still to be told, and takes nothing back."""
    events, _ = STORIES[name]
    before: set[Milestone] = set()
    for count in range(1, len(events) + 1):
        now = set(announcements.reached(fold(events[:count])))
        assert before - {Milestone.VERDICT} <= now
        before |= now


def said(incident: Incident, milestone: Milestone) -> str:
    message = announcements.message(incident, milestone, "production", T0)
    return f"{message.title}\n{message.text}"


def test_the_messages_say_what_was_done_by_whom_and_what_is_left() -> None:
    incident = fold(scenes.closed())
    started = said(incident, Milestone.STARTED)
    assert started.startswith("[P1] api: rolling back to release:4\napi (api-app, production): from sha:")
    assert scenes.INCIDENT in started and scenes.BY in started
    assert "3 of 3 checks passed" in said(incident, Milestone.VERIFIED)
    assert "watched to the end: recovered" in said(incident, Milestone.VERDICT)
    closed = said(incident, Milestone.CLOSED)
    assert "closed: recovered" in closed and "Left to do: deploys of api-app are frozen until" in closed


def test_an_alarm_says_what_runs_and_that_somebody_has_to_decide() -> None:
    incident = fold((*scenes.watching(), scenes.STRAYED))
    assert "ALARM while watching" in said(incident, Milestone.VERDICT)
    assert "something else runs" in said(incident, Milestone.VERDICT)
    assert "A person has to decide now." in said(incident, Milestone.VERDICT)


def test_ones_own_words_take_the_place_of_the_first_post_until_there_is_another_plan() -> None:
    events = (*scenes.planned(), ev.PostChosen(at=T0, text="orders fail\n@here, @ada <!channel> we are on it"))
    message = announcements.message(fold(events), Milestone.STARTED, "production", T0)
    assert message.text.replace(NO_WIDTH, "") == "orders fail\n@here, @ada <!channel> we are on it"
    assert "@here" not in message.text and "<!channel>" not in message.text and "@ada" not in message.text
    again = fold((*events, ev.PlanDropped(at=T0), ev.PlanMade(at=T0, plan=scenes.plan())))
    assert "orders fail" not in said(again, Milestone.STARTED)


def test_secrets_and_controls_in_what_is_told_are_gone() -> None:
    incident = replace(
        fold(scenes.closed()), close_reason="token=Zx81Canary \x1b]0;x\x07", reason="password=Zx81Canary"
    )
    for milestone in Milestone:
        text = said(incident, milestone)
        assert "Zx81Canary" not in text and "\x1b" not in text and len(text) < 2000


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("@here look", "@here"),
        ("x@everyone", "@everyone"),
        ("<!channel> <@U012> <#C1> <@&12>", "<@U012>"),
        ("<!channel>", "<!channel>"),
        ("see [the docs](https://evil.example)", "](https"),
        ("<https://evil.example|our docs>", "<https"),
        ("||hidden||", "||"),
        ("<at>Ada</at>", "<at>"),
    ],
)
def test_what_a_chat_would_act_on_is_plain(text: str, calls: str) -> None:
    assert calls not in plain(text)
    assert plain(text).replace(NO_WIDTH, "") == text


def test_addresses_of_people_and_machines_stay() -> None:
    assert plain("ada@example.com, tired@bastion, a < b") == "ada@example.com, tired@bastion, a < b"


@given(st.text(alphabet="@<>[]()|!#aehrevyon ", max_size=40))
def test_plain_twice_is_plain_once_and_reads_the_same(text: str) -> None:
    once = plain(text)
    assert plain(once) == once and once.replace(NO_WIDTH, "") == text


def test_what_stands_is_the_last_of_each_message() -> None:
    one = Delivery(milestone=Milestone.STARTED, channel="A", at=T0, delivered=False)
    two = replace(one, at=T0 + timedelta(seconds=9), delivered=True)
    other = replace(one, channel="B")
    assert announcements.standing((one, other, two)) == (two, other)


def test_an_undo_is_told_as_going_forward() -> None:
    before = fold(scenes.watching())
    assert before.plan is not None
    incident = replace(before, plan=replace(before.plan, forward=True))
    assert "going forward again to" in said(incident, Milestone.STARTED)
    assert " forward again to " in said(incident, Milestone.STARTED).split("\n", 1)[1]
    assert ": forward again on " in said(incident, Milestone.VERIFIED)
    assert "back" not in said(incident, Milestone.STARTED) + said(incident, Milestone.VERIFIED)


def test_how_long_it_was_down_is_told_to_the_second() -> None:
    """1 min 59 s was told as 1 min, and half a second as none."""
    down = replace(fold(scenes.closed()), down_since=T0, down_until=T0 + timedelta(seconds=119))
    assert "It did not answer for 1 min 59 s." in said(down, Milestone.CLOSED)
    short = replace(down, down_until=T0 + timedelta(milliseconds=400))
    assert "It did not answer for under 1 s." in said(short, Milestone.CLOSED)
    watched = replace(down, watch_for=timedelta(seconds=90))
    assert "It is watched for 1 min 30 s now." in said(watched, Milestone.VERIFIED)
