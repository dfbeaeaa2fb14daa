"""A host, or a container, that restarts: what runs is known by image, attempt label and metadata, not by ids."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.incident.facts import OURS, T0, container, current, later, plan
from tui.incident import decide as core
from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident import landed, running_state_check, watch
from tui.incident.decide import opened
from tui.incident.transitions.uncertain import LOOK_AGAIN
from tui.model.incident import Incident, Question, Sample, State, StepResult, WatchKind
from tui.model.observation import Container, Landed, RunningState, differences, same_release, started_anew
from tui.model.outcome import Exited, Lost
from tui.model.plan import Plan, StepKind

WEB = replace(container("a" * 12), image="sha256:old")
WORKER = replace(container("b" * 12, process="worker"), image="sha256:old")
NEW = replace(container("e" * 12, attempt="inc1.1"), image="sha256:new")
BEFORE = current(containers=(WEB, WORKER))
SENT = later(60)
REBOOT = later(100)
OTHERS = (("blog", REBOOT), ("shop", later(110)))


def made() -> Plan:
    return replace(plan(StepKind.PUSH, StepKind.MARK), before=BEFORE)


def after(*containers: Container, seconds: float = 120, ids: str = "", **facts: Any) -> RunningState:
    """The same containers after a restart, their ids kept or new ones."""
    anew = tuple(replace(c, started_at=REBOOT, id=ids + c.id if ids else c.id) for c in containers)
    return replace(current(at=later(seconds), containers=anew), **facts)


def pushing() -> Incident:
    incident = opened(ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box"))
    for event in (
        ev.PlanMade(at=T0, plan=made()),
        ev.Confirmed(at=T0, by="me"),
        ev.StepStarted(at=SENT, step="push"),
    ):
        incident, _ = core.decide(incident, event)
    return incident


def lost() -> Incident:
    end = ev.StepEnded(at=later(105), step="push", outcome=Lost(why="link lost"), result=StepResult.UNKNOWN)
    return core.decide(pushing(), end)[0]


def seen(incident: Incident, now: RunningState) -> tuple[Incident, tuple[do.Effect, ...]]:
    return core.decide(incident, ev.Observed(at=now.at, current=now))


@pytest.mark.parametrize("ids", ["", "new"])
def test_a_restart_is_no_difference(ids: str) -> None:
    now = after(WEB, WORKER, ids=ids)
    assert same_release(BEFORE, now)
    assert differences(BEFORE, now) == ()
    assert [c.name for c in started_anew(BEFORE, now)] == ["web.1", "worker.1"]
    assert landed.untouched(made(), now)


def test_another_image_is_one_even_under_the_same_id_and_metadata() -> None:
    other = replace(WEB, image="sha256:other")
    assert differences(BEFORE, current(containers=(other, WORKER))) == ("web.1 is of another image",)
    assert differences(BEFORE, current(containers=(WEB,))) == ("worker.1 is not running any more",)
    labelled = replace(WEB, attempt="inc9.1")
    assert not same_release(BEFORE, current(containers=(labelled, WORKER)))


def test_a_record_without_images_is_compared_by_what_it_has() -> None:
    old = current(containers=(replace(WEB, image=""), replace(WORKER, image="")))
    assert same_release(old, after(WEB, WORKER))
    assert not same_release(old, after(WEB, WORKER, ids="new"))
    ours = current(containers=(replace(NEW, image=""),))
    assert same_release(ours, after(NEW, ids="new"))


def test_what_landed_serves_after_a_restart_too() -> None:
    now = after(NEW, ids="new", metadata=OURS)
    assert landed.serves(made(), now)
    nothing = after(metadata=OURS)
    assert not landed.serves(made(), nothing)
    assert landed.deployed_but_down(made(), nothing)


def test_a_way_without_proof_is_not_proven_by_new_ids_of_the_old_image() -> None:
    unproven = replace(made(), push=None, proves=False)
    assert not landed.serves(unproven, after(WEB, WORKER, ids="new"))
    assert landed.serves(unproven, after(NEW))


@pytest.mark.parametrize(
    ("neighbours", "own", "stale"),
    [
        (OTHERS, (WEB, WORKER), True),
        (OTHERS, (), True),
        (OTHERS[:1], (WEB, WORKER), True),
        (OTHERS[:1], (), False),  # one app is no sign
        ((), (WEB, WORKER), False),
        ((("mail", T0), *OTHERS), (WEB, WORKER), False),  # it ran on all the time
    ],
)
def test_a_lock_is_stale_where_all_that_runs_started_after_the_push(
    neighbours: tuple[tuple[str, datetime], ...], own: tuple[Container, ...], stale: bool
) -> None:
    now = after(*own, locked=True, neighbours=neighbours)
    assert landed.worth_asking_neighbours(now, SENT)
    assert landed.deploy_died(now, SENT) is stale
    assert not landed.deploy_died(now, later(105)), "it began after the restart"


def test_a_deploy_at_work_is_not_suspected() -> None:
    assert not landed.worth_asking_neighbours(replace(BEFORE, locked=True), SENT)
    assert not landed.worth_asking_neighbours(after(WEB, WORKER), SENT), "no lock is there"


@pytest.mark.parametrize("facts", [{"locked": True, "neighbours": OTHERS}, {"locked": False, "stale_lock": True}])
def test_a_push_that_a_restart_ended_did_not_land(facts: dict[str, Any]) -> None:
    incident, effects = seen(lost(), after(WEB, WORKER, **facts))
    assert (incident.state, effects) == (State.UNCERTAIN, (do.Observe(after=landed.APART),))
    incident, _ = seen(incident, after(WEB, WORKER, seconds=131, **facts))
    assert (incident.state, incident.asking) == (State.FAILED, Question.WHAT_NEXT)
    assert "restarted in the middle of it; the old release serves again" in incident.failure


def test_long_waiting_for_a_lock_does_not_use_up_the_time_for_the_second_look() -> None:
    incident = lost()
    for seconds in range(120, 500, 60):
        incident, _ = seen(incident, replace(BEFORE, at=later(seconds), locked=True))
    facts: dict[str, Any] = {"locked": True, "neighbours": OTHERS}
    incident, _ = seen(incident, after(WEB, WORKER, seconds=520, **facts))
    assert incident.asking is None
    incident, _ = seen(incident, after(WEB, WORKER, seconds=531, **facts))
    assert incident.state is State.FAILED


def test_with_one_app_a_minute_of_silence_says_it() -> None:
    incident = lost()
    for seconds in (120, 131, 142, 153, 164, 175):
        incident, effects = seen(incident, after(WEB, WORKER, seconds=seconds, locked=True))
        assert (incident.state, effects) == (State.UNCERTAIN, (do.Observe(after=landed.APART),))
    incident, _ = seen(incident, after(WEB, WORKER, seconds=186, locked=True))
    assert incident.state is State.FAILED
    assert "web.1, worker.1 were restarted in the middle of it" in incident.failure


def test_with_one_app_that_was_not_restarted_the_lock_is_believed() -> None:
    incident = lost()
    for seconds in range(120, 1000, 60):
        incident, _ = seen(incident, replace(BEFORE, at=later(seconds), locked=True))
    assert incident.state is State.UNCERTAIN
    incident, _ = seen(incident, replace(BEFORE, at=later(1020), locked=True))
    assert incident.asking is Question.OUTCOME_UNKNOWN


def test_a_push_that_a_restart_ended_after_the_switch_is_told_as_it_is() -> None:
    facts: dict[str, Any] = {"locked": True, "neighbours": OTHERS}
    incident, _ = seen(lost(), after(NEW, WORKER, **facts))
    incident, effects = seen(incident, after(NEW, WORKER, seconds=131, **facts))
    assert (incident.asking, effects) == (Question.OUTCOME_UNKNOWN, ())
    for words in (
        "when the host restarted",
        "web.1 is release:1",
        "worker.1 is sha:",
        "cyc.worker.1.upcoming-",
        "root",
    ):
        assert words in incident.failure


def test_a_host_that_still_starts_its_apps_is_no_outage() -> None:
    facts: dict[str, Any] = {"locked": False, "stale_lock": True}
    incident, _ = seen(lost(), after(**facts))
    incident, _ = seen(incident, after(seconds=131, **facts))
    assert incident.state is State.UNCERTAIN
    incident, _ = seen(incident, after(WEB, WORKER, seconds=142, **facts))
    incident, _ = seen(incident, after(WEB, WORKER, seconds=153, **facts))
    assert incident.state is State.FAILED
    assert "the old release serves" in incident.failure


def test_a_restart_before_the_metadata_was_written_that_left_the_target_whole() -> None:
    assert landed.landed(made(), (after(NEW, metadata=OURS, locked=True, neighbours=OTHERS),), False, SENT) is (
        Landed.YES
    )


# ── a normal run ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_push_that_is_done_is_never_shown_as_uncertain() -> None:
    states = []
    incident = pushing()
    done = after(NEW, seconds=84, metadata=OURS)
    for event in (
        ev.WentDown(at=later(70)),
        ev.StepEnded(at=later(80), step="push", outcome=Exited(code=0), result=StepResult.DONE),
        ev.Observed(at=later(80), current=replace(done, at=later(80), locked=True)),
        ev.CameUp(at=later(82)),
        ev.Observed(at=later(84), current=done),
    ):
        incident, effects = core.decide(incident, event)
        states.append(incident.state)
    assert states == [State.STOPPED] * 3 + [State.EXECUTING] * 2
    assert effects == (do.RunStep(step="mark"),)


def test_a_push_that_is_said_to_be_done_and_is_not_comes_into_doubt() -> None:
    end = ev.StepEnded(at=later(80), step="push", outcome=Exited(code=0), result=StepResult.DONE)
    incident, _ = core.decide(pushing(), end)
    assert core.decide(incident, ev.NotObserved(at=later(81), why="cut"))[0].state is State.UNCERTAIN
    other = replace(BEFORE, at=later(81), metadata="d" * 40)
    incident, effects = seen(incident, other)
    assert (incident.state, effects) == (State.EXECUTING, (do.Observe(after=LOOK_AGAIN),))
    incident, _ = seen(incident, replace(other, at=later(91)))
    assert incident.state is State.UNCERTAIN


# ── during a watch ───────────────────────────────────────────────────────────────────────────────────────────────────

RUNS = current(at=later(200), metadata=OURS, containers=(NEW, replace(NEW, id="f" * 12, process="worker")))


def again(seconds: float = 300, ids: str = "", restart: float = 290, **facts: Any) -> RunningState:
    anew = tuple(replace(c, started_at=later(restart), id=ids + c.id if ids else c.id) for c in RUNS.containers)
    return replace(RUNS, at=later(seconds), containers=anew, **facts)


@pytest.mark.parametrize("ids", ["", "new"])
@pytest.mark.parametrize(
    ("neighbours", "words"),
    [
        ((("blog", later(291)),), "the host restarted: web.1, worker.1 were restarted at 22:04:50Z"),
        ((("blog", T0),), "web.1, worker.1 were restarted at 22:04:50Z, the host was not"),
        ((), "whether the host was too is not known"),
    ],
)
def test_a_restart_in_a_watch_is_named_and_no_alarm(
    ids: str, neighbours: tuple[tuple[str, datetime], ...], words: str
) -> None:
    now = again(ids=ids, neighbours=neighbours)
    watched = running_state_check.Standing(before=RUNS)
    assert running_state_check.moved(watched, now)
    first = running_state_check.judge(watched, now, made())
    assert first.stray == ""
    assert words in first.note
    second = running_state_check.judge(first.standing, replace(now, at=later(305), neighbours=()), made())
    assert (second.stray, second.note) == ("", ""), "it is said once"


def test_bad_answers_while_a_host_starts_its_apps_are_a_gap_and_later_ones_count() -> None:
    now = again(neighbours=(("blog", later(291)),))
    judged = running_state_check.judge(running_state_check.Standing(before=RUNS), now, made())
    assert judged.excused
    late = running_state_check.judge(judged.standing, replace(now, at=later(300) + landed.RESTART_GRACE), made())
    assert not late.excused
    alone = running_state_check.judge(running_state_check.Standing(before=RUNS), again(), made())
    assert not alone.excused, "a container that crashes again and again is no excuse"


def test_processes_that_come_back_are_no_alarm_and_those_that_stay_away_are() -> None:
    web, worker = RUNS.containers
    gone = replace(RUNS, at=later(210), containers=(web, replace(worker, running=False)))
    judged = running_state_check.judge(running_state_check.Standing(before=RUNS), gone, made())
    assert (judged.stray, judged.note) == ("", "worker.1 does not run; it, or the whole host, is restarting")
    assert running_state_check.judge(judged.standing, replace(RUNS, at=later(220)), made()).stray == ""
    late = running_state_check.judge(judged.standing, replace(gone, at=later(210) + landed.RESTART_GRACE), made())
    assert late.stray == "worker.1 does not run since 22:03:30Z"
    nothing = replace(RUNS, containers=tuple(replace(c, running=False) for c in RUNS.containers))
    assert running_state_check.judge(running_state_check.Standing(before=RUNS), nothing, made()).stray == ""


def test_a_watch_taken_up_while_the_host_restarts_knows_what_is_to_run() -> None:
    nothing = replace(RUNS, at=later(300), containers=tuple(replace(c, running=False) for c in RUNS.containers))
    assert running_state_check.begin(nothing, made(), RUNS).before == RUNS
    assert running_state_check.begin(nothing, None, RUNS).before == nothing
    assert running_state_check.judge(running_state_check.begin(nothing, made(), RUNS), nothing, made()).stray == ""


def test_what_is_not_ours_stays_an_alarm() -> None:
    theirs = replace(RUNS, metadata="d" * 40, containers=(WEB, WORKER))
    assert (
        "not ours any more"
        in running_state_check.judge(running_state_check.Standing(before=RUNS), theirs, made()).stray
    )
    scaled = replace(RUNS, containers=RUNS.containers[:1])
    judged = running_state_check.judge(running_state_check.Standing(before=RUNS), scaled, made())
    assert judged.stray == "the release is ours still, but somebody touched it: worker.1 is not running any more"
    rebuilt = replace(RUNS, containers=(WEB, WORKER))
    assert (
        "not what was being watched"
        in running_state_check.judge(running_state_check.Standing(before=RUNS), rebuilt, None).stray
    )


def test_the_gap_lowers_the_coverage_and_the_watch_goes_on() -> None:
    window = watch.open_watch(WatchKind.AFTER_ROLLBACK, T0, timedelta(minutes=2))
    for seconds in range(5, 125, 5):
        gap = 30 <= seconds <= 60
        note = "the host restarted" if gap else ""
        window = watch.observe(window, Sample(at=later(seconds), healthy=None if gap else True, note=note))
    assert window.notes == ((later(30), "the host restarted"),)
    assert not watch.breached(window)
    assert window.coverage(later(120)) == pytest.approx(85 / 120)


def test_a_failure_that_is_taken_up_again_is_looked_at_anew() -> None:
    """Since then the host may have been changed by somebody: what was said to serve then is no news of now."""
    incident, _ = seen(lost(), after(WEB, WORKER, seconds=120, neighbours=OTHERS))
    incident, _ = seen(incident, after(WEB, WORKER, seconds=135, neighbours=OTHERS))
    assert incident.state is State.FAILED
    taken_up, effects = core.decide(incident, ev.Resumed(at=later(4000), by="you", anew=True))
    assert (taken_up.state, taken_up.asking, effects) == (State.UNCERTAIN, None, (do.Observe(),))
