"""The walk's watch: when it measures, that no look waits for it, and that its end does."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from msgspec.structs import replace

from tests.incident.facts import T0, plan
from tests.stage import HandClock, MemoryJournal, settled
from tui.engine.incident.runner import IncidentRunner
from tui.incident import events as ev
from tui.incident import watch
from tui.incident.decide import opened
from tui.model.evidence import Measurement, Phase, Rate, RateSource
from tui.model.incident import Closing, Incident, Question, Sample, State, StepRun, WatchKind
from tui.model.plan import StepKind

LENGTH = timedelta(minutes=15)


class Performing:
    """Looks that are healthy, measurements that take as long as they are told."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.looks = 0
        self.measured: list[tuple[Phase, float]] = []
        self.failed = 0
        self.takes = 0.0
        self.broken = False

    async def run_step(
        self, incident: Incident, step: str, note: Callable[[ev.Event], Awaitable[object]]
    ) -> ev.StepEnded:
        raise AssertionError

    async def observe(self, incident: Incident) -> ev.Observed:
        raise AssertionError

    async def verify(self, incident: Incident) -> ev.ChecksDone:
        raise AssertionError

    async def look(self, incident: Incident) -> ev.HealthSampled:
        self.looks += 1
        at = self.clock.now()
        return ev.HealthSampled(at=at, sample=Sample(at=at, healthy=True, seconds=0.05))

    async def measure(self, incident: Incident, phase: Phase) -> ev.Measured:
        self.measured.append((phase, (self.clock.now() - T0).total_seconds()))
        if self.broken:
            raise RuntimeError("a fault of ours")
        if self.takes:
            await self.clock.sleep(self.takes)
        at = self.clock.now()
        rate = Rate(source=RateSource.ACCESS_LOG, since=T0, until=at, failed=self.failed, total=1000)
        return ev.Measured(at=at, measurement=Measurement(at=at, phase=phase, rates=(rate,)))

    async def settle(self, incident: Incident, closing: Closing) -> ev.Settled:
        return ev.Settled(at=self.clock.now())

    async def close(self) -> None: ...


async def watching(performing: Performing, length: timedelta = LENGTH) -> IncidentRunner:
    """A walk that begins its watch now."""
    incident = opened(ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box"))
    incident = replace(
        incident,
        plan=plan(),
        state=State.WATCHING,
        asking=None,
        confirmed_at=T0,
        served_at=T0,
        watch_for=length,
        watch=watch.open_watch(WatchKind.AFTER_ROLLBACK, T0, length),
    )
    walk = IncidentRunner(incident, MemoryJournal(), performing.clock, performing)
    await walk.submit(ev.Resumed(at=performing.clock.now(), by="me@box", anew=True))
    return walk


async def test_it_measures_at_its_checkpoints_and_the_switch_once() -> None:
    performing = Performing(HandClock())
    walk = await watching(performing)
    await performing.clock.advance(901)
    assert performing.measured == [
        (Phase.SWITCH, 60.0),
        (Phase.AFTER, 60.0),
        (Phase.AFTER, 300.0),
        (Phase.AFTER, 600.0),
        (Phase.AFTER, 900.0),
    ]
    assert (walk.incident.closing, performing.looks) == (Closing.RECOVERED, 180)
    assert "access log: 0 of 1000, 0% (0-0.4%): under 1%" in walk.incident.close_reason
    await walk.stop()


async def test_a_slow_source_holds_no_look_up_and_the_end_waits_for_the_last_one() -> None:
    performing = Performing(HandClock())
    performing.takes = 8.0
    walk = await watching(performing)
    await performing.clock.advance(903)
    assert performing.looks == 180
    assert walk.incident.state is State.WATCHING and walk.incident.asking is None
    await performing.clock.advance(6)
    assert walk.incident.closing is Closing.RECOVERED
    assert walk.incident.watch is not None and walk.incident.watch.coverage(walk.incident.watch.deadline) == 1.0
    await walk.stop()


async def test_a_checkpoint_over_the_limit_asks_at_once() -> None:
    performing = Performing(HandClock())
    performing.failed = 60
    walk = await watching(performing)
    await performing.clock.advance(66)
    assert walk.incident.asking is Question.WATCH_BREACHED
    looks = performing.looks
    await performing.clock.advance(100)
    assert performing.looks == looks, "it waits for the person"
    await walk.stop()


async def test_a_fault_while_measuring_is_a_measurement_that_says_so() -> None:
    performing = Performing(HandClock())
    performing.broken = True
    walk = await watching(performing, timedelta(seconds=30))
    await performing.clock.advance(31)
    assert walk.error is None
    assert walk.incident.closing is Closing.RECOVERED
    assert "RuntimeError: a fault of ours" in walk.incident.close_reason
    await walk.stop()


async def test_a_journal_that_fails_ends_the_watch_instead_of_measuring_for_ever() -> None:
    class Full(MemoryJournal):
        async def append(self, incident: str, kind: str, payload: str, at: object, state: str | None = None) -> int:
            if '"Measured"' in payload:
                raise OSError("no space left on device")
            return 0

    performing = Performing(HandClock())
    walk = await watching(performing, timedelta(seconds=6))
    walk._journal = Full()
    async with asyncio.timeout(10):
        await performing.clock.advance(7)
        await settled()
    assert isinstance(walk.error, OSError)
    assert len(performing.measured) <= 4
    await walk.stop()


class Broken(Performing):
    """Everything that can be asked of it ends in an error that nobody expected."""

    async def run_step(
        self, incident: Incident, step: str, note: Callable[[ev.Event], Awaitable[object]]
    ) -> ev.StepEnded:
        raise BrokenPipeError("the link is gone")

    async def observe(self, incident: Incident) -> ev.Observed:
        self.looks += 1
        raise TimeoutError

    async def verify(self, incident: Incident) -> ev.ChecksDone:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    async def look(self, incident: Incident) -> ev.HealthSampled:
        self.looks += 1
        raise OSError("no route to host")

    async def measure(self, incident: Incident, phase: Phase) -> ev.Measured:
        raise RecursionError

    async def settle(self, incident: Incident, closing: Closing) -> ev.Settled:
        raise ConnectionResetError("reset")


def begun(state: State) -> Incident:
    incident = opened(ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box"))
    runs = (StepRun(step="push", started_at=T0),) if state is State.UNCERTAIN else ()
    made = plan(StepKind.PUSH)
    return replace(incident, plan=made, runs=runs, state=state, asking=None, confirmed_at=T0, watch_for=LENGTH)


async def test_no_error_of_a_look_ends_a_watch() -> None:
    performing = Broken(HandClock())
    walk = await watching(performing, timedelta(seconds=60))
    await performing.clock.advance(61)
    assert walk.error is None
    assert performing.looks > 10
    assert walk.incident.asking is Question.WATCH_INCONCLUSIVE
    await walk.submit(ev.CloseAsked(at=performing.clock.now(), closing=Closing.NOT_RECOVERED, reason="enough"))
    await performing.clock.advance(120)
    left: Incident = walk.incident
    assert walk.error is None
    assert left.open and left.asking is Question.NOT_IN_ORDER
    assert "ConnectionResetError: reset" in left.unsettled
    await walk.stop()


async def test_what_runs_is_asked_until_a_person_is_and_ever_more_seldom() -> None:
    performing = Broken(HandClock())
    incident = replace(begun(State.UNCERTAIN), since=T0)
    walk = IncidentRunner(incident, MemoryJournal(), performing.clock, performing)
    await walk.submit(ev.Resumed(at=T0, by="me@box", anew=True))
    await performing.clock.advance(20)
    first = performing.looks
    await performing.clock.advance(300)
    assert 4 <= first <= 10 and 8 <= performing.looks - first <= 30
    meanwhile = walk.incident
    assert (walk.error, meanwhile.state, meanwhile.asking) == (None, State.UNCERTAIN, None)
    await performing.clock.advance(700)
    assert walk.incident.asking is Question.OUTCOME_UNKNOWN
    assert "TimeoutError" in walk.incident.failure
    await walk.stop()


async def test_a_key_that_changed_ends_the_asking_at_once() -> None:
    class Listened(Performing):
        async def observe(self, incident: Incident) -> ev.NotObserved:  # type: ignore[override]
            return ev.NotObserved(at=self.clock.now(), why="h shows another key", final=True)

    performing = Listened(HandClock())
    walk = IncidentRunner(begun(State.UNCERTAIN), MemoryJournal(), performing.clock, performing)
    await walk.submit(ev.Resumed(at=T0, by="me@box", anew=True))
    await settled()
    assert walk.incident.asking is Question.OUTCOME_UNKNOWN
    assert "another key" in walk.incident.failure
    await walk.stop()


async def test_a_step_that_breaks_here_is_unknown_and_the_host_is_asked() -> None:
    performing = Broken(HandClock())
    incident = replace(begun(State.PLANNED), asking=Question.CONFIRM)
    walk = IncidentRunner(incident, MemoryJournal(), performing.clock, performing)
    await walk.submit(ev.Confirmed(at=T0, by="me@box", watch=None))
    await settled()
    assert walk.error is None
    assert walk.incident.state is State.UNCERTAIN
    assert performing.looks == 1
    await walk.stop()
