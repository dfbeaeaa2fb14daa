"""The common part of several states' transitions: entering a state, the next step, doubt, putting the host in order."""

from datetime import datetime

from msgspec.structs import replace

from tui.incident import effects as do
from tui.model.incident import Closing, Incident, Question, State, StepResult

Decision = tuple[Incident, tuple[do.Effect, ...]]
"""the next incident, and the effects to perform"""


def enter(incident: Incident, state: State, at: datetime, **changes: object) -> Incident:
    """The incident in this state, since `at` where it was in another, with fields changed."""
    since = incident.since if incident.state is state else at
    entered: Incident = replace(incident, state=state, since=since, **changes)
    return entered


def proceed(incident: Incident, at: datetime) -> Decision:
    """The next step of the plan; after the last one, verify."""
    following = next_step(incident)
    if following is not None:
        return enter(incident, State.EXECUTING, at, asking=None), (do.RunStep(step=following),)
    return enter(incident, State.VERIFYING, at, asking=None), (do.Verify(),)


def doubt(incident: Incident, at: datetime) -> Decision:
    """Only the host knows how it ended: it is asked."""
    doubted = enter(incident, State.UNCERTAIN, at, asking=None, looks=(), quiet_since=None, failure="")
    return doubted, (do.Observe(),)


def nothing_replaced(incident: Incident, at: datetime) -> Decision:
    """No step was begun that could replace what runs: however the last one ended, nothing is uncertain about that.

    What it left on the host (a record, a freeze) is put in order when the incident is closed.
    """
    said = incident.runs[-1].detail if incident.runs else ""
    return enter(incident, State.FAILED, at, asking=Question.WHAT_NEXT, failure=said or "it was not begun"), ()


def settle(incident: Incident, closing: Closing, reason: str) -> Decision:
    """Put the host in order; the incident is closed after that."""
    begun = replace(incident, settling=closing, asking=None, close_reason=reason, unsettled="", unsettled_since=None)
    return begun, (do.Settle(closing=closing),)


def went_down(incident: Incident, at: datetime) -> Incident:
    """The clock of the downtime runs from the first sign; a service that came up and falls again is health's matter."""
    if incident.plan is None or incident.down_since is not None or not push_begun(incident):
        return incident
    down, last = replace(incident, down_since=at), incident.runs[-1]
    under_way = incident.state is State.EXECUTING and last.ended_at is None and is_push(incident, last.step)
    return enter(down, State.STOPPED, at) if under_way else down


def came_up(incident: Incident, at: datetime) -> Incident:
    """The first good answer after it was down ends the downtime."""
    if incident.down_since is None or incident.down_until is not None:
        return incident
    up = replace(incident, down_until=at)
    return enter(up, State.EXECUTING, at) if incident.state is State.STOPPED else up


def next_step(incident: Incident) -> str | None:
    """The id of the first step that was not begun; None: there is none."""
    begun = len(incident.runs)
    steps = incident.plan.steps if incident.plan else ()
    return steps[begun].id if begun < len(steps) else None


def is_push(incident: Incident, step: str) -> bool:
    """True if it is the step that changes what serves: a push, or another deploy."""
    decisive = incident.plan.decisive if incident.plan is not None else None
    return decisive is not None and decisive.id == step


def push_begun(incident: Incident) -> bool:
    """True if the step that changes what serves was begun."""
    return any(is_push(incident, run.step) for run in incident.runs)


def only_refused(incident: Incident) -> bool:
    """The push was begun but declined by ourselves before anything was sent."""
    return all(r.result is StepResult.REFUSED for r in incident.runs if is_push(incident, r.step))
