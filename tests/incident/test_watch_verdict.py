"""What the checkpoints of a watch say at its end, and what cannot wait for it. Time and counts by hand."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.incident.facts import T0, later, plan
from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident import watch, watch_verdict
from tui.incident.decide import decide, fold, opened
from tui.incident.watch_verdict import WatchOutcome
from tui.model.evidence import Measurement, Phase, Rate, RateSource
from tui.model.incident import Closing, Incident, Question, Sample, State, WatchKind

LENGTH = timedelta(minutes=15)
Counts = tuple[int | None, int | None]


def log(counts: Counts, **more: object) -> Rate:
    failed, total = counts
    return Rate(source=RateSource.ACCESS_LOG, since=T0, until=T0, failed=failed, total=total, **more)  # type: ignore[arg-type]


def measured(at: datetime, phase: Phase, *found: Rate) -> ev.Measured:
    return ev.Measured(at=at, measurement=Measurement(at=at, phase=phase, rates=found))


def watching(*, length: timedelta = LENGTH, before: Rate | None = None, looks: bool = True) -> Incident:
    """Confirmed at T0, opened its watch then, and every look of it was healthy."""
    incident = opened(ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box"))
    incident = replace(
        incident,
        plan=plan(),
        state=State.WATCHING,
        asking=None,
        confirmed_at=T0,
        served_at=T0,
        watch_for=length,
        watch=watch.open_watch(WatchKind.AFTER_ROLLBACK, T0, length),
    )
    if before is not None:
        incident, _ = decide(incident, measured(T0, Phase.BEFORE, before))
    if looks:
        for second in range(5, int(length.total_seconds()) + 1, 5):
            sample = Sample(at=later(second), healthy=True, seconds=0.05)
            incident, _ = decide(incident, ev.HealthSampled(at=later(second), sample=sample))
    return incident


def at_checkpoints(incident: Incident, *found: Rate) -> Incident:
    """One measurement at each of the first checkpoints."""
    assert incident.watch is not None
    for at, rate in zip(watch.checkpoints(incident.watch), found, strict=False):
        incident, effects = decide(incident, measured(at, Phase.AFTER, rate))
        assert effects == ()
    return incident


def ended(incident: Incident) -> Incident:
    assert incident.watch is not None
    return decide(incident, ev.WatchTimerFired(at=incident.watch.deadline))[0]


BAD = log((34, 1190))
GOOD = log((2, 1400))


def test_under_the_limit_at_the_end_it_has_recovered_and_the_numbers_are_the_reason() -> None:
    incident = ended(at_checkpoints(watching(before=BAD), log((0, 90)), log((0, 500)), log((1, 900)), GOOD))
    assert incident.settling is Closing.RECOVERED
    assert incident.close_reason == (
        "healthy to the end of the watch; access log: 2 of 1400, 0.1% (0.04-0.5%): under 1%; "
        "before 34 of 1190, 2.9% (2.1-4%): significantly fewer"
    )


def test_over_the_limit_for_certain_is_an_alarm_at_that_checkpoint() -> None:
    incident = at_checkpoints(watching(before=BAD), log((1, 90)), log((20, 500)))
    assert incident.asking is Question.WATCH_BREACHED
    assert incident.failure.startswith("not recovered: access log: 20 of 500, 4% (2.6-6.1%): over 1%; before 34 of")


def test_more_failures_than_before_are_worse() -> None:
    incident = at_checkpoints(watching(before=log((12, 1190))), log((60, 500)))
    assert incident.asking is Question.WATCH_BREACHED and incident.failure.startswith("worse: ")


def test_somewhat_more_than_before_has_to_be_seen_twice() -> None:
    base = watching(before=log((1, 2000)))
    once = at_checkpoints(base, log((4, 1200)))
    assert once.asking is None
    assert at_checkpoints(base, log((4, 1200)), log((0, 1900))).asking is None
    twice = at_checkpoints(base, log((4, 1200)), log((7, 1900)))
    assert twice.asking is Question.WATCH_BREACHED and twice.failure.startswith("worse: ")


def test_over_by_the_bare_rule_has_to_be_seen_twice_and_is_no_alarm_where_it_is_clearly_better() -> None:
    assert at_checkpoints(watching(), log((4, 300))).asking is None
    twice = at_checkpoints(watching(), log((4, 300)), log((6, 500)))
    assert twice.asking is Question.WATCH_BREACHED and "two checkpoints in a row; no baseline" in twice.failure
    better = at_checkpoints(watching(before=log((200, 1000))), log((4, 300)), log((6, 500)))
    assert better.asking is None
    assert ended(better).asking is Question.WATCH_INCONCLUSIVE


def test_over_by_the_bare_rule_at_the_end_without_certainty_asks() -> None:
    incident = ended(at_checkpoints(watching(), log((0, 90)), log((0, 90)), log((0, 90)), log((2, 150))))
    assert (incident.asking, incident.settling) == (Question.WATCH_INCONCLUSIVE, None)
    assert "by the bare rule it is over, for certain it is not" in incident.failure


def test_a_quiet_service_recovers_on_its_health_and_that_is_said() -> None:
    quiet = ended(at_checkpoints(watching(before=log((0, 9))), *[log((0, n)) for n in (1, 5, 9, 20)]))
    assert quiet.settling is Closing.RECOVERED
    assert "0 of 20, 0% (0-16%): not enough data to prove it over or under 1%, needs 361 more" in quiet.close_reason
    off = log((None, None), note="no line has come yet: no traffic, or access_log off")
    unmeasured = ended(at_checkpoints(watching(), off, off, off, off))
    assert unmeasured.settling is Closing.RECOVERED
    assert "nobody counted requests (no line has come yet: no traffic, or access_log off)" in unmeasured.close_reason


@pytest.mark.parametrize(
    "last",
    [
        log((None, None), note="stream lost: the link died"),
        log((0, 200), unparsed=100),
        log((0, 3000), covered=0.4),
        log((0, 90)),
    ],
)
def test_failures_that_were_seen_before_have_to_be_seen_gone(last: Rate) -> None:
    incident = ended(at_checkpoints(watching(before=BAD), last, last, last, last))
    assert (incident.asking, incident.settling) == (Question.WATCH_INCONCLUSIVE, None)


def test_few_requests_are_enough_where_so_many_failed_before() -> None:
    incident = ended(at_checkpoints(watching(before=log((12, 60))), *[log((0, n)) for n in (1, 30, 60, 85)]))
    assert incident.settling is Closing.RECOVERED


def test_a_wave_of_refused_requests_is_no_recovery() -> None:
    incident = watching(before=log((34, 1190), refused=20))
    incident = ended(at_checkpoints(incident, *[log((0, n), refused=n // 3) for n in (90, 500, 900, 1400)]))
    assert incident.asking is Question.WATCH_INCONCLUSIVE
    assert "401, 403, 404, 429" in incident.failure and "1.7% before, 33% after" in incident.failure


def test_sources_that_disagree_ask() -> None:
    incident = watching()
    assert incident.watch is not None
    for at in watch.checkpoints(incident.watch):
        incident, _ = decide(incident, measured(at, Phase.AFTER, GOOD, replace(BAD, source=RateSource.SENTRY)))
    incident = ended(incident)
    assert incident.asking is Question.WATCH_INCONCLUSIVE and "the sources disagree" in incident.failure


def test_without_a_minimum_of_requests_nothing_is_recovered() -> None:
    seen = watching()
    assert seen.watch is not None
    few = replace(seen, watch=replace(seen.watch, healthy=50))
    found = watch_verdict.conclude(at_checkpoints(few, *[log((0, 9))] * 4))
    assert found.outcome is WatchOutcome.INCONCLUSIVE and "only 59 requests were seen" in found.reason
    assert watch_verdict.needed(watch.open_watch(WatchKind.AFTER_ROLLBACK, T0, timedelta(seconds=30))) == 2


def test_an_unhealthy_service_is_not_recovered_whatever_its_rates() -> None:
    incident = at_checkpoints(watching(), *[GOOD] * 4)
    for second in (901, 902, 903):
        sample = Sample(at=later(second), healthy=False)
        incident, _ = decide(incident, ev.HealthSampled(at=later(second), sample=sample))
    assert incident.asking is Question.WATCH_BREACHED


def test_a_service_that_comes_and_goes_has_not_recovered() -> None:
    """Never three in a row, and two of five looks are bad."""
    incident = watching(looks=False)
    for number, second in enumerate(range(5, 901, 5)):
        sample = Sample(at=later(second), healthy=number % 5 > 1, seconds=0.05)
        incident, _ = decide(incident, ev.HealthSampled(at=later(second), sample=sample))
    done = ended(at_checkpoints(incident, log((0, 90)), log((0, 500)), log((1, 900)), GOOD))
    assert done.asking is Question.WATCH_INCONCLUSIVE
    assert "72 of 180 looks were unhealthy" in done.failure


def test_what_was_not_watched_is_said() -> None:
    incident = ended(watching(looks=False))
    assert (incident.asking, incident.failure) == (Question.WATCH_INCONCLUSIVE, "only 0% of it was seen")


def test_measurements_after_a_question_or_the_end_only_stand_in_the_record() -> None:
    asked = at_checkpoints(watching(), BAD)
    more, effects = decide(asked, measured(later(400), Phase.AFTER, GOOD))
    assert (more.asking, effects, len(more.measurements)) == (Question.WATCH_BREACHED, (), 2)
    settling = ended(at_checkpoints(watching(), *[GOOD] * 4))
    late, _ = decide(settling, measured(later(901), Phase.AFTER, BAD))
    assert late.asking is None
    closed, _ = decide(late, ev.Settled(at=later(902)))
    assert len(decide(closed, measured(later(903), Phase.AFTER, BAD))[0].measurements) == 6


def test_going_on_after_an_alarm_forgets_its_words() -> None:
    asked = at_checkpoints(watching(), BAD)
    longer, effects = decide(asked, ev.WatchExtended(at=later(70), until=later(1200)))
    assert (longer.asking, longer.failure) == (None, "")
    assert effects == (do.KeepWatch(until=later(1200)),)


# ── windows and checkpoints ──────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 3600))
def test_every_watch_has_a_checkpoint_at_its_end_and_none_twice(seconds: int) -> None:
    window = watch.open_watch(WatchKind.AFTER_ROLLBACK, T0, timedelta(seconds=seconds))
    found = watch.checkpoints(window)
    assert found[-1] == window.deadline
    assert list(found) == sorted(set(found)) and found[0] > T0
    assert len(found) >= 2


def test_checkpoints_of_the_runbooks_watches() -> None:
    def minutes(length: int) -> list[float]:
        window = watch.open_watch(WatchKind.AFTER_ROLLBACK, T0, timedelta(minutes=length))
        return [(at - T0).total_seconds() / 60 for at in watch.checkpoints(window)]

    assert minutes(15) == [1, 5, 10, 15]
    assert minutes(10) == [1, 5, 10]
    assert minutes(30) == [1, 5, 10, 15, 20, 25, 30]


def test_checkpoints_that_were_slept_through_are_made_up_for_once() -> None:
    incident = watching()
    assert watch.next_checkpoint(incident) == later(60)
    incident, _ = decide(incident, measured(later(650), Phase.AFTER, GOOD))
    assert watch.next_checkpoint(incident) == later(900)
    incident, _ = decide(incident, measured(later(901), Phase.AFTER, GOOD))
    assert watch.next_checkpoint(incident) is None


def test_the_switch_is_measured_once_and_is_in_no_window_of_a_verdict() -> None:
    incident = watching()
    assert watch.window(incident, Phase.SWITCH, later(600)) == (T0, later(60))
    assert watch.window(incident, Phase.AFTER, later(600)) == (later(60), later(600))
    assert watch.window(incident, Phase.AFTER, later(30)) == (later(30), later(30))
    assert watch.window(incident, Phase.BEFORE, later(600)) == (T0, T0)
    assert watch.phases(incident, later(59)) == (Phase.AFTER,)
    assert watch.phases(incident, later(60)) == (Phase.SWITCH, Phase.AFTER)
    incident, _ = decide(incident, measured(later(61), Phase.SWITCH, BAD))
    assert incident.asking is None
    assert watch.phases(incident, later(300)) == (Phase.AFTER,)
    short = watching(length=timedelta(seconds=30))
    assert watch.window(short, Phase.AFTER, later(30)) == (later(3), later(30))


def test_a_watch_that_changes_nothing_has_no_switch_and_no_baseline() -> None:
    begin = ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box")
    incident = fold([begin, ev.WatchAsked(at=later(5), length=timedelta(minutes=10))])
    assert watch.window(incident, Phase.AFTER, later(100)) == (later(5), later(100))
    assert watch.phases(incident, later(300)) == (Phase.AFTER,)
    incident, _ = decide(incident, measured(later(310), Phase.AFTER, BAD))
    assert incident.asking is Question.WATCH_BREACHED
    assert "no baseline from before" in incident.failure


def test_the_time_before_is_measured_only_for_a_watch_that_follows() -> None:
    incident = opened(ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box"))
    planned, _ = decide(incident, ev.PlanMade(at=T0, plan=plan()))
    _, alone = decide(planned, ev.Confirmed(at=T0, by="me"))
    confirmed, both = decide(planned, ev.Confirmed(at=T0, by="me", watch=LENGTH))
    assert len(alone) == 1 and both == (*alone, do.Measure(phase=Phase.BEFORE))
    assert confirmed.confirmed_at == T0
