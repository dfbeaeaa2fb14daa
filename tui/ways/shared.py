"""What every way back but `kept` has in common: taking the incident, comparing, freezing, marking, and its warnings.

A way is one command that deploys (`StepKind.DEPLOY`), with these steps around it. Such a command is aborted when its
client dies (only a push is finished by the host without us), so its plan says `outlives=False` and warns.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from tui.dokku import commands, kept, paste
from tui.incident import latest
from tui.model.plan import ANYWHERE, Caution, Plan, Proof, Severity, Step, StepKind, Where
from tui.model.release import Release
from tui.model.service import Host, Service
from tui.model.value import Value
from tui.ways import downtime, keepfirst, locks, signature, stopfirst
from tui.ways.facts import Facts, Options, old_branch, unknown_branch
from tui.ways.kept import forward_marks

DEPLOY_LIMIT = 1800.0
"""seconds until we stop waiting for a deploy that builds"""


class Way(Value):
    """What one way adds to the common plan."""

    name: str
    argv: tuple[str, ...]
    title: str
    expected: float
    where: Where = Where.HOST
    paste: str = ""
    proof: Proof | None = None
    proves: bool = True
    anywhere: bool = False
    """whether it may move any branch, to a commit that nobody knows beforehand"""
    moves: bool = False
    """whether it moves the deploy branch to the target's commit before it builds"""
    freezes: bool = True
    """whether deploys are held back at all: a script may need the branch as it is"""
    cautions: tuple[Caution, ...] = ()


def plan(
    service: Service, host: Host, target: Release, leaving: Release, facts: Facts, options: Options, way: Way
) -> Plan:
    """The complete plan of a way."""
    frozen = kept.frozen_branch(facts.incident) if options.freeze and way.freezes else None
    branch = frozen or facts.current.branch
    moves = ((branch, target.commit),) if way.moves and branch and target.commit else ()
    if way.anywhere:
        moves = (ANYWHERE,)
    stopping = facts.stopping if way.where is Where.HOST else None
    facts = replace(facts, stopping=stopping)
    steps = (
        *_opening(service, host, leaving, facts, frozen, signature.pairs(facts, target, options, frozen)),
        _deploy(host, way),
        *(stopfirst.restore(service, host, stopping) if stopping else ()),
        *(_marks(host, target, leaving, facts, options) if way.proves else ()),
    )
    return Plan(
        way=way.name,
        service=service.name,
        host=host.name,
        app=service.app,
        attempt=f"{facts.incident}.{facts.number}",
        target=target,
        leaving=leaving,
        before=facts.current,
        steps=steps,
        made_at=facts.at,
        expected=way.expected + keepfirst.longer(steps),
        downtime=downtime.of(service, facts),
        downtime_unknown=way.where is Where.HOST and downtime.unknown(service, facts),
        warnings=(*_cautions(service, target, leaving, facts, frozen, way, options), *way.cautions),
        checked=facts.checked,
        skipped=facts.skipped,
        frozen_branch=frozen,
        old_branch=old_branch(facts),
        record_of=facts.record.incident if facts.record else None,
        proves=way.proves,
        proof=way.proof,
        moves=moves,
        checks_before=stopping.before if stopping else None,
        outlives=False,
        forward=options.forward,
    )


def _command(host: Host, name: str, kind: StepKind, title: str, argv: tuple[str, ...], *, writes: bool = True) -> Step:
    line = paste.ssh_line(host, argv)
    return Step(id=name, kind=kind, title=title, argv=argv, writes=writes, timeout=60.0, paste=line)


def _opening(
    service: Service,
    host: Host,
    leaving: Release,
    facts: Facts,
    frozen: str | None,
    signed: tuple[tuple[str, str], ...],
) -> tuple[Step, ...]:
    """Up to the moment before the deploy: record, signature, comparison, freeze."""
    app, record = service.app, kept.incident_record(service.app)
    steps: list[Step] = []
    if facts.record is None:
        argv = commands.apps_create(record)
        steps.append(_command(host, "record", StepKind.RECORD, "take the incident on the host", argv))
    elif facts.record.incident != facts.incident:
        argv = commands.apps_create(kept.takeover_lock(app))
        steps.append(_command(host, "record", StepKind.RECORD, "take over the incident's record", argv))
    argv = commands.config_set(record, signed)
    steps.append(_command(host, "sign", StepKind.COMMAND, "say who, since when", argv))
    stopping = facts.stopping
    if stopping is not None:
        steps.extend(stopfirst.opening(service, leaving, stopping))
    elif facts.keeping is not None:
        steps.extend(keepfirst.steps(service, leaving, facts.keeping.why_not))
    argv = commands.apps_report(app)
    steps.append(_command(host, "compare", StepKind.COMPARE, "is it still as planned?", argv, writes=False))
    if frozen is not None and facts.current.branch != frozen:
        argv = commands.git_set_branch(app, frozen)
        steps.append(_command(host, "freeze", StepKind.FREEZE, "hold deploys back", argv))
    if stopping is not None:
        steps.extend(stopfirst.stop(service, host, stopping))
    return tuple(steps)


def _deploy(host: Host, way: Way) -> Step:
    return Step(
        id="deploy",
        kind=StepKind.DEPLOY,
        title=way.title,
        argv=way.argv,
        where=way.where,
        writes=True,
        timeout=DEPLOY_LIMIT,
        paste=way.paste or paste.ssh_line(host, way.argv),
        expected=way.expected,
    )


def _marks(host: Host, target: Release, leaving: Release, facts: Facts, options: Options) -> tuple[Step, ...]:
    """What every console has to know afterwards, on the holders that there are."""
    came = signature.arrival(facts, options)
    if options.forward:
        marks = list(forward_marks(target, leaving, facts.at))
        if target.holder is not None:
            argv = commands.config_set(target.holder, kept.mark_pairs(last_served=facts.at, came=came))
            marks.insert(0, ("mark", "note what serves", argv))
        return tuple(_command(host, id_, StepKind.MARK, text, argv) for id_, text, argv in marks)
    reason = f"left by incident {facts.incident}"
    steps: list[Step] = []
    if target.holder is not None:
        left = dict(target.left_bad)
        if leaving.holder is None and leaving.commit:
            left[leaving.commit] = reason
        pairs = kept.mark_pairs(last_served=facts.at, left_bad=tuple(left.items()), came=came)
        argv = commands.config_set(target.holder, pairs)
        steps.append(_command(host, "mark", StepKind.MARK, "note what serves", argv))
    if leaving.holder is not None:
        argv = commands.config_set(leaving.holder, kept.mark_pairs(bad=reason, last_served=facts.at))
        steps.append(_command(host, "mark-bad", StepKind.MARK, f"mark {leaving.name} bad", argv))
    return tuple(steps)


def _cautions(
    service: Service, target: Release, leaving: Release, facts: Facts, frozen: str | None, way: Way, options: Options
) -> Iterable[Caution]:
    current = facts.current
    if current.locked:
        yield Caution(severity=Severity.BLOCK, text=locks.running(service.app))
    if current.stale_lock:
        yield Caution(severity=Severity.WARN, text=locks.stale(service.app))
    if facts.stopping is not None:
        yield from stopfirst.cautions(service, leaving, facts.stopping)
        words = "if this console ends between the stop and the start, nothing serves until somebody deploys"
        yield Caution(severity=Severity.TYPE, text=words)
    yield from keepfirst.cautions(leaving, facts.keeping)
    yield from downtime.cautions(service, facts, by_host=way.where is Where.HOST)
    yield Caution(
        severity=Severity.WARN,
        text="this deploy is aborted if the console ends or the link breaks: leave it open until it is through",
    )
    if leaving.commit and (risk := latest.risk(current)):
        yield Caution(severity=Severity.WARN, text=risk)
    if way.proves and not options.forward and target.holder is None and leaving.holder is None:
        words = f"neither release is kept: that {leaving.name} is bad is noted on this machine only"
        yield Caution(severity=Severity.NOTE, text=words)
    if frozen is None and not options.forward:
        words = "without a freeze the next push to the deploy branch undoes this"
        yield Caution(severity=Severity.WARN, text=words)
    yield from unknown_branch(facts)
    yield from facts.cautions
