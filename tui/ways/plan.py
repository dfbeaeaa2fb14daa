"""The one builder of plans: the steps around a way's one deed, and what to know before it.

Every plan takes the incident, signs its record, compares, freezes, does the deed, gives settings back and marks. A way
says only what its deed is: a push, which the host finishes without us, or one command that deploys. Such a command is
aborted when its client dies, so its plan says `outlives=False` and warns.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from tui.dokku import build_gate, commands, holders, shell_lines
from tui.dokku.quoting import git_takes
from tui.model.plan import OwnCheck, Plan, PlanWarning, Proof, PushSpec, Step, StepKind, WarningLevel, Where
from tui.model.service import CheckMode
from tui.model.value import Value
from tui.releases import restart_risk
from tui.ways import downtime, duration_estimate, keep_first, plan_warnings, signature, stop_first
from tui.ways.facts import Facts

DEPLOY_LIMIT = 1800.0
"""seconds until we stop waiting for a deploy that builds"""
COMMIT = "{commit}"
"""in a plan's marks: the place of the pushed commit's id until that is known, see `with_commit`"""


class Deed(Value):
    """The part of a plan that its way decides."""

    way: str
    step: Step
    """the one step that changes what serves"""
    push: PushSpec | None = None
    """the commit that the step sends; None: the step is a command that deploys"""
    proof: Proof | None = None
    proves: bool = True
    own_checks: tuple[OwnCheck, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    """branches that the host moves before it builds, see `Plan.moves`"""
    freezes: bool = True
    """whether deploys are held back at all: a script may need the branch as it is"""
    files: tuple[PlanWarning, ...] = ()
    """warnings of the files that are pushed"""
    cautions: tuple[PlanWarning, ...] = ()
    """the way's other warnings, said last"""

    @property
    def outlives(self) -> bool:
        """True if the host goes on with the step when this console ends: it does with a push only."""
        return self.push is not None

    @property
    def by_host(self) -> bool:
        """True if the step runs on the host."""
        return self.step.where is Where.HOST


def deploy(
    facts: Facts, argv: tuple[str, ...], title: str, expected: float, *, where: Where = Where.HOST, line: str = ""
) -> Step:
    """The step of a command that deploys. `expected` is in seconds; `line` is what to paste where it is no SSH line."""
    return Step(
        id="deploy",
        kind=StepKind.DEPLOY,
        title=title,
        argv=argv,
        where=where,
        writes=True,
        timeout=DEPLOY_LIMIT,
        paste=line or shell_lines.ssh_line(facts.host, argv),
        expected=expected,
    )


def build(facts: Facts, deed: Deed) -> Plan:
    """The plan around the deed; that of a push is complete but for the commit's id, see `with_commit`."""
    service = facts.service
    frozen = facts.frozen_branch if deed.freezes else None
    stopping = facts.stopping if deed.by_host else None
    facts = replace(facts, stopping=stopping)
    steps = (
        *_opening(facts, frozen, pushes=deed.push is not None),
        deed.step,
        *(_given_back(facts) if frozen is None and deed.push is not None else ()),
        *(stop_first.restore(service, facts.host, stopping) if stopping else ()),
        *(_marks(facts, deed) if deed.proves else ()),
    )
    return Plan(
        way=deed.way,
        service=service.name,
        host=facts.host.name,
        app=service.app,
        attempt=facts.attempt,
        target=facts.target,
        leaving=facts.leaving,
        before=facts.current,
        steps=steps,
        made_at=facts.at,
        push=deed.push,
        expected=(deed.step.expected or 0.0) + keep_first.longer(steps),
        downtime=downtime.of(facts),
        downtime_unknown=deed.by_host and downtime.unknown(facts),
        warnings=(*_cautions(facts, deed, frozen), *deed.cautions),
        checked=facts.checked,
        taken=facts.taken,
        skipped=facts.skipped,
        frozen_branch=frozen,
        old_branch=facts.team_branch,
        record_of=facts.record.incident if facts.record else None,
        proves=deed.proves,
        proof=deed.proof,
        moves=deed.moves,
        checks_before=stopping.before if stopping else None,
        outlives=deed.outlives,
        forward=facts.options.forward,
        again=facts.options.again,
        promise=duration_estimate.of(facts.times, service.app, deed.way),
        own_checks=deed.own_checks,
        leaves_healthy=facts.leaves_healthy,
        gate=facts.gate.seen if deed.push is not None else (),
        restore=facts.gate.restore if deed.push is not None else (),
    )


def with_commit(made: Plan, commit: str) -> Plan:
    """The plan with the pushed commit's id, 40 hex digits, wherever it belongs; the same plan where none is pushed."""
    if made.push is None:
        return made

    def filled(step: Step) -> Step:
        return replace(
            step,
            argv=tuple(word.replace(COMMIT, commit) for word in step.argv),
            paste=step.paste.replace(COMMIT, commit),
        )

    return replace(made, push=replace(made.push, commit=commit), steps=tuple(filled(step) for step in made.steps))


def _command(
    facts: Facts, name: str, kind: StepKind, title: str, argv: tuple[str, ...], *, writes: bool = True
) -> Step:
    line = shell_lines.ssh_line(facts.host, argv)
    return Step(id=name, kind=kind, title=title, argv=argv, writes=writes, timeout=60.0, paste=line)


def _opening(facts: Facts, frozen: str | None, *, pushes: bool) -> tuple[Step, ...]:
    """The steps before the deed: record, signature, comparison, freeze, and what a push needs set otherwise."""
    service, app = facts.service, facts.service.app
    record, steps = holders.incident_record(app), list[Step]()
    if facts.record is None:
        argv = commands.apps_create(record)
        steps.append(_command(facts, "record", StepKind.RECORD, "take the incident on the host", argv))
    elif facts.record.incident != facts.incident or facts.record.guarding:
        argv = commands.apps_create(holders.takeover_lock(app))
        steps.append(_command(facts, "record", StepKind.RECORD, "take over the incident's record", argv))
    argv = commands.config_set(record, signature.pairs(facts, frozen))
    steps.append(_command(facts, signature.SIGN, StepKind.COMMAND, "say who, since when", argv))
    if facts.stopping is not None:
        steps.extend(stop_first.opening(service, facts.leaving, facts.stopping))
    elif facts.keeping is not None:
        steps.extend(keep_first.steps(service, facts.leaving, facts.keeping.why_not))
    argv = commands.apps_report(app)
    steps.append(_command(facts, "compare", StepKind.COMPARE, "is it still as planned?", argv, writes=False))
    if frozen is not None and facts.current.branch != frozen:
        argv = commands.git_set_branch(app, frozen)
        steps.append(_command(facts, "freeze", StepKind.FREEZE, "hold deploys back", argv))
    if pushes:
        steps.extend(_command(facts, n.id, StepKind.SETTING, n.title, n.argv) for n in facts.gate.needs)
    if facts.stopping is not None:
        steps.extend(stop_first.stop(service, facts.host, facts.stopping))
    return tuple(steps)


def _given_back(facts: Facts) -> Iterable[Step]:
    """The steps after a push without a freeze: nothing holds the settings of the team back any longer."""
    title = "give the setting back"
    for number, argv in enumerate(build_gate.restoring(facts.service.app, facts.gate.restore)):
        yield _command(facts, f"restore-{number}" if number else "restore", StepKind.SETTING, title, argv)


def _marks(facts: Facts, deed: Deed) -> Iterable[Step]:
    """The notes on the holders that there are, for every console: what serves, since when, and what is bad."""
    target, leaving, options = facts.target, facts.leaving, facts.options
    reason = f"left by incident {facts.incident}"
    back = not options.forward and not options.again
    if target.holder is not None:
        left = dict(target.left_bad)
        if leaving.holder is None and leaving.commit:
            left[leaving.commit] = reason
        pairs = holders.mark_pairs(
            served_as=(*target.served_as, COMMIT) if deed.push is not None else None,
            last_served=facts.at,
            left_bad=tuple(left.items()) if back else (),
            came=signature.arrival(facts),
        )
        argv = commands.config_set(target.holder, pairs)
        yield _command(facts, "mark", StepKind.MARK, "note what serves", argv)
    if options.forward:
        yield from _forward_marks(facts)
    elif back and leaving.holder is not None:
        argv = commands.config_set(leaving.holder, holders.mark_pairs(bad=reason, last_served=facts.at))
        yield _command(facts, "mark-bad", StepKind.MARK, f"mark {leaving.name} bad", argv)


def _forward_marks(facts: Facts) -> Iterable[Step]:
    """The notes on holders after going forward on purpose: nothing is bad any more."""
    target, leaving = facts.target, facts.leaving
    if target.holder is not None and target.bad is not None:
        argv = commands.config_unset(target.holder, (holders.BAD,))
        yield _command(facts, "unmark", StepKind.MARK, f"mark {target.name} bad no more", argv)
    if leaving.holder is None:
        return
    rest = tuple((commit, why) for commit, why in leaving.left_bad if not target.is_commit(commit))
    argv = commands.config_set(leaving.holder, holders.mark_pairs(last_served=facts.at, left_bad=rest))
    yield _command(facts, "mark-left", StepKind.MARK, f"note when {leaving.name} served", argv)
    if leaving.left_bad and not rest:
        argv = commands.config_unset(leaving.holder, (holders.LEFT_BAD,))
        yield _command(facts, "unmark-left", StepKind.MARK, f"note that {target.name} is bad no more", argv)


def _cautions(facts: Facts, deed: Deed, frozen: str | None) -> Iterable[PlanWarning]:
    """The warnings of any plan, in the order in which they are shown."""
    service, leaving, current, options = facts.service, facts.leaving, facts.current, facts.options
    if current.locked:
        yield PlanWarning(severity=WarningLevel.BLOCK, text=plan_warnings.deploy_runs(service.app))
    if current.stale_lock:
        yield PlanWarning(severity=WarningLevel.WARN, text=plan_warnings.lock_is_left(service.app))
    if facts.stopping is not None:
        yield from stop_first.cautions(service, leaving, facts.stopping)
        if not deed.outlives:
            words = "if this console ends between the stop and the start, nothing serves until somebody deploys"
            yield PlanWarning(severity=WarningLevel.TYPE, text=words)
    yield from keep_first.cautions(leaving, facts.keeping)
    yield from downtime.cautions(facts, by_host=deed.by_host)
    if not deed.outlives:
        words = "this deploy is aborted if the console ends or the link breaks: leave it open until it is through"
        yield PlanWarning(severity=WarningLevel.WARN, text=words)
    yield from deed.files
    if deed.push is None and service.checks is CheckMode.OWN:
        words = (
            f"the way {deed.way} sends no files of ours: no check of ours, although services.yaml says `checks: own`"
        )
        yield PlanWarning(severity=WarningLevel.NOTE, text=words)
    if risk := restart_risk.risk(current):
        yield PlanWarning(severity=WarningLevel.WARN, text=risk)
    if deed.proves and not options.forward and facts.target.holder is None and leaving.holder is None:
        words = f"neither release is kept: that {leaving.name} is bad is noted on this machine only"
        yield PlanWarning(severity=WarningLevel.NOTE, text=words)
    if frozen is not None and (source := facts.unheld) is not None:
        yield PlanWarning(severity=WarningLevel.WARN, text=plan_warnings.unheld(service.app, source))
    if frozen is not None and facts.team_branch is not None and not git_takes(facts.team_branch):
        words = plan_warnings.branch_lost(service.app, facts.team_branch)
        yield PlanWarning(severity=WarningLevel.BLOCK, text=words)
    if frozen is None and not options.forward and not options.again:
        words = "without a freeze the next push to the deploy branch undoes this"
        yield PlanWarning(severity=WarningLevel.WARN, text=words)
    if facts.team_branch is None and current.branch is not None:
        words = (
            "an earlier freeze holds it whose record is gone: which branch the team deploys, the unfreeze will ask for"
        )
        yield PlanWarning(severity=WarningLevel.WARN, text=words)
    yield from facts.cautions
