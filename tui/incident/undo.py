"""Going forward again after a rollback: which release an incident left, and whether it can still be undone.

A rollback marks what it left as bad, so `previous` never leads there again. `undo` is the explicit word that overrides
the mark, and it means the state before the incident: what ran before its first write, however many plans came after.
It is possible only while what the incident brought still serves; anything else would undo somebody else's work.
"""

from collections.abc import Iterable

from tui.incident import events as ev
from tui.incident import landed
from tui.model.drill import is_drill
from tui.model.errors import AlreadyThere, Refused
from tui.model.incident import Incident, Question, State
from tui.model.observation import RunningState
from tui.model.plan import Plan
from tui.model.release import Release
from tui.model.value import Value

_HAS_LANDED = (State.VERIFYING, State.WATCHING)
_UNKNOWN = (State.EXECUTING, State.STOPPED, State.UNCERTAIN)


def changed(incident: Incident) -> bool:
    """True if the target of its plan is known to have served: only then there is something to undo."""
    if incident.plan is None or not incident.wrote:
        return False
    return incident.state in _HAS_LANDED or bool(incident.checks)


class Trace(Value):
    """The trace of an incident in what serves."""

    left: Release
    """what ran before its first deploy"""
    brought: Plan
    """the last plan whose target is known to have served"""


def trace(events: Iterable[ev.Event]) -> Trace | None:
    """The trace by its journal; None where no target of it is known to have served."""
    plan: Plan | None = None
    left: Release | None = None
    brought: Plan | None = None
    for event in events:
        if isinstance(event, ev.PlanMade):
            plan = event.plan
        elif isinstance(event, ev.StepStarted) and plan is not None and plan.decisive is not None:
            left = plan.leaving if left is None and plan.decisive.id == event.step else left
        elif isinstance(event, ev.ChecksDone):
            brought = plan
    return Trace(left=left, brought=brought) if left is not None and brought is not None else None


def check(incident: Incident, did: Trace | None, current: RunningState, running: Release) -> Release:
    """The release to go forward to again, `running` being what runs now.

    Raises Refused with why it is not possible, AlreadyThere where it serves already.
    """
    if incident.asking is Question.OUTCOME_UNKNOWN or incident.state in _UNKNOWN:
        raise Refused(
            f"how incident {incident.id} ended is not known yet", f"rollback resume {incident.known_as}, then undo it"
        )
    if did is None:
        raise Refused(f"incident {incident.id} changed nothing that serves: there is nothing to undo")
    left, target, now = did.left, did.brought.target.name, current.commit or current.metadata
    if (now is not None and left.is_commit(now)) or (left.commit and left.commit == running.commit):
        raise AlreadyThere(f"{left.name}, which incident {incident.id} left, is what runs now")
    if not (landed.serves(did.brought, current) or landed.deployed_but_down(did.brought, current)):
        raise Refused(
            f"what incident {incident.id} brought ({target}) does not run any more; what runs is {running.name}: "
            "undoing it would undo somebody else's deploy",
            f"rollback {incident.service} --list: shows what there is",
        )
    if left.commit is None and left.number is None:
        raise Refused(
            f"what incident {incident.id} left is known by no commit and was not kept",
            f"rollback {incident.service} --list",
        )
    return left


def latest(incidents: Iterable[Incident]) -> Incident:
    """The newest incident (they come newest first) that changed what serves; a drill changed nothing of anybody's.
    Raises Refused where there is none."""
    for incident in incidents:
        if changed(incident) and not is_drill(incident.app):
            return incident
    raise Refused("no incident of this machine's journal changed what serves", "rollback incidents")
