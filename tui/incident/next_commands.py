"""The ways on from an incident that is open, as commands that are accepted from there, each with what it leads to."""

from tui.model.incident import Incident, Question

CLOSE = "not-recovered"


def ways_on(incident: Incident) -> str:
    """One line; empty for a closed incident, or where nothing is asked of a person."""
    again = f"rollback resume {incident.id}"
    close = f"{again} --close"
    match incident.asking:
        case Question.TARGET | Question.CONFIRM:
            return f"{close} aborted: nothing was sent; rollback {incident.service} --list: the releases"
        case Question.OUTCOME_UNKNOWN:
            return f"{again}: asks the host again; {close} {CLOSE}: ends it, where somebody has looked there by hand"
        case Question.WHAT_NEXT:
            return f"{close} {CLOSE}: ends it, and lets deploys through; {_another(incident)}"
        case Question.VERIFY_FAILED | Question.VERIFY_INCONCLUSIVE:
            stay = f"{close} {CLOSE}: ends it (or recovered), and leaves deploys frozen"
            return f"{again}: looks again; {stay}; {_another(incident)}"
        case Question.WATCH_BREACHED | Question.WATCH_INCONCLUSIVE:
            return f"{close} {CLOSE}: ends it (or recovered), and leaves deploys frozen; {_another(incident)}"
        case Question.NOT_IN_ORDER:
            later = f"`rollback unfreeze {incident.service}`"
            return f"{again}: puts the host in order; {close} {CLOSE}: leaves that to {later}"
        case None:
            return again if incident.open else ""


def _another(incident: Incident) -> str:
    """Going on to another release inside the incident, which needs the word what runs now."""
    plan = incident.plan
    if plan is None:
        return f"rollback {incident.service} --list: the releases"
    runs = plan.leaving if incident.asking is Question.WHAT_NEXT else plan.target
    return f"rollback {incident.service} --list: another release, named with --expect-current {runs.name}"
