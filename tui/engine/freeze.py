"""Holding deploys of an app back, and letting them through again.

`git:set APP deploy-branch frozen-by-…` makes every push to the team's branch deploy nothing (exit 0, with a warning in
CI's log). The old branch stands on the incident record, because clearing the setting is not the same as restoring it.
"""

from tui.dokku import commands, kept, reports
from tui.engine import record
from tui.engine.links import Links, unusable
from tui.engine.ports import ClockPort
from tui.model.errors import AlreadyThere, Refused, TakenByOther
from tui.model.observation import Current
from tui.model.service import Service
from tui.model.value import Value


class Unfrozen(Value):
    """What unfreezing found."""

    service: str
    app: str
    branch: str
    tip: str | None
    serves: str | None
    settled: bool
    """the branch's tip is what runs; otherwise a rebuild would bring the tip back"""
    next_deploy: str
    """the exact command that deploys the tip"""


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


async def unfreeze(links: Links, service: Service, paste: str) -> Unfrozen:
    """Restore the deploy branch and remove the record. Raises AlreadyThere, TakenByOther, Refused."""
    host, app = service.host, service.app
    found = await record.read(links, host, app)
    if found is None:
        raise AlreadyThere(f"{app} is not frozen")
    if not found.frozen:
        raise TakenByOther(
            f"incident {found.incident or 'unknown'} of {found.by or 'somebody'} is open on {app}",
            "close it first: rollback resume",
        )
    if not found.deploy_branch:
        raise Refused(
            f"the record of {app} names no deploy branch", f"set it by hand: git:set {app} deploy-branch NAME"
        )
    await _write(links, host, commands.git_set_branch(app, found.deploy_branch))
    if (now := await deploy_branch(links, host, app)) != found.deploy_branch:
        raise Refused(f"{app}: the deploy branch is {now}, not {found.deploy_branch}", "try again")
    current = await links.current(host, app)
    await record.remove(links, host, kept.incident_record(app))
    return Unfrozen(
        service=service.name,
        app=app,
        branch=found.deploy_branch,
        tip=current.tip,
        serves=current.commit,
        settled=settled(current),
        next_deploy=paste,
    )


def settled(current: Current) -> bool:
    """Whether a rebuild would deploy again what serves now."""
    return current.tip is not None and current.tip == current.commit


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
