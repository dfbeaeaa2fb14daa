"""A guarded deploy in the core: its looks, its word, what it may do by itself, and what is told of it."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.incident.facts import T0, current, later, plan
from tui.cli import exits
from tui.cli.commands import rollback as single
from tui.drivers.vendors import cdevents
from tui.incident import announcements, guard_may_roll_back, guard_watch, watch
from tui.incident import events as ev
from tui.incident.decide import decide, opened
from tui.incident.guard_judge import DeployVerdict
from tui.model.evidence import Measurement, Phase, Rate, RateSource
from tui.model.guard import GuardedDeploy, OnBreach
from tui.model.incident import Closing, Incident, Question, Sample, State, StepRun
from tui.model.notice import Delivery, Milestone
from tui.model.plan import CheckResult, Plan, PlanWarning, PreflightCheck, WarningLevel
from tui.model.release import Release
from tui.model.verification import Verdict

LENGTH = timedelta(minutes=10)
GUARD = GuardedDeploy(deploy="abc", on_breach=OnBreach.ROLL_BACK, length=LENGTH, machine="ci@runner")
Counts = tuple[int, int]


def measured(at: datetime, phase: Phase, counts: Counts, *more: Rate, covered: float = 1.0) -> ev.Measured:
    failed, total = counts
    log = Rate(source=RateSource.ACCESS_LOG, since=T0, until=at, failed=failed, total=total, covered=covered)
    return ev.Measured(at=at, measurement=Measurement(at=at, phase=phase, rates=(log, *more)))


def guarding(before: Counts | None = (1, 2000)) -> Incident:
    incident = opened(
        ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="ci@runner", guard=GUARD)
    )
    events: list[ev.Event] = [measured(T0, Phase.BEFORE, before)] if before is not None else []
    for event in (*events, ev.WatchAsked(at=T0, length=LENGTH)):
        incident, _ = decide(incident, event)
    assert incident.guarding and incident.watch is not None
    return incident


def looks(incident: Incident, *counts: Counts, covered: float = 1.0) -> Incident:
    """Each minute's own numbers; what is measured is all since the beginning."""
    failed = total = 0
    for minute, (bad, every) in enumerate(counts, 1):
        failed, total = failed + bad, total + every
        incident, _ = decide(incident, measured(later(60 * minute), Phase.AFTER, (failed, total), covered=covered))
    return incident


def healthy(incident: Incident, wrong: frozenset[int] = frozenset()) -> Incident:
    for second in range(5, 601, 5):
        if incident.asking is None:
            sample = Sample(at=later(second), healthy=second not in wrong)
            incident, _ = decide(incident, ev.HealthSampled(at=later(second), sample=sample))
    return incident


def at_the_end(incident: Incident) -> Incident:
    return decide(incident, ev.WatchTimerFired(at=later(600)))[0]


def test_it_looks_every_minute_and_five_times_at_least() -> None:
    assert watch.checkpoints(watch.open_watch(guarding().watch.kind, T0, LENGTH), guarding=True) == tuple(  # type: ignore[union-attr]
        later(60 * n) for n in range(1, 11)
    )
    short = watch.open_watch(guarding().watch.kind, T0, timedelta(seconds=30))  # type: ignore[union-attr]
    assert len(watch.checkpoints(short, guarding=True)) == 5


def test_a_clean_guard_ends_complete() -> None:
    done = at_the_end(healthy(looks(guarding(), *[(0, 100)] * 10)))
    assert (done.settling, done.asking) == (Closing.COMPLETE, None)
    assert done.close_reason.startswith("deployment complete: healthy to the end; access log: 0 of 1000")
    assert announcements.reached(decide(done, ev.Settled(at=later(601)))[0]) == ()
    assert at_the_end(healthy(looks(guarding(), (0, 30), (0, 30)))).settling is Closing.COMPLETE


def test_failures_decide_where_answers_are_slower_as_well() -> None:
    slow, incident = tuple((0.2 + n / 1000, 5) for n in range(20)), guarding(None)
    log = Rate(source=RateSource.ACCESS_LOG, since=T0, until=T0, failed=1, total=2000, covered=1.0)
    before = tuple((seconds / 2, many) for seconds, many in slow)
    for at, phase, failed, total, times in (
        (T0, Phase.BEFORE, 1, 2000, before),
        (later(60), Phase.AFTER, 20, 100, slow),
        (later(120), Phase.AFTER, 40, 200, tuple((seconds, 2 * many) for seconds, many in slow)),
    ):
        counted = replace(log, failed=failed, total=total)
        found = Measurement(at=at, phase=phase, rates=(counted,), times=times)
        incident, _ = decide(incident, ev.Measured(at=at, measurement=found))
    assert incident.failure.startswith("failing: ") and guard_watch.worse(incident) is DeployVerdict.FAILING


def test_one_bad_look_asks_nobody_and_the_second_does() -> None:
    one = looks(guarding(), (30, 100))
    assert (one.asking, looks(guarding(), (30, 100), (0, 100)).asking) == (None, None)
    two = looks(guarding(), (30, 100), (30, 100))
    assert two.asking is Question.WATCH_BREACHED
    assert two.failure.startswith("failing: access log: 60 of 200 at two looks in a row")


def test_one_bad_probe_is_nothing_and_six_in_a_row_are_a_breach() -> None:
    for count, asking in ((1, None), (5, None), (6, Question.WATCH_BREACHED)):
        wrong = frozenset(range(100, 100 + 5 * count, 5))
        assert healthy(guarding(), wrong).asking is asking


def test_a_breach_of_health_says_what_was_answered() -> None:
    incident = guarding()
    for second in range(5, 35, 5):
        sample = Sample(at=later(second), healthy=False, why="$.status is 'ok', wanted 'ready'")
        incident, _ = decide(incident, ev.HealthSampled(at=later(second), sample=sample))
    assert incident.asking is Question.WATCH_BREACHED
    assert incident.failure == "unhealthy at 6 looks in a row: $.status is 'ok', wanted 'ready'"


@pytest.mark.parametrize(("every", "clean"), [(2, False), (10, False), (120, True), (60, True)])
def test_a_service_that_comes_and_goes_is_not_clean(every: int, clean: bool) -> None:
    """Of 120 looks one in so many is bad, never six in a row: users see that as well."""
    wrong = frozenset(range(5, 596, 5 * every))
    done = at_the_end(healthy(looks(guarding(), *[(0, 100)] * 10), wrong))
    assert (done.settling is Closing.COMPLETE) is clean
    if not clean:
        assert done.asking is Question.WATCH_INCONCLUSIVE
        assert done.failure.startswith(f"{len(wrong)} of 120 looks were unhealthy")


@pytest.mark.parametrize(
    ("counts", "covered", "why"),
    [
        ((), 1.0, "what nobody measured is not good"),
        ([(0, 5)] * 10, 1.0, "only 50 requests of users were counted: 60 are the least"),
        ([(0, 30), (0, 29)], 1.0, "only 59 requests of users were counted: 60 are the least"),
        ([(0, 100)] * 10, 0.5, "only 50% of the time was seen"),
        ([(0, 0)] * 10, 1.0, "only 0 requests"),
    ],
)
def test_missing_data_is_never_good(counts: list[Counts], covered: float, why: str) -> None:
    done = at_the_end(healthy(looks(guarding(), *counts, covered=covered)))
    assert done.asking is Question.WATCH_INCONCLUSIVE
    assert why in done.failure


def test_without_a_time_before_the_limit_alone_is_asked_and_that_is_said() -> None:
    done = at_the_end(healthy(looks(guarding(None), *[(0, 100)] * 10)))
    assert done.close_reason.endswith("nothing was counted before the deploy: judged against the limit alone")
    assert not guard_watch.compared(done)
    assert guard_watch.compared(guarding())


def test_own_probes_before_the_deploy_are_no_requests_to_compare_with() -> None:
    own = Rate(source=RateSource.PROBES, since=T0, until=T0, failed=0, total=3)
    incident, _ = decide(guarding(None), measured(T0, Phase.BEFORE, (0, 0), own, covered=0.0))
    done = at_the_end(healthy(looks(incident, *[(0, 100)] * 10)))
    assert done.close_reason.endswith("nothing was counted before the deploy: judged against the limit alone")
    assert not guard_watch.compared(done)


def test_something_else_that_runs_is_no_breach() -> None:
    seen, _ = decide(guarding(), ev.ForeignChangeSeen(at=later(5), what="another deploy"))
    assert (seen.asking, seen.failure) == (Question.WATCH_INCONCLUSIVE, "another deploy")


def test_what_is_seen_while_it_ends_asks_nothing_anew() -> None:
    """A guard's own end takes its claim away: the look that runs beside it finds that, and says somebody ended it."""
    close = ev.CloseAsked(at=later(5), closing=Closing.NOT_RECOVERED, reason="breached")
    ending, _ = decide(guarding(), close)
    sick = [ev.HealthSampled(at=later(n), sample=Sample(at=later(n), healthy=False)) for n in (6, 11, 16, 21)]
    seen: list[ev.Event] = [ev.ForeignChangeSeen(at=later(6), what="the guard was ended from outside"), *sick]
    for event in seen:
        ending, _ = decide(ending, event)
        assert (ending.settling, ending.asking) == (Closing.NOT_RECOVERED, None)
    assert decide(ending, ev.Settled(at=later(22)))[0].closing is Closing.NOT_RECOVERED


# ── what it may do by itself ─────────────────────────────────────────────────────────────────────────────────────

LOOKED = tuple(PreflightCheck(name=name, standing=CheckResult.OK, text="") for name in ("migrations", "no deploy"))


def way_back(**changes: object) -> Plan:
    made = plan()
    good = {
        "before": replace(current(), metadata="abc"), "record_of": "inc1", "checked": LOOKED,
        "target": Release(app="cyc", number=4, holder="cyc--r4", commit="a" * 40, last_healthy=T0),
    }  # fmt: skip
    return replace(made, **{**good, **changes})


def why_not(made: Plan, worse: DeployVerdict = DeployVerdict.FAILING, guard: GuardedDeploy = GUARD) -> str:
    incident = replace(guarding(), guard=guard)
    return guard_may_roll_back.why_a_person_decides(incident, made, replace(current(), metadata="abc"), worse)


def test_what_is_all_known_is_rolled_back() -> None:
    assert why_not(way_back()) == ""


def unknown(name: str, standing: CheckResult) -> tuple[PreflightCheck, ...]:
    return tuple(replace(one, standing=standing, text="why") if one.name == name else one for one in LOOKED)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"checked": unknown("migrations", CheckResult.UNKNOWN)}, "migrations: why"),
        ({"checked": unknown("migrations", CheckResult.WARNING)}, "migrations: why"),
        ({"checked": unknown("no deploy", CheckResult.UNKNOWN)}, "no deploy: why"),
        ({"checked": ()}, "migrations: nobody looked"),
        ({"record_of": "other"}, "claim"),
        ({"record_of": None}, "claim"),
        ({"proves": False}, "cannot be proven"),
        ({"outlives": False}, "cannot be proven"),
        ({"downtime": (10.0, 30.0)}, "typed"),
        ({"warnings": (PlanWarning(severity=WarningLevel.BLOCK, text="a deploy runs"),)}, "a deploy runs"),
        ({"leaves_healthy": "it never went live"}, "it never went live"),
        ({"before": replace(current(), metadata="other")}, "not the deploy that was guarded"),
        ({"target": Release(app="cyc", number=4, holder="cyc--r4", commit="a" * 40)}, "never seen healthy"),
    ],
)
def test_what_is_not_known_needs_a_person(changes: dict[str, object], why: str) -> None:
    assert why in why_not(way_back(**changes))


def test_slower_is_a_persons_matter_and_what_ran_healthy_before_may_be_gone_back_to() -> None:
    assert "slower" in why_not(way_back(), DeployVerdict.SLOWER)
    unseen = way_back(target=Release(app="cyc", number=4, holder="cyc--r4", commit="a" * 40))
    assert why_not(unseen, guard=replace(GUARD, left="a" * 40, healthy_before=True)) == ""
    assert "never seen" in why_not(unseen, guard=replace(GUARD, left="b" * 40, healthy_before=True))
    assert "never seen" in why_not(unseen, guard=replace(GUARD, left="a" * 40))


def breached_and_planned() -> Incident:
    """The guard's breach, and its own rollback begun."""
    incident = looks(guarding(), (30, 100), (30, 100))
    for event in (ev.PlanMade(at=later(125), plan=way_back()), ev.Confirmed(at=later(126), by="the guard")):
        incident, _ = decide(incident, event)
    assert not incident.guarding
    return incident


def test_a_rollback_that_was_declined_leaves_a_breach_and_no_aborted_incident() -> None:
    declined = replace(
        breached_and_planned(), state=State.FAILED, asking=Question.WHAT_NEXT, failure="the host declined"
    )
    for event in (
        ev.CloseAsked(at=later(130), closing=Closing.ABORTED, reason="the console ended while it ran"),
        ev.Settled(at=later(131)),
    ):
        declined, _ = decide(declined, event)
    assert declined.closing is Closing.NOT_RECOVERED
    assert declined.close_reason.startswith("failing: access log: 60 of 200 at two looks in a row")
    assert declined.close_reason.endswith("; not rolled back: the console ended while it ran")
    code = exits.of_incident(declined)
    assert code is exits.Exit.UNHEALTHY
    assert single._words(declined, code) == (declined.close_reason, "rollback api previous")
    said = announcements.message(declined, Milestone.VERDICT, "production", later(131))
    assert said.page and said.title == "api: the guarded deploy is WORSE"
    assert said.text.count("failing: ") == 1 and "rollback api previous" in said.text


def test_what_is_told_of_a_rollback_by_itself_says_why() -> None:
    incident = breached_and_planned()
    assert incident.plan is not None and incident.plan.decisive is not None
    unknown = replace(
        incident,
        state=State.UNCERTAIN,
        asking=Question.OUTCOME_UNKNOWN,
        runs=(StepRun(step=incident.plan.decisive.id, started_at=later(140)),),
    )
    said = announcements.message(unknown, Milestone.VERDICT, "production", later(150))
    assert "failing: access log: 60 of 200" in said.text


# ── what is told ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_breach_is_told_once_as_a_page() -> None:
    breached = looks(guarding(), (30, 100), (30, 100))
    assert announcements.reached(breached) == (), "it is not known yet what becomes of it"
    asked = ev.CloseAsked(at=later(130), closing=Closing.NOT_RECOVERED, reason="failing: much")
    for event in (asked, ev.Settled(at=later(131))):
        breached, _ = decide(breached, event)
    assert announcements.reached(breached) == (Milestone.VERDICT,)
    said = announcements.message(breached, Milestone.VERDICT, "production", later(131))
    assert said.page and said.title == "api: the guarded deploy is WORSE"
    assert "rollback api previous" in said.text and "ci@runner" in said.text


def test_a_rollback_that_nobody_confirmed_says_first_what_nobody_expects() -> None:
    done = replace(
        looks(guarding(), (30, 100), (30, 100)),
        plan=replace(way_back(), frozen_branch="frozen-by-inc1"),
        state=State.UNCERTAIN,
        asking=Question.OUTCOME_UNKNOWN,
    )
    assert announcements.reached(done) == (), "nothing was sent"
    decisive = done.plan.decisive if done.plan is not None else None
    assert decisive is not None
    sent = replace(done, runs=(StepRun(step=decisive.id, started_at=later(140)),))
    assert announcements.reached(sent) == (Milestone.VERDICT,)
    said = announcements.message(sent, Milestone.VERDICT, "production", later(150))
    assert said.page and "rolled back to " in said.title and "UNKNOWN" in said.title
    assert said.text.startswith("Deploys are FROZEN until: rollback unfreeze api")
    assert "rollback resume inc1" in said.text and "The journal is on ci@runner." in said.text


def test_after_a_question_that_was_paged_its_end_is_told_as_well() -> None:
    """The page said UNKNOWN; that a person then found it proven is told too, and to programs in full."""
    incident = breached_and_planned()
    assert incident.plan is not None and incident.plan.decisive is not None
    run = StepRun(step=incident.plan.decisive.id, started_at=later(140))
    unknown = replace(incident, state=State.UNCERTAIN, asking=Question.OUTCOME_UNKNOWN, runs=(run,))
    told = Delivery(milestone=Milestone.VERDICT, channel="SLACK_URL", at=later(151), delivered=True)
    closed = replace(
        unknown, state=State.CLOSED, asking=None, closing=Closing.UNWATCHED, closed_at=later(400),
        verdict=Verdict.PASSED, served_at=later(141), runs=(replace(run, ended_at=later(145)),),
    )  # fmt: skip
    assert announcements.reached(unknown) == (Milestone.VERDICT,)
    assert announcements.reached(closed) == (Milestone.VERDICT,), "all of it is in the one message"
    closed = replace(closed, deliveries=(told,))
    assert announcements.reached(closed) == (Milestone.VERDICT, Milestone.CLOSED)
    later_told = replace(closed, deliveries=(replace(told, at=later(401)),))
    assert announcements.reached(later_told) == (Milestone.VERDICT,)
    said = announcements.message(closed, Milestone.CLOSED, "production", later(400))
    assert said.title.endswith("rolled back to release:4 by its guard: proven") and said.tells_all
    assert not said.page, "nobody has to look now"
    facts = said.facts
    assert facts is not None
    kinds = [event["context"]["type"] for event in cdevents.events(said, facts, "dokku-rollback")]
    wanted = ["dev.cdevents.service.rolledback.0.3.0", "dev.cdevents.incident.resolved.0.3.0"]
    assert kinds == wanted, "what was detected was told before"


def test_a_rollback_by_itself_that_is_proven_resolves_its_incident() -> None:
    """It ends unwatched, as a person's with `--no-watch`: nothing later would ever say that it is over."""
    incident = breached_and_planned()
    assert incident.plan is not None and incident.plan.decisive is not None
    run = StepRun(step=incident.plan.decisive.id, started_at=later(140), ended_at=later(145))
    closed = replace(
        incident, state=State.CLOSED, asking=None, closing=Closing.UNWATCHED, closed_at=later(150),
        verdict=Verdict.PASSED, served_at=later(141), runs=(run,),
    )  # fmt: skip

    def kinds(one: Incident) -> list[str]:
        said = announcements.message(one, Milestone.VERDICT, "production", later(150))
        assert said.facts is not None
        made = cdevents.events(said, said.facts, "dokku-rollback")
        return [event["context"]["type"].split(".")[-4] for event in made]

    assert kinds(closed) == ["detected", "rolledback", "resolved"]
    assert kinds(replace(closed, closing=Closing.NOT_RECOVERED)) == ["detected", "rolledback"]
    assert kinds(replace(closed, verdict=Verdict.INCONCLUSIVE)) == ["detected"]
