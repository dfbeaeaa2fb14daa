"""A fleet that exists only in memory, for the board and for the screens: real engine, pretend answers, time by hand."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tests.incident.facts import T0
from tui.drivers.git import Git
from tui.drivers.journal import Waiting
from tui.engine.engine import Engine
from tui.engine.monitor.error_rates import Evidence
from tui.engine.ports import Drivers, JournalPort
from tui.engine.releases.catalog import Asked, Listing
from tui.model.evidence import Measurement, Phase, Rate, Series, Slice
from tui.model.evidence import RateSource as Counts
from tui.model.health import Probe, ProbeOutcome
from tui.model.host import Form, Link, LinkState
from tui.model.observation import Container, RunningState
from tui.model.outcome import Answer, Outcome
from tui.model.release import Release, Source, WayBack
from tui.model.runbook_numbers import Budgets, Contacts
from tui.model.service import Fleet, HealthSpec, Host, RollbackSpec, Service
from tui.ways import NAMES

COMMITS = {number: f"{number}{'abcdef0123456789' * 3}"[:40] for number in range(1, 10)}


class HandClock:
    """Time that goes on when it is told to, and wakes whoever sleeps on the way."""

    def __init__(self, at: datetime = T0) -> None:
        self._at = at
        self._passed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self._at + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._passed + max(0.0, seconds), self._count, woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Let this much time pass; who is woken acts before it goes on."""
        until = self._passed + seconds
        await settled()
        while self._sleepers and self._sleepers[0][0] <= until:
            self._passed, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
            await settled()
        self._passed = until
        await settled()


class PassingClock(HandClock):
    """Time that passes for whoever waits: a wait is over at once."""

    async def sleep(self, seconds: float) -> None:
        self._passed += seconds
        await asyncio.sleep(0)


async def settled() -> None:
    """Let every task that can go on do so: pretend answers need no more turns of the loop than these."""
    for _ in range(20):
        await asyncio.sleep(0)


async def endless(ended: asyncio.Event) -> None:
    """What goes on until it is taken back, and says then that it was."""
    try:
        await asyncio.Event().wait()
    finally:
        ended.set()


class NoStream:
    """A log that has these lines, and in which nothing more happens."""

    outcome: Outcome | None = None
    stderr = b""

    def __init__(self, lines: bytes = b"") -> None:
        self._lines = lines

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._lines:
            yield self._lines
        await asyncio.Event().wait()

    async def close(self) -> None: ...


class StageHost:
    """A host that nobody asks anything: the engine's answers are given above it."""

    form = Form.FORCED
    connection = 1

    def __init__(self, link: Link) -> None:
        self.link = link

    async def connect(self) -> None: ...

    async def greeting(self) -> None:
        return None

    async def drop(self) -> None: ...

    async def close(self) -> None: ...

    async def run(self, argv: tuple[str, ...], **how: Any) -> Answer:
        raise AssertionError(f"the stage's host was asked {argv}")

    def stream(self, argv: tuple[str, ...]) -> NoStream:
        return NoStream()


class NoProbes:
    """Never asked: `StageEngine.probe` answers."""

    async def probe(self, url: str, *args: Any, **how: Any) -> Probe:
        raise AssertionError(f"the stage's {url} was asked")

    async def websocket(self, url: str, *args: Any, **how: Any) -> Probe:
        raise AssertionError(f"the stage's {url} was asked")

    async def tcp(self, endpoint: str, *args: Any, **how: Any) -> Probe:
        raise AssertionError(f"the stage's {endpoint} was asked")

    async def identity(self, *args: Any) -> str | None:
        return None

    async def close(self) -> None: ...


class MemoryJournal:
    """A journal that forgets."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []
        self.seen = 0
        """entries of the ledger"""
        self.messages: list[Waiting] = []
        self.ends: list[str] = []
        """what came of each message"""

    lost = ""

    async def append(self, incident: str, kind: str, payload: str, at: datetime, state: str | None = None) -> int:
        self.rows.append((incident, kind, payload))
        return len(self.rows)

    async def open_incident(
        self, incident: str, service: str, app: str, host: str, at: datetime, kind: str, payload: str
    ) -> None:
        self.rows.append((incident, kind, payload))

    async def entries(self, incident: str) -> Sequence[Any]:
        return [_Entry(kind, payload) for owner, kind, payload in self.rows if owner == incident]

    async def incidents(self, limit: int = 50) -> Sequence[Any]:
        return []

    async def open_incidents(self) -> Sequence[Any]:
        return []

    async def begun(self, limit: int = 50) -> Sequence[tuple[str, str]]:
        return []

    async def latest(self, incidents: tuple[str, ...]) -> Mapping[str, int]:
        return {}

    async def ledger_add(self, host: str, app: str, kind: str, payload: str, at: datetime) -> int:
        self.seen += 1
        return self.seen

    async def ledger_put(self, seq: int, payload: str) -> None: ...

    async def ledger(self, host: str, app: str, after: int = 0) -> Sequence[Any]:
        return []

    async def outbox_put(self, incident: str, milestone: str, channel: str, message: str, at: datetime) -> bool:
        if any((w.incident, w.milestone, w.channel) == (incident, milestone, channel) for w in self.messages):
            return False
        seq = len(self.messages) + 1
        found = Waiting(
            seq=seq,
            incident=incident,
            milestone=milestone,
            channel=channel,
            message=message,
            attempts=0,
            put_at=at,
            due_at=at,
        )
        self.messages.append(found)
        self.ends.append("pending")
        return True

    async def outbox_again(self, incident: str, milestone: str, channel: str, message: str, at: datetime) -> bool:
        found = [
            n
            for n, w in enumerate(self.messages)
            if (w.incident, w.milestone, w.channel) == (incident, milestone, channel)
        ]
        if not found:
            return await self.outbox_put(incident, milestone, channel, message, at)
        (n,) = found
        if self.ends[n] == "delivered":
            return False
        self.messages[n] = replace(self.messages[n], message=message, due_at=at)
        self.ends[n] = "pending"
        return True

    async def outbox(self) -> Sequence[Waiting]:
        return [w for w, end in zip(self.messages, self.ends, strict=True) if end == "pending"]

    async def outbox_claim(self, seq: int, at: datetime, until: datetime) -> bool:
        found = self.messages[seq - 1]
        taken = found.claimed_until is not None and found.claimed_until > at
        if self.ends[seq - 1] != "pending" or found.due_at > at or taken:
            return False
        self.messages[seq - 1] = replace(found, attempts=found.attempts + 1, claimed_until=until)
        return True

    async def outbox_hurry(self, at: datetime) -> None:
        self.messages = [w if w.held or w.due_at <= at else replace(w, due_at=at) for w in self.messages]

    async def outbox_end(self, seq: int, state: str, due_at: datetime, *, held: bool = False) -> None:
        self.messages[seq - 1] = replace(self.messages[seq - 1], due_at=due_at, claimed_until=None, held=held)
        self.ends[seq - 1] = state

    def spool(self, incident: str, raw: bytes) -> None: ...

    def lock(self, incident: str) -> bool:
        return True

    def holder(self, incident: str) -> str:
        return ""

    async def close(self) -> None: ...


class _Entry:
    def __init__(self, kind: str, payload: str) -> None:
        self.kind, self.payload = kind, payload


class StageEvidence(Evidence):
    """Says what it was given; follows nothing."""

    given: dict[str, tuple[Rate, ...]]
    drawn: tuple[tuple[timedelta, timedelta, int, int, float], ...] = ()
    """what a chart shows: from and until (after now), failed and total of each slice in between, its p95 in seconds"""

    def series(self, service: Service, since: datetime, until: datetime, count: int) -> Series:
        now, width = self._clock.now(), (until - since) / count
        slices: list[Slice] = []
        for begin in (since + width * n for n in range(count)):
            told = next((d for d in self.drawn if d[0] <= begin - now < d[1]), None)
            failed, total, p95 = told[2:] if told else (0, None, None)
            slices.append(Slice(since=begin, until=begin + width, failed=failed, total=total, p95=p95))
        return Series(source=Counts.ACCESS_LOG, timed_by=Counts.ACCESS_LOG, slices=tuple(slices))

    def follow(self, services: Iterable[Service], *, must: bool = False) -> None: ...

    def baseline(self, service: Service, now: datetime, started: datetime | None) -> datetime:
        return now - timedelta(minutes=8)

    def now(self, service: Service, phase: Phase, since: datetime, until: datetime | None = None) -> Measurement:
        at = self._clock.now()
        until = until or at
        found = tuple(replace(r, since=since, until=until) for r in self.given.get(service.name, ()))
        return Measurement(at=at, phase=phase, rates=found)


class StageEngine(Engine):
    """The engine, with pretend answers where it would ask a URL or a host. What is not pretended fails loudly."""

    def __init__(
        self, fleet: Fleet, clock: HandClock, *, read_only: bool = False, journal: JournalPort | None = None
    ) -> None:
        self.link = Link(state=LinkState.LIVE, since=clock.now(), heard=clock.now())
        drivers = Drivers(
            make_host=lambda _: StageHost(self.link),
            git=Git(),
            probes=NoProbes(),
            journal=journal or MemoryJournal(),
            clock=clock,
        )
        super().__init__(fleet, drivers, by="tired@bastion", read_only=read_only)
        self.evidence = StageEvidence(fleet, self.links, clock, self.outside)
        self.evidence.given = {}
        self.hand = clock
        self.looks: list[str] = []
        """services whose health was asked for, in order"""
        self.lists: list[str] = []
        """services whose releases were asked for, in order"""
        self.sources: list[str] = []
        """those of which every source was asked"""
        self.health: Callable[[Service], Awaitable[Probe]] = self.well
        self.releases: Callable[[Service], Awaitable[Listing]] = self.listed
        self.log_lines: bytes = b""

    async def well(self, service: Service) -> Probe:
        return probe(service, self.clock.now())

    async def listed(self, service: Service) -> Listing:
        return listing(service, self.clock.now())

    async def probe(self, service: Service) -> Probe | None:
        if service.health is None:
            return None
        self.looks.append(service.name)
        return await self.health(service)

    async def listing(self, service: Service) -> Listing:
        self.lists.append(service.name)
        return await self.releases(service)

    async def catalogue(self, service: Service) -> Listing:
        self.sources.append(service.name)
        return await self.releases(service)

    def logs(self, service: Service, lines: int) -> NoStream:
        return NoStream(self.log_lines)


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def service(name: str, *, order: int = 100, downtime: bool = False, health: bool = True) -> Service:
    url = f"http://127.0.0.1:1/{name}/ready"
    return Service(
        name=name,
        title=name.title(),
        host="main",
        app=f"{name}-app",
        order=order,
        health=HealthSpec(url=url) if health else None,
        rollback=RollbackSpec(
            downtime=(timedelta(seconds=20), timedelta(seconds=40)), stop_first=True, reason="one process at a time"
        )
        if downtime
        else RollbackSpec(),
    )


def fleet(*services: Service, sandbox: bool = False) -> Fleet:
    return Fleet(
        path="services.yaml",
        environment="production",
        hosts=(Host(name="main", ssh="dokku@prod-1.example.net", sandbox=sandbox),),
        services=services or (service("api", order=1), service("web", order=2), service("billing", order=3)),
        ways=NAMES,
        contacts=Contacts(slack=("#incidents",)),
        budgets=Budgets(confirm=timedelta(hours=1), roll_back=timedelta(hours=1), verify=timedelta(hours=1)),
    )


def probe(
    of: Service, at: datetime, outcome: ProbeOutcome = ProbeOutcome.HEALTHY, *, seconds: float = 0.042, detail: str = ""
) -> Probe:
    status = {ProbeOutcome.HEALTHY: 200, ProbeOutcome.UNHEALTHY: 503}.get(outcome)
    detail = detail or ("" if outcome is ProbeOutcome.HEALTHY else "HTTP 503, expected 200" if status else "no answer")
    url = of.health.address if of.health else ""
    return Probe(at=at, url=url, outcome=outcome, seconds=seconds, status=status, detail=detail)


def current(of: Service, at: datetime, number: int = 5, *, started: datetime | None = None) -> RunningState:
    began = started or T0 - timedelta(minutes=12)
    return RunningState(
        app=of.app,
        at=at,
        source="git-push",
        metadata=COMMITS[number],
        git_rev=COMMITS[number],
        branch="main",
        tip=COMMITS[number],
        refs=(("main", COMMITS[number]),),
        locked=False,
        containers=(Container(id="aaaaaaaaaaaa", process="web", started_at=began, created_at=began),),
    )


def release(of: Service, number: int, *, at: datetime = T0, running: bool = False, **more: Any) -> Release:
    """One of the kept releases: a day apart each."""
    kept = at - timedelta(days=6 - number, minutes=7)
    found = Release(
        app=of.app,
        number=number,
        tag=f"pre-deploy-{kept:%Y%m%d-%H%M%S}",
        commit=COMMITS[number],
        subject=f"Change number {number} of many",
        kept_at=kept,
        last_served=kept,
        holder=f"{of.app}--r{number}--pre-deploy-{kept:%Y%m%d-%H%M%S}",
        running=running,
        ways=() if running else (WayBack(way="kept", available=True, seconds=12.0),),
        origin=Source.HOLDER,
    )
    return replace(found, **more)


def listing(of: Service, at: datetime, number: int = 5) -> Listing:
    running = Release(app=of.app, commit=COMMITS[number], running=True, subject="Cache every page, all of them")
    older = tuple(release(of, n) for n in range(number - 1, number - 4, -1))
    return Listing(current=current(of, at, number), releases=(running, *older), asked=(Asked(source=Source.HOST),))
