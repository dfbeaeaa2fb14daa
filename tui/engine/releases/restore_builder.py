"""Giving an app's own builder back, where a push of this program needed its Dockerfile to be built."""

from tui.dokku import build_gate, builders, commands, reports
from tui.engine.hosts.connections import HostConnections
from tui.engine.hosts.gate import OUTSIDE


async def give_back(
    links: HostConnections, host: str, app: str, restore: tuple[tuple[str, str], ...], incident: str = OUTSIDE
) -> None:
    """Set the builder as it was, where ours is the one that is set. Raises LinkError, UnexpectedReply."""
    before = dict(restore).get(build_gate.SELECTED)
    if before is None or before == builders.DOCKERFILE:
        return
    told = reports.text_report(await links.ask_checked(host, commands.report("builder", app)))
    # explained by test_a_builder_that_somebody_set_since_is_theirs
    if told.get("builder selected") != builders.DOCKERFILE:
        return
    for argv in build_gate.restoring(app, restore):
        await links.write_checked(host, argv, timeout=30.0, incident=incident)
