"""Looks at the images of holders: asked over one connection, and remembered in the ledger with their time.

The only place that sends `run`. It goes to a holder whose entrypoint was read on the same connection, and nowhere else.
"""

from tui.dokku import holder_looks, holders
from tui.dokku.holder_looks import NotLookedAt
from tui.engine.concurrency import together
from tui.engine.hosts.connections import HostConnections, UnexpectedReply
from tui.model.errors import JournalError, LinkError
from tui.model.holder_look import HolderLook, ImageState
from tui.model.release import Release


async def look(links: HostConnections, host: str, app: str, holder: str, read: Release | None = None) -> HolderLook:
    """Looks for the image of a holder of the app. Trouble with the look makes it unknown; nothing is raised.

    `read`: its release, where its config was read just now; else it is read for this.
    """
    found = await _asked(links, host, holder, read)
    try:
        await links.ledger.looked(host, app, found)
    except JournalError as error:
        links.ledger.trouble = error
    return found


async def without_option(links: HostConnections, host: str, holder: str) -> bool:
    """True if the holder is known to have no run options at all, as those of older consoles."""
    try:
        options = await links.ask(host, holder_looks.options_report(holder))
    except LinkError:
        return False
    return options.ok and holder_looks.run_options(options.stdout) == ()


async def _builder(links: HostConnections, host: str, holder: str, read: Release | None) -> str | None:
    if read is not None and read.holder == holder:
        return read.builder
    return holders.release_from_config(holder, await links.config(host, holder) or {}).builder


async def _asked(links: HostConnections, host: str, holder: str, read: Release | None) -> HolderLook:
    def unknown(why: str) -> HolderLook:
        return HolderLook(holder=holder, image=ImageState.UNKNOWN, at=links.now(), why=why)

    try:
        version = (await links.capabilities(host)).version
        await links.host(host).connect()
        connection = links.host(host).connection
        builder, options, scheduler = await together(
            _builder(links, host, holder, read),
            links.ask(host, holder_looks.options_report(holder), only_on=connection),
            links.ask(host, holder_looks.scheduler_report(holder), only_on=connection),
        )
        argv = holder_looks.question(holder, options, scheduler, version, builder)
        if not (holder_looks.is_look(argv) and holder_looks.allowed(options) and argv[1] == holder):
            raise AssertionError(f"{argv} would start the release: its entrypoint was not read just now")
        answer = await links.ask(host, argv, timeout=holder_looks.LIMIT, only_on=connection)
    except NotLookedAt as error:
        return unknown(str(error))
    except (LinkError, UnexpectedReply) as error:
        return unknown(error.message)
    return holder_looks.read(holder, answer, links.now(), builder)
