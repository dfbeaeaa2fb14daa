"""`check` of what is kept: is the newest kept image there, and what do all holders of a host cost?"""

from tui.dokku import holders
from tui.engine.engine import Engine
from tui.engine.hosts import holder_looks as looks
from tui.engine.hosts.connections import UnexpectedReply
from tui.engine.hosts.overview import HostReads
from tui.engine.releases import catalog
from tui.engine.releases.catalog import Listing
from tui.model.errors import LinkError
from tui.model.finding import Finding, Result
from tui.model.holder_look import ImageState
from tui.model.service import Service
from tui.releases import choose_release

CPU = 0.17
"""seconds of CPU that each app of a host adds to every deploy there: Dokku's cron-write visits all (0.35.15)"""
MANY = 20


async def costs(reads: HostReads) -> list[Finding]:
    """The cost of a host's kept releases for its deploys. Nothing where that cannot be asked: `host` says so."""
    try:
        names = (await reads.overview()).names
    except (LinkError, UnexpectedReply):
        return []
    count = sum(1 for name in names if holders.parse_holder(name) is not None)
    many = f"{count} kept release makes" if count == 1 else f"{count} kept releases make"
    words = f"{many} each deploy here about {count * CPU:.1f} s slower: Dokku visits every app after it, {CPU} s each"
    fix = "fewer: `retention` in services.yaml, or rollback keep SERVICE --remove-all" if count >= MANY else ""
    return [Finding(subject=reads.host, topic="holders", result=Result.NOTE if fix else Result.OK, text=words, fix=fix)]


async def newest(engine: Engine, of: Service, found: Listing) -> tuple[Listing, list[Finding]]:
    """A look at the image of the newest kept release; the listing as it is since."""
    kept = next(
        (r for r in choose_release.newest_first(found.releases) if r.holder and r.sealed and r.bad is None), None
    )
    if kept is None or kept.holder is None:
        return found, []
    look = await looks.look(engine.links, of.host, of.app, kept.holder, kept)

    def line(result: Result, text: str, fix: str = "") -> list[Finding]:
        return [Finding(subject=of.name, topic="image", result=result, text=text, fix=fix)]

    found = catalog.seen(found, of, look)
    match look.image:
        case ImageState.THERE:
            return found, line(Result.OK, f"the image of {kept.name} is on the host")
        case ImageState.GONE:
            words = f"IMAGE GONE: nobody can go back to {kept.name}, the host has deleted the image of {kept.holder}"
            fix = f"rollback keep {of.name}" + ("" if kept.running else " keeps what runs; never docker image prune -a")
            return found, line(Result.FINDING, words, fix)
        case ImageState.UNKNOWN:
            words = f"whether the image of {kept.name} is on the host is not known: {look.why}"
            return found, line(Result.NOTE, words, f"rollback keep {of.name}: lets it be looked for")
