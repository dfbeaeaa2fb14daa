"""Finding out what the host did: one look after the other, until they agree or a person has to be asked.

Entered through `core.doubt`, and after a restart from `resuming`. What a look says of the push: `landed`.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident import landed
from tui.incident.transitions import core
from tui.incident.transitions.core import Decision
from tui.model.incident import Incident, Question, State, StepResult
from tui.model.observation import Landed, RunningState
from tui.model.plan import Plan

LOOK_AGAIN = timedelta(seconds=2)
"""between looks while the host is still at it"""
LONGEST_PAUSE = timedelta(seconds=30)
"""between attempts to ask a host that cannot be asked; they grow to this"""
SECOND_LOOK = landed.APART
STILL_RUNNING_LIMIT = timedelta(minutes=15)
"""a deploy lock older than this may be a stale file: unknown"""
UNREACHABLE_LIMIT = timedelta(minutes=15)
"""how long a host that cannot be asked is asked before a person is"""
UNKNOWN_LIMIT = timedelta(minutes=2)
"""how long a host that is not at it and not as before is looked at before a person is asked"""
PROVEN_WITHIN = timedelta(seconds=10)
"""how soon after a push that was reported done the host says so too; later than that it is in doubt"""


def observed(incident: Incident, event: ev.Observed) -> Decision:
    """One look at the host: it landed, it did not, nothing runs, it is still at it, or nobody knows yet."""
    seen = replace(incident, latest=event.current)
    proving = _to_be_proven(incident)
    if not (proving or incident.state is State.UNCERTAIN) or incident.plan is None or incident.asking is not None:
        return seen, ()
    plan, began = incident.plan, incident.sent_at
    looks = (*incident.looks[:1], event.current)
    found = landed.landed(plan, looks, incident.reported, began)
    if proving and found in (Landed.RUNNING, Landed.UNKNOWN):
        # reported done, and the host has not written it down yet
        if event.at - (incident.runs[-1].ended_at or event.at) < PROVEN_WITHIN:
            return replace(seen, looks=looks if found is Landed.UNKNOWN else ()), (do.Observe(after=LOOK_AGAIN),)
        seen = core.enter(seen, State.UNCERTAIN, event.at)
    match found:
        case Landed.YES:
            return core.proceed(replace(seen, looks=looks, served_at=event.at), event.at)
        case Landed.NO:
            failed = replace(seen, looks=looks, failure=_how_it_failed(incident, plan, event.current))
            return core.enter(failed, State.FAILED, event.at, asking=Question.WHAT_NEXT), ()
        case Landed.NOTHING_RUNS:
            fell = "nothing serves: " + _how_it_fell(plan, event.current)
            down = core.went_down(replace(seen, looks=looks, failure=fell), event.at)
            return core.enter(down, State.FAILED, event.at, asking=Question.WHAT_NEXT), ()
        case Landed.RUNNING if landed.likely_died(plan, event.current, began):
            kept = looks if landed.likely_died(plan, looks[0], began) else looks[-1:]
            return _wait(replace(seen, looks=kept, quiet_since=None), event.at, SECOND_LOOK, STILL_RUNNING_LIMIT)
        case Landed.RUNNING:
            # what was seen before belongs to a deploy that was still going on
            return _wait(replace(seen, looks=(), quiet_since=None), event.at, LOOK_AGAIN, STILL_RUNNING_LIMIT)
        case Landed.UNKNOWN:
            return _unknown(replace(seen, quiet_since=seen.quiet_since or event.at), plan, looks, event.at)


def _unknown(incident: Incident, plan: Plan, looks: tuple[RunningState, ...], at: datetime) -> Decision:
    """Nobody is at it, and one look does not settle it."""
    first, last, began = looks[0], looks[-1], incident.sent_at
    settles = landed.would_settle(plan, last, last, began) or landed.deploy_died(last, began)
    if not landed.would_settle(plan, first, last, began) and not landed.died_unchanged(first, last, began):
        looks = looks[1:] or looks
    elif landed.settled_for_good(first, last, began) and not landed.would_settle(plan, first, last, began):
        return _ask(replace(incident, looks=looks))
    waiting = replace(incident, looks=looks)
    return _wait(waiting, at, SECOND_LOOK if settles else LOOK_AGAIN, UNKNOWN_LIMIT, incident.quiet_since)


def _to_be_proven(incident: Incident) -> bool:
    """True if the deploy was reported done, and the host has not been seen to say so."""
    last = incident.runs[-1] if incident.runs else None
    done = last is not None and last.result is StepResult.DONE and core.is_push(incident, last.step)
    return done and incident.state in (State.EXECUTING, State.STOPPED)


def _how_it_failed(incident: Incident, plan: Plan, current: RunningState) -> str:
    restart = landed.why_restart_ended_it(plan, current, incident.sent_at)
    said = restart and f"it did not land: {restart}"
    said = said or (incident.runs[-1].detail if incident.runs else "") or "it did not land"
    serving = "the old release serves" + (" again" if restart else "")
    return f"{said}; {serving if current.serving else 'nothing serves'}"


def _how_it_fell(plan: Plan, current: RunningState) -> str:
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
        why = landed.doubt(incident.plan, incident.latest, incident.sent_at)
        said = f"nobody knows how it ended: {why}"
        told = next((run.detail for run in reversed(incident.runs) if core.is_push(incident, run.step)), "")
        if incident.reported and told:
            said += f"; the host had said: {told}"
    return replace(incident, asking=Question.OUTCOME_UNKNOWN, failure=said), ()


def not_observed(incident: Incident, event: ev.NotObserved) -> Decision:
    """Asked again with growing pauses, a quarter of the time that has passed; not where that cannot help."""
    if incident.asking is not None or not (incident.state is State.UNCERTAIN or _to_be_proven(incident)):
        return incident, ()
    doubted = core.enter(incident, State.UNCERTAIN, event.at, looks=(), quiet_since=None)
    pause = min(max(LOOK_AGAIN, (event.at - doubted.since) / 4), LONGEST_PAUSE)
    limit = timedelta(0) if event.final else UNREACHABLE_LIMIT
    waiting, effects = _wait(doubted, event.at, pause, limit)
    if waiting.asking is not None:
        waiting = replace(waiting, failure=f"nobody knows how it ended: {event.why}")
    return waiting, effects


def check_again(incident: Incident, at: datetime) -> Decision:
    """Tries again what could not be found out, or went wrong."""
    match incident.asking:
        case Question.OUTCOME_UNKNOWN:
            return core.doubt(incident, at)
        case Question.VERIFY_FAILED | Question.VERIFY_INCONCLUSIVE:
            return core.enter(incident, State.VERIFYING, at, asking=None), (do.Verify(),)
        case Question.NOT_IN_ORDER if incident.settling is not None:
            return core.settle(incident, incident.settling, incident.close_reason)
        case Question.WHAT_NEXT if incident.plan is not None and core.push_begun(incident):
            return core.doubt(incident, at)
        case _:
            raise AssertionError(f"nothing to check again while asking {incident.asking}")
