"""A closed incident is played once more from its record: in its own time, faster, and nobody is asked."""

import asyncio
from pathlib import Path

import pytest

from tests.incident.stories import closed as ending
from tests.incident.stories import opened, whole
from tests.stage import HandClock
from tui import bootstrap
from tui.drivers.journal import Journal
from tui.engine.replay import LONGEST_GAP, TICK, Recording, ReplayEngine
from tui.incident import events as ev
from tui.model.errors import Refused
from tui.model.incident import Closing, State
from tui.model.release import Target, TargetKind
from tui.ways.facts import Options

WHOLE = tuple(one for one in whole() if isinstance(one, ev.Event))
DRIVERS = ("SshHost", "HttpProbes", "Git", "HttpRegistry", "LocalProcesses", "KeyedDigest", "OnCallFile", "Identities")


def played(speed: int = 10) -> tuple[ReplayEngine, HandClock]:
    hand = HandClock()
    return ReplayEngine(Recording(incident="inc1", events=WHOLE), hand, speed), hand


async def test_it_goes_from_its_opening_to_its_end_through_every_state() -> None:
    engine, hand = played()
    seen: list[State] = []
    engine.playback.subscribe(lambda: seen.append(engine.playback.incident.state))
    engine.playback.start()
    assert engine.playback.incident.state is State.ASSESSING
    for _ in range(1000):
        await hand.advance(TICK)
        if engine.playback.over:
            break
    assert engine.playback.incident == engine.playback.recording.whole
    assert list(dict.fromkeys(seen)) == [
        State.ASSESSING, State.PLANNED, State.EXECUTING, State.STOPPED, State.VERIFYING, State.WATCHING, State.CLOSED,
    ]  # fmt: skip
    assert hand.monotonic() <= (WHOLE[-1].at - WHOLE[0].at).total_seconds() / 10, "pauses are shortened"
    assert engine.clock.now() >= WHOLE[-1].at
    await engine.close()


async def test_it_is_held_goes_on_faster_by_one_entry_and_from_the_beginning() -> None:
    engine, hand = played(1)
    play = engine.playback
    play.start()
    play.pause()
    await hand.advance(100)
    assert play.played == 1 and play.at == WHOLE[0].at
    play.step()
    assert play.played == 2 and play.incident.severity == "P1"
    play.faster(100)
    assert play.speed == 60
    play.pause()
    await hand.advance(LONGEST_GAP + TICK)
    assert play.played > 2
    play.again()
    now = engine.playback
    assert (now.played, now.at) == (1, WHOLE[0].at) and now.incident == now.recording.at(1)
    await engine.close()


async def test_whatever_would_ask_or_change_anything_is_refused() -> None:
    engine, _ = played()
    (service,) = engine.fleet.services
    host = engine.links.host(service.host)
    plan = lambda: engine.plan(service, Target(kind=TargetKind.PREVIOUS), Options())  # noqa: E731
    for work in (
        host.connect, lambda: engine.listing(service), lambda: engine.catalogue(service), plan,
        lambda: engine.assess(service, ""), lambda: engine.resume("inc1"), lambda: engine.keep(service, print),
        lambda: engine.freeze(service), lambda: engine.postmortems.taken("inc1", None),  # type: ignore[arg-type]
    ):  # fmt: skip
        with pytest.raises(Refused):
            await work()
    assert await engine.probe(service) is None
    assert not engine.gate.wrote
    await engine.close()


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal with the closed incident `inc1`, and the open one `inc2`."""
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))

    async def write() -> None:
        journal = Journal()
        for name, events in (("inc1", WHOLE), ("inc2", (opened(),))):
            first = events[0]
            await journal.open_incident(name, "api", "cyc", "h", first.at, "event", ev.encode(first))
            for one in events[1:]:
                await journal.append(name, "event", ev.encode(one), one.at)
        await journal.close()

    asyncio.run(write())


@pytest.mark.usefixtures("recorded")
def test_no_driver_is_constructed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a driver was made")

    for name in DRIVERS:
        monkeypatch.setattr(bootstrap, name, never)
    engine = bootstrap.replay("inc1", 60)
    assert engine.playback.recording.whole.closing is Closing.RECOVERED
    assert [s.name for s in engine.fleet.services] == ["api"]
    asyncio.run(engine.close())


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("name", ["inc2", "inc3"])
def test_what_is_open_or_unknown_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        bootstrap.replay(name, 1)


def test_one_that_came_to_nothing_is_played_as_well() -> None:
    events = (opened(), *(e for e in ending(WHOLE[1].at, Closing.FALSE_ALARM) if isinstance(e, ev.Event)))
    engine = ReplayEngine(Recording(incident="inc1", events=events), HandClock(), 1)
    while not engine.playback.over:
        engine.playback.step()
    assert engine.playback.incident.closing is Closing.FALSE_ALARM
