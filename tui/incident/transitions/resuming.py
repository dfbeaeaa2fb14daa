"""After a death of the process: what is outstanding. Nothing that was begun is begun again."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident.transitions import core, watching
from tui.incident.transitions.core import Decision
from tui.model.evidence import Phase
from tui.model.incident import Incident, Question, State, StepResult, Watch
from tui.model.outcome import Lost


def resumed(incident: Incident, event: ev.Resumed) -> Decision:
    """Takes up what is outstanding. Nothing that was begun is begun again; a plan that was not begun has to be made
    anew.

    An end that a person asked for is carried out. One that verification or the watch found is found anew: what served
    when the process died need not serve now.
    """
    at = event.at
    incident = _from_now_on(incident, at)
    if event.anew and watching.found_by_itself(incident):
        incident = replace(incident, settling=None, close_reason="", unsettled="", unsettled_since=None, asking=None)
    if incident.settling is not None:
        return core.settle(incident, incident.settling, incident.close_reason)
    match incident.state:
        case State.ASSESSING:
            return replace(incident, asking=Question.TARGET), ()
        case State.PLANNED:
            return core.enter(incident, State.ASSESSING, at, asking=Question.TARGET), ()
        case State.EXECUTING if not incident.runs:
            return core.enter(incident, State.ASSESSING, at, asking=Question.TARGET), ()
        case State.EXECUTING | State.STOPPED | State.UNCERTAIN:
            ended = _with_end(incident, at)
            return core.doubt(ended, at) if core.push_begun(ended) else core.nothing_replaced(ended, at)
        case State.FAILED if core.push_begun(incident) and not core.only_refused(incident):
            return core.doubt(incident, at)  # what was seen to serve then need not serve now
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
    run = replace(incident.runs[-1], ended_at=at, outcome=lost, result=StepResult.UNKNOWN, detail=lost.why)
    return replace(incident, runs=(*incident.runs[:-1], run))
