"""How an app stands: what runs, what holds it, what is kept, in as few commands as tell it.

The host's apps and Dokku's reports of them are read once for all services, and GIT_REV comes with the look at the app's
variables where one is due. For a row of `status` holders are remembered, see `tui/releases/remembered.py`; `check`
reads each of them. Nothing is planned from either.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from msgspec.structs import replace

from tui import ways
from tui.dokku import holders as kept
from tui.dokku import reports
from tui.dokku.reports import GitReport
from tui.engine.concurrency import meanwhile
from tui.engine.hosts import incident_record as record
from tui.engine.hosts.app_config import ConfigRead, ConfigWatch
from tui.engine.hosts.connections import Foreknown, HostConnections, unusable
from tui.engine.hosts.overview import HostReads
from tui.engine.releases import catalog
from tui.engine.releases.catalog import Listing
from tui.model.ledger import HolderRead, Ledger
from tui.model.observation import RunningState
from tui.model.outcome import Answer
from tui.model.release import Release
from tui.model.service import Service
from tui.releases import remembered as memory
from tui.releases import restart_risk, what_runs
from tui.ways.way import Seen


async def standing(configs: ConfigWatch, service: Service, reads: HostReads) -> Listing:
    """The app's releases as far as a row shows them: no seal is asked, so that no way back leads there, but that of
    what runs, where a restart would start something else.

    Raises LinkError, UnexpectedReply.
    """
    return await _listing(configs, service, reads, configs.read(service), _remembered)


async def examined(configs: ConfigWatch, service: Service, reads: HostReads, config: ConfigRead) -> Listing:
    """The app's releases with their seals, every holder read now, by reads that others share.

    Raises LinkError, UnexpectedReply.
    """

    async def read(links: HostConnections, of: Service, names: list[str], _: Ledger, __: Current) -> dict[str, Release]:
        return _by_holder(await catalog.read_holders(links, of, names, lambda holder: reads.report("git", holder)))

    return await _listing(configs, service, reads, config, read)


Current = Callable[[], Coroutine[Any, Any, RunningState]]
"""asks for what runs, which is under way meanwhile"""
Read = Callable[[HostConnections, Service, list[str], Ledger, Current], Coroutine[Any, Any, dict[str, Release]]]


async def _listing(configs: ConfigWatch, service: Service, reads: HostReads, config: ConfigRead, read: Read) -> Listing:
    links, host, app = configs.links, service.host, service.app

    async def branches() -> GitReport:
        answer: Answer = await reads.report("git", app)
        if not answer.ok:
            raise unusable(answer)
        return reports.git_report(answer.stdout)

    async with meanwhile() as begin:
        known = Foreknown(report=lambda: reads.app(app), tried=config.tried, branches=branches)
        running = begin(links.current(host, app, known))

        async def current() -> RunningState:
            return await running

        names = (await reads.overview()).names
        ledger, trouble = await catalog.ledger(links, service)
        holders = [name for name in names if kept.holds(name, app)]
        signed = begin(catalog.record_of(links, service, there=kept.incident_record(app) in names))
        reading = begin(read(links, service, holders, ledger, current))
        now, found, held = await current(), await reading, await signed
        if held is None and kept.is_frozen(now.branch):
            # the record may have been made since the apps were listed
            held = await record.read(links, host, app) or kept.lost_record(app, now.branch or "")
        await configs.note(service, now, config.looked)
    told = catalog.Gathered(
        current=now,
        holders=tuple(found[name] for name in holders),
        record=held,
        ledger=ledger,
        asked=catalog.asked(trouble),
    )
    return catalog.listed(told, service, tuple(way.name for way in ways.WAYS if way.listed), Seen())


async def _remembered(
    links: HostConnections, service: Service, names: list[str], ledger: Ledger, current: Current
) -> dict[str, Release]:
    """The releases that the holders retain: read now where this machine does not know them, or where marks decide."""
    known = {one.holder: _release(one) for one in ledger.reads if one.holder in names and _whole(one)}
    unknown = [name for name in names if name not in known]
    found = known | _by_holder(await catalog.read_holders(links, service, unknown))
    now = await current()
    doubts = memory.doubtful(now, tuple(known.values()), kept.is_frozen)
    again = await catalog.read_holders(links, service, [release.holder or "" for release in doubts])
    found |= _by_holder(again)
    if again and not any(memory.settles(now, release) for release in again):
        rest = [name for name in known if name not in _by_holder(again)]
        found |= _by_holder(await catalog.read_holders(links, service, rest))
    runs = what_runs.running(tuple(found.values()), now).holder
    if runs is not None and restart_risk.risk(now):  # what cures it depends on the seal of what runs
        found |= _by_holder(await catalog.read_holders(links, service, [runs], catalog.seal(links, service.host)))
    return found


def _by_holder(releases: tuple[Release, ...]) -> dict[str, Release]:
    return {release.holder: release for release in releases if release.holder is not None}


def _whole(read: HolderRead) -> bool:
    """True if a keep had come to its end when the holder was read: its facts are written at once."""
    return any(key == "ROLLBACK_SCHEMA" for key, _ in read.pairs)


def _release(read: HolderRead) -> Release:
    """As it was read then; whether it is sealed is not known."""
    return replace(kept.release_from_config(read.holder, dict(read.pairs)), sealed=None)
