"""The announcements of an incident to people outside: their moments and their words.

A moment follows from the incident alone, so that whoever takes an incident up knows what has still to be told. Nothing
is told of an incident in which nothing was sent to a host.
"""

from datetime import datetime, timedelta

from tui.incident import guard_told
from tui.incident.deploy_or_not import worded
from tui.model.incident import Closing, Incident, Question, State
from tui.model.notice import Delivery, EventFacts, Message, Milestone
from tui.model.verification import Verdict
from tui.text import numbers
from tui.text.chat import plain
from tui.text.clean import clean, clean_line
from tui.text.redact import redact

LONGEST = 1500
"""characters of a text: chats take 2000"""
_VERDICTS = {
    Question.WATCH_BREACHED: "ALARM while watching",
    Question.WATCH_INCONCLUSIVE: "the watch ended without a verdict",
}


def reached(incident: Incident) -> tuple[Milestone, ...]:
    """The milestones that this incident has come to, in their order; none where the person wants nothing posted."""
    if incident.guard is not None:
        if not incident.post or not guard_told.over(incident):
            return ()
        return (Milestone.VERDICT, Milestone.CLOSED) if guard_told.was_asked(incident) else (Milestone.VERDICT,)
    if not incident.post or not _begun(incident):
        return ()
    found = [Milestone.STARTED]
    if incident.verdict is Verdict.PASSED:
        found.append(Milestone.VERIFIED)
    if incident.watch is not None and (
        incident.asking in _VERDICTS or incident.settling is Closing.RECOVERED or incident.closing is Closing.RECOVERED
    ):
        found.append(Milestone.VERDICT)
    if incident.state is State.CLOSED:
        found.append(Milestone.CLOSED)
    return tuple(found)


def _begun(incident: Incident) -> bool:
    return incident.plan is not None and (incident.state is State.EXECUTING or bool(incident.runs))


def message(incident: Incident, milestone: Milestone, environment: str, at: datetime) -> Message:
    """The message of that milestone. STARTED can be asked for before it has come: that is what is shown beforehand."""
    severity = f"[{incident.severity}] " if incident.severity else ""
    head, lines = _words(incident, milestone, environment)
    if milestone is Milestone.STARTED and incident.post_text:
        lines = incident.post_text.splitlines()
    else:
        lines.append(f"Incident {incident.id}, by {incident.by}.")
    text = "\n".join(line for line in lines if line)
    return Message(
        incident=incident.id,
        service=incident.service,
        milestone=milestone,
        at=at,
        title=plain(clean_line(f"{severity}{incident.service}: {head}", 200)),
        text=plain(clean(text))[:LONGEST],
        severity=incident.severity,
        page=incident.guard is not None and milestone is Milestone.VERDICT and guard_told.pages(incident),
        facts=_facts(incident, environment),
    )


def _facts(incident: Incident, environment: str) -> EventFacts | None:
    plan = incident.plan
    if plan is None:
        return None
    tickets = [d.link for d in incident.deliveries if d.channel == "ticket" and d.delivered and d.link]
    return EventFacts(
        environment=environment,
        host=incident.host,
        app=incident.app,
        opened_at=incident.opened_at,
        target=plan.target.name,
        commit=plan.target.commit,
        onward=plan.forward or plan.again,
        began_at=incident.runs[0].started_at if incident.runs else None,
        ended_at=_proven(incident),
        guarded=incident.guard is not None,
        recovered=_well(incident),
        ticket=tickets[-1] if tickets else None,
    )


def _proven(incident: Incident) -> datetime | None:
    """When the target was seen to serve, where a verification proved it."""
    ends = [run.ended_at for run in incident.runs if run.ended_at is not None]
    return (incident.served_at or max(ends, default=None)) if incident.verdict is Verdict.PASSED else None


def _well(incident: Incident) -> bool:
    """True if it is over and the service is well: watched to the end or by a person's word, or proven and not watched,
    which is how a guard's rollback and one with `--no-watch` end."""
    proven = incident.closing is Closing.UNWATCHED and incident.verdict is Verdict.PASSED
    return proven or incident.closing is Closing.RECOVERED


def ticket(incident: Incident, words: str, at: datetime) -> Message:
    """A ticket that a person files before anything is sent to a host: its title is the first line of the words. It is
    the incident's one ticket: what follows becomes comments on it."""
    title, _, text = words.partition("\n")
    return Message(
        incident=incident.id,
        service=incident.service,
        milestone=Milestone.STARTED,
        at=at,
        title=plain(clean_line(title, 200)),
        text=plain(clean(redact(text.strip())))[:LONGEST],
        severity=incident.severity,
    )


def post_mortem(incident: Incident, document: str, at: datetime) -> Message:
    """The post-mortem for a ticket: the one text that is Markdown, so that it is not cut here either."""
    return Message(
        incident=incident.id,
        service=incident.service,
        milestone=Milestone.POSTMORTEM,
        at=at,
        title=plain(clean_line(f"{incident.service}: post-mortem", 200)),
        text=redact(document),
        severity=incident.severity,
    )


def _words(incident: Incident, milestone: Milestone, environment: str) -> tuple[str, list[str]]:
    if incident.guard is not None and milestone in (Milestone.VERDICT, Milestone.CLOSED):
        return guard_told.words(incident)
    target = incident.plan.target.name if incident.plan else "another release"
    forward = incident.plan is not None and incident.plan.forward
    again = incident.plan is not None and incident.plan.again
    match milestone:
        case Milestone.STARTED:
            if again:
                return f"deploying {target} again, which runs", _started(incident, environment)
            doing = "going forward again" if forward else "rolling back"
            return f"{doing} to {target}", _started(incident, environment)
        case Milestone.VERIFIED:
            on = "again" if again else "forward again" if forward else "back"
            return f"{on} on {target}, verified", _verified(incident)
        case Milestone.VERDICT:
            said = _VERDICTS.get(incident.asking) if incident.asking else None
            return said or "watched to the end: recovered", _watched(incident)
        case _:
            end = incident.closing.value if incident.closing else incident.state.value
            return f"closed: {end}", _closed(incident)


def _started(incident: Incident, environment: str) -> list[str]:
    plan = incident.plan
    if plan is None:
        return []
    cost = f"about {plan.expected:.0f} s"
    if plan.downtime:
        cost += f", does not answer for {plan.downtime[0]:.0f}-{plan.downtime[1]:.0f} s"
    way = f"from {plan.leaving.name} {'forward again' if plan.forward else 'back'} to {plan.target.name}"
    if plan.again:
        way = f"{plan.target.name} is deployed again, so that a restart starts it and no failed image"
    return [
        f"{incident.service} ({incident.app}, {environment}): {way}, {cost}.",
        f"Why: {clean_line(incident.reason, 300)}" if incident.reason else "",
        "Pushes deploy nothing until it is over." if plan.frozen_branch else "",
    ]


def _verified(incident: Incident) -> list[str]:
    passed = sum(check.verdict is Verdict.PASSED for check in incident.checks)
    began = incident.runs[0].started_at if incident.runs else incident.since
    ended = max((run.ended_at for run in incident.runs if run.ended_at), default=incident.since)
    watched = (
        f"It is watched for {numbers.length(incident.watch_for)} now."
        if incident.watch_for
        else "Nobody watches it now."
    )
    return [
        f"{passed} of {len(incident.checks)} checks passed; the steps took {numbers.length(ended - began)}.",
        _downtime(incident),
        watched,
    ]


def _watched(incident: Incident) -> list[str]:
    watch = incident.watch
    if watch is None:
        return []
    until = watch.last.at if watch.last else watch.opened_at
    counts = f"{watch.healthy} healthy looks, {watch.unhealthy} unhealthy, {watch.unmeasured} not measured"
    lines = [f"Watched for {worded(max(timedelta(0), until - watch.opened_at))}: {counts}."]
    lines.extend(clean_line(note, 300) for _, note in watch.notes[-3:])
    if incident.asking is not None and incident.failure:
        lines.append(clean_line(incident.failure, 300))
    if incident.asking is not None:
        lines.append("A person has to decide now.")
    return lines


def _closed(incident: Incident) -> list[str]:
    lines = [summary(incident), _downtime(incident)]
    if incident.close_reason:
        lines.append(clean_line(incident.close_reason, 300))
    lines.extend(f"Left to do: {clean_line(line, 300)}" for line in incident.left_over)
    return lines


def summary(incident: Incident) -> str:
    """One line for people: what was done, how long it took."""
    length = worded((incident.closed_at or incident.since) - incident.opened_at)
    severity = f"{incident.severity} " if incident.severity else ""
    if incident.plan is not None and incident.wrote:
        went = f"{incident.plan.leaving.name} to {incident.plan.target.name}"
        return f"{severity}{incident.service}: {went}, {length} in all"
    return f"{severity}{incident.service}: nothing was changed, {length} in all"


def _downtime(incident: Incident) -> str:
    since, until = incident.down_since, incident.down_until
    if since is None or until is None:
        return ""
    return f"It did not answer for {numbers.length(until - since)}."


def standing(deliveries: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
    """The latest delivery of each message, in the order in which they were first told."""
    found: dict[tuple[Milestone, str], Delivery] = {}
    for delivery in deliveries:
        found[delivery.milestone, delivery.channel] = delivery
    return tuple(found.values())
