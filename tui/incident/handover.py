"""The handover of an incident to the next person: on one page, from its journal alone.

State, what is proven, what is ruled out, what is open, who was told what last, freezes and deadlines, the next step.
What nobody knows is said as such; nothing here is measured now.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tui.incident import announcements, decision_tree, error_rates, next_commands
from tui.incident import events as ev
from tui.incident.postmortem.escape import block
from tui.incident.postmortem.record import safe
from tui.model.evidence import Measurement, Phase
from tui.model.incident import Incident, Question, State, WatchKind
from tui.model.plan import CheckResult
from tui.model.postmortem import DueDate
from tui.model.release import Release
from tui.model.value import Value
from tui.model.verification import Verdict
from tui.text import numbers

LINES = 40
"""of the whole page at most"""
_ITEM = 300
"""characters of one item"""
_MOST = {"state": 4, "proven": 5, "ruled_out": 5, "open": 5, "last_post": 2, "held": 4, "next": 3}
"""items of each part that are shown; more are counted. With headings they fit LINES"""
TITLES = {
    "state": "State", "proven": "Proven", "ruled_out": "Ruled out", "open": "Open", "last_post": "Last post",
    "held": "Freezes and deadlines", "next": "Next step",
}  # fmt: skip
_PHASES = {
    Phase.BEFORE: "before the change", Phase.SWITCH: "while it was replaced", Phase.AFTER: "since the change",
}  # fmt: skip
_ASKS = {
    Question.TARGET: "which release to go back to, or whether to go back at all",
    Question.CONFIRM: "the plan waits for a person's word; nothing of it was sent",
    Question.OUTCOME_UNKNOWN: "NOBODY KNOWS how it ended: the host did not say so in time",
    Question.VERIFY_FAILED: "the verification failed: look again, another release, or close it",
    Question.VERIFY_INCONCLUSIVE: "it is not proven: something could not be measured",
    Question.WATCH_BREACHED: "the watch was broken off: worse again, or something that is not ours runs",
    Question.WATCH_INCONCLUSIVE: "the watch ended without a verdict: too little was seen",
    Question.WHAT_NEXT: "the target does not serve: what next?",
    Question.NOT_IN_ORDER: "it is over, and something of it is left on the host",
}


class HandOver(Value):
    """The parts, in the order in which they are read; each a few lines without markup."""

    incident: str
    service: str
    at: datetime
    state: tuple[str, ...]
    proven: tuple[str, ...]
    ruled_out: tuple[str, ...]
    open: tuple[str, ...]
    last_post: tuple[str, ...]
    held: tuple[str, ...]
    next: tuple[str, ...]

    def parts(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Name and lines of each part, as many as are shown."""
        for name, most in _MOST.items():
            lines: tuple[str, ...] = getattr(self, name)
            more = len(lines) - most
            yield name, lines if more <= 0 else (*lines[: most - 1], f"and {more + 1} more: rollback postmortem")


def write(incident: Incident, events: Sequence[ev.Event], duty: DueDate, now: datetime) -> HandOver:
    """The page as the journal tells it at `now`. `duty`: whether its post-mortem is wanted."""
    return HandOver(
        incident=incident.id,
        service=safe(incident.service, 60),
        at=now,
        state=_few(_state(incident, now)),
        proven=_few(_proven(incident)),
        ruled_out=_few(_ruled_out(incident, events)),
        open=_few(_open(incident)),
        last_post=_few(_last_post(incident, now)),
        held=_few(_held(incident, duty, now)),
        next=_few(_next(incident, duty)),
    )


def markdown(found: HandOver) -> str:
    """The page as Markdown, LINES lines at most."""
    lines = [f"# Handover: {block(found.service)}, incident {found.incident}", f"As of {_at(found.at)}."]
    for name, items in found.parts():
        lines.append(f"## {TITLES[name]}")
        lines.extend(f"- {block(item)}" for item in items)
    return "\n".join(lines[:LINES]) + "\n"


def _few(lines: Iterator[str]) -> tuple[str, ...]:
    return tuple(safe(line, _ITEM) for line in lines) or ("nothing",)


def _at(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _ago(at: datetime, now: datetime) -> str:
    minutes = int((now - at).total_seconds() // 60)
    words = "just now" if minutes < 1 else f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"
    return f"{_at(at)} ({words})"


def _named(release: Release) -> str:
    return f"{release.name} ({(release.commit or 'commit unknown')[:10]})"


def _state(incident: Incident, now: datetime) -> Iterator[str]:
    level = f", severity {incident.severity}" if incident.severity else ", severity not said"
    how = f": {incident.closing.value}" if incident.closing is not None else ""
    yield f"{incident.state.value.upper()}{how} since {_ago(incident.since, now)}{level}"
    why = f": {incident.reason}" if incident.reason else ""
    yield f"{incident.app} on {incident.host}; opened by {incident.by} at {_at(incident.opened_at)}{why}"
    plan = incident.plan
    if plan is None:
        yield "nothing was planned, and nothing was sent to the host"
        return
    sent = "sent to the host" if incident.wrote else "nothing of it was sent"
    yield f"plan {plan.attempt}: from {_named(plan.leaving)} to {_named(plan.target)} by {plan.way}; {sent}"
    yield _serves(incident)


def _serves(incident: Incident) -> str:
    plan = incident.plan
    if plan is None or not incident.wrote:
        return "what runs was not changed by this incident"
    match incident.state:
        case State.EXECUTING | State.UNCERTAIN:
            return "what serves is not known yet: what was sent goes on at the host"
        case State.STOPPED:
            return "NOTHING SERVES until the target has started"
        case State.FAILED if incident.latest is not None and not incident.latest.serving:
            return "NOTHING SERVES: neither the target nor what it left"
        case State.FAILED:
            return f"{plan.leaving.name} serves as before, as far as was seen last"
        case _ if incident.served_at is not None:
            return f"{plan.target.name} serves since {_at(incident.served_at)}"
        case _:
            return "what serves is not known from this record: rollback status"


def _proven(incident: Incident) -> Iterator[str]:
    for check in incident.checks:
        if check.verdict is Verdict.PASSED:
            yield f"{check.name}: {check.evidence}"
    watch = incident.watch
    if watch is not None and watch.healthy:
        yield f"watched: {watch.healthy} looks healthy, {watch.unhealthy} not, {watch.unmeasured} not measured"
    if incident.down_since is not None and incident.down_until is not None:
        seconds = (incident.down_until - incident.down_since).total_seconds()
        yield f"it did not answer for {numbers.whole_seconds(seconds)}, and does again"


def _ruled_out(incident: Incident, events: Sequence[ev.Event]) -> Iterator[str]:
    """All that need not be looked at again: no by evidence, looks that were well, releases that are no way out."""
    taken, _ = decision_tree.path({a.node: a.answer for a in incident.answers})
    for node, answer in taken:
        if not answer:
            seen = next(a.evidence for a in incident.answers if a.node == node.id)
            yield f"{node.question.replace('{rate} ', 'the limit ')} No{f' ({seen})' if seen else ''}"
    if incident.measurements and (under := _under(incident.measurements[-1])):
        yield under
    tried = [e.plan for e in events if isinstance(e, ev.PlanMade)]
    for plan in tried:
        if incident.plan is not None and plan.attempt != incident.plan.attempt:
            yield f"{_named(plan.target)} was planned before as attempt {plan.attempt}, and left"
    if incident.plan is not None:
        good = [one.words for one in incident.plan.checked if one.standing is CheckResult.OK and not one.ahead]
        if good:
            yield f"as it should be before the plan: {', '.join(good)}"
        for name, why in incident.plan.skipped:
            yield f"{name} as the target: {why}"


def _under(found: Measurement) -> str:
    together = error_rates.combined(found)
    if together.word is not error_rates.Word.UNDER or together.reading is None:
        return ""
    return f"error rate: {error_rates.numbers(together.reading)} ({together.source}, {_when(found)})"


def _when(found: Measurement) -> str:
    """Of which time it is: what was counted before a rollback says nothing of what serves now."""
    return f"{_PHASES[found.phase]}, as of {found.at:%H:%M:%S}Z"


def _open(incident: Incident) -> Iterator[str]:
    if incident.asking is not None:
        yield f"asked: {_ASKS[incident.asking]}"
    if incident.failure:
        yield incident.failure
    for check in incident.checks:
        if check.verdict is not Verdict.PASSED:
            yield f"{check.name} {check.verdict.value}: {check.evidence}"
    if incident.measurements and incident.open:
        together = error_rates.combined(incident.measurements[-1])
        if together.word is error_rates.Word.OVER and together.reading is not None:
            counted = f"{error_rates.numbers(together.reading)} ({together.source})"
            yield f"error rate OVER the limit, {_when(incident.measurements[-1])}: {counted}"
        elif together.word is error_rates.Word.UNSURE:
            yield f"error rate, {_when(incident.measurements[-1])}: too little was counted to say"
    if incident.unsettled:
        yield f"the host could not be put in order: {incident.unsettled}"
    yield from (f"still to do: {one}" for one in incident.left_over)
    if incident.plan is not None and incident.open:
        unknown = [look.words for look in incident.plan.checked if look.standing is CheckResult.UNKNOWN]
        if unknown:
            yield f"nobody knows, from before the plan: {', '.join(unknown)}"
    for told in announcements.standing(incident.deliveries):
        if not told.delivered:
            yield f"NOT told: {told.channel}: {told.milestone.value}: {told.detail}"


def _last_post(incident: Incident, now: datetime) -> Iterator[str]:
    told = [one for one in incident.deliveries if one.delivered]
    if not told:
        yield "nothing is posted: a person decided so" if not incident.post else "nobody was told anything"
        return
    last = max(told, key=lambda one: one.at)
    by = " by hand" if last.by_hand else ""
    yield f"{last.channel}: {last.milestone.value}{by}, {_ago(last.at, now)}{f', {last.link}' if last.link else ''}"


def _held(incident: Incident, duty: DueDate, now: datetime) -> Iterator[str]:
    plan = incident.plan
    frozen = plan is not None and plan.frozen_branch is not None and incident.run_of("freeze") is not None
    if incident.left_frozen or (frozen and incident.open):
        branch = plan.frozen_branch if plan is not None else None
        where = f" (deploy branch {branch})" if branch else ""
        yield f"deploys of {incident.app} are FROZEN{where}: rollback unfreeze {incident.service} after the close"
    watch = incident.watch
    if incident.state is State.WATCHING and watch is not None:
        kind = "after a rollback" if watch.kind is WatchKind.AFTER_ROLLBACK else "without a change"
        left = (watch.deadline - now).total_seconds() / 60
        until = "over" if left <= 0 else f"{left:.0f} min left" if left >= 1 else "under a minute left"
        seen = numbers.seen(watch.coverage(now))
        yield f"watch {kind} until {_at(watch.deadline)} ({until}), {seen} of it seen so far"
    if duty.required and duty.written is None:
        when = f"by {_at(duty.due)}" if duty.due is not None else "counted from its close"
        yield f"post-mortem wanted {when}"


def _next(incident: Incident, duty: DueDate) -> Iterator[str]:
    if incident.open:
        steps = next_commands.ways_on(incident)
        if incident.asking is None:
            yield f"nothing is asked of a person: follow it in the console, or take it up: {steps}"
        else:
            yield from steps.split("; ")
        return
    if incident.left_frozen:
        yield f"rollback unfreeze {incident.service}: lets deploys through again"
    if duty.open:
        yield f"rollback postmortem {incident.id}: writes it down"
