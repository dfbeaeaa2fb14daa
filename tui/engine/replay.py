"""A closed incident once more, as its journal tells it: time runs faster, nothing is asked, nothing is written.

The engine of a replay is made from the record alone: no services.yaml is needed, and there is no driver in it. Whatever
would ask a host, a URL or anybody else is refused.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn

from tui.engine.engine import Engine
from tui.engine.incident.onlooker import Onlooker
from tui.engine.ports import ClockPort, Drivers
from tui.engine.releases.catalog import Listing
from tui.incident import events as ev
from tui.incident.decide import fold
from tui.model.errors import Refused
from tui.model.health import Probe
from tui.model.host import Form, Link, LinkState
from tui.model.incident import Incident
from tui.model.outcome import Outcome
from tui.model.service import Fleet, Host, Service
from tui.model.value import Value

TICK = 0.25
"""seconds between two pictures"""
LONGEST_GAP = 3.0
"""seconds in which nothing happens are shortened to so many, whatever the speed"""
FASTEST = 60


class Recording(Value):
    """All that a replay knows."""

    incident: str
    events: tuple[ev.Event, ...]
    """oldest first, the first one is its opening"""

    @property
    def whole(self) -> Incident:
        """The incident at its end."""
        return fold(self.events)

    def at(self, count: int) -> Incident:
        """The incident after so many of its events."""
        return fold(self.events[:count])


class PlayedClock:
    """Says the time of what is played; who sleeps sleeps in ours."""

    def __init__(self, at: datetime, real: ClockPort) -> None:
        self.at = at
        self._real = real

    def now(self) -> datetime:
        """The time that is played."""
        return self.at

    def monotonic(self) -> float:
        """Seconds of ours."""
        return self._real.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of ours."""
        await self._real.sleep(seconds)


class Playback(Onlooker):
    """The incident as it stood at the moment that is played."""

    def __init__(self, recording: Recording, clock: PlayedClock, speed: int, *, journal: "PlayedJournal") -> None:
        self.recording = recording
        self.speed = speed
        self.paused = False
        self.played = 1
        """events so far"""
        super().__init__(recording.at(1), "a replay", journal, clock, self._nobody)
        self._time = clock

    @property
    def over(self) -> bool:
        """True once everything was played."""
        return self.played == len(self.recording.events)

    def faster(self, factor: float) -> None:
        """Play so many times as fast as now, between 1 and FASTEST times as fast as it was."""
        self.speed = max(1, min(FASTEST, round(self.speed * factor)))
        self._news.tell()

    def pause(self) -> None:
        """Hold it, or let it go on."""
        self.paused = not self.paused
        self._news.tell()

    def step(self) -> None:
        """On to the next event at once."""
        if not self.over:
            self._until(self.recording.events[self.played].at)

    def again(self) -> None:
        """From the beginning."""
        self.played, self._time.at, self.at = 0, self.recording.events[0].at, self.recording.events[0].at
        self._until(self.recording.events[0].at)

    async def _look(self) -> None:
        while True:
            await self._time.sleep(TICK)
            if not (self.paused or self.over):
                self._pass(TICK * self.speed)

    def _pass(self, seconds: float) -> None:
        due = self.recording.events[self.played].at
        soon = due - timedelta(seconds=LONGEST_GAP * self.speed)
        self._until(max(self._time.at + timedelta(seconds=seconds), min(soon, due)))

    def _until(self, at: datetime) -> None:
        self._time.at = self.at = max(at, self._time.at)
        before = self.played
        while not self.over and self.recording.events[self.played].at <= self._time.at:
            self.played += 1
        if self.played != before:
            self.incident = self.recording.at(self.played)
        self._news.tell()

    async def _nobody(self, incident: str) -> Incident:
        return self.incident


class _Nothing:
    """A port that nobody may use."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return _closed if name == "close" else _refused


class PlayedJournal(_Nothing):
    """The record as far as it was played; nothing is added to it."""

    lost = ""

    def __init__(self, recording: Recording, played: Callable[[], int]) -> None:
        self._recording = recording
        self._played = played

    async def entries(self, incident: str) -> Sequence[Any]:
        """The events that had happened by then."""
        if incident != self._recording.incident:
            return ()
        return [_Entry(kind="event", payload=ev.encode(one)) for one in self._recording.events[: self._played()]]

    def lock(self, incident: str) -> bool:
        """Nobody leads an incident here."""
        return False

    def holder(self, incident: str) -> str:
        """The one that plays it."""
        return "a replay"

    async def _none(self, *_: Any, **__: Any) -> tuple[Any, ...]:
        return ()

    incidents = open_incidents = ledger = outbox = _none


class _Entry(Value):
    kind: str
    payload: str


class ReplayEngine(Engine):
    """Only reads, and only what was recorded."""

    def __init__(self, recording: Recording, real: ClockPort, speed: int) -> None:
        first, whole = recording.events[0], recording.whole
        clock = PlayedClock(first.at, real)
        journal = PlayedJournal(recording, lambda: self.playback.played)
        self.playback = Playback(recording, clock, speed, journal=journal)
        nothing: Any = _Nothing()
        drivers = Drivers(
            make_host=lambda _: _SilentHost(clock), git=nothing, probes=nothing, journal=journal, clock=clock
        )
        super().__init__(_fleet(whole), drivers, by=whole.by, read_only=True)
        self.onlookers[recording.incident] = self.playback

    async def probe(self, service: Service) -> Probe | None:
        """Nobody knows how it was then."""
        return None

    async def listing(self, service: Service) -> Listing:
        """Refused: no host is asked."""
        _refuse()

    async def catalogue(self, service: Service) -> Listing:
        """Refused: no host is asked."""
        _refuse()

    def logs(self, service: Service, lines: int) -> "_Silence":
        """Nothing: logs are not recorded."""
        return _Silence()

    async def look_on(self, incident: str) -> Onlooker | None:
        """The playback, where it is of that incident."""
        return self.onlookers.get(incident)

    async def resume(self, *_: Any, **__: Any) -> NoReturn:
        """Refused."""
        _refuse()

    assess = open = join = plan = resume


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise Refused("this is a replay: no host is asked, and nothing is changed or recorded", "q leaves it")


def _fleet(incident: Incident) -> Fleet:
    """One service on one host, as the record names them."""
    host = Host(name=incident.host, ssh=incident.address or incident.host)
    service = Service(name=incident.service, title=incident.service, host=incident.host, app=incident.app)
    return Fleet(path=incident.file or "the journal", environment="REPLAY", hosts=(host,), services=(service,), ways=())


async def _refused(*_: Any, **__: Any) -> NoReturn:
    _refuse()


async def _closed() -> None:
    """There is nothing to close."""


class _SilentHost:
    """A host that is asked nothing."""

    form = Form.FORCED
    connection = 0

    def __init__(self, clock: PlayedClock) -> None:
        self.link = Link(state=LinkState.IDLE, since=clock.now(), detail="a replay asks no host")

    async def connect(self) -> None:
        """Refused."""
        _refuse()

    async def greeting(self) -> None:
        """Refused."""
        _refuse()

    async def drop(self) -> None:
        """There is no connection."""

    async def close(self) -> None:
        """There is no connection."""

    async def run(self, *_: Any, **__: Any) -> NoReturn:
        """Refused."""
        _refuse()

    def stream(self, argv: tuple[str, ...]) -> "_Silence":
        """Nothing."""
        return _Silence()


class _Silence:
    """A log that is not recorded, and says so."""

    outcome: Outcome | None = None
    stderr = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"a replay has no log: only what the journal holds is played\n"
        await asyncio.Event().wait()

    async def close(self) -> None:
        """There is nothing to close."""
