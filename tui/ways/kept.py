"""The way back `kept`: push a tiny commit `FROM` the image that a holder retains.

Nothing is built, so it takes the time of a container start. The push goes to a branch of the incident's own (the
freeze), so that the team's branch is never touched and CI cannot undo the rollback; `freeze=False` pushes a child of
the deploy branch's tip instead. The commit's id is known before it runs, and after success stands in the metadata.
Measured on 0.35.15 and 0.38.27: 19-33 s for the push, 0.2-0.6 s for each of the other commands.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from tui.dokku import commands, kept, paste, tree
from tui.incident import latest
from tui.model.plan import Caution, Plan, PushSpec, Severity, Step, StepKind
from tui.model.release import Release
from tui.model.service import Host, Service
from tui.ways import downtime, keepfirst, locks, signature, stopfirst
from tui.ways.facts import Facts, Options, old_branch, unknown_branch

__all__ = [
    "COMMIT",
    "PUSH_LIMIT",
    "TAKES",
    "WAY",
    "Facts",
    "Options",
    "forward_marks",
    "old_branch",
    "plan",
    "with_commit",
]

WAY = "kept"
PUSH_LIMIT = 600.0
"""seconds until we stop waiting for a push; the host goes on"""
TAKES = 30.0


def plan(service: Service, host: Host, target: Release, leaving: Release, facts: Facts, options: Options) -> Plan:
    """The plan, complete but for the commit's id, which whoever makes Git objects fills in.

    Raises `tui.dokku.reports.Unreadable` when a file of the target cannot be understood.
    """
    if target.holder is None or target.number is None:
        raise ValueError(f"{target.name} has no holder")
    attempt = f"{facts.incident}.{facts.number}"
    contents, removed = tree.go_back_tree(
        target.holder, target.number, attempt, dict(facts.files), run_tasks=options.run_tasks, of=facts.shape
    )
    frozen = kept.frozen_branch(facts.incident) if options.freeze else None
    push = _push(service, target, leaving, facts, contents, frozen)
    steps = _steps(service, host, target, leaving, facts, push, frozen, options)
    return Plan(
        way=WAY,
        service=service.name,
        host=host.name,
        app=service.app,
        attempt=attempt,
        target=target,
        leaving=leaving,
        before=facts.current,
        steps=steps,
        made_at=facts.at,
        push=push,
        expected=service.rollback.expected.total_seconds() + keepfirst.longer(steps),
        downtime=downtime.of(service, facts),
        downtime_unknown=downtime.unknown(service, facts),
        warnings=_cautions(service, target, leaving, facts, removed, options),
        checked=facts.checked,
        skipped=facts.skipped,
        frozen_branch=frozen,
        old_branch=old_branch(facts),
        record_of=facts.record.incident if facts.record else None,
        checks_before=facts.stopping.before if facts.stopping else None,
        forward=options.forward,
        again=options.again,
    )


def _push(
    service: Service,
    target: Release,
    leaving: Release,
    facts: Facts,
    contents: tuple[tuple[str, str], ...],
    frozen: str | None,
) -> PushSpec:
    tips = dict(facts.current.refs)
    branch = frozen or facts.current.branch or "master"
    tip = tips.get(branch)
    expect: dict[str, str | None] = {branch: tip}
    for other in (facts.current.branch, old_branch(facts)):
        if other is not None:
            expect[other] = tips.get(other)
    user, _, machine = facts.by.partition("@")
    return PushSpec(
        app=service.app,
        branch=branch,
        parent=tip,
        files=contents,
        message=tree.go_back_message(
            app=service.app,
            target=target.name,
            commit=target.commit,
            leaving=leaving.name,
            incident=facts.incident,
            deploy_branch=old_branch(facts) or "the team's branch",
        ),
        author=f"{user or 'rollback'} <{user or 'rollback'}@{machine or 'localhost'}>",
        at=facts.at.replace(microsecond=0),
        commit="",
        expect=tuple(sorted(expect.items())),
    )


def _steps(
    service: Service,
    host: Host,
    target: Release,
    leaving: Release,
    facts: Facts,
    push: PushSpec,
    frozen: str | None,
    options: Options,
) -> tuple[Step, ...]:
    app, record = service.app, kept.incident_record(service.app)

    def command(name: str, kind: StepKind, title: str, argv: tuple[str, ...], *, writes: bool = True) -> Step:
        line = paste.ssh_line(host, argv)
        return Step(id=name, kind=kind, title=title, argv=argv, writes=writes, timeout=60.0, paste=line)

    steps: list[Step] = []
    if facts.record is None:
        steps.append(command("record", StepKind.RECORD, "take the incident on the host", commands.apps_create(record)))
    elif facts.record.incident != facts.incident:
        lock = kept.takeover_lock(app)
        steps.append(command("record", StepKind.RECORD, "take over the incident's record", commands.apps_create(lock)))
    signed = signature.pairs(facts, target, options, frozen)
    steps.append(command("sign", StepKind.COMMAND, "say who, since when", commands.config_set(record, signed)))
    stopping = facts.stopping
    if stopping is not None:
        steps.extend(stopfirst.opening(service, leaving, stopping))
    elif facts.keeping is not None:
        steps.extend(keepfirst.steps(service, leaving, facts.keeping.why_not))
    compare = commands.apps_report(app)
    steps.append(command("compare", StepKind.COMPARE, "is it still as planned?", compare, writes=False))
    if frozen is not None and facts.current.branch != frozen:
        steps.append(command("freeze", StepKind.FREEZE, "hold deploys back", commands.git_set_branch(app, frozen)))
    if stopping is not None:
        steps.extend(stopfirst.stop(service, host, stopping))
    steps.append(
        Step(
            id="push",
            kind=StepKind.PUSH,
            title=_title(target, options),
            argv=("git-receive-pack", app),
            writes=True,
            timeout=PUSH_LIMIT,
            paste=paste.push_lines(host, app, push.branch, push.files, push.parent),
            expected=service.rollback.expected.total_seconds(),
        )
    )
    if stopping is not None:
        steps.extend(stopfirst.restore(service, host, stopping))
    steps.extend(_marks(target, leaving, facts, command, options))
    return tuple(steps)


def _title(target: Release, options: Options) -> str:
    if options.again:
        return f"deploy {target.name} again"
    return f"go {'forward again' if options.forward else 'back'} to {target.name}"


def forward_marks(target: Release, leaving: Release, at: datetime) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """What is noted on holders after going forward on purpose, as id, title and command: nothing is bad any more."""
    found: list[tuple[str, str, tuple[str, ...]]] = []
    if target.holder is not None and target.bad is not None:
        argv = commands.config_unset(target.holder, (kept.BAD,))
        found.append(("unmark", f"mark {target.name} bad no more", argv))
    if leaving.holder is None:
        return tuple(found)
    rest = tuple((commit, why) for commit, why in leaving.left_bad if not target.is_commit(commit))
    pairs = kept.mark_pairs(last_served=at, left_bad=rest)
    found.append(("mark-left", f"note when {leaving.name} served", commands.config_set(leaving.holder, pairs)))
    if leaving.left_bad and not rest:
        argv = commands.config_unset(leaving.holder, (kept.LEFT_BAD,))
        found.append(("unmark-left", f"note that {target.name} is bad no more", argv))
    return tuple(found)


def _marks(
    target: Release, leaving: Release, facts: Facts, command: Callable[..., Step], options: Options
) -> list[Step]:
    """What every console has to know afterwards, on the holders. The commit's id follows when it is known."""
    if target.holder is None:
        return []
    served_as, came = (*target.served_as, COMMIT), signature.arrival(facts, options)
    if options.forward or options.again:
        pairs = kept.mark_pairs(served_as=served_as, last_served=facts.at, came=came)
        noted = command("mark", StepKind.MARK, "note what serves", commands.config_set(target.holder, pairs))
        if options.again:
            return [noted]
        return [
            noted,
            *(command(id_, StepKind.MARK, text, argv) for id_, text, argv in forward_marks(target, leaving, facts.at)),
        ]
    reason = f"left by incident {facts.incident}"
    left = dict(target.left_bad)
    if leaving.holder is None and leaving.commit:
        left[leaving.commit] = reason
    marks = tuple(left.items())
    pairs = kept.mark_pairs(served_as=served_as, last_served=facts.at, left_bad=marks, came=came)
    steps = [command("mark", StepKind.MARK, "note what serves", commands.config_set(target.holder, pairs))]
    if leaving.holder is not None:
        bad = kept.mark_pairs(bad=reason, last_served=facts.at)
        steps.append(
            command("mark-bad", StepKind.MARK, f"mark {leaving.name} bad", commands.config_set(leaving.holder, bad))
        )
    return steps


COMMIT = "{commit}"
"""stands in a mark for the commit's id until that is known"""


def with_commit(made: Plan, commit: str) -> Plan:
    """The plan with the commit's id wherever it belongs."""
    if made.push is None:
        return made

    def filled(step: Step) -> Step:
        return replace(
            step,
            argv=tuple(word.replace(COMMIT, commit) for word in step.argv),
            paste=step.paste.replace(COMMIT, commit),
        )

    return replace(made, push=replace(made.push, commit=commit), steps=tuple(filled(step) for step in made.steps))


def _cautions(
    service: Service, target: Release, leaving: Release, facts: Facts, removed: tuple[str, ...], options: Options
) -> tuple[Caution, ...]:
    found: list[Caution] = []
    current = facts.current
    if current.locked:
        found.append(Caution(severity=Severity.BLOCK, text=locks.running(service.app)))
    if current.stale_lock:
        found.append(Caution(severity=Severity.WARN, text=locks.stale(service.app)))
    if facts.stopping is not None:
        found.extend(stopfirst.cautions(service, leaving, facts.stopping))
    found.extend(keepfirst.cautions(leaving, facts.keeping))
    found.extend(downtime.cautions(service, facts))
    found.extend(
        Caution(severity=Severity.NOTE, text=f"not run on the way back: {task} (--run-tasks runs it)")
        for task in removed
    )
    if options.run_tasks:
        found.append(
            Caution(severity=Severity.TYPE, text="release and deploy tasks of the old release run again (migrations!)")
        )
    if not facts.files:
        found.append(
            Caution(severity=Severity.WARN, text="the holder has no Procfile or app.json: the image's own command runs")
        )
    if leaving.commit and (risk := latest.risk(current)):
        found.append(Caution(severity=Severity.WARN, text=risk))
    if leaving.commit is None:
        found.append(
            Caution(severity=Severity.WARN, text="what runs now is not known by a commit; it is left unmarked")
        )
    if not options.freeze and not options.forward and not options.again:
        found.append(
            Caution(severity=Severity.WARN, text="without a freeze the next push to the deploy branch undoes this")
        )
    return (*found, *unknown_branch(facts), *facts.cautions)
