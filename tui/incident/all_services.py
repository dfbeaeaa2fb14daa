"""One run over several services: in which order, what is next, when it stops, and the table of where it is.

The services go back one after the other, those that others depend on first. The next one begins only when those before
it are proven to serve their target (a watch may still go on), and none begins after one that did not come through. What
was confirmed is what is done: a service is planned anew right before its first write, and anything that is different
then stops the run before that service is touched.
"""

from collections.abc import Sequence
from enum import StrEnum

from tui.model.incident import Closing, Group, Incident, State
from tui.model.observation import differences
from tui.model.plan import Plan, WarningLevel
from tui.model.release import Release
from tui.model.service import Host, Service
from tui.model.value import Value
from tui.model.verification import Verdict

PHRASE = "all previous"
"""what has to be typed before several services go back"""


class BatchStage(StrEnum):
    """The stage of one service of the run."""

    NOT_STARTED = "not started"
    """nothing of it was sent"""
    UNDER_WAY = "under way"
    WATCHING = "watching"
    """proven; the next one may begin"""
    DONE = "done"
    """through, or closed by a person's word: it holds nothing up"""
    STOPPED = "stopped"
    """it did not come through, or its turn was refused: nothing begins after it"""


class BatchItem(Value):
    """One service of the run."""

    service: str
    incident: Incident | None = None
    """None: not on record yet"""
    refused: str = ""
    """why its turn was declined before anything of it was sent"""


def order(services: Sequence[Service]) -> tuple[Service, ...]:
    """Lowest `order` first, by name where that is equal."""
    return tuple(sorted(services, key=lambda s: (s.order, s.name)))


def too_many(services: Sequence[Service], hosts: Sequence[Host], parallel: int) -> str:
    """Why so many at once are not possible; empty where they are."""
    if parallel < 1:
        return "at least one service at a time"
    for host in hosts:
        there = sum(1 for service in services if service.host == host.name)
        if min(parallel, there) > host.max_parallel:
            return f"{there} services are on {host.name}, which allows {host.max_parallel} at once"
    return ""


# ── before ───────────────────────────────────────────────────────────────────────────────────────────────────────


def blocked(plan: Plan, group: Group) -> str:
    """Why this plan must not be carried out in this run; empty where nothing is wrong. Of the parts of one service a
    healthy one goes back with the others; of all services none does that is well."""
    return "; ".join(caution.text for caution in plan.blocked) or ("" if group.whole else plan.leaves_healthy)


def once_more(plans: Sequence[Plan]) -> dict[str, Plan]:
    """The services whose app is that of another plan before theirs, each with that plan: a host that has two names, or
    a name and an address, leads to the same containers. Going back with both would go back twice."""
    found: dict[str, Plan] = {}
    seen: dict[str, Plan] = {}
    for plan in plans:
        ids = [c.id for c in plan.before.containers if c.id]
        first = next((seen[one] for one in ids if one in seen), None)
        if first is not None:
            found[plan.service] = first
        seen |= dict.fromkeys(ids, first or plan)
    return found


def title(group: Group) -> str:
    """The run's name where it is told of: what a person would type."""
    return f"{group.whole} {group.target}" if group.whole else PHRASE


def changed(confirmed: Plan, fresh: Plan) -> tuple[str, ...]:
    """The differences between now and what a person confirmed, in words; empty where nothing is."""
    found = list(differences(confirmed.before, fresh.before))
    if _name(confirmed.target) != _name(fresh.target):
        found.append(f"the target was {confirmed.target.name}, is {fresh.target.name}")
    if fresh.way != confirmed.way:
        found.append(f"the way was {confirmed.way}, is {fresh.way}")
    if fresh.record_of != confirmed.record_of:
        found.append(f"the incident on the host was {confirmed.record_of or 'none'}, is {fresh.record_of or 'none'}")
    known = {caution.text for caution in confirmed.warnings}
    found.extend(
        caution.text
        for caution in fresh.warnings
        if caution.severity in (WarningLevel.TYPE, WarningLevel.BLOCK) and caution.text not in known
    )
    return tuple(found)


def _name(release: Release) -> tuple[str | None, ...]:
    return (release.holder, release.commit, release.image, release.name)


# ── meanwhile ────────────────────────────────────────────────────────────────────────────────────────────────────


def stage(part: BatchItem) -> BatchStage:
    """The stage that it is in."""
    incident = part.incident
    if part.refused:
        return BatchStage.STOPPED
    if incident is None:
        return BatchStage.NOT_STARTED
    if not incident.open:
        return BatchStage.DONE
    if incident.settling is not None and incident.asking is None:
        return BatchStage.UNDER_WAY
    if incident.state in (State.ASSESSING, State.PLANNED):
        return BatchStage.NOT_STARTED
    if incident.asking is not None:
        return BatchStage.STOPPED
    return BatchStage.WATCHING if incident.state is State.WATCHING else BatchStage.UNDER_WAY


def next_up(parts: Sequence[BatchItem], parallel: int) -> tuple[str, ...]:
    """The services to begin now, in order; none after one that stopped."""
    stages = [stage(part) for part in parts]
    if BatchStage.STOPPED in stages:
        return ()
    free = max(0, parallel - stages.count(BatchStage.UNDER_WAY))
    waiting = [part.service for part, at in zip(parts, stages, strict=True) if at is BatchStage.NOT_STARTED]
    return tuple(waiting[:free])


def at_rest(parts: Sequence[BatchItem], parallel: int) -> bool:
    """True if there is nothing to wait for: all are through, or one stopped and nothing more is being carried out.

    A watch is waited for only while none has stopped: a person is needed there, and finds the watch by resuming.
    """
    stages = {stage(part) for part in parts}
    if BatchStage.UNDER_WAY in stages or next_up(parts, parallel):
        return False
    return BatchStage.STOPPED in stages or BatchStage.WATCHING not in stages


def stopped_at(parts: Sequence[BatchItem]) -> BatchItem | None:
    """The first service, in order, that holds the run up."""
    return next((part for part in parts if stage(part) is BatchStage.STOPPED), None)


def through(parts: Sequence[BatchItem]) -> tuple[Incident, ...]:
    """The incidents that changed what serves and came through, in order: each can be undone, by its own id."""
    found = (part.incident for part in parts if stage(part) in (BatchStage.DONE, BatchStage.WATCHING))
    return tuple(i for i in found if i is not None and i.wrote and well(i))


def well(incident: Incident) -> bool:
    """True if its target was proven to serve, or a person's word says that nothing needed to be done."""
    if incident.closing in (Closing.FIXED_FORWARD, Closing.FALSE_ALARM):
        return True
    through = incident.closing in (Closing.RECOVERED, Closing.UNWATCHED) and incident.verdict is Verdict.PASSED
    return through or (incident.state is State.WATCHING and incident.asking is None)


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────


class ServiceLine(Value):
    """One service in the table."""

    service: str
    stage: BatchStage
    way: str
    """`from → to`, or empty where no plan was made"""
    words: str


def table(parts: Sequence[BatchItem]) -> tuple[ServiceLine, ...]:
    """The table of all: what is done, what stopped, what was not started."""
    return tuple(_line(part) for part in parts)


def _line(part: BatchItem) -> ServiceLine:
    incident, at = part.incident, stage(part)
    plan = incident.plan if incident is not None else None
    way = f"{plan.leaving.name} → {plan.target.name}" if plan is not None else ""
    return ServiceLine(service=part.service, stage=at, way=way, words=_words(part, at))


def _words(part: BatchItem, at: BatchStage) -> str:
    incident = part.incident
    if part.refused:
        return f"nothing of it was sent: {part.refused}"
    if incident is None or at is BatchStage.NOT_STARTED:
        return ""
    if not incident.open:
        length = ""
        if incident.runs and incident.closed_at is not None:
            length = f", {(incident.closed_at - incident.runs[0].started_at).total_seconds():.0f} s"
        word = incident.closing.value if incident.closing else "closed"
        if incident.closing is Closing.UNWATCHED:
            word = "verified, not watched"
        why = f": {incident.close_reason}" if incident.close_reason and not well(incident) else ""
        return f"{word}{length}{why}"
    if incident.asking is not None:
        unproven = next((c for c in incident.checks if c.verdict is not Verdict.PASSED), None)
        if incident.state is State.VERIFYING and unproven is not None:
            return f"verification {unproven.verdict.value}: {unproven.name}: {unproven.evidence}"
        return incident.failure or f"{incident.state.value}: {incident.asking.value}"
    return incident.state.value
