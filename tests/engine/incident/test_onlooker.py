"""Two consoles on one machine: the second one sees what the first one does, and writes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.incident.facts import T0, later
from tests.stage import HandClock
from tui.drivers.journal import Journal
from tui.engine.incident.onlooker import EVERY, Onlooker
from tui.incident import events as ev
from tui.incident.decide import fold
from tui.model.errors import JournalError, TakenByOther
from tui.model.incident import Closing, Incident

OPENED = ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="ann@desk")


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
async def two() -> AsyncIterator["Two"]:
    made = Two()
    yield made
    await made.second.close()
    if not made.gone:
        await made.first.close()


class Two:
    """The journal as each of two consoles has it; the first one leads an incident."""

    def __init__(self) -> None:
        self.first, self.second, self.clock = Journal(), Journal(), HandClock()
        self.fails = False
        self.news = 0
        self.gone = False
        """whether the first console has ended"""

    async def write(self, event: ev.Event) -> None:
        await self.first.append("inc1", "event", ev.encode(event), event.at)

    async def read(self, incident: str) -> Incident:
        if self.fails:
            raise JournalError("the journal is locked")
        entries = await self.second.entries(incident)
        return fold(ev.read(e.payload) for e in entries)

    async def begin(self) -> Onlooker:
        assert self.first.lock("inc1")
        await self.write(OPENED)
        made = Onlooker(await self.read("inc1"), self.second.holder("inc1"), self.second, self.clock, self.read)
        made.subscribe(self._heard)
        made.start()
        return made

    def _heard(self) -> None:
        self.news += 1

    async def pass_until(self, condition: object) -> None:
        """Let time pass until it is so: the journals have threads of their own."""
        assert callable(condition)
        for _ in range(200):
            await self.clock.advance(EVERY)
            if condition():
                return
        raise AssertionError("it never became so")


async def test_who_leads_is_said_and_what_happens_there_is_seen_here(two: "Two") -> None:
    seen = await two.begin()
    assert seen.held_by.startswith("process ")
    await two.write(ev.SeverityChosen(at=later(5), level="P1"))
    await two.pass_until(lambda: seen.incident.severity == "P1")
    assert two.news == 1, "told once for each change"
    assert seen.at > T0
    await seen.stop()


async def test_nothing_can_be_written_from_here(two: "Two") -> None:
    seen = await two.begin()
    with pytest.raises(TakenByOther, match="is led by another console"):
        await seen.submit(ev.SeverityChosen(at=later(5), level="P1"))
    assert not two.second.lock("inc1")
    await seen.stop()


async def test_once_the_first_one_is_gone_it_can_be_led_from_here(two: "Two") -> None:
    seen = await two.begin()
    two.gone = True
    await two.first.close()
    await two.pass_until(lambda: not seen.held_by)
    assert two.second.lock("inc1")
    await seen.stop()


async def test_a_journal_that_cannot_be_read_is_said_and_read_again(two: "Two") -> None:
    seen = await two.begin()
    two.fails = True
    await two.pass_until(lambda: bool(seen.trouble))
    assert (seen.trouble, seen.error) == ("the journal is locked", None)
    two.fails = False
    await two.pass_until(lambda: not seen.trouble)
    await seen.stop()


async def test_looking_ends_with_the_incident(two: "Two") -> None:
    seen = await two.begin()
    await two.write(ev.CloseAsked(at=later(5), closing=Closing.FALSE_ALARM, reason="a test"))
    await two.write(ev.Settled(at=later(6)))
    await two.pass_until(lambda: not seen.incident.open)
    await two.pass_until(lambda: seen._task is not None and seen._task.done())
    assert seen.error is None
