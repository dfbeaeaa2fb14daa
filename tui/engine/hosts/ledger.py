"""The ledger: what this console sees of releases over time, kept in its journal, because 0.35 keeps no history.

It is fed by every look at what an app runs and by every healthy probe, and costs a write only when something changed or
a minute has passed. A release that nobody looked at is not in it: its times are "seen", never "was". A healthy answer
belongs to a release only where a look before it and a look after it showed that one.

Other processes of this machine write there as well. Their remarks are read whenever remarks count; what they saw is
not, because whoever asks looks at the host.

Two services files may call two machines alike, staging and production: what was seen on the one says nothing of the
other. The first address of a name has the name; another one that another file gives it has entries of its own. A file
that puts an address right goes on with what is known.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from tui.model.errors import JournalError
from tui.model.holder_look import HolderLook
from tui.model.ledger import ConfigSeen, HolderRead, Ledger, NamedHost, Remark, RemarkKind, Reminded, Served, Sighting
from tui.model.observation import RunningState

T = TypeVar("T", Sighting, Remark, ConfigSeen, HolderLook, HolderRead, Served, Reminded, NamedHost)
Entry = Sighting | Remark | ConfigSeen | HolderLook | HolderRead | Served | Reminded | NamedHost
EVERY = timedelta(minutes=1)
"""how old the last time seen on disk may be"""
HOST = "*"
"""in place of an app: what is known of the whole host"""
ADDRESSES = 5
"""health addresses remembered of one stretch: services.yaml may change while it lasts"""


class Store(Protocol):
    """The place where the ledger is kept."""

    async def ledger_add(self, host: str, app: str, kind: str, payload: str, at: datetime) -> int: ...

    async def ledger_put(self, seq: int, payload: str) -> None: ...

    async def ledger(self, host: str, app: str, after: int = 0) -> Any: ...


class _Page:
    """One app's part, as far as it is in memory."""

    def __init__(self, known: Ledger, seq: int | None, config_seq: int | None, remarks: dict[int, Remark]) -> None:
        self.known = known
        self.remarks = remarks
        """by their rows"""
        self.upto = 0
        """the last row that was looked at for remarks of other processes"""
        self.seq = seq
        """the row of the latest sighting"""
        self.saved: Sighting | None = known.sightings[-1] if known.sightings else None
        self.config_seq = config_seq
        self.config_saved: ConfigSeen | None = known.configs[-1] if known.configs else None
        self.look_seqs: dict[str, int] = {}
        """the row of the look at each holder"""
        self.read_seqs: dict[str, int] = {}
        """the row of the reading of each holder"""
        self.looked = False
        """whether this console has looked itself"""
        self.healthy: datetime | None = None
        """the latest healthy answer since the last look: whose it was the next look tells"""
        self.answered: frozenset[str] = frozenset()
        """the addresses of such answers since then"""


class LedgerKeeper:
    """Writes down what is seen, and tells what was."""

    def __init__(self, store: Store, where: Callable[[str], tuple[str, str] | None] = lambda host: None) -> None:
        """`where`: a host's address and the services file that says so, by its name there; None: not known."""
        self._store = store
        self._where = where
        self._keys: dict[str, str] = {}
        self._pages: dict[tuple[str, str], _Page] = {}
        self._turn = asyncio.Lock()
        self.trouble: JournalError | None = None
        """why it could not be written last: looking at a host must not fail for it"""
        self.unread: dict[tuple[str, str], str] = {}
        """by host and app: that entries cannot be read, and which; the others count"""

    async def saw(self, host: str, current: RunningState) -> None:
        """Note what runs now, and a deploy that was tried and failed."""
        try:
            async with self._turn:
                await self._saw(host, current)
            self.trouble = None
        except JournalError as error:
            self.trouble = error

    async def healthy(self, host: str, app: str, at: datetime, address: tuple[str, str] | None = None) -> None:
        """Note that a healthy service answered; the next look tells which release that was.

        `address`: see `own_site.address`.
        """
        try:
            async with self._turn:
                page = await self._page(host, app)
                page.healthy = max(page.healthy or at, at)
                page.answered |= {"".join(address)} if address is not None else set()
            self.trouble = None
        except JournalError as error:
            self.trouble = error

    async def saw_config(self, host: str, app: str, seen: ConfigSeen) -> None:
        """Note how an app's own variables are set, by hashes."""
        try:
            async with self._turn:
                await self._saw_config(host, app, seen)
            self.trouble = None
        except JournalError as error:
            self.trouble = error

    async def looked(self, host: str, app: str, look: HolderLook) -> None:
        """Note what a look at a holder's image found; only the last one of each holder counts. Raises JournalError."""
        async with self._turn:
            page = await self._page(host, app)
            seq = page.look_seqs.get(look.holder)
            if seq is None:
                seq = await self._add(host, app, "look", look, look.at)
                page.look_seqs[look.holder] = seq
            else:
                await self._store.ledger_put(seq, _text(look))
            others = (old for old in page.known.looks if old.holder != look.holder)
            page.known = replace(page.known, looks=(*others, look))

    async def read(self, host: str, app: str, found: tuple[HolderRead, ...]) -> None:
        """Note what the configs of holders say; written only where one says something else than at the last time."""
        try:
            async with self._turn:
                page = await self._page(host, app)
                known = {one.holder: one for one in page.known.reads}
                for one in found:
                    old = known.get(one.holder)
                    known[one.holder] = one
                    if old is not None and old.pairs == one.pairs:
                        continue
                    seq = page.read_seqs.get(one.holder)
                    if seq is None:
                        page.read_seqs[one.holder] = await self._add(host, app, "holder", one, one.at)
                    else:
                        await self._store.ledger_put(seq, _text(one))
                page.known = replace(page.known, reads=tuple(known.values()))
            self.trouble = None
        except JournalError as error:
            self.trouble = error

    async def reminded(self, host: str, app: str, freeze: str) -> datetime | None:
        """When people here were last reminded of that freeze; None: never. Raises JournalError."""
        found = _legible(await self._rows(host, app), "reminded", Reminded, [])
        return max((one.at for _, one in found if one.freeze == freeze), default=None)

    async def remind(self, host: str, app: str, reminded: Reminded) -> None:
        """Note that people here were reminded of a freeze. Raises JournalError."""
        await self._add(host, app, "reminded", reminded, reminded.at)

    async def served(self, host: str, took: Served) -> None:
        """Note how long a rollback on this host took; what cannot be written is the next promise's loss alone."""
        try:
            async with self._turn:
                await self._add(host, HOST, "served", took, took.at)
        except JournalError as error:
            self.trouble = error

    async def times(self, host: str) -> tuple[Served, ...]:
        """The times that rollbacks on this host took, oldest first; nothing where that cannot be read."""
        try:
            rows = await self._rows(host, HOST)
        except JournalError:
            return ()
        return tuple(took for _, took in _legible(rows, "served", Served, []))

    async def remark(self, host: str, app: str, remark: Remark) -> None:
        """Note something about a commit, unless that is what was noted last. Raises JournalError."""
        async with self._turn:
            await self._remark(host, app, remark)

    async def _remark(self, host: str, app: str, remark: Remark) -> None:
        page = await self._page(host, app)
        await self._heed_others(host, app, page)
        if _says_already(page.known.remarks, remark):
            return
        page.remarks[await self._add(host, app, "remark", remark, remark.at)] = remark
        page.known = replace(page.known, remarks=_in_order(page.remarks))

    async def _heed_others(self, host: str, app: str, page: _Page) -> None:
        """Read the remarks that came since. Raises JournalError."""
        rows = await self._rows(host, app, page.upto)
        page.upto = max((row.seq for row in rows), default=page.upto)
        page.remarks.update(_legible(rows, "remark", Remark, []))
        page.known = replace(page.known, remarks=_in_order(page.remarks))

    async def known(self, host: str, app: str) -> Ledger:
        """The ledger of an app, as far as it was read where the journal does not answer any more. Raises JournalError
        where nothing of it was."""
        async with self._turn:
            page = await self._page(host, app)
            try:
                await self._heed_others(host, app, page)
            except JournalError as error:
                self.trouble = error
            return page.known

    async def flush(self) -> None:
        """Write the last times that are in memory only: at most the last minute is lost where that fails."""
        try:
            async with self._turn:
                for page in self._pages.values():
                    if page.known.sightings and page.saved != page.known.sightings[-1]:
                        await self._save(page, page.known.sightings[-1])
                    if page.known.configs and page.config_saved != page.known.configs[-1]:
                        await self._save_config(page, page.known.configs[-1])
        except JournalError as error:
            self.trouble = error

    async def _saw(self, host: str, current: RunningState) -> None:
        page = await self._page(host, current.app)
        if current.serving and current.metadata is not None and not current.half_way:
            started = max((c.deployed_at for c in current.running.values() if c.deployed_at), default=None)
            seen = Sighting(
                source=current.source,
                metadata=current.metadata,
                commit=current.commit,
                attempt=current.attempt,
                started_at=started,
                first_seen=current.at,
                last_seen=current.at,
                image=current.image,
                images=tuple(sorted({c.image for c in current.containers if c.running and c.image})),
            )
            last = page.known.sightings[-1] if page.known.sightings else None
            heard, page.healthy = page.healthy if page.looked else None, None
            answered, page.answered = page.answered, frozenset()
            page.looked = True
            if last is not None and last.is_same(seen):
                grown = replace(last, last_seen=max(last.last_seen, current.at))
                if heard is not None and heard <= current.at:
                    told = tuple(sorted({*last.answered, *answered})[-ADDRESSES:])
                    grown = replace(grown, last_healthy=max(last.last_healthy or heard, heard), answered=told)
                await self._go_on(page, grown)
            else:
                if last is not None and seen.replaces(last):
                    seen = replace(seen, certain=False)
                page.seq = await self._add(host, current.app, "sighting", seen, current.at)
                page.known = replace(page.known, sightings=(*page.known.sightings, seen))
                page.saved = seen
        tried = current.git_rev
        if page.known.sightings and not page.known.sightings[-1].certain:
            return  # a rebuild may have put there what was tried last
        if current.locked is False and tried and current.commit and tried != current.commit:
            reason = "its deploy was tried and did not succeed"
            await self._remark(
                host, current.app, Remark(kind=RemarkKind.FAILED, commit=tried, at=current.at, reason=reason)
            )

    async def _go_on(self, page: _Page, seen: Sighting) -> None:
        page.known = replace(page.known, sightings=(*page.known.sightings[:-1], seen))
        saved = page.saved
        due = saved is None or seen.last_seen - saved.last_seen >= EVERY
        due = due or (saved is not None and seen.answered != saved.answered)
        if seen.last_healthy is not None and saved is not None:
            due = due or saved.last_healthy is None or seen.last_healthy - saved.last_healthy >= EVERY
        if due:
            await self._save(page, seen)

    async def _save(self, page: _Page, seen: Sighting) -> None:
        if page.seq is not None:
            await self._store.ledger_put(page.seq, _text(seen))
            page.saved = seen

    async def _saw_config(self, host: str, app: str, seen: ConfigSeen) -> None:
        page = await self._page(host, app)
        last = page.known.configs[-1] if page.known.configs else None
        if last is None or not last.is_same(seen):
            page.config_seq = await self._add(host, app, "config", seen, seen.first_seen)
            page.known = replace(page.known, configs=(*page.known.configs, seen))
            page.config_saved = seen
            return
        grown = replace(last, last_seen=max(last.last_seen, seen.last_seen))
        page.known = replace(page.known, configs=(*page.known.configs[:-1], grown))
        if page.config_saved is None or grown.last_seen - page.config_saved.last_seen >= EVERY:
            await self._save_config(page, grown)

    async def _save_config(self, page: _Page, seen: ConfigSeen) -> None:
        if page.config_seq is not None:
            await self._store.ledger_put(page.config_seq, _text(seen))
            page.config_saved = seen

    async def _add(self, host: str, app: str, kind: str, value: Entry, at: datetime) -> int:
        await self._claim(host, at)
        return await self._store.ledger_add(await self._key(host), app, kind, _text(value), at)

    async def _rows(self, host: str, app: str, after: int = 0) -> Any:
        return await self._store.ledger(await self._key(host), app, after)

    async def _claim(self, host: str, at: datetime) -> None:
        """Write down which machine the name stands for, before the first entry about it."""
        if host in self._keys or (where := self._where(host)) is None:
            return
        known = await self._machines(host)
        made = NamedHost(key=_key_of(host, where, known), address=where[0], file=where[1])
        if made not in known:
            await self._store.ledger_add(host, HOST, "machine", _text(made), at)
        self._keys[host] = made.key

    async def _key(self, host: str) -> str:
        """The host in the ledger."""
        if host in self._keys or (where := self._where(host)) is None:
            return self._keys.get(host, host)
        return _key_of(host, where, await self._machines(host))

    async def _machines(self, host: str) -> list[NamedHost]:
        return [one for _, one in _legible(await self._store.ledger(host, HOST), "machine", NamedHost, [])]

    async def _page(self, host: str, app: str) -> _Page:
        if (host, app) not in self._pages:
            rows = await self._rows(host, app)
            bad: list[int] = []
            sightings = _legible(rows, "sighting", Sighting, bad)
            remarks = dict(_legible(rows, "remark", Remark, bad))
            configs = _legible(rows, "config", ConfigSeen, bad)
            looks = _legible(rows, "look", HolderLook, bad)
            reads = _legible(rows, "holder", HolderRead, [])  # one that is lost is read again
            if bad:
                numbers = ", ".join(map(str, bad[:5])) + (" …" if len(bad) > 5 else "")
                self.unread[(host, app)] = f"what was seen of {app} is not known whole: entry {numbers} cannot be read"
            known = Ledger(
                sightings=tuple(s for _, s in sightings),
                remarks=_in_order(remarks),
                configs=tuple(c for _, c in configs),
                looks=tuple({look.holder: look for _, look in looks}.values()),
                reads=tuple({read.holder: read for _, read in reads}.values()),
            )
            self._pages[(host, app)] = _Page(
                known, sightings[-1][0] if sightings else None, configs[-1][0] if configs else None, remarks
            )
            self._pages[(host, app)].upto = max((row.seq for row in rows), default=0)
            self._pages[(host, app)].look_seqs.update((look.holder, seq) for seq, look in looks)
            self._pages[(host, app)].read_seqs.update((read.holder, seq) for seq, read in reads)
        return self._pages[(host, app)]


def _in_order(remarks: dict[int, Remark]) -> tuple[Remark, ...]:
    return tuple(remark for _, remark in sorted(remarks.items()))


def _says_already(remarks: tuple[Remark, ...], new: Remark) -> bool:
    """True if nothing new is said: bad and good take each other back, a failure counts by itself."""
    if new.kind is RemarkKind.FAILED:
        return any((r.kind, r.commit) == (new.kind, new.commit) for r in remarks)
    judged = (RemarkKind.BAD, RemarkKind.GOOD)
    last = next((r for r in reversed(remarks) if r.commit == new.commit and r.kind in judged), None)
    return (last.kind if last is not None else RemarkKind.GOOD) is new.kind


def _legible(rows: Any, kind: str, of: type[T], bad: list[int]) -> list[tuple[int, T]]:
    """The entries of this kind with their numbers; the numbers of those that cannot be read go to `bad`."""
    found: list[tuple[int, T]] = []
    for row in rows:
        if row.kind == kind:
            try:
                found.append((row.seq, msgspec.json.decode(row.payload, type=of)))
            except (msgspec.DecodeError, UnicodeError):
                bad.append(row.seq)
    return found


def _key_of(host: str, where: tuple[str, str], known: list[NamedHost]) -> str:
    """The name in the ledger of the machine at this address, of all that the host's name has stood for."""
    address, file = where
    mine = [one for one in known if one.address == address] or [one for one in known if file and one.file == file]
    return mine[0].key if mine else f"{host} at {address}" if known else host


def _text(value: Entry) -> str:
    return msgspec.json.encode(value).decode()
