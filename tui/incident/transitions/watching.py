"""Verifying what was deployed, and the watch after it: checks, looks, checkpoints, alarms, the end of the time."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident import guard_watch, verify, watch, watch_verdict
from tui.incident.transitions import core
from tui.incident.transitions.allowed import LEFT_ALONE
from tui.incident.transitions.core import Decision
from tui.incident.watch_verdict import WatchOutcome
from tui.model.evidence import Phase
from tui.model.incident import Closing, Incident, Question, State, Watch, WatchKind
from tui.model.verification import Verdict


def checked(incident: Incident, event: ev.ChecksDone) -> Decision:
    """Healthy, and the release that was sent: it is watched. Anything else is asked about."""
    verdict = verify.assess(event.checks)
    seen = replace(incident, checks=event.checks, verdict=verdict)
    if verdict is Verdict.PASSED:
        seen = core.came_up(seen, event.at)
    match verdict:
        case Verdict.FAILED:
            return replace(seen, asking=Question.VERIFY_FAILED), ()
        case Verdict.INCONCLUSIVE:
            return replace(seen, asking=Question.VERIFY_INCONCLUSIVE), ()
        case Verdict.PASSED if incident.watch_for is None:
            return core.settle(replace(seen, asking=None), Closing.UNWATCHED, "")
        case Verdict.PASSED:
            return _open_watch(seen, event.at, incident.watch_for or timedelta(0))


def watch_asked(incident: Incident, event: ev.WatchAsked) -> Decision:
    """Monitor, change nothing. What runs is watched: the deploy as it is, or the target that could not be verified."""
    noted = incident
    if event.reason:
        noted = replace(incident, decisions=(*incident.decisions, (event.at, f"monitor only: {event.reason}")))
    kind = WatchKind.AFTER_CLEAN_DEPLOY if incident.asking in LEFT_ALONE else WatchKind.AFTER_ROLLBACK
    return _open_watch(noted, event.at, event.length, kind)


def _open_watch(
    incident: Incident, at: datetime, length: timedelta, kind: WatchKind = WatchKind.AFTER_ROLLBACK
) -> Decision:
    window = watch.open_watch(kind, at, length)
    watching = core.enter(incident, State.WATCHING, at, asking=None, watch=window)
    return watching, (do.KeepWatch(until=window.deadline),)


def sampled(incident: Incident, event: ev.HealthSampled) -> Decision:
    """One look of the watch; too many bad ones in a row raise the alarm."""
    assert incident.watch is not None
    window = watch.observe(incident.watch, event.sample)
    seen = replace(incident, watch=window)
    down = window.in_a_row >= guard_watch.IN_A_ROW if incident.guarding else watch.breached(window)
    if down and _undisturbed(incident):
        return replace(seen, asking=Question.WATCH_BREACHED, failure=_unhealthy(seen, window)), ()
    return seen, ()


def _undisturbed(incident: Incident) -> bool:
    """True if nothing is asked, and the host is not being put in order: no alarm is raised beside that."""
    return incident.asking is None and incident.settling is None


def _unhealthy(incident: Incident, window: Watch) -> str:
    why = f": {window.last.why}" if window.last is not None and window.last.why else ""
    if incident.guarding:
        return f"unhealthy at {window.in_a_row} looks in a row{why}"
    return f"the service is unhealthy again{why}"


def woken(incident: Incident, at: datetime) -> Decision:
    """The time of the watch is over, or it is not yet."""
    if incident.state is not State.WATCHING or incident.watch is None or not _undisturbed(incident):
        return incident, ()
    match watch.verdict(incident.watch, at):
        case None:
            return incident, (do.KeepWatch(until=incident.watch.deadline),)
        case Verdict.PASSED:
            return _concluded(incident, incident.watch.kind)
        case Verdict.FAILED:
            return replace(incident, asking=Question.WATCH_BREACHED, failure=_unhealthy(incident, incident.watch)), ()
        case Verdict.INCONCLUSIVE:
            failure = watch.why_not(incident.watch, at)
            return replace(incident, asking=Question.WATCH_INCONCLUSIVE, failure=failure), ()


def _concluded(incident: Incident, kind: WatchKind) -> Decision:
    """Healthy to the end: now the checkpoints count."""
    found = guard_watch.conclude(incident) if incident.guarding else watch_verdict.conclude(incident)
    match found.outcome:
        case WatchOutcome.RECOVERED if incident.guarding:
            return core.settle(incident, Closing.COMPLETE, found.reason)
        case WatchOutcome.RECOVERED if kind is WatchKind.AFTER_CLEAN_DEPLOY:
            return core.settle(incident, Closing.FALSE_ALARM, f"{found.reason}; nothing was changed")
        case WatchOutcome.RECOVERED:
            return core.settle(incident, Closing.RECOVERED, found.reason)
        case WatchOutcome.INCONCLUSIVE:
            return replace(incident, asking=Question.WATCH_INCONCLUSIVE, failure=found.reason), ()
        case WatchOutcome.NOT_RECOVERED | WatchOutcome.WORSE:
            return replace(incident, asking=Question.WATCH_BREACHED, failure=found.reason), ()


def found_by_itself(incident: Incident) -> bool:
    """True if an end that is being carried out was found by verification or by the watch, and not asked for."""
    match incident.settling:
        case Closing.UNWATCHED:
            return incident.state is State.VERIFYING
        case Closing.RECOVERED | Closing.FALSE_ALARM if incident.state is State.WATCHING:
            ended, _ = _concluded(incident, incident.watch.kind) if incident.watch is not None else (incident, ())
            return (ended.settling, ended.close_reason) == (incident.settling, incident.close_reason)
        case _:
            return False


def measured(incident: Incident, event: ev.Measured) -> Incident:
    """A checkpoint of a watch may raise the alarm; every other measurement is only kept."""
    noted = replace(incident, measurements=(*incident.measurements, event.measurement))
    watched = incident.state is State.WATCHING and _undisturbed(incident)
    if not watched or event.measurement.phase is not Phase.AFTER:
        return noted
    found = guard_watch.alarm(noted) if incident.guarding else watch_verdict.alarm(noted)
    return noted if found is None else replace(noted, asking=Question.WATCH_BREACHED, failure=found.reason)


def strayed(incident: Incident, what: str) -> Decision:
    """Something else runs, or it was restarted: the person is asked. Of a guarded deploy nothing is known then. While
    the host is put in order that changes nothing: what is seen to go away, may be what is taken away."""
    if incident.settling is not None:
        return incident, ()
    if incident.guarding:
        return replace(incident, asking=Question.WATCH_INCONCLUSIVE, failure=what), ()
    return replace(incident, asking=Question.WATCH_BREACHED, failure=what), ()


def extended(incident: Incident, until: datetime) -> Decision:
    """Watched for longer; an alarm is answered by it."""
    assert incident.watch is not None
    longer = replace(incident.watch, deadline=until)
    return replace(incident, watch=longer, asking=None, failure=""), (do.KeepWatch(until=until),)
