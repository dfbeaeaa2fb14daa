"""Which releases an app has: what runs, and what is kept on the host."""

import asyncio

from msgspec.structs import replace

from tui.dokku import commands, kept, reports
from tui.engine import record
from tui.engine.links import Links
from tui.incident import choose
from tui.model.observation import Current
from tui.model.release import Release, WayBack
from tui.model.service import Service
from tui.model.value import Value
from tui.ways.kept import WAY


class Listing(Value):
    """An app's releases, newest first, with what they were read from."""

    current: Current
    releases: tuple[Release, ...]
    record: kept.IncidentRecord | None = None


async def listing(links: Links, service: Service) -> Listing:
    """Everything known of an app's releases now. Raises LinkError, HostSaid."""
    host = service.host
    current, apps = await asyncio.gather(links.current(host, service.app), names(links, host))
    holders = [name for name in apps if _app_of(name) == service.app]
    record_there = kept.incident_record(service.app) in apps
    releases = await asyncio.gather(*(holder_release(links, host, name) for name in holders))
    found = await record.read(links, host, service.app) if record_there else None
    seconds = service.rollback.expected.total_seconds()
    ranked = choose.marked(tuple(_with_way(r, seconds) for r in releases))
    return Listing(
        current=current,
        releases=choose.with_running(ranked, current),
        record=found,
    )


async def names(links: Links, host: str) -> tuple[str, ...]:
    """Every app's name on a host, ours included."""
    return reports.apps_list(await links.tell(host, commands.apps_list()))


async def holder_release(links: Links, host: str, holder: str) -> Release:
    """What a holder says of itself, and whether it is sealed: two reads."""
    config, git = await asyncio.gather(links.config(host, holder), links.ask(host, commands.git_report(holder)))
    release = kept.release_from_config(holder, config or {})
    branch = reports.git_report(git.stdout).branch if git.ok else None
    return replace(release, sealed=None if branch is None else branch == kept.SEAL_BRANCH)


def _with_way(release: Release, seconds: float) -> Release:
    if release.sealed is None:
        way = WayBack(way=WAY, available=False, reason="its seal could not be read")
    elif not release.sealed:
        way = WayBack(way=WAY, available=False, reason="its holder is not sealed: it may hold another release by now")
    else:
        way = WayBack(way=WAY, available=True, seconds=seconds)
    return replace(release, ways=(way,))


def _app_of(name: str) -> str | None:
    parsed = kept.parse_holder(name)
    return parsed.app if parsed else None
