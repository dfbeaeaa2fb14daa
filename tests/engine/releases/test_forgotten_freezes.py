"""A forgotten freeze is told once a day, also where consoles come and go."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.incident.facts import T0
from tests.stage import HandClock, listing, service
from tui.dokku.holders import IncidentRecord
from tui.drivers.journal import Journal
from tui.engine.hosts.ledger import LedgerKeeper
from tui.engine.releases.catalog import Listing
from tui.engine.releases.forgotten_freezes import FreezeReminders
from tui.model.errors import JournalError

API, WEB = service("api"), service("web")


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite")
    yield made
    await made.close()


def frozen(hours: float, by: str = "ana@desk") -> Listing:
    found = listing(API, T0)
    record = IncidentRecord(app=API.app, incident="inc1", by=by, since=T0 - timedelta(hours=hours), state="frozen")
    return replace(found, record=record, current=replace(found.current, branch="frozen-by-inc1"))


async def test_once_a_day_whoever_starts_a_console(journal: Journal) -> None:
    clock = HandClock(T0)
    here = FreezeReminders(LedgerKeeper(journal), clock)
    (freeze,) = here.waiting([(API, frozen(5)), (WEB, listing(WEB, T0))])
    assert (freeze.service.name, freeze.age) == ("api", timedelta(hours=5))
    assert await here.take(freeze)
    assert here.waiting([(API, frozen(5))]) == ()

    await clock.advance(3600)
    next_console = FreezeReminders(LedgerKeeper(journal), clock)
    (again,) = next_console.waiting([(API, frozen(5))])
    assert not await next_console.take(again), "it was told an hour ago"
    assert next_console.waiting([(API, frozen(5))]) == (), "the journal is not asked again"

    await clock.advance(23 * 3600)
    for console in (here, next_console):
        assert console.waiting([(API, frozen(5))])
    assert await next_console.take(again)
    assert not await here.take(freeze), "of two consoles one tells it"


async def test_the_oldest_comes_first_and_a_young_one_not_at_all(journal: Journal) -> None:
    reminders = FreezeReminders(LedgerKeeper(journal), HandClock(T0))
    found = reminders.waiting([(API, frozen(5)), (WEB, frozen(50)), (service("cron"), frozen(3)), (API, None)])
    assert [one.service.name for one in found] == ["web", "api"]


async def test_where_the_journal_cannot_say_it_is_told(monkeypatch: pytest.MonkeyPatch, journal: Journal) -> None:
    async def full(*_: object) -> int:
        raise JournalError("the disk is full")

    monkeypatch.setattr(journal, "ledger_add", full)
    reminders = FreezeReminders(LedgerKeeper(journal), HandClock(T0))
    (freeze,) = reminders.waiting([(API, frozen(5))])
    assert await reminders.take(freeze)
    assert reminders.waiting([(API, frozen(5))]) == ()
