"""Other changes of late: deploys, rollbacks and config of every service as this machine saw them, open incidents,
and feature flags where somebody outside has their log.

It is asked beside the plan and never holds one up: nothing goes to a host for it, a log of flags has a few seconds, and
what could not be known is named.
"""

from datetime import datetime

from tui.engine.concurrency import meanwhile
from tui.engine.error_edge import answered, within, worded
from tui.engine.hosts.ledger import LedgerKeeper
from tui.engine.ports import ClockPort, FlagsPort
from tui.engine.store import Records
from tui.incident import taken_back
from tui.model.errors import JournalError
from tui.model.service import Fleet, Service
from tui.model.taken_back import FlagLog, Happened
from tui.model.value import Value

PATIENCE = 3.0
"""seconds for the log of feature flags"""


class Around(Value):
    """The other changes since a moment, and what could not be asked."""

    since: datetime
    changes: tuple[Happened, ...] = ()
    gaps: tuple[str, ...] = ()


class Nearby:
    """Asks for one fleet."""

    def __init__(
        self, fleet: Fleet, ledger: LedgerKeeper, records: Records, clock: ClockPort, flags: FlagsPort | None
    ) -> None:
        self._fleet = fleet
        self._ledger = ledger
        self._records = records
        self._clock = clock
        self._flags = flags

    async def of(self, service: Service) -> Around:
        """The changes beside this service's own release. Never raises for what cannot be read."""
        now = self._clock.now()
        since = now - taken_back.WINDOW
        async with meanwhile() as begin:
            flags = begin(self._flag_log(service, since, now))
            changes, gaps, unseen = list[Happened](), list[str](), list[str]()
            for other in self._fleet.services:
                try:
                    known = await self._ledger.known(other.host, other.app)
                except JournalError as error:
                    gaps.append(f"{other.name}: {error.message}")
                    continue
                mine = other.name == service.name
                changes.extend(taken_back.seen(other.name, known, since, deploys=not mine))
                if not mine and taken_back.unseen(other.name, known, now):
                    unseen.append(other.name)
            if unseen:
                gaps.append(f"{taken_back.listed(tuple(unseen))} (not looked at from here lately)")
            try:
                incidents = (await self._records.open())[0]
            except JournalError as error:
                gaps.append(f"open incidents: {error.message}")
            else:
                changes.extend(taken_back.opened(i) for i in incidents if i.service != service.name)
            log = await flags
        if log.trouble:
            gaps.append(f"feature flags: {log.trouble}")
        return Around(since=since, changes=(*changes, *log.changes), gaps=tuple(gaps))

    async def _flag_log(self, service: Service, since: datetime, until: datetime) -> FlagLog:
        if self._flags is None or not self._flags.covers(service):
            return FlagLog()
        return await answered(
            within(PATIENCE, self._flags.flag_changes(service, since, until)),
            lambda error: FlagLog(trouble=worded(error)),
        )
