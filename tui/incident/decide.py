"""The decision core: one incident and one event in, the next incident and what to do out.

Rules that everything here obeys
1. A write is never run again without an observation that it did not land *and* an operator's word: there is no path
   from a begun step back to RunStep of the same plan. Another try is another plan, confirmed anew.
2. An exit code is not proof. Whatever the push said, the host is asked what runs.
3. Could-not-measure is neither bad nor good: it asks the person.
4. Time arrives only as `at` on events.
5. Every open state has an outstanding effect or is asking a person.
6. Unwatched time is not healthy time (`tui.incident.watch`).
7. Record, then act: RunStep makes the engine write StepStarted before anything leaves, so a journal that ends after
   StepStarted means "perhaps", and one that ends before it means "certainly not".

The way through: assessing → planned → executing → (uncertain) → verifying → watching → closed. After a push that the
host reported done the host is asked what runs, still `executing`; `uncertain` is entered by every doubt, and from there
only observation leads on. After a process death the journal is folded with this same
function, its effects thrown away, and `Resumed` says what is outstanding.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import assert_never

from msgspec.structs import replace

from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident import reconcile, recovery, verify, watch
from tui.incident.recovery import Outcome
from tui.model.errors import NotNow
from tui.model.evidence import Phase
from tui.model.incident import Answer, Closing, Incident, Question, State, StepResult, StepRun, Watch, WatchKind
from tui.model.observation import Current, Landed
from tui.model.outcome import Lost
from tui.model.plan import Plan
from tui.model.postmortem import Note, Writing
from tui.model.verification import Verdict

LOOK_AGAIN = timedelta(seconds=2)
"""between looks while the host is still at it"""
LONGEST_PAUSE = timedelta(seconds=30)
"""between attempts to ask a host that cannot be asked; they grow to this"""
SECOND_LOOK = reconcile.APART
STILL_RUNNING_LIMIT = timedelta(minutes=15)
"""a deploy lock older than this may be a stale file: unknown"""
UNKNOWN_LIMIT = timedelta(minutes=2)
"""how long a host that is not at it and not as before is looked at before a person is asked"""
SETTLE_AGAIN = timedelta(seconds=2)
"""the first pause before a host that could not be put in order is tried again; each one is twice as long"""
SETTLE_LIMIT = timedelta(minutes=1)
"""how long that is tried before a person is asked"""
PROVEN_WITHIN = timedelta(seconds=10)
"""how soon after a push that was reported done the host says so too; later than that it is in doubt"""

Decision = tuple[Incident, tuple[do.Effect, ...]]


def opened(event: ev.Opened) -> Incident:
    """The incident that an Opened begins."""
    return Incident(
        id=event.incident,
        service=event.service,
        app=event.app,
        host=event.host,
        by=event.by,
        opened_at=event.at,
        since=event.at,
        reason=event.reason,
        group=event.group,
    )


def fold(events: Iterable[ev.Event]) -> Incident:
    """The incident a journal tells of. Raises NotNow when it does not begin with Opened or an entry is illegal."""
    incident: Incident | None = None
    for event in events:
        if incident is None:
            if not isinstance(event, ev.Opened):
                raise NotNow(f"the record begins with {type(event).__name__}, not with its opening")
            incident = opened(event)
        else:
            incident, _ = decide(incident, event)
    if incident is None:
        raise NotNow("the record is empty")
    return incident


def decide(incident: Incident, event: ev.Event) -> Decision:
    """The next incident and the effects to perform. Raises NotNow for an event the state does not allow."""
    if incident.state is State.CLOSED:
        return _late(incident, event)
    match event:
        case ev.Opened():
            raise _illegal(incident, event)
        case ev.SeverityChosen(level=level):
            return replace(incident, severity=level), ()
        case ev.Decided(at=at, text=text):
            return replace(incident, decisions=(*incident.decisions, (at, text))), ()
        case ev.Answered():
            return _answer(incident, event), ()
        case ev.WatchAsked():
            return _watch_only(incident, event)
        case ev.PlanMade():
            return _plan(incident, event)
        case ev.PlanDropped():
            return _drop(incident, event)
        case ev.Confirmed():
            return _confirm(incident, event)
        case ev.StepStarted():
            return _start_step(incident, event)
        case ev.StepEnded():
            return _end_step(incident, event)
        case ev.WentDown(at=at):
            return _down(incident, at), ()
        case ev.CameUp(at=at):
            return _up(incident, at), ()
        case ev.Observed():
            return _observed(incident, event)
        case ev.NotObserved():
            return _not_observed(incident, event)
        case ev.ChecksDone():
            return _checked(incident, event)
        case ev.Sampled():
            return _sampled(incident, event)
        case ev.Strayed(what=what):
            _require(incident, event, State.WATCHING)
            return replace(incident, asking=Question.WATCH_BREACHED, failure=what), ()
        case ev.Woken(at=at):
            return _woken(incident, at)
        case ev.CheckAgain(at=at):
            return _check_again(incident, event, at)
        case ev.WatchExtended(until=until):
            _require(incident, event, State.WATCHING)
            if incident.watch is None or until <= incident.watch.deadline:
                raise _illegal(incident, event)
            longer = replace(incident.watch, deadline=until)
            return replace(incident, watch=longer, asking=None, failure=""), (do.KeepWatch(until=until),)
        case ev.Measured():
            return _measured(incident, event), ()
        case ev.PostChosen(post=post, text=text):
            return replace(incident, post=post, post_text=text), ()
        case ev.Told(delivery=delivery):
            return replace(incident, deliveries=(*incident.deliveries, delivery)), ()
        case ev.Noted() | ev.Written():
            return _note(incident, event), ()
        case ev.CloseAsked():
            return _close(incident, event)
        case ev.Settled():
            return _settled(incident, event)
        case ev.Unsettled():
            return _unsettled(incident, event)
        case ev.Resumed(at=at):
            return _resumed(incident, at)
        case _:
            assert_never(event)


# ── planning and confirming ──────────────────────────────────────────────────────────────────────────────────────


def _plan(incident: Incident, event: ev.PlanMade) -> Decision:
    open_to_a_plan = incident.asking is not None and incident.asking is not Question.OUTCOME_UNKNOWN
    # a person may also change their mind while it is watched and nothing is asked
    open_to_a_plan = open_to_a_plan or (incident.state is State.WATCHING and incident.asking is None)
    if not open_to_a_plan or incident.settling is not None:
        raise _illegal(incident, event)
    return (
        _enter(
            incident,
            State.PLANNED,
            event.at,
            plan=event.plan,
            plans=incident.plans + 1,
            asking=Question.CONFIRM,
            runs=(),
            looks=(),
            reported=False,
            checks=(),
            verdict=None,
            watch=None,
            confirmed_at=None,
            served_at=None,
            failure="",
            post_text="",  # the words were for the plan before
        ),
        (),
    )


def _drop(incident: Incident, event: ev.PlanDropped) -> Decision:
    _require(incident, event, State.PLANNED)
    if incident.settling is not None:
        raise _illegal(incident, event)
    return _enter(incident, State.ASSESSING, event.at, asking=Question.TARGET), ()


def _answer(incident: Incident, event: ev.Answered) -> Incident:
    """The latest answer to a node counts; those to nodes further down fall with it, as the path may be another now."""
    position = next((i for i, a in enumerate(incident.answers) if a.node == event.node), len(incident.answers))
    kept = incident.answers[:position]
    if event.answer is None:
        return replace(incident, answers=kept)
    given = Answer(node=event.node, answer=event.answer, evidence=event.evidence, at=event.at)
    return replace(incident, answers=(*kept, given))


def _confirm(incident: Incident, event: ev.Confirmed) -> Decision:
    _require(incident, event, State.PLANNED)
    if incident.plan is None or incident.plan.blocked or not incident.plan.steps or incident.settling is not None:
        raise _illegal(incident, event)
    confirmed = _enter(incident, State.EXECUTING, event.at, asking=None, watch_for=event.watch, confirmed_at=event.at)
    first = do.RunStep(step=incident.plan.steps[0].id)
    # what nobody watches afterwards is compared with nothing
    return confirmed, (first,) if event.watch is None else (first, do.Measure(phase=Phase.BEFORE))


# ── executing ────────────────────────────────────────────────────────────────────────────────────────────────────


def _start_step(incident: Incident, event: ev.StepStarted) -> Decision:
    _require(incident, event, State.EXECUTING)
    if event.step != _next_step(incident) or any(r.ended_at is None for r in incident.runs):
        raise _illegal(incident, event)
    return replace(incident, runs=(*incident.runs, StepRun(step=event.step, started_at=event.at))), ()


def _end_step(incident: Incident, event: ev.StepEnded) -> Decision:
    _require(incident, event, State.EXECUTING, State.STOPPED)
    if not incident.runs or incident.runs[-1].step != event.step or incident.runs[-1].ended_at is not None:
        raise _illegal(incident, event)
    run = replace(incident.runs[-1], ended_at=event.at, outcome=event.outcome, result=event.result, detail=event.detail)
    ended = replace(incident, runs=(*incident.runs[:-1], run), reported=incident.reported or event.reported)
    match event.result:
        case StepResult.DONE if not _is_push(incident, event.step):
            return _proceed(ended, event.at)
        case StepResult.REFUSED | StepResult.FAILED | StepResult.UNSURE if not _push_begun(ended):
            return _nothing_replaced(ended, event.at)
        case StepResult.REFUSED | StepResult.FAILED if _only_refused(ended):
            return _enter(ended, State.FAILED, event.at, asking=Question.WHAT_NEXT, failure=event.detail), ()
        case StepResult.DONE:
            return replace(ended, looks=(), failure=""), (do.Observe(),)
        case StepResult.REFUSED | StepResult.FAILED | StepResult.UNSURE:
            return _doubt(ended, event.at)
        case _:
            assert_never(event.result)


def _proceed(incident: Incident, at: datetime) -> Decision:
    following = _next_step(incident)
    if following is not None:
        return _enter(incident, State.EXECUTING, at, asking=None), (do.RunStep(step=following),)
    return _enter(incident, State.VERIFYING, at, asking=None), (do.Verify(),)


def _nothing_replaced(incident: Incident, at: datetime) -> Decision:
    """No step was begun that could replace what runs: however the last one ended, nothing is uncertain about that.

    What it left on the host (a record, a freeze) is put in order when the incident is closed.
    """
    said = incident.runs[-1].detail if incident.runs else ""
    return _enter(incident, State.FAILED, at, asking=Question.WHAT_NEXT, failure=said or "it was not begun"), ()


def _doubt(incident: Incident, at: datetime) -> Decision:
    doubted = _enter(incident, State.UNCERTAIN, at, asking=None, looks=(), quiet_since=None, failure="")
    return doubted, (do.Observe(),)


def _down(incident: Incident, at: datetime) -> Incident:
    """The clock of the downtime runs from the first sign; a service that came up and falls again is health's matter."""
    if incident.plan is None or incident.down_since is not None or not _push_begun(incident):
        return incident
    down, last = replace(incident, down_since=at), incident.runs[-1]
    under_way = incident.state is State.EXECUTING and last.ended_at is None and _is_push(incident, last.step)
    return _enter(down, State.STOPPED, at) if under_way else down


def _up(incident: Incident, at: datetime) -> Incident:
    if incident.down_since is None or incident.down_until is not None:
        return incident
    up = replace(incident, down_until=at)
    return _enter(up, State.EXECUTING, at) if incident.state is State.STOPPED else up


# ── finding out ──────────────────────────────────────────────────────────────────────────────────────────────────


def _observed(incident: Incident, event: ev.Observed) -> Decision:
    seen = replace(incident, latest=event.current)
    proving = _to_be_proven(incident)
    if not (proving or incident.state is State.UNCERTAIN) or incident.plan is None or incident.asking is not None:
        return seen, ()
    plan, began = incident.plan, incident.sent_at
    looks = (*incident.looks[:1], event.current)
    found = reconcile.landed(plan, looks, incident.reported, began)
    if proving and found in (Landed.RUNNING, Landed.UNKNOWN):
        # reported done, and the host has not written it down yet
        if event.at - (incident.runs[-1].ended_at or event.at) < PROVEN_WITHIN:
            return replace(seen, looks=looks if found is Landed.UNKNOWN else ()), (do.Observe(after=LOOK_AGAIN),)
        seen = _enter(seen, State.UNCERTAIN, event.at)
    match found:
        case Landed.YES:
            return _proceed(replace(seen, looks=looks, served_at=event.at), event.at)
        case Landed.NO:
            failed = replace(seen, looks=looks, failure=_how_it_failed(incident, plan, event.current))
            return _enter(failed, State.FAILED, event.at, asking=Question.WHAT_NEXT), ()
        case Landed.FELL:
            fell = "nothing serves: " + _how_it_fell(plan, event.current)
            down = _down(replace(seen, looks=looks, failure=fell), event.at)
            return _enter(down, State.FAILED, event.at, asking=Question.WHAT_NEXT), ()
        case Landed.RUNNING if reconcile.alone(plan, event.current, began):
            kept = looks if reconcile.alone(plan, looks[0], began) else looks[-1:]
            return _wait(replace(seen, looks=kept, quiet_since=None), event.at, SECOND_LOOK, STILL_RUNNING_LIMIT)
        case Landed.RUNNING:
            # what was seen before belongs to a deploy that was still going on
            return _wait(replace(seen, looks=(), quiet_since=None), event.at, LOOK_AGAIN, STILL_RUNNING_LIMIT)
        case Landed.UNKNOWN:
            return _unknown(replace(seen, quiet_since=seen.quiet_since or event.at), plan, looks, event.at)


def _unknown(incident: Incident, plan: Plan, looks: tuple[Current, ...], at: datetime) -> Decision:
    """Nobody is at it, and one look does not settle it."""
    first, last, began = looks[0], looks[-1], incident.sent_at
    settles = reconcile.alike(plan, last, last, began) or reconcile.dead(last, began)
    if not reconcile.alike(plan, first, last, began) and not reconcile.steady(first, last, began):
        looks = looks[1:] or looks
    elif reconcile.over(first, last, began) and not reconcile.alike(plan, first, last, began):
        return _ask(replace(incident, looks=looks))
    waiting = replace(incident, looks=looks)
    return _wait(waiting, at, SECOND_LOOK if settles else LOOK_AGAIN, UNKNOWN_LIMIT, incident.quiet_since)


def _to_be_proven(incident: Incident) -> bool:
    """Whether the deploy was reported done, and the host has not been seen to say so."""
    last = incident.runs[-1] if incident.runs else None
    done = last is not None and last.result is StepResult.DONE and _is_push(incident, last.step)
    return done and incident.state in (State.EXECUTING, State.STOPPED)


def _how_it_failed(incident: Incident, plan: Plan, current: Current) -> str:
    restart = reconcile.why_not(plan, current, incident.sent_at)
    said = restart and f"it did not land: {restart}"
    said = said or (incident.runs[-1].detail if incident.runs else "") or "it did not land"
    serving = "the old release serves" + (" again" if restart else "")
    return f"{said}; {serving if current.serving else 'nothing serves'}"


def _how_it_fell(plan: Plan, current: Current) -> str:
    if plan.push is not None and current.metadata == plan.push.commit:
        return f"{plan.target.name} was deployed, but no process of it runs"
    return f"the deploy of {plan.target.name} ended after what ran had been stopped"


def _wait(
    incident: Incident, at: datetime, pause: timedelta, limit: timedelta, since: datetime | None = None
) -> Decision:
    if at - (since or incident.since) >= limit:
        return _ask(incident)
    return incident, (do.Observe(after=pause),)


def _ask(incident: Incident) -> Decision:
    said = incident.failure
    if incident.plan is not None and incident.latest is not None:
        why = reconcile.doubt(incident.plan, incident.latest, incident.sent_at)
        said = f"nobody knows how it ended: {why}"
    return replace(incident, asking=Question.OUTCOME_UNKNOWN, failure=said), ()


def _not_observed(incident: Incident, event: ev.NotObserved) -> Decision:
    """Asked again with growing pauses, a quarter of the time that has passed; not where that cannot help."""
    if incident.asking is not None or not (incident.state is State.UNCERTAIN or _to_be_proven(incident)):
        return incident, ()
    doubted = _enter(incident, State.UNCERTAIN, event.at, looks=(), quiet_since=None)
    pause = min(max(LOOK_AGAIN, (event.at - doubted.since) / 4), LONGEST_PAUSE)
    limit = timedelta(0) if event.final else STILL_RUNNING_LIMIT
    waiting, effects = _wait(doubted, event.at, pause, limit)
    if waiting.asking is not None:
        waiting = replace(waiting, failure=f"nobody knows how it ended: {event.why}")
    return waiting, effects


def _check_again(incident: Incident, event: ev.Event, at: datetime) -> Decision:
    match incident.asking:
        case Question.OUTCOME_UNKNOWN:
            return _doubt(incident, at)
        case Question.VERIFY_FAILED | Question.VERIFY_INCONCLUSIVE:
            return _enter(incident, State.VERIFYING, at, asking=None), (do.Verify(),)
        case Question.NOT_IN_ORDER if incident.settling is not None:
            return _settle(incident, incident.settling, incident.close_reason)
        case Question.WHAT_NEXT if incident.plan is not None and _push_begun(incident):
            return _doubt(incident, at)
        case _:
            raise _illegal(incident, event)


# ── verifying and watching ───────────────────────────────────────────────────────────────────────────────────────


def _checked(incident: Incident, event: ev.ChecksDone) -> Decision:
    _require(incident, event, State.VERIFYING)
    verdict = verify.assess(event.checks)
    checked = replace(incident, checks=event.checks, verdict=verdict)
    if verdict is Verdict.PASSED:
        checked = _up(checked, event.at)
    match verdict:
        case Verdict.FAILED:
            return replace(checked, asking=Question.VERIFY_FAILED), ()
        case Verdict.INCONCLUSIVE:
            return replace(checked, asking=Question.VERIFY_INCONCLUSIVE), ()
        case Verdict.PASSED if incident.watch_for is None:
            return _settle(replace(checked, asking=None), Closing.UNWATCHED, "")
        case Verdict.PASSED:
            return _open_watch(checked, event.at, incident.watch_for or timedelta(0))


_NOTHING_CHANGED = frozenset({Question.TARGET, Question.CONFIRM, Question.WHAT_NEXT})
"""questions that are asked while the old release serves: watching then means watching the deploy itself"""
_TARGET_SERVES = frozenset({Question.VERIFY_FAILED, Question.VERIFY_INCONCLUSIVE})


def _watch_only(incident: Incident, event: ev.WatchAsked) -> Decision:
    """Monitor, change nothing. What runs is watched: the deploy as it is, or the target that could not be verified."""
    if incident.settling is not None or event.length <= timedelta(0):
        raise _illegal(incident, event)
    noted = incident
    if event.reason:
        noted = replace(incident, decisions=(*incident.decisions, (event.at, f"monitor only: {event.reason}")))
    if incident.asking in _NOTHING_CHANGED:
        return _open_watch(noted, event.at, event.length, WatchKind.AFTER_CLEAN_DEPLOY)
    if incident.asking in _TARGET_SERVES:
        return _open_watch(noted, event.at, event.length)
    raise _illegal(incident, event)


def _open_watch(
    incident: Incident, at: datetime, length: timedelta, kind: WatchKind = WatchKind.AFTER_ROLLBACK
) -> Decision:
    window = watch.open_watch(kind, at, length)
    watching = _enter(incident, State.WATCHING, at, asking=None, watch=window)
    return watching, (do.KeepWatch(until=window.deadline),)


def _sampled(incident: Incident, event: ev.Sampled) -> Decision:
    _require(incident, event, State.WATCHING)
    if incident.watch is None:
        raise _illegal(incident, event)
    window = watch.observe(incident.watch, event.sample)
    seen = replace(incident, watch=window)
    if watch.breached(window) and incident.asking is None:
        return replace(seen, asking=Question.WATCH_BREACHED, failure="the service is unhealthy again"), ()
    return seen, ()


def _woken(incident: Incident, at: datetime) -> Decision:
    if incident.state is not State.WATCHING or incident.watch is None or incident.asking or incident.settling:
        return incident, ()
    match watch.verdict(incident.watch, at):
        case None:
            return incident, (do.KeepWatch(until=incident.watch.deadline),)
        case Verdict.PASSED:
            return _concluded(incident, incident.watch.kind)
        case Verdict.FAILED:
            return replace(incident, asking=Question.WATCH_BREACHED, failure="the service is unhealthy again"), ()
        case Verdict.INCONCLUSIVE:
            failure = watch.why_not(incident.watch, at)
            return replace(incident, asking=Question.WATCH_INCONCLUSIVE, failure=failure), ()


def _concluded(incident: Incident, kind: WatchKind) -> Decision:
    """Healthy to the end: now the checkpoints count."""
    found = recovery.conclude(incident)
    match found.outcome:
        case Outcome.RECOVERED if kind is WatchKind.AFTER_CLEAN_DEPLOY:
            return _settle(incident, Closing.FALSE_ALARM, f"{found.reason}; nothing was changed")
        case Outcome.RECOVERED:
            return _settle(incident, Closing.RECOVERED, found.reason)
        case Outcome.INCONCLUSIVE:
            return replace(incident, asking=Question.WATCH_INCONCLUSIVE, failure=found.reason), ()
        case Outcome.NOT_RECOVERED | Outcome.WORSE:
            return replace(incident, asking=Question.WATCH_BREACHED, failure=found.reason), ()


def _measured(incident: Incident, event: ev.Measured) -> Incident:
    """A checkpoint of a watch may raise the alarm; every other measurement is only kept."""
    noted = replace(incident, measurements=(*incident.measurements, event.measurement))
    watched = incident.state is State.WATCHING and incident.asking is None and incident.settling is None
    if not watched or event.measurement.phase is not Phase.AFTER:
        return noted
    found = recovery.alarm(noted)
    return noted if found is None else replace(noted, asking=Question.WATCH_BREACHED, failure=found.reason)


# ── closing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _close(incident: Incident, event: ev.CloseAsked) -> Decision:
    if incident.asking is None and incident.state is not State.WATCHING:
        raise _illegal(incident, event)
    if incident.settling is not None and incident.asking is Question.NOT_IN_ORDER:
        # the person's word: it is over, though the host could not be put in order
        reason = event.reason or incident.close_reason
        given_up = replace(incident, settling=event.closing, close_reason=reason)
        left = f"the host was not put in order ({incident.unsettled}): rollback unfreeze {incident.service}"
        return _closed(given_up, event.at, (left,), frozen=incident.run_of("freeze") is not None), ()
    if incident.settling is not None:
        raise _illegal(incident, event)
    return _settle(incident, event.closing, event.reason)


def _settle(incident: Incident, closing: Closing, reason: str) -> Decision:
    begun = replace(incident, settling=closing, asking=None, close_reason=reason, unsettled="", unsettled_since=None)
    return begun, (do.Settle(closing=closing),)


def _settled(incident: Incident, event: ev.Settled) -> Decision:
    if incident.settling is None:
        raise _illegal(incident, event)
    return _closed(incident, event.at, event.left_over, frozen=event.frozen), ()


def _closed(incident: Incident, at: datetime, left_over: tuple[str, ...], *, frozen: bool) -> Incident:
    closed = _enter(incident, State.CLOSED, at, asking=None)
    return replace(
        closed,
        closing=incident.settling,
        settling=None,
        closed_at=at,
        left_over=left_over,
        left_frozen=frozen,
    )


def _unsettled(incident: Incident, event: ev.Unsettled) -> Decision:
    """The host has something of ours still, so the incident stays open, and it is tried again."""
    if incident.settling is None:
        raise _illegal(incident, event)
    since = incident.unsettled_since or event.at
    tried = replace(incident, unsettled=event.why, unsettled_since=since)
    passed = event.at - since
    if passed >= SETTLE_LIMIT:
        return replace(tried, asking=Question.NOT_IN_ORDER), ()
    return tried, (do.Settle(closing=incident.settling, after=max(SETTLE_AGAIN, passed)),)


def _late(incident: Incident, event: ev.Event) -> Decision:
    """Notes may be added to a closed incident, and results that were under way may still arrive; nothing acts."""
    match event:
        case ev.Decided(at=at, text=text):
            return replace(incident, decisions=(*incident.decisions, (at, text))), ()
        case ev.SeverityChosen(level=level):
            return replace(incident, severity=level), ()
        case ev.Answered():
            return _answer(incident, event), ()
        case ev.Measured(measurement=measurement):
            return replace(incident, measurements=(*incident.measurements, measurement)), ()
        case ev.Told(delivery=delivery):
            return replace(incident, deliveries=(*incident.deliveries, delivery)), ()
        case ev.Noted() | ev.Written():
            return _note(incident, event), ()
        case (
            ev.Observed() | ev.NotObserved() | ev.Sampled() | ev.Woken() | ev.ChecksDone() | ev.Strayed()
            | ev.WentDown() | ev.CameUp()
        ):  # fmt: skip
            return incident, ()
        case _:
            raise _illegal(incident, event)


def _note(incident: Incident, event: ev.Noted | ev.Written) -> Incident:
    """What the post-mortem says in the person's words, and where it went."""
    if isinstance(event, ev.Written):
        writing = Writing(at=event.at, way=event.way, where=event.where, by=event.by)
        return replace(incident, written=(*incident.written, writing))
    others = tuple(note for note in incident.notes if note.field is not event.field)
    if not event.text:
        return replace(incident, notes=others)
    return replace(incident, notes=(*others, Note(at=event.at, field=event.field, text=event.text, by=event.by)))


# ── after a death ────────────────────────────────────────────────────────────────────────────────────────────────


def _resumed(incident: Incident, at: datetime) -> Decision:
    """What is outstanding. Nothing that was begun is begun again; a plan that was not begun has to be made anew."""
    incident = _from_now_on(incident, at)
    if incident.settling is not None:
        return _settle(incident, incident.settling, incident.close_reason)
    match incident.state:
        case State.ASSESSING:
            return replace(incident, asking=Question.TARGET), ()
        case State.PLANNED:
            return _enter(incident, State.ASSESSING, at, asking=Question.TARGET), ()
        case State.EXECUTING if not incident.runs:
            return _enter(incident, State.ASSESSING, at, asking=Question.TARGET), ()
        case State.EXECUTING | State.STOPPED | State.UNCERTAIN:
            ended = _with_end(incident, at)
            return _doubt(ended, at) if _push_begun(ended) else _nothing_replaced(ended, at)
        case State.VERIFYING if incident.asking is None:
            return incident, (do.Verify(),)
        case State.WATCHING if incident.asking is None and incident.watch is not None:
            return incident, (do.KeepWatch(until=incident.watch.deadline),)
        case _:
            return incident, ()


def _from_now_on(incident: Incident, at: datetime) -> Incident:
    """Another process's clock stamped what is on record. Where ours is behind it, what is waited for would last longer
    than anybody asked for: it is counted from now on, and a watch has left what it had left when it was last seen."""
    window = incident.watch
    if window is not None and incident.state is State.WATCHING:
        seen = window.last.at if window.last is not None else window.opened_at
        if at < seen:
            incident = _moved(incident, window, at - seen)
    return replace(incident, since=min(incident.since, at))


def _moved(incident: Incident, window: Watch, by: timedelta) -> Incident:
    """The watch with its looks and checkpoints as a clock would have stamped them that differs by so much."""
    last = None if window.last is None else replace(window.last, at=window.last.at + by)
    moved = replace(window, opened_at=window.opened_at + by, deadline=window.deadline + by, last=last)
    own = (m.phase is Phase.AFTER and m.at >= window.opened_at for m in incident.measurements)
    measured = (replace(m, at=m.at + by) if mine else m for m, mine in zip(incident.measurements, own, strict=True))
    return replace(incident, watch=moved, measurements=tuple(measured))


def _with_end(incident: Incident, at: datetime) -> Incident:
    """The console died while a step was under way: how that ended only the host knows."""
    if not incident.runs or incident.runs[-1].ended_at is not None:
        return incident
    lost = Lost(why="the console ended while it ran")
    run = replace(incident.runs[-1], ended_at=at, outcome=lost, result=StepResult.UNSURE, detail=lost.why)
    return replace(incident, runs=(*incident.runs[:-1], run))


# ── small words ──────────────────────────────────────────────────────────────────────────────────────────────────


def _enter(incident: Incident, state: State, at: datetime, **changes: object) -> Incident:
    since = incident.since if incident.state is state else at
    entered: Incident = replace(incident, state=state, since=since, **changes)
    return entered


def _next_step(incident: Incident) -> str | None:
    begun = len(incident.runs)
    steps = incident.plan.steps if incident.plan else ()
    return steps[begun].id if begun < len(steps) else None


def _is_push(incident: Incident, step: str) -> bool:
    """Whether it is the step that changes what serves: a push, or another deploy."""
    decisive = incident.plan.decisive if incident.plan is not None else None
    return decisive is not None and decisive.id == step


def _push_begun(incident: Incident) -> bool:
    return any(_is_push(incident, run.step) for run in incident.runs)


def _only_refused(incident: Incident) -> bool:
    """The push was begun but declined by ourselves before anything was sent."""
    return all(r.result is StepResult.REFUSED for r in incident.runs if _is_push(incident, r.step))


def _require(incident: Incident, event: ev.Event, *states: State) -> None:
    if incident.state not in states:
        raise _illegal(incident, event)


def _illegal(incident: Incident, event: ev.Event) -> NotNow:
    asking = f", asking {incident.asking}" if incident.asking else ""
    return NotNow(f"{type(event).__name__} is not possible while the incident is {incident.state}{asking}")
