"""Which event is legal in which state, and the states it may lead to: the whole table.

`decide` asks `possible` before any transition runs, so no transition refuses anything itself. An event may be legal by
several rows; it is legal where one of them holds. A state that is not named in `to` is not left.

Conditions of a row beside its states:
    asking    what the person is being asked; NOTHING is no question
    settling  whether the host is being put in order, which is the last thing before the end
    only      what else has to hold, of the incident and the event
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from tui.incident import events as ev
from tui.incident.transitions import core
from tui.model.incident import Incident, Question, State

Asked = Question | None
NOTHING: Asked = None
OPEN = frozenset(State) - {State.CLOSED}
EVERYWHERE = frozenset(State)
RUNNING = frozenset({State.EXECUTING, State.STOPPED})
ASKING = OPEN - RUNNING
"""where a person may be asked something"""
LEFT_ALONE = frozenset({Question.TARGET, Question.CONFIRM, Question.WHAT_NEXT})
"""asked while what ran before still serves, or while nothing more is sent"""
NOT_VERIFIED = frozenset({Question.VERIFY_FAILED, Question.VERIFY_INCONCLUSIVE})
ANY_QUESTION: frozenset[Asked] = frozenset(Question)


class TransitionRow(NamedTuple):
    """One line of the table."""

    event: type[ev.Event]
    states: frozenset[State]
    to: frozenset[State] = frozenset()
    asking: frozenset[Asked] | None = None
    """None: any, or nothing"""
    settling: bool | None = None
    """None: either"""
    only: Callable[[Incident, Any], bool] | None = None

    def holds(self, incident: Incident, event: ev.Event) -> bool:
        """True if an event of this kind is legal by this row."""
        return (
            incident.state in self.states
            and (self.asking is None or incident.asking in self.asking)
            and (self.settling is None or self.settling is (incident.settling is not None))
            and (self.only is None or self.only(incident, event))
        )


def _row(event: Any, states: State | frozenset[State], *to: State, **conditions: Any) -> TransitionRow:
    return TransitionRow(
        event, states if isinstance(states, frozenset) else frozenset({states}), frozenset(to), **conditions
    )


# ── what else has to hold ────────────────────────────────────────────────────────────────────────────────────────


def _can_be_run(incident: Incident, _event: ev.Confirmed) -> bool:
    return incident.plan is not None and not incident.plan.blocked and bool(incident.plan.steps)


def _is_next(incident: Incident, event: ev.StepStarted) -> bool:
    return event.step == core.next_step(incident) and all(run.ended_at is not None for run in incident.runs)


def _is_under_way(incident: Incident, event: ev.StepEnded) -> bool:
    return bool(incident.runs) and incident.runs[-1].step == event.step and incident.runs[-1].ended_at is None


def _takes_time(_incident: Incident, event: ev.WatchAsked) -> bool:
    return event.length > timedelta(0)


def _is_later(incident: Incident, event: ev.WatchExtended) -> bool:
    return incident.watch is not None and event.until > incident.watch.deadline


def _has_a_watch(incident: Incident, _event: ev.HealthSampled) -> bool:
    return incident.watch is not None


def _something_was_sent(incident: Incident, _event: ev.CheckAgain) -> bool:
    return incident.plan is not None and core.push_begun(incident)


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────

S, Q = State, Question
TABLE: tuple[TransitionRow, ...] = (
    # a person says
    _row(ev.SeverityChosen, EVERYWHERE),
    _row(ev.DecisionNoted, EVERYWHERE),
    _row(ev.Answered, EVERYWHERE),
    _row(ev.PostChosen, OPEN),
    _row(ev.PlanMade, ASKING - {S.UNCERTAIN}, S.PLANNED, asking=ANY_QUESTION, settling=False),
    _row(ev.PlanMade, S.WATCHING, S.PLANNED, asking=frozenset({NOTHING}), settling=False),
    _row(ev.PlanDropped, S.PLANNED, S.ASSESSING, settling=False),
    _row(ev.Confirmed, S.PLANNED, S.EXECUTING, settling=False, only=_can_be_run),
    _row(
        ev.WatchAsked,
        ASKING - {S.UNCERTAIN},
        S.WATCHING,
        asking=LEFT_ALONE | NOT_VERIFIED,
        settling=False,
        only=_takes_time,
    ),
    _row(ev.WatchExtended, S.WATCHING, only=_is_later),
    _row(ev.CheckAgain, S.UNCERTAIN, asking=frozenset({Q.OUTCOME_UNKNOWN})),
    _row(ev.CheckAgain, S.VERIFYING, asking=NOT_VERIFIED),
    _row(ev.CheckAgain, S.FAILED, S.UNCERTAIN, asking=frozenset({Q.WHAT_NEXT}), only=_something_was_sent),
    _row(ev.CheckAgain, ASKING, asking=frozenset({Q.NOT_IN_ORDER}), settling=True),
    _row(ev.CloseAsked, ASKING, asking=ANY_QUESTION, settling=False),
    _row(ev.CloseAsked, S.WATCHING, settling=False),
    _row(ev.CloseAsked, ASKING, S.CLOSED, asking=frozenset({Q.NOT_IN_ORDER}), settling=True),
    # a step does
    _row(ev.StepStarted, S.EXECUTING, only=_is_next),
    _row(ev.StepEnded, S.EXECUTING, S.VERIFYING, S.UNCERTAIN, S.FAILED, only=_is_under_way),
    _row(ev.StepEnded, S.STOPPED, S.UNCERTAIN, S.FAILED, only=_is_under_way),
    _row(ev.WentDown, S.EXECUTING, S.STOPPED),
    _row(ev.WentDown, EVERYWHERE),
    _row(ev.CameUp, S.STOPPED, S.EXECUTING),
    _row(ev.CameUp, EVERYWHERE),
    _row(ev.ServesAgain, EVERYWHERE),
    # the host is asked
    _row(ev.Observed, S.EXECUTING, S.VERIFYING, S.UNCERTAIN, S.FAILED),
    _row(ev.Observed, S.STOPPED, S.EXECUTING, S.VERIFYING, S.UNCERTAIN),
    _row(ev.Observed, S.UNCERTAIN, S.EXECUTING, S.VERIFYING, S.FAILED),
    _row(ev.Observed, EVERYWHERE),
    _row(ev.NotObserved, RUNNING, S.UNCERTAIN),
    _row(ev.NotObserved, EVERYWHERE),
    # it is verified and watched
    _row(ev.ChecksDone, S.VERIFYING, S.WATCHING),
    _row(ev.ChecksDone, S.CLOSED),
    _row(ev.HealthSampled, S.WATCHING, only=_has_a_watch),
    _row(ev.HealthSampled, S.CLOSED),
    _row(ev.ForeignChangeSeen, frozenset({S.WATCHING, S.CLOSED})),
    _row(ev.WatchTimerFired, EVERYWHERE),
    _row(ev.Measured, EVERYWHERE),
    # it ends, and people are told
    _row(ev.Settled, ASKING, S.CLOSED, settling=True),
    _row(ev.Unsettled, ASKING, settling=True),
    _row(ev.DeliveryRecorded, EVERYWHERE),
    _row(ev.PostMortemNoted, EVERYWHERE),
    _row(ev.PostMortemExported, EVERYWHERE),
    # another process takes it up
    _row(ev.Resumed, S.PLANNED, S.ASSESSING),
    _row(ev.Resumed, S.EXECUTING, S.ASSESSING, S.UNCERTAIN, S.FAILED),
    _row(ev.Resumed, S.STOPPED, S.UNCERTAIN),
    _row(ev.Resumed, S.FAILED, S.UNCERTAIN),
    _row(ev.Resumed, OPEN),
)
"""`Opened` is in no row: it begins an incident, and is never legal in one"""


_ROWS = {kind: tuple(row for row in TABLE if row.event is kind) for kind in {row.event for row in TABLE}}


def possible(incident: Incident, event: ev.Event) -> bool:
    """True if this event may come now."""
    return any(row.holds(incident, event) for row in _ROWS.get(type(event), ()))


def edges() -> Iterator[tuple[State, type[ev.Event], State]]:
    """Every change of state that the table allows: from, by which event, to."""
    for row in TABLE:
        for state in State:
            if state in row.states:
                yield from ((state, row.event, to) for to in State if to in row.to and to is not state)


def diagram() -> str:
    """The states and what leads from one to another, as a Mermaid state diagram."""
    between: dict[tuple[State, State], list[str]] = {}
    for state, event, to in edges():
        names = between.setdefault((state, to), [])
        if event.__name__ not in names:
            names.append(event.__name__)
    lines = ["stateDiagram-v2", f"    [*] --> {State.ASSESSING}: Opened"]
    lines += [f"    {state} --> {to}: {', '.join(names)}" for (state, to), names in between.items()]
    return "\n".join([*lines, f"    {State.CLOSED} --> [*]"])
