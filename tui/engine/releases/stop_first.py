"""The facts for a plan of a service that stops before it starts: how its checks are set, and its way out."""

from tui.dokku import build_gate, commands, reports
from tui.dokku.build_settings import Shape
from tui.engine.hosts.connections import HostConnections
from tui.engine.hosts.gate import OUTSIDE
from tui.engine.releases import build_facts
from tui.engine.releases.catalog import Listing
from tui.model.errors import Refused
from tui.model.plan import Plan
from tui.model.release import Release
from tui.model.service import Service
from tui.releases.keepable import known_to_run
from tui.ways import keep_first, stop_first


async def read(
    links: HostConnections,
    service: Service,
    found: Listing,
    leaving: Release,
    now: reports.Checks | None,
    of: Shape | None,
) -> stop_first.Stopping:
    """How the host is set `now`, and how the team had set it before this incident. Raises LinkError.

    `of`: how the app is built, where that is known.
    """
    before = found.record.checks if found.record is not None else None
    if before is None and now is not None:
        before = (now.disabled, now.skipped)
    unkeepable = await _unkeepable(links, service, found, leaving, of)
    return stop_first.Stopping(before=before, now=now, unkeepable=unkeepable)


async def keeping(
    links: HostConnections, service: Service, found: Listing, leaving: Release, of: Shape | None
) -> keep_first.Keeping:
    """The way to keep what runs before it is left, or why there is none. Raises LinkError."""
    return keep_first.Keeping(why_not=await _unkeepable(links, service, found, leaving, of))


async def _unkeepable(
    links: HostConnections, service: Service, found: Listing, leaving: Release, of: Shape | None
) -> str:
    if keep_first.is_kept(leaving):
        return ""
    try:
        known_to_run(found.current)
    except Refused as refused:
        return refused.message
    return build_gate.unkeepable(of or await build_facts.read(links, service, found.current)) or ""


async def checks(links: HostConnections, host: str, app: str) -> reports.Checks | None:
    """The settings of the zero-downtime checks now; None where the host does not say. Raises LinkError."""
    answer = await links.ask(host, commands.report("checks", app))
    return reports.checks_report(answer.stdout) if answer.ok else None


async def restore(links: HostConnections, plan: Plan, incident: str) -> None:
    """Give the team's setting back, where it is another one now. Raises LinkError, UnexpectedReply."""
    if plan.checks_before is not None:
        await give_back(links, plan.host, plan.app, plan.checks_before, incident)


async def give_back(
    links: HostConnections, host: str, app: str, before: tuple[str, str], incident: str = OUTSIDE
) -> None:
    """Set the checks as they were, the disabled and the skipped list, where they are otherwise now."""
    now = await checks(links, host, app)
    if now is not None and (now.disabled, now.skipped) == before:
        return
    for argv in stop_first.restoring(app, before):
        await links.write_checked(host, argv, timeout=30.0, incident=incident)
