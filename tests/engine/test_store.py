"""Incidents of a long journal: what is read of them, and how often."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.incident.facts import later
from tui.drivers.journal import Journal
from tui.engine.store import Records
from tui.incident import events as ev
from tui.model.incident import Closing, Group


class _Counted(Journal):
    """Counts what is read of it."""

    entries_read = 0

    async def entries(self, incident: str) -> Any:
        self.entries_read += 1
        return await super().entries(incident)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[_Counted]:
    book = _Counted(tmp_path / "journal.sqlite")
    for number in range(80):
        await _one(book, number, closed=number > 0)
    yield book
    await book.close()


async def _one(book: Journal, number: int, *, closed: bool) -> None:
    name, at = f"inc{number}", later(number)
    group = Group(id=f"run{number}", services=("api",)) if number % 2 else None
    opened = ev.Opened(
        at=at, incident=name, service="api", app="cyc", host="h", by=f"p{number}@box", reason="", group=group
    )
    await book.open_incident(name, "api", "cyc", "h", at, "event", ev.encode(opened))
    if closed:
        asked = ev.CloseAsked(at=at, closing=Closing.FALSE_ALARM, reason="none")
        await book.append(name, "event", ev.encode(asked), at)
        await book.append(name, "event", ev.encode(ev.Settled(at=at)), at, "closed")


async def test_who_began_an_incident_is_told_without_reading_the_rest_of_it(journal: _Counted) -> None:
    who = await Records(journal).who()
    assert (who["inc79"], who["run79"], who["inc78"]) == ("p79@box", "p79@box", "p78@box")
    assert ("inc1" in who, journal.entries_read) == (False, 0)


async def test_closed_incidents_are_read_once_and_again_after_a_word_was_added(journal: _Counted) -> None:
    records = Records(journal)
    first, _ = await records.newest()
    assert (len(first), journal.entries_read) == (50, 50)
    assert (await records.newest())[0] == first
    assert journal.entries_read == 50
    noted = ev.DecisionNoted(at=later(900), text="it was the cache")
    await journal.append("inc79", "event", ev.encode(noted), later(900))
    assert [i.id for i in (await records.newest())[0]] == [i.id for i in first]
    assert journal.entries_read == 51


async def test_an_open_incident_is_read_each_time(journal: _Counted) -> None:
    records = Records(journal)
    for count in (1, 2):
        ((one,), _) = await records.open()
        assert (one.id, journal.entries_read) == ("inc0", count)


async def test_which_incidents_are_open_is_told_without_reading_them(journal: _Counted) -> None:
    assert await Records(journal).open_ids() == {"inc0"}
    assert journal.entries_read == 0
