"""Is it the deploy at all? Each sign by itself, and what they say together."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.incident.facts import OTHER, T0, THEIRS, container, current, later
from tui.incident import deploy_or_not
from tui.incident.deploy_or_not import FRESH, RECENT, Clue, Speaks, argues_against, findings, moment, worded
from tui.model.health import Health
from tui.model.observation import RunningState

HOUR = 3600.0
NOW = later(600)
ALONE = {"api": Health.DOWN}


def said(found: tuple[Clue, ...], words: str) -> Speaks:
    """What the one finding with these words speaks for."""
    speaks = [f.speaks for f in found if words in f.text]
    assert len(speaks) == 1, found
    return speaks[0]


def of(now: RunningState | None, *, bad_since: float | None = None, at: float = 600) -> tuple[Clue, ...]:
    return findings("api", ALONE, later(bad_since) if bad_since is not None else None, now, later(at))


def test_what_cannot_be_read_is_said_and_speaks_for_nothing() -> None:
    assert said(of(None), "could not be read") is Speaks.NEITHER
    assert said(of(current(containers=())), "since when it serves is unknown") is Speaks.NEITHER


@pytest.mark.parametrize(
    ("others", "speaks", "words"),
    [
        ({"web": Health.OK, "blog": Health.OK}, Speaks.FOR, "the other 2 services are well"),
        ({"web": Health.DOWN, "blog": Health.OK}, Speaks.AGAINST, "web is sick as well"),
        ({"web": Health.UNREACHABLE, "blog": Health.DEGRADED}, Speaks.AGAINST, "blog, web are sick as well"),
        ({"web": Health.STALE, "blog": Health.OK}, Speaks.FOR, "the other service is well"),
    ],
)
def test_others_that_are_sick_point_at_a_shared_cause(others: dict[str, Health], speaks: Speaks, words: str) -> None:
    assert said(findings("api", ALONE | others, None, current(), NOW), words) is speaks


@pytest.mark.parametrize("others", [{}, {"web": Health.UNKNOWN}, {"web": Health.STALE}])
def test_others_that_nobody_measured_say_nothing(others: dict[str, Health]) -> None:
    assert not [
        f for f in findings("api", ALONE | others, None, current(), NOW) if "other" in f.text or "sick" in f.text
    ]


def test_its_own_sickness_is_no_shared_cause() -> None:
    found = findings("api", {"api": Health.DOWN, "web": Health.OK}, None, current(), NOW)
    assert not [f for f in found if "sick" in f.text]


def test_trouble_soon_after_the_start_speaks_for_the_deploy() -> None:
    assert said(of(current(), bad_since=120), "trouble 2 min after its start") is Speaks.FOR
    late = RECENT.total_seconds()
    assert said(of(current(), bad_since=late, at=late + 1), "trouble 2 h after its start") is Speaks.FOR


def test_trouble_long_after_the_start_speaks_against_it() -> None:
    late = RECENT.total_seconds() + 1
    assert said(of(current(), bad_since=late, at=late + 60), "not a fresh deploy") is Speaks.AGAINST


def test_trouble_from_before_the_start_does_not_accuse_the_deploy_by_its_timing() -> None:
    assert not [f for f in of(current(), bad_since=-60) if "trouble" in f.text]


def test_an_old_start_with_unknown_begin_of_trouble_is_not_fresh() -> None:
    assert said(of(current(), at=3 * HOUR), "not a fresh deploy") is Speaks.AGAINST
    assert said(of(current(), at=FRESH.total_seconds()), "a fresh start") is Speaks.FOR


def test_trouble_that_was_there_at_the_first_look_is_no_evidence_of_when_it_began() -> None:
    assert said(of(current(), at=HOUR), "when the trouble began is not known") is Speaks.NEITHER


def test_what_has_been_up_for_53_minutes_is_no_fresh_start() -> None:
    found = of(current(), at=53 * 60)
    assert said(found, "it has run since") is Speaks.NEITHER
    assert not [f for f in found if "fresh" in f.text]


def test_a_restart_is_no_deploy() -> None:
    again = replace(container(), created_at=later(-5 * HOUR), started_at=later(540))
    found = of(current(containers=(again,)))
    assert said(found, "not a fresh deploy") is Speaks.AGAINST
    assert said(found, "web.1 started again at 22:09:00Z: a restart, no deploy") is Speaks.NEITHER


def test_what_does_not_stay_up_is_said() -> None:
    found = of(current(containers=(replace(container(), restarting=True),)))
    assert said(found, "does not stay up, and is started again and again: web.1") is Speaks.FOR


def test_the_oldest_running_container_dates_the_release() -> None:
    young = replace(container("bbbbbbbbbbbb"), started_at=later(3 * HOUR))
    gone = replace(container("cccccccccccc"), started_at=later(-30 * HOUR), running=False)
    now = current(containers=(young, container(), gone))
    assert said(of(now, at=3 * HOUR + 60), "(3 h 1 min)") is Speaks.AGAINST


def test_containers_killed_for_memory_speak_against() -> None:
    now = current(containers=(replace(container(), oom_killed=True),))
    assert said(of(now), "killed for want of memory: web.1") is Speaks.AGAINST


def test_restarts_and_ended_containers_speak_for() -> None:
    ended = replace(container("bbbbbbbbbbbb", process="worker"), running=False, exit_code=137, restarts=3)
    found = of(current(containers=(replace(container(), restarts=2), ended)))
    assert said(found, "restarted 5 times") is Speaks.FOR
    assert said(found, "not running: worker.1 (exit 137)") is Speaks.FOR


def test_a_running_deploy_speaks_against_an_unknown_lock_says_nothing() -> None:
    assert said(of(current(locked=True)), "a deploy is running right now") is Speaks.AGAINST
    assert not [f for f in of(current(locked=None)) if "deploy is running" in f.text]


def test_a_deploy_that_failed_is_not_what_serves() -> None:
    now = replace(current(), git_rev=OTHER)
    assert said(of(now), f"({OTHER[:10]}) did not succeed: {THEIRS[:10]} still serves") is Speaks.AGAINST
    assert not [f for f in of(replace(current(), source="docker-image", git_rev=OTHER)) if "did not succeed" in f.text]


def test_a_deploy_that_died_after_its_switch_did_not_fail_and_is_what_serves() -> None:
    now = replace(current(containers=(replace(container(), upcoming=True),)), git_rev=OTHER)
    assert said(of(now), "died after its switch") is Speaks.FOR
    assert not [f for f in of(now) if "did not succeed" in f.text]


@pytest.mark.parametrize(
    ("speaks", "against"),
    [
        ((), False),
        ((Speaks.AGAINST,), True),
        ((Speaks.AGAINST, Speaks.FOR), False),
        ((Speaks.AGAINST, Speaks.AGAINST, Speaks.FOR, Speaks.NEITHER), True),
        ((Speaks.NEITHER,), False),
    ],
)
def test_the_sum_of_it(speaks: tuple[Speaks, ...], against: bool) -> None:
    assert argues_against(tuple(Clue(speaks=s, text="") for s in speaks)) is against


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (7800, "2 h 10 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (3 * 86400 + 5, "3 d"),
    ],
)
def test_lengths_in_words(seconds: float, words: str) -> None:
    assert worded(timedelta(seconds=seconds)) == words


def test_a_moment_of_another_day_has_its_date() -> None:
    assert moment(T0, later(60)) == "22:00:00Z"
    assert moment(T0, later(12 * HOUR)) == "2026-11-23 22:00Z"


def test_a_start_by_a_clock_ahead_of_this_one_is_no_evidence_of_age() -> None:
    """A host whose clock is an hour ahead made every release of the last hour a fresh start."""
    seen = current(containers=(replace(container(), started_at=later(HOUR), created_at=later(HOUR)),))
    found = of(seen)
    assert said(found, "by a clock ahead of this one: how long is not known") is Speaks.NEITHER
    assert not [one for one in found if "fresh start" in one.text]
    assert deploy_or_not.ago(later(HOUR), NOW) == "by a clock ahead of this one"
    assert deploy_or_not.ago(later(610), NOW) == "0 s ago", "a few seconds are no other clock"
