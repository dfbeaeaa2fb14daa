"""The words for a person when the command line lets go of an incident: what goes on, what is held, and the way on."""

from collections.abc import Iterator

from tui.incident import next_commands as ways
from tui.model.incident import Closing, Incident, Question, State
from tui.model.postmortem import DueDate

_CLOSE = {
    Question.VERIFY_FAILED: Closing.NOT_RECOVERED,
    Question.VERIFY_INCONCLUSIVE: Closing.RECOVERED,
    Question.WATCH_BREACHED: Closing.NOT_RECOVERED,
    Question.WATCH_INCONCLUSIVE: Closing.RECOVERED,
    Question.WHAT_NEXT: Closing.NOT_RECOVERED,
    Question.OUTCOME_UNKNOWN: Closing.NOT_RECOVERED,
}
"""the word that most often ends what is asked; any other is taken, too"""

_LOOKS = (Question.OUTCOME_UNKNOWN, Question.VERIFY_FAILED, Question.VERIFY_INCONCLUSIVE)
"""what taking the incident up looks at again"""


def words(incident: Incident) -> str:
    """The fate of what was sent."""
    if incident.state is State.WATCHING:
        return f"{_target(incident)} serves; nobody watches it until the incident is taken up again"
    if incident.state is State.VERIFYING:
        return f"{_target(incident)} serves; it is not verified yet"
    plan = incident.plan
    decisive = plan.decisive if plan is not None else None
    if decisive is None or incident.run_of(decisive.id) is None:
        return "nothing was sent yet that replaces what runs"
    if plan is not None and not plan.outlives:
        return "what was sent is aborted, perhaps half-way"
    return f"what was sent goes on at the host, and may bring {_target(incident)} up without us"


def left(incident: Incident, duty: DueDate) -> Iterator[str]:
    """The things that are open, held and due, one line each."""
    yield f"open: incident {incident.id} on {incident.service} ({incident.state})"
    plan = incident.plan
    if plan is not None and plan.frozen_branch is not None and incident.run_of("freeze") is not None:
        yield f"frozen: deploys of {incident.app}, until it is closed and `rollback unfreeze {incident.service}`"
    if duty.required and duty.written is None:
        when = f"{duty.due:%Y-%m-%d %H:%M}Z" if duty.due is not None else "counted from its close"
        yield f"due: its post-mortem, {when}"


def onward(incident: Incident) -> str:
    """The ways on from a question: looking again, another release, or closing it; and the freeze, where there is
    one."""
    asked = incident.asking
    again = f"rollback resume {incident.id}"
    if asked is None or asked not in _CLOSE:
        return ways.ways_on(incident)
    how = _CLOSE[asked].value.replace(" ", "-")
    steps = [f"look again: {again}"] if asked in _LOOKS else []
    steps.append(f"end it: {again} --close {how}")
    plan, name = incident.plan, incident.service
    if plan is not None and asked is not Question.OUTCOME_UNKNOWN:
        serves = plan.leaving if asked is Question.WHAT_NEXT else plan.target
        steps.append(
            f"another release: rollback {name} RELEASE --expect-current {serves.name} (rollback {name} --list)"
        )
    if plan is not None and plan.frozen_branch is not None:
        steps.append(f"deploys are frozen: once it is closed, rollback unfreeze {name}")
    return " · ".join(steps)


def _target(incident: Incident) -> str:
    return incident.plan.target.name if incident.plan is not None else "the target"
