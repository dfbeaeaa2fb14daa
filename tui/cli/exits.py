"""The exit codes. This file owns them."""

from collections.abc import Iterable
from enum import IntEnum

from tui.model.errors import (
    AlreadyThere,
    ConfigError,
    LinkError,
    TakenByOther,
    Undone,
    Unfinished,
)
from tui.model.incident import Closing, Incident, Question, State, StepResult
from tui.model.observation import same_release
from tui.model.outcome import NeverStarted
from tui.model.verification import Verdict


class Exit(IntEnum):
    """The program's exit codes."""

    DONE = 0
    """done and verified, or a read that worked"""
    USAGE = 2
    """wrong arguments or services.yaml"""
    REFUSED = 3
    """refused, nothing changed; `check` found something"""
    FAILED = 4
    """failed, the old release serves"""
    UNKNOWN = 5
    """outcome unknown"""
    UNHEALTHY = 6
    """changed, but not healthy, or the watch was breached"""
    INCONCLUSIVE = 7
    OTHERS = 8
    """somebody else has the incident"""
    ALREADY = 9
    """already there"""
    UNREACHABLE = 10
    """host unreachable, key or host key refused; nothing was sent"""
    OUTAGE = 11
    """failed, and nothing serves"""
    INTERRUPTED = 130
    """interrupted before the first write"""


_WORDS: dict[Exit, str] = {
    Exit.DONE: "done",
    Exit.USAGE: "usage",
    Exit.REFUSED: "refused",
    Exit.FAILED: "failed",
    Exit.UNKNOWN: "outcome-unknown",
    Exit.UNHEALTHY: "unhealthy",
    Exit.INCONCLUSIVE: "inconclusive",
    Exit.OTHERS: "taken-by-other",
    Exit.ALREADY: "already-there",
    Exit.UNREACHABLE: "unreachable",
    Exit.OUTAGE: "nothing-serves",
    Exit.INTERRUPTED: "interrupted",
}


def word(code: Exit) -> str:
    """The stable word for a code, as it is in JSON errors."""
    return _WORDS[code]


def of_error(error: Exception, *, wrote: bool = False) -> Exit:
    """The code for an error that ended a command. `wrote`: something that changes a host was sent before it; then only
    an error that says that it was taken back is believed, and of every other nobody knows what came of it."""
    match error:
        case AlreadyThere():
            return Exit.ALREADY
        case TakenByOther():
            return Exit.OTHERS
        case ConfigError():
            return Exit.USAGE
        case Undone():
            return Exit.REFUSED
        case Unfinished():
            return Exit.UNKNOWN
        case _ if wrote:
            return Exit.UNKNOWN
        case LinkError():
            return Exit.UNREACHABLE
        case _:
            return Exit.REFUSED


def gravest(codes: Iterable[Exit]) -> Exit:
    """The code of several reads: a host that could not be reached before a service that could not be read."""
    found = set(codes)
    return next((code for code in (Exit.UNREACHABLE, Exit.REFUSED) if code in found), Exit.DONE)


def of_incident(incident: Incident) -> Exit:
    """The code for where an incident is when the command line lets go of it."""
    if incident.state is State.CLOSED and incident.closing is not None:
        return _of_closing(incident, incident.closing, in_order=not (incident.unsettled and incident.left_over))
    match incident.asking:
        case Question.OUTCOME_UNKNOWN:
            return Exit.UNKNOWN
        case Question.VERIFY_FAILED | Question.WATCH_BREACHED:
            return Exit.UNHEALTHY
        case Question.VERIFY_INCONCLUSIVE | Question.WATCH_INCONCLUSIVE:
            return Exit.INCONCLUSIVE
        case Question.WHAT_NEXT:
            return _of_failure(incident, in_order=not _touched(incident))
        case Question.NOT_IN_ORDER if incident.settling is not None:
            return _of_closing(incident, incident.settling, in_order=False)
        case Question.NOT_IN_ORDER:
            return Exit.UNKNOWN
        case Question.TARGET | Question.CONFIRM:
            return Exit.REFUSED
        case None:
            return Exit.UNKNOWN if incident.wrote else Exit.INTERRUPTED


def _of_closing(incident: Incident, closing: Closing, *, in_order: bool) -> Exit:
    """`in_order` False: something of it is left on the host, so that "nothing changed" cannot be said."""
    in_order = in_order and not incident.kept_first
    match closing:
        case Closing.RECOVERED | Closing.UNWATCHED | Closing.FIXED_FORWARD:
            return Exit.DONE if incident.verdict in (Verdict.PASSED, None) else Exit.INCONCLUSIVE
        case Closing.FALSE_ALARM:
            return Exit.DONE
        case Closing.NOT_RECOVERED if incident.breach and incident.sent_at is None and in_order:
            return Exit.UNHEALTHY
        case Closing.ABORTED if in_order or not incident.wrote:
            return Exit.REFUSED
        case Closing.ABORTED:
            return _serving(incident)
        case _:
            return _of_failure(incident, in_order=in_order)


def _of_failure(incident: Incident, *, in_order: bool) -> Exit:
    if not incident.wrote or (refused(incident) and in_order):
        return Exit.REFUSED
    return _serving(incident)


def _touched(incident: Incident) -> bool:
    """True if a step may have changed something on the host: each that was not refused and is not known as not sent."""
    writing = {step.id for step in incident.plan.steps if step.writes} if incident.plan else set()
    return any(
        run.step in writing and run.result is not StepResult.REFUSED and not isinstance(run.outcome, NeverStarted)
        for run in incident.runs
    )


def _serving(incident: Incident) -> Exit:
    """The code by what was seen last; the old release is said to serve only where nothing speaks against it."""
    plan, latest = incident.plan, incident.latest
    serving = latest.serving if latest else (plan.before.serving if plan else True)
    if not serving:
        return Exit.OUTAGE
    if plan is not None and latest is not None and not same_release(plan.before, latest):
        return Exit.UNKNOWN if incident.verdict is None else Exit.UNHEALTHY
    if latest is None and any(run.result is StepResult.UNKNOWN for run in incident.runs):
        return Exit.UNKNOWN
    return Exit.FAILED


def refused(incident: Incident) -> bool:
    """True if the incident stopped because we declined before anything was sent that could replace the release."""
    return any(r.result is StepResult.REFUSED for r in incident.runs)
