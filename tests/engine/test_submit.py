"""One event is one entry: on disk and in memory, or in neither, whoever is cancelled or fails meanwhile."""

import asyncio
import contextlib
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.engine.test_watching import Performing, watching
from tests.incident.facts import T0, later, plan
from tests.stage import HandClock, MemoryJournal, settled
from tui.drivers.journal import Journal
from tui.engine.hosts.gate import Gate
from tui.engine.incident.runner import IncidentRunner
from tui.incident import events as ev
from tui.incident import watch
from tui.incident.decide import decide, fold, opened
from tui.model.errors import JournalError
from tui.model.evidence import Measurement, Phase
from tui.model.incident import Sample, State, WatchKind
from tui.model.outcome import Answer, Exited, NeverStarted

OPENED = ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box")


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))
    return Journal()


async def _known(journal: Journal) -> tuple[State, str]:
    """What the entries say, and under which state the incident is found."""
    entries = await journal.entries("inc1")
    rows = await journal.incidents()
    return fold(ev.read(e.payload) for e in entries).state, rows[0].state


async def test_where_the_second_half_of_an_event_cannot_be_written_its_first_half_is_not_either(
    journal: Journal,
) -> None:
    clock = HandClock()
    walk = await IncidentRunner.begin(OPENED, journal, clock, Performing(clock))
    sabotage = "CREATE TRIGGER full BEFORE {} BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    for half in ("UPDATE ON incident", "INSERT ON entry"):
        with contextlib.closing(sqlite3.connect(journal.path)) as other, other:
            other.execute(sabotage.format(half))
        with pytest.raises(JournalError, match="disk is full"):
            await walk.submit(ev.PlanMade(at=T0, plan=plan()))
        assert walk.incident.state is State.ASSESSING
        assert await _known(journal) == (State.ASSESSING, "assessing")
        with contextlib.closing(sqlite3.connect(journal.path)) as other, other:
            other.execute("DROP TRIGGER full")
        other.close()
    await walk.submit(ev.PlanMade(at=T0, plan=plan()))
    assert await _known(journal) == (State.PLANNED, "planned")
    await walk.stop()
    await journal.close()


async def test_an_incident_without_its_first_entry_is_not_in_the_journal(journal: Journal) -> None:
    with contextlib.closing(sqlite3.connect(journal.path)) as other, other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'full'); END")
    other.close()
    with pytest.raises(JournalError):
        await IncidentRunner.begin(OPENED, journal, HandClock(), Performing(HandClock()))
    assert await journal.incidents() == ()
    await journal.close()


class Slow(MemoryJournal):
    """Takes an entry when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()

    async def append(self, incident: str, kind: str, payload: str, at: datetime, state: str | None = None) -> int:
        await self.may.wait()
        return await super().append(incident, kind, payload, at, state)


async def test_what_is_written_is_applied_although_nobody_waits_for_it_any_more() -> None:
    clock, journal = HandClock(), Slow()
    walk = IncidentRunner(opened(OPENED), journal, clock, Performing(clock))
    asked = asyncio.create_task(walk.submit(ev.PlanMade(at=T0, plan=plan())))
    await settled()
    asked.cancel()
    await settled()
    assert walk.incident.state is State.ASSESSING
    journal.may.set()
    await settled()
    assert (walk.incident.state, len(journal.rows)) == (State.PLANNED, 1)
    await walk.stop()


async def test_a_walk_that_ends_waits_for_what_is_being_written_and_begins_nothing_of_it() -> None:
    clock, journal = HandClock(), Slow()
    journal.may.set()
    performing = Performing(clock)
    walk = IncidentRunner(opened(OPENED), journal, clock, performing)
    await walk.submit(ev.PlanMade(at=T0, plan=plan()))
    journal.may.clear()
    confirmed = asyncio.create_task(walk.submit(ev.Confirmed(at=T0, by="me@box", watch=None)))
    await settled()
    ending = asyncio.create_task(walk.stop())
    await settled()
    assert not ending.done()
    journal.may.set()
    await asyncio.gather(ending, confirmed)
    assert walk.incident.state is State.EXECUTING and walk.incident.runs == ()


class Beginning(Performing):
    """Its step ends while the walk does, and has begun something beside it by then."""

    beside = False

    async def run_step(self, *_: Any) -> ev.StepEnded:
        try:
            await asyncio.Event().wait()
        finally:
            self.beside = True
        raise AssertionError

    async def close(self) -> None:
        self.beside = False
        await settled()


async def test_what_a_step_began_at_the_last_moment_is_ended_with_the_walk() -> None:
    performing = Beginning(HandClock())
    walk = IncidentRunner(opened(OPENED), MemoryJournal(), performing.clock, performing)
    await walk.submit(ev.PlanMade(at=T0, plan=plan()))
    await walk.submit(ev.Confirmed(at=T0, by="me@box", watch=None))
    await settled()
    await walk.stop()
    assert walk.incident.runs and not performing.beside


async def test_who_looks_on_may_fail_and_what_is_carried_out_goes_on() -> None:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    performing = Performing(HandClock())
    walk = await watching(performing, timedelta(seconds=30))
    walk.subscribe(lambda: (_ for _ in ()).throw(BrokenPipeError("stderr")))
    await performing.clock.advance(31)
    assert walk.incident.state is State.CLOSED and walk.error is None
    assert isinstance(faults[0]["exception"], BrokenPipeError)
    await walk.stop()


# ── the gate ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class FullAfter(MemoryJournal):
    """Takes this many entries."""

    def __init__(self, entries: int) -> None:
        super().__init__()
        self.left = entries

    async def append(self, incident: str, kind: str, payload: str, at: datetime, state: str | None = None) -> int:
        if not self.left:
            raise JournalError("the journal: disk full")
        self.left -= 1
        return await super().append(incident, kind, payload, at, state)


async def test_a_command_whose_intent_cannot_be_written_is_not_sent() -> None:
    gate, sent = Gate(FullAfter(0), HandClock()), []

    async def send() -> Answer:
        sent.append(1)
        return _answer()

    with pytest.raises(JournalError):
        await gate.record("h", ("apps:create", "x"), "inc1", send, lambda answer: answer.outcome)
    assert not sent and not gate.wrote


async def test_what_came_back_is_known_although_its_end_cannot_be_written() -> None:
    gate = Gate(FullAfter(1), HandClock())

    async def send() -> Answer:
        return _answer()

    assert (await gate.record("h", ("apps:create", "x"), "inc1", send, lambda a: a.outcome)).ok
    assert gate.wrote and gate.lost == "the journal: disk full"


async def test_what_never_started_was_not_written() -> None:
    gate = Gate(MemoryJournal(), HandClock())

    async def send() -> Answer:
        return replace(_answer(), outcome=NeverStarted(why="no channel"))

    await gate.record("h", ("apps:create", "x"), "inc1", send, lambda answer: answer.outcome)
    assert not gate.wrote


async def test_each_of_two_works_at_once_counts_what_it_sent_itself() -> None:
    gate = Gate(MemoryJournal(), HandClock())

    async def send() -> Answer:
        await asyncio.sleep(0)
        return _answer()

    async def work(commands: int) -> int:
        count = gate.counted()
        for _ in range(commands):
            await asyncio.create_task(gate.record("h", ("apps:create", "x"), "inc1", send, lambda a: a.outcome))
        return count.sent

    assert list(await asyncio.gather(work(2), work(0), work(3))) == [2, 0, 3]
    assert gate.sent == 5


def _answer() -> Answer:
    return Answer(argv=("apps:create", "x"), outcome=Exited(code=0), started_at=T0, seconds=0.1)


# ── another process's clock ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_clock_that_went_back_between_two_processes_makes_no_watch_longer() -> None:
    length = timedelta(minutes=15)
    window = watch.open_watch(WatchKind.AFTER_ROLLBACK, T0, length)
    for seconds in range(10, 310, 10):
        window = watch.observe(window, Sample(at=later(seconds), healthy=True))
    found = Measurement(at=later(60), phase=Phase.AFTER, rates=())
    incident = replace(opened(OPENED), state=State.WATCHING, asking=None, watch=window, measurements=(found,))
    back = later(300) - timedelta(hours=1)
    resumed, _ = decide(incident, ev.Resumed(at=back, by="me@box", anew=True))
    assert resumed.watch is not None and resumed.since <= back
    assert resumed.watch.deadline - back == timedelta(minutes=10), "what it had left"
    assert resumed.watch.coverage(back) == 1.0
    assert watch.next_checkpoint(resumed) == back
    ahead, _ = decide(incident, ev.Resumed(at=later(400), by="me@box", anew=True))
    assert ahead.watch == window, "time that passed is time that passed"
