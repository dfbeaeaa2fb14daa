"""Which kept releases of an app are let go once another one is kept."""

from collections.abc import Awaitable, Callable

from tui.engine.hosts.connections import HostConnections, UnexpectedReply
from tui.engine.releases import catalog, kept_before
from tui.engine.releases.keep_content import Say
from tui.model.errors import ConsoleError, Refused
from tui.model.release import Release, Target, TargetKind
from tui.model.service import Service
from tui.releases import choose_release

Destroy = Callable[[str, str], Awaitable[None]]
"""destroys a holder on a host. Raises Refused, LinkError, UnexpectedReply"""


async def let_older_go(links: HostConnections, service: Service, most: int, destroy: Destroy, say: Say) -> None:
    """Destroy all but the newest `most`. The new release is kept by now: anything that fails here is said, and no
    more."""
    try:
        for old in await expired(links, service, most):
            try:
                await destroy(service.host, old)
                say(f"retention: {old} is gone")
            except UnexpectedReply as error:
                say(f"retention: {old} {'may be there still' if error.unsure else 'stays'}: {error.message}")
            except Refused as error:
                say(f"retention: {old} stays: {error.message}")
    except ConsoleError as error:
        say(f"retention: no more is let go: {error.message}")


async def expired(links: HostConnections, service: Service, most: int) -> tuple[str, ...]:
    """Holders beyond the retention, oldest first; none while an incident is open. Raises LinkError, UnexpectedReply."""
    found = await catalog.listing(links, service)
    if found.record is not None and not found.record.frozen:
        return ()
    listed = choose_release.newest_first(found.releases)
    counted = [r for r in listed if r.holder and r.bad is None and r.sealed and not r.gone]
    spared = {r.holder for r in counted if r.running} | {_previous(found.releases)}
    over = [r.holder for r in counted[most:] if r.holder is not None and r.holder not in spared]
    return (*kept_before.superseded(found.releases), *reversed(over))


def _previous(known: tuple[Release, ...]) -> str | None:
    try:
        return choose_release.choose(Target(kind=TargetKind.PREVIOUS), known).release.holder
    except Refused:
        return None
