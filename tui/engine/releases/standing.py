"""How an app stands, for a row of `status`: what runs, what holds it, what is kept, in as few commands as tell it.

The host's apps and Dokku's reports of them are read once for all services; GIT_REV comes with the look at the app's
variables where one is due; holders are remembered, see `tui/releases/remembered.py`. Nothing is planned from it: a
plan, `check` and `--list` read everything themselves.
"""

import asyncio

from msgspec.structs import replace

from tui import ways
from tui.dokku import holders as kept
from tui.dokku.reports import AppReport
from tui.engine.hosts import incident_record as record
from tui.engine.hosts import overview
from tui.engine.hosts.app_config import ConfigWatch
from tui.engine.hosts.connections import Foreknown
from tui.engine.releases import catalog
from tui.engine.releases.catalog import Listing
from tui.engine.together import meanwhile
from tui.model.ledger import HolderRead
from tui.model.release import Release
from tui.model.service import Service
from tui.releases import remembered as memory
from tui.ways.way import Seen


async def standing(configs: ConfigWatch, service: Service) -> Listing:
    """The app's releases as far as a row shows them: no seal is asked, so that no way back leads there.

    Raises LinkError, UnexpectedReply.
    """
    links, host, app = configs.links, service.host, service.app
    config = configs.read(service)
    async with meanwhile() as begin:
        around = begin(overview.look(links, host))

        async def report() -> AppReport:
            # explained by test_a_host_that_is_lost_in_the_middle_is_said_to_be_lost
            told = await asyncio.shield(around)
            return told.reports.get(app) or await links.report(host, app)

        running = begin(links.current(host, app, Foreknown(report=report, tried=config.tried)))
        names = (await around).names
        ledger, trouble = await catalog.ledger(links, service)
        holders = [name for name in names if kept.holds(name, app)]
        known = {one.holder: _release(one) for one in ledger.reads if one.holder in holders and _whole(one)}
        signed = begin(catalog.record_of(links, service, there=kept.incident_record(app) in names))
        fresh = begin(catalog.read_holders(links, service, [name for name in holders if name not in known]))
        current = await running
        found = {**known, **{release.holder or "": release for release in await fresh}}
        doubts = memory.doubtful(current, tuple(known.values()), kept.is_frozen)
        again = await catalog.read_holders(links, service, [release.holder or "" for release in doubts])
        found.update((release.holder or "", release) for release in again)
        if again and not any(memory.settles(current, release) for release in again):
            rest = [name for name in known if name not in {release.holder for release in again}]
            found.update((r.holder or "", r) for r in await catalog.read_holders(links, service, rest))
        held = await signed
        if held is None and kept.is_frozen(current.branch):
            # the record may have been made since the apps were listed
            held = await record.read(links, host, app) or kept.lost_record(app, current.branch or "")
        await configs.note(service, current, config.looked)
    told = catalog.Gathered(
        current=current,
        holders=tuple(found[name] for name in holders),
        record=held,
        ledger=ledger,
        asked=catalog.asked(trouble),
    )
    return catalog.listed(told, service, tuple(way.name for way in ways.WAYS if way.listed), Seen())


def _whole(read: HolderRead) -> bool:
    """True if a keep had come to its end when the holder was read: its facts are written at once."""
    return any(key == "ROLLBACK_SCHEMA" for key, _ in read.pairs)


def _release(read: HolderRead) -> Release:
    """As it was read then; whether it is sealed is not known."""
    return replace(kept.release_from_config(read.holder, dict(read.pairs)), sealed=None)
