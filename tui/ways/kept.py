"""The way back `kept`: push a tiny commit `FROM` the image that a holder retains.

Nothing is built, so it takes the time of a container start. The push goes to a branch of the incident's own (the
freeze), so that the team's branch is never touched and CI cannot undo the rollback; `freeze=False` pushes a child of
the deploy branch's tip instead. The commit's id is known before it runs, and is in the metadata after success.
Measured on 0.35.15 and 0.38.27: 19-33 s for the push, 0.2-0.6 s for each of the other commands.
"""

from collections.abc import Iterable

from tui.dokku import build_gate, builders, commit_files, k3s, shell_lines
from tui.dokku.build_settings import Shape
from tui.model.holder_look import ImageState
from tui.model.plan import Plan, PlanWarning, PushSpec, Step, StepKind, WarningLevel
from tui.model.release import Release, WayBack
from tui.model.service import Service
from tui.ways import added_check, on_k3s
from tui.ways.facts import Facts
from tui.ways.plan import Deed, build
from tui.ways.way import Seen, Way

PUSH_LIMIT = 600.0
"""seconds until we stop waiting for a push; the host goes on"""


class _Kept(Way):
    """Starts a kept image."""

    name = "kept"
    deploys = True
    listed = True
    shaped = True

    def offer(self, release: Release, service: Service, seen: Seen) -> WayBack:
        """The way to the release by its holder, where that is sealed."""
        if release.holder is None:
            return self.unavailable("not kept")
        if release.unread is not None:
            return self.unavailable(f"its holder could not be read: {release.unread}")
        if release.sealed is None:
            return self.unavailable("its seal could not be read")
        if not release.sealed:
            return self.unavailable("its holder is not sealed: it may hold another release by now")
        if release.looked is not None and release.looked.gone:
            return self.unavailable(f"its image is gone from the host (seen {release.looked.at:%Y-%m-%d %H:%MZ})")
        return WayBack(way=self.name, available=True, seconds=service.rollback.expected.total_seconds())

    def surely_leads(self, target: Release) -> bool:
        """True if the image of its holder was seen to be there."""
        return target.looked is not None and target.looked.image is ImageState.THERE

    def seen_to_lead(self, target: Release) -> str:
        """That the holder is sealed, and what the look at its image found."""
        if target.holder is None:
            return super().seen_to_lead(target)
        if target.looked is not None and target.looked.image is ImageState.THERE:
            return f"{target.holder} is sealed and its image is on the host"
        why = target.looked.why if target.looked is not None else "nobody looked"
        return f"{target.holder} is sealed; whether its image is on the host is not known: {why}"

    def plan(self, facts: Facts) -> Plan:
        """The plan that pushes, complete but for the commit's id, which `plan.with_commit` fills in.

        Raises ValueError for a target without a holder, and `tui.dokku.reports.Unreadable` where a file of the target
        cannot be understood.
        """
        target = facts.target
        if target.holder is None or target.number is None:
            raise ValueError(f"{target.name} has no holder")
        contents, removed = commit_files.go_back_tree(
            target.holder,
            target.number,
            facts.attempt,
            dict(facts.files),
            run_tasks=facts.options.run_tasks,
            of=facts.shape,
            baked=facts.baked,
        )
        probed = False
        if facts.cluster is not None:
            contents, probed = k3s.tree(contents, facts.shape or Shape(app=facts.service.app), facts.attempt)
        contents, checks = added_check.brought(facts, contents)
        push = _push(facts, contents)
        step = Step(
            id="push",
            kind=StepKind.PUSH,
            title=_title(facts),
            argv=("git-receive-pack", facts.service.app),
            writes=True,
            timeout=PUSH_LIMIT if facts.cluster is None else facts.cluster.push_limit,
            paste=shell_lines.push_lines(facts.host, facts.service.app, push.branch, push.files, push.parent),
            expected=facts.service.rollback.expected.total_seconds(),
        )
        ours = added_check.cautions(facts, contents, checks)
        said = (*_cautions(facts, removed), *ours, *on_k3s.cautions(facts, probed))
        return build(facts, Deed(way=self.name, step=step, push=push, files=said, own_checks=checks))


WAY = _Kept()


def _push(facts: Facts, contents: tuple[tuple[str, str], ...]) -> PushSpec:
    current, tips = facts.current, dict(facts.current.refs)
    branch = facts.frozen_branch or current.branch or "master"
    tip = tips.get(branch)
    expect: dict[str, str | None] = {branch: tip}
    for other in (current.branch, facts.team_branch):
        if other is not None:
            expect[other] = tips.get(other)
    user, _, machine = facts.by.partition("@")
    return PushSpec(
        app=facts.service.app,
        branch=branch,
        parent=tip,
        files=contents,
        message=commit_files.go_back_message(
            app=facts.service.app,
            target=facts.target.name,
            commit=facts.target.commit,
            leaving=facts.leaving.name,
            incident=facts.incident,
            deploy_branch=facts.team_branch or "the team's branch",
        ),
        author=f"{user or 'rollback'} <{user or 'rollback'}@{machine or 'localhost'}>",
        at=facts.at.replace(microsecond=0),
        commit="",
        expect=tuple(sorted(expect.items())),
    )


def _title(facts: Facts) -> str:
    if facts.options.again:
        return f"deploy {facts.target.name} again"
    return f"go {'forward again' if facts.options.forward else 'back'} to {facts.target.name}"


def _cautions(facts: Facts, removed: tuple[str, ...]) -> Iterable[PlanWarning]:
    """The warnings of the target's files, and of a release that is known by no commit."""
    yield from _of_build(facts)
    for task in removed:
        words = f"not run on the way back: {task} (--run-tasks runs it)"
        yield PlanWarning(severity=WarningLevel.NOTE, text=words)
    if facts.options.run_tasks:
        words = "release and deploy tasks of the old release run again (migrations!)"
        yield PlanWarning(severity=WarningLevel.TYPE, text=words)
    if not facts.files and facts.baked.builder != builders.HEROKUISH:
        words = "the holder has no Procfile or app.json: the image's own command runs"
        yield PlanWarning(severity=WarningLevel.WARN, text=words)
    if facts.leaving.commit is None:
        words = "what runs now is not known by a commit; it is left unmarked"
        yield PlanWarning(severity=WarningLevel.WARN, text=words)


def _of_build(facts: Facts) -> Iterable[PlanWarning]:
    """The warnings of an app that is not simply pushed as a Dockerfile."""
    app, gate, target = facts.service.app, facts.gate, facts.target
    if facts.shape is not None and (gaps := build_gate.untold(facts.shape)):
        words = (
            f"the host does not tell the {', '.join(gaps)} of {app}: that its Dockerfile is built is taken from what "
            "runs; anything set since may refuse the push, or build something else"
        )
        yield PlanWarning(severity=WarningLevel.WARN, text=words)
    if build_gate.SELECTED in dict(gate.restore):
        then = "when deploys are let through" if facts.options.freeze else "after the push"
        words = f"the builder dockerfile is selected for {app}; {then} it is as before"
        yield PlanWarning(severity=WarningLevel.NOTE, text=words)
    if facts.shape is not None and facts.shape.source_image:
        words = (
            f"the host forgets the source image {facts.shape.source_image}, so that our commit's own files count; it "
            "is not put back: a rebuild after an unfreeze builds the tip of the deploy branch"
        )
        yield PlanWarning(severity=WarningLevel.NOTE, text=words)
    if target.source == builders.IMAGE:
        words = (
            f"{target.name} was deployed from an image: its processes run what they ran when it was kept; an app.json, "
            "nginx or CHECKS file inside the image does not count"
        )
        yield PlanWarning(severity=WarningLevel.WARN, text=words)
