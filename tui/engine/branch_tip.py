"""Deploying the tip of the team's branch after an unfreeze: a build on the host, with the same proof as a rollback.

The plan is that of the way `git` to the tip's commit, forward and without a freeze: compared right before it is sent,
proven by metadata and new containers, and recorded as an incident of its own, because its end may be as uncertain as
that of any other deploy.
"""

from tui.engine.engine import Engine
from tui.engine.releases import freeze
from tui.model.errors import AlreadyThere, Refused, TakenByOther
from tui.model.plan import Plan
from tui.model.release import Target, TargetKind
from tui.model.service import Service
from tui.ways import git as git_way
from tui.ways.facts import Options


async def plan(engine: Engine, service: Service) -> Plan:
    """The plan to deploy the deploy branch's tip; nothing is sent. Raises Refused, AlreadyThere, LinkError."""
    found = await engine.listing(service)
    if found.record is not None:
        if found.record.frozen:
            raise Refused(f"{service.app} is frozen", f"rollback unfreeze {service.name}")
        raise TakenByOther(
            f"an incident is open on {service.app}", f"rollback unfreeze {service.name}: says whose it is"
        )
    branch = found.current.branch
    if branch is None:
        raise Refused(f"{service.app} has no deploy branch", "deploy it once by git push")
    seen = await freeze.standing(engine.links, service, found, branch)
    if seen.tip is None:
        raise Refused(f"branch {branch} of {service.app} has no commit", "deploy it by git push")
    if seen.settled:
        raise AlreadyThere(f"the tip of {branch} ({seen.tip[:10]}) is what runs now")
    target = Target(kind=TargetKind.SHA, value=seen.tip)
    made = await engine.plan(service, target, Options(freeze=False, forward=True), way=git_way.WAY.name)
    if made.before.tip != seen.tip:
        raise Refused(f"branch {branch} moved while this was planned", "try again")
    return made
