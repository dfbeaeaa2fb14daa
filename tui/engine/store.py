"""The incidents of this machine's journal, read from their entries.

One that cannot be read (a newer console's entry, a torn one) is named with its reason. It holds up its own service, of
which nobody can say what was done to it, and no other; a person's word sets it aside.
"""

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from tui.dokku import holders
from tui.engine.hosts import incident_record
from tui.engine.hosts.connections import HostConnections
from tui.engine.ports import ClockPort, JournalPort
from tui.incident import events as ev
from tui.incident import search, similar
from tui.incident.decide import fold
from tui.incident.similar import Resembling
from tui.model.errors import JournalError, Refused, TakenByOther
from tui.model.incident import Closing, Incident
from tui.model.plan import Plan
from tui.model.value import Value

SEARCHED = 10_000
"""incidents that a search reads at most, the newest"""


LOOKED_THROUGH = 500
"""incidents among which those like a new one are looked for, by what the journal lists of them alone"""
LIKE_READ = 8
"""of those that are the app's own, how many are read at most: each costs a few milliseconds"""


def new_id(clock: ClockPort) -> str:
    """A new incident's id: UTC time and four random digits, at most 32 of `[a-z0-9-]`."""
    return f"{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


class Illegible(Value):
    """An incident whose entries cannot be read, by what the journal lists of it."""

    id: str
    service: str
    app: str
    host: str
    opened_at: str
    """RFC 3339, as the journal has it"""
    open: bool
    why: str

    @property
    def fix(self) -> str:
        """The words that lead on."""
        return f"update this console, or: rollback resume {self.id} --close not-recovered"


class UnreadableIncident(JournalError):
    """The entries of one incident cannot be read; `JournalError` for one incident alone."""


class _Aside(Value):
    """The entry that sets an incident aside."""

    closing: str
    reason: str
    by: str
    why: str


class Records:
    """The incidents of the journal."""

    def __init__(self, journal: JournalPort) -> None:
        self._journal = journal
        self._read: dict[str, tuple[int, Incident]] = {}
        """closed incidents with the number of their last entry then: they are read anew where one was added"""

    async def events(self, incident: str) -> tuple[ev.Event, ...]:
        """Its events, oldest first; none where the journal does not know it. Raises UnreadableIncident."""
        entries = await self._journal.entries(incident)
        with legible(incident):
            return tuple(ev.read(e.payload) for e in entries if e.kind == "event")

    async def read(self, incident: str) -> Incident:
        """The incident as its entries tell it. Raises Refused where there is none, Unreadable."""
        events = await self.events(incident)
        if not events:
            raise Refused(f"the journal has no incident {incident}", "rollback incidents")
        with legible(incident):
            return fold(events)

    async def who(self) -> dict[str, str]:
        """Who began the newest incidents, by their ids and those that hosts know them by; nothing else of them is read.

        What cannot be read is left out: it only names people.
        """
        found: dict[str, str] = {}
        for name, payload in await self._journal.begun():
            with contextlib.suppress(UnreadableIncident), legible(name):  # `open` names it
                event = ev.read(payload)
                if isinstance(event, ev.Opened):
                    found |= {name: event.by, (event.group.id if event.group is not None else name): event.by}
        return found

    async def newest(self) -> tuple[tuple[Incident, ...], tuple[Illegible, ...]]:
        """The newest incidents, newest first, and those among them that cannot be read."""
        return await self._sorted(await self._journal.incidents())

    async def found(self, words: Sequence[str]) -> tuple[tuple[Incident, ...], tuple[Illegible, ...]]:
        """Of all incidents those in which each of the words is found, newest first, and those that nobody can read."""
        found, lost = await self._sorted(await self._journal.incidents(SEARCHED))
        return tuple([one for one in found if search.found(words, one, await self.events(one.id))]), lost

    async def like(self, host: str, app: str, plan: Plan | None, besides: str = "") -> tuple[Resembling, ...]:
        """Closed incidents like one of this app with this plan, the most alike first. Only the newest of the app are
        read; what cannot be read is left out: it only teaches."""
        listed = await self._journal.incidents(LOOKED_THROUGH)
        rows = [r for r in listed if (r.host, r.app, r.state) == (host, app, "closed") and r.id != besides]
        found, _ = await self._sorted(rows[:LIKE_READ])
        return similar.resembling(host, app, plan, found, besides=besides)

    async def open(self) -> tuple[tuple[Incident, ...], tuple[Illegible, ...]]:
        """Every incident that is not closed, newest first, and those among them that cannot be read."""
        return await self._sorted(await self._journal.open_incidents())

    async def open_ids(self) -> frozenset[str]:
        """The ids of all that are not closed; nothing of them is read."""
        return frozenset(row.id for row in await self._journal.open_incidents())

    async def illegible(self, incident: str) -> Illegible | None:
        """The open incident of that id, where it cannot be read."""
        return next((one for one in (await self.open())[1] if one.id == incident), None)

    async def _sorted(self, rows: Sequence[Any]) -> tuple[tuple[Incident, ...], tuple[Illegible, ...]]:
        found: list[Incident] = []
        lost: list[Illegible] = []
        latest = await self._journal.latest(tuple(row.id for row in rows)) if rows else {}
        for row in rows:
            try:
                found.append(await self._once(row.id, latest.get(row.id, 0)))
            except (JournalError, Refused) as error:
                told = {name: getattr(row, name) for name in ("id", "service", "app", "host", "opened_at")}
                lost.append(Illegible(**told, open=row.state != "closed", why=error.message))
        return tuple(found), tuple(lost)

    async def _once(self, incident: str, latest: int) -> Incident:
        """The incident, read again only where an entry was added since. Raises as `read`."""
        known = self._read.get(incident)
        if known is not None and known[0] == latest:
            return known[1]
        found = await self.read(incident)
        if not found.open:
            self._read[incident] = (latest, found)
        return found

    async def set_aside(
        self, links: HostConnections, clock: ClockPort, lost: Illegible, closing: Closing, reason: str, by: str
    ) -> tuple[str, ...]:
        """Close an incident that cannot be read, by a person's word. What it holds on its host is let go first: a
        freeze stays, with its branch, and `unfreeze` ends it. Returns what is left to do, for people. Raises
        TakenByOther, LinkError, UnexpectedReply, JournalError."""
        if not self._journal.lock(lost.id):
            raise TakenByOther(f"another console on this machine has incident {lost.id}")
        left = await _let_go(links, lost)
        said = _Aside(closing=closing.value, reason=reason, by=by, why=lost.why)
        await self._journal.append(lost.id, "aside", msgspec.json.encode(said).decode(), clock.now(), "closed")
        return left


@contextlib.contextmanager
def legible(incident: str) -> Iterator[None]:
    """Turns any error of reading entries inside the block into UnreadableIncident: an entry that this version does not
    know, one that is torn, or events that cannot follow each other."""
    try:
        yield
    except Exception as error:
        words = f"incident {incident} cannot be read: {type(error).__name__}: {error}"
        raise UnreadableIncident(
            words, f"update this console, or: rollback resume {incident} --close not-recovered"
        ) from error


async def _let_go(links: HostConnections, lost: Illegible) -> tuple[str, ...]:
    found = await incident_record.read(links, lost.host, lost.app)
    # a run over several services signs with its own id, which its parts' ids begin with
    if found is None or found.incident not in (lost.id, lost.id.rpartition("-")[0]):
        return ()
    if found.deploy_branch is None:
        await incident_record.remove(links, lost.host, holders.incident_record(lost.app), lost.id)
        return ()
    await incident_record.sign(links, lost.host, lost.app, (("ROLLBACK_STATE", "frozen"),), lost.id)
    return (f"deploys of {lost.app} are frozen until `rollback unfreeze {lost.service}`",)
