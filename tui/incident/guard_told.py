"""The message to people outside on a guarded deploy: one, when it is known what became of it; a second one at its end
where the first had to ask a person.

A clean deploy is told to nobody. After a rollback that no person confirmed the message says first what a person would
not expect: it was rolled back, whether that is proven, that deploys are frozen, and which machine holds the journal.
"""

from tui.incident import error_rates
from tui.model.evidence import Phase
from tui.model.incident import Closing, Incident, Question, State
from tui.model.notice import Milestone
from tui.model.verification import Verdict
from tui.text.clean import clean_line

_ENDS = {
    Question.OUTCOME_UNKNOWN: "its outcome is UNKNOWN",
    Question.WHAT_NEXT: "it FAILED",
    Question.VERIFY_FAILED: "what it brought is NOT HEALTHY",
    Question.VERIFY_INCONCLUSIVE: "it is NOT PROVEN",
    Question.NOT_IN_ORDER: "the host is NOT IN ORDER",
}


def over(incident: Incident) -> bool:
    """True if there is something to tell, and it is all known."""
    if incident.state is State.CLOSED:
        return incident.closing is not Closing.COMPLETE
    return incident.sent_at is not None and incident.asking in _ENDS


def was_asked(incident: Incident) -> bool:
    """True if it is closed, and people were told before that a person has to decide: its end is told them as well."""
    end = incident.closed_at
    if end is None or incident.sent_at is None:
        return False
    return any(d.at < end for d in incident.deliveries if d.milestone is Milestone.VERDICT)


def pages(incident: Incident) -> bool:
    """True if somebody has to look now: the release is worse, or something was changed without a person."""
    return incident.wrote or incident.closing is Closing.NOT_RECOVERED


def words(incident: Incident) -> tuple[str, list[str]]:
    """The title after the service's name, and the lines below it."""
    guard = incident.guard
    why = clean_line(incident.close_reason or incident.failure, 300)
    breach = clean_line(incident.breach, 300)
    lines = [_counted(incident), "" if why.startswith(breach) else breach, why]
    if incident.sent_at is None:
        head = "the guarded deploy is WORSE" if incident.closing is Closing.NOT_RECOVERED else "the guard knows nothing"
        lines.append(f"Nothing was changed. To go back: rollback {incident.service} previous")
    else:
        target = incident.plan.target.name if incident.plan is not None else "another release"
        head = f"rolled back to {target} by its guard: {_end(incident)}"
        frozen = incident.plan is not None and incident.plan.frozen_branch is not None
        if incident.left_frozen or (frozen and incident.open):
            lines.insert(0, f"Deploys are FROZEN until: rollback unfreeze {incident.service}")
        if incident.open:
            lines.append(f"A person has to decide: rollback resume {incident.id}")
    lines.append(f"The journal is on {guard.machine}." if guard is not None and guard.machine else "")
    return head, lines


def _end(incident: Incident) -> str:
    if incident.asking in _ENDS and incident.asking is not None:
        return _ENDS[incident.asking]
    return "proven" if incident.verdict is Verdict.PASSED else "NOT PROVEN"


def _counted(incident: Incident) -> str:
    found = [m for m in incident.measurements if m.phase is Phase.AFTER]
    together = error_rates.combined(found[-1]) if found else None
    if together is None or together.reading is None:
        return ""
    return f"{together.source}: {error_rates.numbers(together.reading)}"
