"""Which releases an app has: what runs, what is kept on the host, and everything else that knows of some.

`listing` asks only what going back to a kept release needs. `catalogue` asks every source, and offers every way: what
could not be asked is said, and takes nothing away from the rest.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from tui import ways
from tui.dokku import commands, reports
from tui.dokku import holders as kept
from tui.engine.concurrency import together
from tui.engine.hosts import incident_record as record
from tui.engine.hosts.app_config import ConfigRead
from tui.engine.hosts.connections import Foreknown, HostConnections, UnexpectedReply, unusable
from tui.engine.ports import RegistryPort
from tui.model.errors import ConsoleError, JournalError, LinkError
from tui.model.history import Commit
from tui.model.holder_look import HolderLook
from tui.model.host import Capabilities
from tui.model.ledger import HolderRead, Ledger
from tui.model.observation import RunningState
from tui.model.outcome import Answer
from tui.model.release import Release, Source
from tui.model.service import Fleet, Service
from tui.model.value import Value
from tui.releases import choose_release, what_runs
from tui.releases import merge as catalogues
from tui.ways import runbook
from tui.ways.way import Seen

RECENT = 20
"""commits of the app's repository that are read"""


class Asked(Value):
    """A source of the list, and why it could not be asked, if so."""

    source: Source
    trouble: str = ""


class Listing(Value):
    """An app's releases, newest first, with what they were read from."""

    current: RunningState
    releases: tuple[Release, ...]
    record: kept.IncidentRecord | None = None
    asked: tuple[Asked, ...] = ()
    host: Capabilities | None = None
    """what the host can do, where that was asked and answered"""
    since: datetime | None = None
    """when the containers of what runs were made as this machine saw them first: a restart may make them anew since"""


def never_kept(fleet: Fleet, found: Listing) -> bool:
    """True if the fleet has the way back `kept`, and nothing was ever kept of this app."""
    return "kept" in fleet.ways and not any(release.holder is not None for release in found.releases)


Seal = Callable[[str], Coroutine[Any, Any, Answer]]
_OTHER_SOURCES = (Source.REPOSITORY, Source.REGISTRY, Source.TAGS)


def with_more(fresh: Listing, earlier: Listing) -> Listing:
    """A listing with what only an earlier catalogue of the same app knows: other ways, commits, images and tags.

    Whatever both know is as the fresh one says: holders, marks, what runs and the incident's record.
    """

    def same(one: Release, other: Release) -> bool:
        if one.holder is not None and other.holder is not None:
            return one.holder == other.holder
        names = ((one.commit, other.commit), (one.image, other.image), (one.tag, other.tag))
        return any(mine is not None and mine == theirs for mine, theirs in names)

    def joined(release: Release) -> Release:
        old = next((r for r in earlier.releases if same(release, r)), None)
        if old is None:
            return release
        own = {way.way: way for way in release.ways}
        known = {way.way for way in old.ways}
        return replace(
            release,
            ways=(*(own.get(w.way, w) for w in old.ways), *(w for w in release.ways if w.way not in known)),
            subject=release.subject or old.subject,
            author=release.author or old.author,
            committed_at=release.committed_at or old.committed_at,
            image=release.image or old.image,
            digest=release.digest or old.digest,
            told=tuple(sorted({**dict(old.told), **dict(release.told)}.items())),
        )

    others = (
        r
        for r in earlier.releases
        if r.origin in _OTHER_SOURCES and not r.running and not any(same(r, new) for new in fresh.releases)
    )
    known = {asked.source for asked in fresh.asked}
    return replace(
        fresh,
        releases=choose_release.newest_first((*(joined(r) for r in fresh.releases), *others)),
        asked=(*fresh.asked, *(a for a in earlier.asked if a.source not in known)),
        host=earlier.host,
    )


def seen(found: Listing, service: Service, look: HolderLook) -> Listing:
    """The listing after a look at a holder's image: a kept release whose image is gone cannot be gone back to."""

    def offered(release: Release) -> Release:
        if release.holder != look.holder:
            return release
        told = replace(release, looked=look)
        here = tuple(ways.of(w.way).offer(told, service, Seen()) if w.way == "kept" else w for w in told.ways)
        return replace(told, ways=here)

    return replace(found, releases=tuple(offered(r) for r in found.releases))


class Gathered(Value):
    """The words of the host and this machine, of their own accord."""

    current: RunningState
    holders: tuple[Release, ...]
    record: kept.IncidentRecord | None
    ledger: Ledger
    asked: tuple[Asked, ...]


async def listing(
    links: HostConnections, service: Service, met: asyncio.Event | None = None, config: ConfigRead | None = None
) -> Listing:
    """The releases that are kept or that this console has seen, and what runs. Raises LinkError, UnexpectedReply.

    `config` reads the variables anyhow, among which is the commit that was tried last. `met` is set when the first
    questions are answered: what is asked from then on stands in nobody's way.
    """
    told = await _ask(links, service, met, config)
    order = tuple(way.name for way in ways.WAYS if way.listed)
    return listed(told, service, order, Seen())


async def catalogue(
    links: HostConnections,
    service: Service,
    order: tuple[str, ...],
    who: Mapping[str, str] | None = None,
    registries: RegistryPort | None = None,
    met: asyncio.Event | None = None,
    config: ConfigRead | None = None,
) -> Listing:
    """The releases that any source knows, with every way of `order`. Raises LinkError, UnexpectedReply."""
    told = await _ask(links, service, met, config)
    history, host, images = await together(
        _history(links, service, told), _capabilities(links, service.host), _images(service, registries)
    )
    commits, asked = history
    tags, tags_asked = await _tags(links, service, host)
    seen = Seen(
        commits=None if asked.trouble else frozenset(c.id for c in commits),
        host=host,
        source=(told.record.unheld if told.record is not None else None) or told.current.source,
        tags=tags,
        images=images[0],
    )
    told = replace(told, asked=(*told.asked, asked, *tags_asked, *images[1]))
    others = tuple(release for way in ways.WAYS for release in way.releases(service, seen))
    return replace(listed(told, service, order, seen, commits=commits, others=others, who=who), host=host)


async def _ask(
    links: HostConnections, service: Service, met: asyncio.Event | None = None, config: ConfigRead | None = None
) -> Gathered:
    host = service.host
    read = None if config is None else Foreknown(tried=config.tried)
    current, apps = await together(links.current(host, service.app, read), names(links, host))
    if met is not None:
        met.set()
    if service.app not in apps:
        raise UnexpectedReply(
            f"`apps:list` does not name {service.app}, which is there: which releases are kept is not known",
            "ask by hand: ssh dokku@HOST apps:list; does a plugin show this key's user less than all?",
        )
    holders = [name for name in apps if kept.holds(name, service.app)]
    record_there = kept.incident_record(service.app) in apps
    found, releases = await together(
        record_of(links, service, there=record_there), read_holders(links, service, holders, seal(links, host))
    )
    if found is None and current.branch is not None and kept.is_frozen(current.branch):
        found = kept.lost_record(service.app, current.branch)
    known, trouble = await ledger(links, service)
    return Gathered(current=current, holders=releases, record=found, ledger=known, asked=asked(trouble))


async def ledger(links: HostConnections, service: Service) -> tuple[Ledger, str]:
    """This machine's own part of the list, and in words what is wrong with it, if anything is."""
    trouble = links.ledger.trouble.message if links.ledger.trouble else ""
    try:
        known = await links.ledger.known(service.host, service.app)
        return known, trouble or links.ledger.unread.get((service.host, service.app), "")
    except JournalError as error:
        return Ledger(), error.message


def asked(trouble: str) -> tuple[Asked, ...]:
    """The sources of every list: the holders, and this machine, with its trouble."""
    return (Asked(source=Source.HOLDER), Asked(source=Source.LEDGER, trouble=trouble))


async def record_of(links: HostConnections, service: Service, *, there: bool) -> kept.IncidentRecord | None:
    """The incident's record, where there is one. Raises LinkError, UnexpectedReply."""
    return await record.read(links, service.host, service.app) if there else None


def listed(
    told: Gathered,
    service: Service,
    order: tuple[str, ...],
    seen: Seen,
    *,
    commits: tuple[Commit, ...] = (),
    others: tuple[Release, ...] = (),
    who: Mapping[str, str] | None = None,
) -> Listing:
    """The list out of all that was told."""
    known = catalogues.merged(told.holders, commits, told.ledger, app=service.app, others=others, who=who)
    if not what_runs.rebuilt(known, told.current):
        known = catalogues.with_failure(known, told.current)
    known = tuple(ways.offered(release, service, order, seen) for release in known)
    return Listing(
        current=told.current,
        releases=what_runs.with_running(choose_release.marked(known), told.current),
        record=told.record,
        asked=told.asked,
        since=_since(told),
    )


def _since(told: Gathered) -> datetime | None:
    """When what runs was deployed, where this machine has seen nothing else run since then; None: it does not know."""
    last, now = told.ledger.sightings[-1] if told.ledger.sightings else None, told.current
    if last is None or not last.is_same_deploy(now):
        return None
    images = {c.image for c in now.running.values() if c.image}
    return last.started_at if set(last.images) == images else None


async def _history(links: HostConnections, service: Service, told: Gathered) -> tuple[tuple[Commit, ...], Asked]:
    """The newest commits of the team's own branch; while deploys are frozen the deploy branch is the incident's."""
    branch = (told.record.deploy_branch if told.record else None) or told.current.branch
    if kept.is_frozen(branch):
        return (), Asked(source=Source.REPOSITORY, trouble="it is frozen, and nobody knows the team's branch")
    tip = dict(told.current.refs).get(branch or "")
    if branch is None:
        return (), Asked(source=Source.REPOSITORY, trouble="the app has no deploy branch")
    found, trouble = await commits(links, service, branch, tip)
    return found, Asked(source=Source.REPOSITORY, trouble=trouble)


async def commits(
    links: HostConnections, service: Service, branch: str, tip: str | None
) -> tuple[tuple[Commit, ...], str]:
    """The newest commits of a branch that is at `tip`, newest first, and why they could not be read, if so."""
    if tip is None:
        return (), f"branch {branch} has no commit"
    key = (service.host, service.app, tip)
    if key not in links.histories:
        try:
            links.histories[key] = await links.git.history(links.host(service.host), service.app, branch, RECENT)
        except (LinkError, UnexpectedReply) as error:
            return (), error.message
    return links.histories[key], ""


async def _capabilities(links: HostConnections, host: str) -> Capabilities | None:
    try:
        return await links.capabilities(host, runbook=True)
    except ConsoleError:
        return None  # the ways that need to know it then say that they do not


async def _tags(
    links: HostConnections, service: Service, host: Capabilities | None
) -> tuple[tuple[str, ...] | None, tuple[Asked, ...]]:
    """The host's own tags, where it has the command; stock Dokku is not asked."""
    if host is None or runbook.TAGS not in host.runbook:
        return None, ()
    answer = await links.ask(service.host, commands.tags(service.app))
    if not answer.ok:
        return None, (Asked(source=Source.TAGS, trouble=unusable(answer).message),)
    return reports.tags(answer.stdout), (Asked(source=Source.TAGS),)


async def _images(service: Service, registries: RegistryPort | None) -> tuple[frozenset[str] | None, tuple[Asked, ...]]:
    """The tags of the service's repository, where services.yaml names one."""
    if service.image_repository is None or registries is None:
        return None, ()
    found = await registries.tags(service.image_repository)
    if found.trouble:
        return None, (Asked(source=Source.REGISTRY, trouble=found.trouble),)
    return frozenset(found.names), (Asked(source=Source.REGISTRY),)


async def names(links: HostConnections, host: str) -> tuple[str, ...]:
    """Every app's name on a host, ours included."""
    return reports.apps_list(await links.ask_checked(host, commands.apps_list(), once=True))


async def read_holders(
    links: HostConnections, service: Service, names: list[str], seal: Seal | None = None
) -> tuple[Release, ...]:
    """The releases that these holders retain, as they say now; remembered for those who may go by that. One that
    cannot be read is `unread`, and costs the others nothing.

    `seal` asks for the `git:report` of one; None: whether they are sealed is not asked. Raises LinkError.
    """
    if not names:
        return ()
    told = await together(*(_holder_or_why(links, service.host, name, seal) for name in names))
    await links.ledger.read(service.host, service.app, tuple(one.read for one in told if one.read is not None))
    return tuple(one.release for one in told)


async def holder_release(links: HostConnections, host: str, holder: str) -> Release:
    """The release that a holder retains, and whether it is sealed: two reads."""
    return (await _holder(links, host, holder, seal(links, host))).release


def seal(links: HostConnections, host: str) -> Seal:
    """Asks whether a holder is sealed, by a command of its own."""
    return lambda holder: links.ask(host, commands.git_report(holder))


class _Holder(NamedTuple):
    release: Release
    read: HolderRead | None
    """None: it could not be read"""


async def _holder_or_why(links: HostConnections, host: str, holder: str, seal: Seal | None) -> _Holder:
    try:
        return await _holder(links, host, holder, seal)
    except UnexpectedReply as error:
        return _Holder(replace(kept.release_from_config(holder, {}), unread=error.message), None)


async def _holder(links: HostConnections, host: str, holder: str, seal: Seal | None) -> _Holder:
    if seal is not None:
        config, git = await together(links.config(host, holder), seal(holder))
        branch = reports.git_report(git.stdout).branch if git.ok else None
    else:
        config, branch = await links.config(host, holder), None
    release = kept.release_from_config(holder, config or {})
    pairs = tuple(sorted((key, value) for key, value in (config or {}).items() if key.startswith(kept.OWN_KEYS)))
    return _Holder(
        release=replace(release, sealed=None if branch is None else branch == kept.SEAL_BRANCH),
        read=HolderRead(holder=holder, pairs=pairs, at=links.now()),
    )
