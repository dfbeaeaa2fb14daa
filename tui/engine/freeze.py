"""Holding deploys of an app back, and letting them through again.

`git:set APP deploy-branch frozen-by-…` makes every push to the team's branch deploy nothing (exit 0, with a warning in
CI's log). The old branch stands on the incident record, because clearing the setting is not the same as restoring it.
"""

from msgspec.structs import replace

from tui.dokku import commands, kept, paste, reports
from tui.engine import record, releases
from tui.engine.links import Links, unusable
from tui.engine.ports import ClockPort
from tui.engine.releases import Listing
from tui.incident import choose
from tui.model.errors import AlreadyThere, Refused, TakenByOther
from tui.model.history import Commit
from tui.model.service import Service
from tui.model.value import Value


class TeamBranch(Value):
    """What stands on the team's branch beside what runs."""

    branch: str
    tip: str | None
    serves: str | None
    """the commit that serves: the release's own, where a rollback brought it"""
    settled: bool | None
    """the branch's tip is what runs; False: a rebuild would deploy the tip. None: what runs is known by no commit"""
    pushed: tuple[Commit, ...] = ()
    """newest first: on the branch, and not what runs"""
    more: bool = False
    """older ones may be missing: what runs is not among the newest of the branch"""
    bad: tuple[tuple[str, str], ...] = ()
    """commits of them that are marked bad, each with the reason"""
    trouble: str = ""
    """why the branch could not be read, if so"""


class Unfrozen(Value):
    """What unfreezing found."""

    service: str
    app: str
    standing: TeamBranch
    next_deploy: str
    """the exact command that deploys the tip"""
    push: str
    """the exact command of the next normal deploy"""


async def freeze(links: Links, clock: ClockPort, service: Service, incident: str, by: str) -> str:
    """Freeze outside of an incident; returns the frozen branch. Raises AlreadyThere, TakenByOther, Refused."""
    host, app = service.host, service.app
    found = await record.read(links, host, app)
    if found is not None and found.frozen:
        raise AlreadyThere(f"{app} is frozen by {found.incident}")
    if found is not None:
        raise TakenByOther(f"{found.by or 'somebody'} has incident {found.incident or 'unknown'} on {app}")
    branch = await deploy_branch(links, host, app)
    frozen = f"frozen-by-{incident}"
    await _write(links, host, commands.apps_create(kept.incident_record(app)))
    pairs = (
        ("ROLLBACK_SCHEMA", "1"),
        ("ROLLBACK_INCIDENT", incident),
        ("ROLLBACK_BY", by),
        ("ROLLBACK_SINCE", kept.stamp(clock.now())),
        ("ROLLBACK_STATE", "frozen"),
        ("ROLLBACK_DEPLOY_BRANCH", branch),
    )
    await _write(links, host, commands.config_set(kept.incident_record(app), pairs))
    await _write(links, host, commands.git_set_branch(app, frozen))
    if (now := await deploy_branch(links, host, app)) != frozen:
        raise Refused(f"{app} could not be frozen: its deploy branch is {now}", "try again")
    return frozen


async def unfreeze(links: Links, service: Service) -> Unfrozen:
    """Restore the deploy branch and remove the record. Raises AlreadyThere, TakenByOther, Refused."""
    host, app = service.host, service.app
    found = await releases.listing(links, service)
    branch = frozen_branch(service, found)
    await _write(links, host, commands.git_set_branch(app, branch))
    if (now := await deploy_branch(links, host, app)) != branch:
        raise Refused(f"{app}: the deploy branch is {now}, not {branch}", "try again")
    current = await links.current(host, app)
    await record.remove(links, host, kept.incident_record(app))
    at = links.described(host)
    return Unfrozen(
        service=service.name,
        app=app,
        standing=await standing(links, service, replace(found, current=current), branch),
        next_deploy=paste.ssh_line(at, commands.git_sync_own(app, branch)),
        push=paste.git_push(at, app, branch),
    )


def frozen_branch(service: Service, found: Listing) -> str:
    """The branch to restore. Raises AlreadyThere, TakenByOther, Refused where there is nothing to unfreeze."""
    held = found.record
    if held is None:
        raise AlreadyThere(f"{service.app} is not frozen")
    if not held.frozen:
        raise TakenByOther(
            f"incident {held.incident or 'unknown'} of {held.by or 'somebody'} is open on {service.app}",
            "close it first: rollback resume",
        )
    if not held.deploy_branch:
        raise Refused(
            f"the record of {service.app} names no deploy branch",
            f"set it by hand: git:set {service.app} deploy-branch NAME",
        )
    return held.deploy_branch


async def standing(links: Links, service: Service, found: Listing, branch: str) -> TeamBranch:
    """What was pushed to that branch and does not run. A branch that cannot be read is said, never raised."""
    current = found.current
    running = choose.running(found.releases, current)
    tip = dict(current.refs).get(branch)
    commits, trouble = await releases.commits(links, service, branch, tip)
    pushed: list[Commit] = []
    for commit in commits:
        if running.is_commit(commit.id):
            break
        pushed.append(commit)
    bad = {r.commit: r.bad for r in found.releases if r.commit and r.bad is not None}
    left = {commit: why for release in found.releases for commit, why in release.left_bad}
    return TeamBranch(
        branch=branch,
        tip=tip,
        serves=running.commit,
        settled=choose.settled(replace(current, branch=branch, tip=tip), running),
        pushed=tuple(pushed),
        more=bool(commits) and len(pushed) == len(commits),
        bad=tuple((c.id, bad.get(c.id) or left[c.id]) for c in pushed if c.id in bad or c.id in left),
        trouble=trouble,
    )


async def deploy_branch(links: Links, host: str, app: str) -> str:
    """The app's deploy branch. Raises Refused where the host names none."""
    branch = reports.git_report(await links.tell(host, commands.git_report(app))).branch
    if not branch:
        raise Refused(f"{app} has no deploy branch", "deploy it once by git push")
    return branch


async def _write(links: Links, host: str, argv: tuple[str, ...]) -> None:
    answer = await links.gate.write(links.host(host), host, argv, timeout=60.0)
    if not answer.ok:
        raise unusable(answer)
