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

Where things are: `transitions.allowed` is the table of legal events, and says what each may lead to; the other files of
`transitions` hold what each does, by state; here are the beginning, the dispatch and the fold.

The way through: assessing → planned → executing → (stopped, uncertain) → verifying → watching → closed, or failed, from
where a person plans anew, has the host asked again or closes. After a push that the host reported done the host is
asked what runs, still `executing`; `uncertain` is entered by every doubt, and from there only observation leads on.
After a process death the journal is folded with this same function, its effects thrown away, and `Resumed` says what is
outstanding.
"""

from collections.abc import Iterable
from typing import assert_never

from msgspec.structs import replace

from tui.incident import events as ev
from tui.incident.transitions import closing, core, executing, planning, resuming, uncertain, watching
from tui.incident.transitions.allowed import possible
from tui.incident.transitions.core import Decision
from tui.model.errors import InvalidTransition
from tui.model.incident import Incident, State


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
        file=event.file,
        address=event.address,
        guard=event.guard,
    )


def fold(events: Iterable[ev.Event]) -> Incident:
    """The incident a journal tells of. Raises InvalidTransition when it does not begin with Opened or an entry is
    illegal."""
    incident: Incident | None = None
    for event in events:
        if incident is None:
            if not isinstance(event, ev.Opened):
                raise InvalidTransition(f"the record begins with {type(event).__name__}, not with its opening")
            incident = opened(event)
        else:
            incident, _ = decide(incident, event)
    if incident is None:
        raise InvalidTransition("the record is empty")
    return incident


def decide(incident: Incident, event: ev.Event) -> Decision:
    """The next incident and the effects to perform. Raises InvalidTransition for an event the state does not allow."""
    if not possible(incident, event):
        asking = f", asking {incident.asking}" if incident.asking else ""
        raise InvalidTransition(
            f"{type(event).__name__} is not possible while the incident is {incident.state}{asking}"
        )
    if incident.state is State.CLOSED and isinstance(event, ev.News):
        return incident, ()  # it was under way when the incident ended; nothing acts any more
    match event:
        case ev.Opened():
            raise AssertionError("it begins an incident, and is legal in none")
        case ev.SeverityChosen(level=level):
            return replace(incident, severity=level), ()
        case ev.DecisionNoted(at=at, text=text):
            return replace(incident, decisions=(*incident.decisions, (at, text))), ()
        case ev.Answered():
            return planning.answered(incident, event), ()
        case ev.WatchAsked():
            return watching.watch_asked(incident, event)
        case ev.PlanMade():
            return planning.planned(incident, event)
        case ev.PlanDropped():
            return planning.dropped(incident, event)
        case ev.Confirmed():
            return planning.confirmed(incident, event)
        case ev.StepStarted():
            return executing.step_started(incident, event)
        case ev.StepEnded():
            return executing.step_ended(incident, event)
        case ev.WentDown(at=at):
            return core.went_down(incident, at), ()
        case ev.CameUp(at=at):
            return core.came_up(incident, at), ()
        case ev.ServesAgain(at=at, bad=bad):
            return replace(incident, again_at=at, again_bad=bad), ()
        case ev.Observed():
            return uncertain.observed(incident, event)
        case ev.NotObserved():
            return uncertain.not_observed(incident, event)
        case ev.ChecksDone():
            return watching.checked(incident, event)
        case ev.HealthSampled():
            return watching.sampled(incident, event)
        case ev.ForeignChangeSeen(what=what):
            return watching.strayed(incident, what)
        case ev.WatchTimerFired(at=at):
            return watching.woken(incident, at)
        case ev.CheckAgain(at=at):
            return uncertain.check_again(incident, at)
        case ev.WatchExtended(until=until):
            return watching.extended(incident, until)
        case ev.Measured():
            return watching.measured(incident, event), ()
        case ev.PostChosen(post=post, text=text):
            return replace(incident, post=post, post_text=text), ()
        case ev.DeliveryRecorded(delivery=delivery):
            return replace(incident, deliveries=(*incident.deliveries, delivery)), ()
        case ev.PostMortemNoted() | ev.PostMortemExported():
            return closing.noted(incident, event), ()
        case ev.CloseAsked():
            return closing.close_asked(incident, event)
        case ev.Settled():
            return closing.settled(incident, event)
        case ev.Unsettled():
            return closing.unsettled(incident, event)
        case ev.Resumed():
            return resuming.resumed(incident, event)
        case _:
            assert_never(event)
