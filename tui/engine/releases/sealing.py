"""The end of a keep: seal the holder so that nothing can rebuild it, read the seal back, allow to look at its image.

A holder that cannot be sealed is no kept release. One that cannot be looked at is: whether its image stays is unknown.
"""

from collections.abc import Awaitable, Callable

from tui.dokku import commands, holder_looks, holders, k3s, reports
from tui.dokku.build_gate import LOCAL
from tui.engine.concurrency import together
from tui.engine.hosts.connections import HostConnections, UnexpectedReply
from tui.model.errors import LinkError, Refused
from tui.model.outcome import Answer

Write = Callable[[str, tuple[str, ...]], Awaitable[None]]
"""sends a command that changes a host. Raises LinkError, UnexpectedReply"""


async def seal(links: HostConnections, host: str, holder: str, write: Write) -> str:
    """Seal a filled holder. Returns what went wrong after that, in words: the release is kept all the same.

    Raises Refused where it could not be sealed, LinkError, UnexpectedReply.
    """
    await write(host, commands.git_set_branch(holder, holders.SEAL_BRANCH))
    await write(host, commands.builder_set(holder, "selected", "null"))
    git, ps = await together(
        links.ask_checked(host, commands.git_report(holder)), links.ask_checked(host, commands.ps_report(holder))
    )
    branch, running = reports.git_report(git).branch, reports.ps_report(ps).running
    if branch != holders.SEAL_BRANCH or running != "false":
        raise Refused(f"{holder} could not be sealed: branch {branch}, running {running}")
    return await allow_looks(host, holder, write)


async def on_the_host(scheduler: Answer, host: str, holder: str, write: Write) -> None:
    """A holder belongs on the Dokku host itself: where every new app goes to another scheduler, it is set for this one.

    Otherwise Dokku calls it deployed, and nobody could look at its image. `scheduler`: the report of the new app's.
    Raises LinkError, UnexpectedReply.
    """
    given = k3s.selected(scheduler)
    if given not in (None, LOCAL):
        await write(host, ("scheduler:set", holder, "selected", LOCAL))


async def allow_looks(host: str, holder: str, write: Write) -> str:
    """Set the option that makes looking harmless. Returns what went wrong, in words."""
    try:
        await write(host, holder_looks.allow(holder))
    except (LinkError, UnexpectedReply) as error:
        return f"its image cannot be looked for: {error.message}"
    return ""
