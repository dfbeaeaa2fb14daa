"""Keeping what was kept before: is its image there still? One whose image is gone is kept again.

The holder of a lost image has everything but the image: what is known of the release goes from it into the new holder,
and retention lets it go once the new one is sealed.
"""

from msgspec.structs import replace

from tui.dokku import build_settings, commands, holders
from tui.engine.concurrency import together
from tui.engine.hosts import holder_looks as looks
from tui.engine.hosts.connections import HostConnections, UnexpectedReply
from tui.engine.ports import ClockPort
from tui.engine.releases import build_facts
from tui.engine.releases.keep_content import HolderContent
from tui.engine.releases.sealing import Write, allow_looks
from tui.model.errors import AlreadyThere, LinkError, Refused
from tui.model.holder_look import HolderLook, ImageState
from tui.model.release import Release
from tui.model.service import Service

GONE = "its image is gone from the host"
"""why a holder is marked bad after a push has failed for want of its image"""


async def lost(
    links: HostConnections,
    clock: ClockPort,
    service: Service,
    known: tuple[Release, ...],
    running: Release,
    write: Write,
) -> Release | None:
    """The release that runs and has to be kept again, because its holder has lost its image; None: it is not kept.

    Raises AlreadyThere where it is kept and its image was not seen to be gone.
    """
    if running.holder is None or not running.sealed:
        return None
    found = await _look(links, service.host, service.app, running.holder, write)
    if found.gone:
        return running
    words = f"{running.name} is what runs, and it is kept as {running.holder}"
    if found.image is ImageState.UNKNOWN:
        words += f"; whether its image is still there is not known: {found.why}"
    others = tuple(r for r in known if r.holder != running.holder)
    host = service.host
    troubles = (await _stamp(clock, host, running.holder, write), *await allow_all(links, host, others, write))
    raise AlreadyThere("; ".join(filter(None, (words, *troubles))))


async def content(links: HostConnections, host: str, lost: Release, known: HolderContent) -> HolderContent:
    """The content of the new holder: the release's own commit and files, as the one that lost its image has them.

    What it does not say is as what runs says. Raises LinkError.
    """
    if lost.holder is None:
        return known
    try:
        found = await build_facts.files_of(links, host, lost.holder)
    except UnexpectedReply:
        found = {}
    facts = build_settings.read_facts(found.get(build_settings.FACTS_FILE))
    files = build_settings.placed(known.shape, found, facts)[0]
    return replace(known, commit=lost.commit or known.commit, files=tuple(sorted(files.items())) or known.files)


def refusal(lost: Release | None, refused: Refused) -> Refused:
    """The refusal of a keep; with a lost image it says that there is no way back any more."""
    if lost is None:
        return refused
    words = f"the image of {lost.holder} is gone from the host, and {lost.name} cannot be kept again"
    return Refused(f"{words}: {refused.message}", refused.fix)


def pairs(lost: Release | None) -> tuple[tuple[str, str], ...]:
    """The marks that the new holder needs beside its own facts."""
    if lost is None:
        return ()
    bad = None if lost.bad == GONE else lost.bad
    return holders.mark_pairs(served_as=lost.served_as or None, left_bad=lost.left_bad, bad=bad, came=lost.came)


def superseded(releases: tuple[Release, ...]) -> tuple[str, ...]:
    """Holders whose image is gone and whose release was kept again since."""
    whole = {r.commit for r in releases if r.holder and r.sealed and not r.gone and r.commit}
    return tuple(r.holder for r in releases if r.holder and r.gone and r.commit in whole)


async def allow_all(links: HostConnections, host: str, releases: tuple[Release, ...], write: Write) -> tuple[str, ...]:
    """Allow looking at holders from before looks were possible. Returns what went wrong, in words."""
    older = [r.holder for r in releases if r.holder and r.sealed and not _was_seen(r)]
    told = await together(*(looks.without_option(links, host, holder) for holder in older))
    troubles = [
        f"{holder}: {trouble}"
        for holder, bare in zip(older, told, strict=True)
        if bare and (trouble := await allow_looks(host, holder, write))
    ]
    return tuple(troubles)


def _was_seen(release: Release) -> bool:
    return release.looked is not None and release.looked.image is not ImageState.UNKNOWN


async def _look(links: HostConnections, host: str, app: str, holder: str, write: Write) -> HolderLook:
    """One look; a holder from before looks were possible is allowed to be looked at first."""
    found = await looks.look(links, host, app, holder)
    if found.image is ImageState.UNKNOWN and await looks.without_option(links, host, holder):
        trouble = await allow_looks(host, holder, write)
        found = found if trouble else await looks.look(links, host, app, holder)
    return found


async def _stamp(clock: ClockPort, host: str, holder: str, write: Write) -> str:
    """Note that it served until now; what went wrong, in words. It is kept all the same."""
    try:
        await write(host, commands.config_set(holder, holders.mark_pairs(last_served=clock.now())))
    except (LinkError, UnexpectedReply) as error:
        return f"when it served last could not be noted: {error.message}"
    return ""
