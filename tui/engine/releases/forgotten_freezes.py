"""Freezes that are likely forgotten are told once a day at most, no matter how often a console is started."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.dokku import freeze_age
from tui.dokku.holders import IncidentRecord
from tui.engine.hosts.ledger import LedgerKeeper
from tui.engine.ports import ClockPort
from tui.engine.releases.catalog import Listing
from tui.model.errors import JournalError
from tui.model.ledger import Reminded
from tui.model.service import Service
from tui.model.value import Value


class ForgottenFreeze(Value):
    """A freeze that is older than a freeze should be."""

    service: Service
    record: IncidentRecord
    age: timedelta


class FreezeReminders:
    """The reminders of one console; the journal knows of those before."""

    def __init__(self, ledger: LedgerKeeper, clock: ClockPort) -> None:
        self._ledger, self._clock = ledger, clock
        self._told: dict[str, datetime] = {}

    def waiting(self, found: Sequence[tuple[Service, Listing | None]]) -> tuple[ForgottenFreeze, ...]:
        """The freezes of which nobody here knows that they were told within the last day, the oldest first."""
        now, waiting = self._clock.now(), list[ForgottenFreeze]()
        for service, listing in found:
            record = listing.record if listing is not None else None
            age = freeze_age.forgotten(record, listing.current.branch if listing is not None else None, now)
            if record is None or age is None or not freeze_age.due(self._told.get(freeze_age.identity(record)), now):
                continue
            waiting.append(ForgottenFreeze(service=service, record=record, age=age))
        return tuple(sorted(waiting, key=lambda one: -one.age))

    async def take(self, freeze: ForgottenFreeze) -> bool:
        """True if it is to be told now; it counts as told then. Where the journal cannot say so, it is told."""
        name, now = freeze_age.identity(freeze.record), self._clock.now()
        host, app = freeze.service.host, freeze.service.app
        self._told[name] = now
        try:
            last = await self._ledger.reminded(host, app, name)
            if not freeze_age.due(last, now):
                self._told[name] = last or now
                return False
            await self._ledger.remind(host, app, Reminded(freeze=name, at=now))
        except JournalError:
            return True
        return True
