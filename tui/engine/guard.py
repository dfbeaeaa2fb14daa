"""A deploy is guarded: counted before it, seen to go live, claimed on the host, watched, and perhaps undone.

    guard = DeployGuard(engine, service, order, say)
    await guard.begin()                      # may it be guarded at all? from here on it is counted
    await guard.beside(run_command)           # CI's push, while what runs before it is looked at
    walk = await guard.open(await guard.settled())

What follows is an incident's watch (`Incident.guarding`), and its rollback is that of a person: the same plan, the same
steps, the same proof, the same record. Only the word comes from `incident.guard_may_roll_back`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from tui.engine import same_services_file
from tui.engine.engine import Engine
from tui.engine.hosts import guard_claim
from tui.engine.hosts.connections import UnexpectedReply
from tui.engine.incident.runner import IncidentRunner
from tui.engine.incident.steps import Output
from tui.incident import events as ev
from tui.incident import guard_may_roll_back, guard_watch, watch
from tui.model.errors import ConsoleError, LinkError, Refused
from tui.model.evidence import Phase
from tui.model.guard import GuardedDeploy, OnBreach, deploy_of
from tui.model.health import Probe, ProbeOutcome
from tui.model.incident import Closing, Incident, Question
from tui.model.observation import RunningState, same_release
from tui.model.plan import Plan
from tui.model.release import Target, TargetKind
from tui.model.service import Service
from tui.model.value import Value
from tui.ways.facts import Options

STILL_DEPLOYING = timedelta(minutes=15)
"""how long a deploy that the command left running is waited for"""
T = TypeVar("T")


class GuardOrder(Value):
    """The order of a person, or of CI: how long to guard, and what to do about a breach."""

    length: timedelta
    on_breach: OnBreach


def order(engine: Engine, service: Service) -> GuardOrder:
    """The order where a person says nothing else: as services.yaml has it."""
    length = engine.fleet.watch_of(service.name).after_clean_deploy
    return GuardOrder(length=length, on_breach=service.guard.on_breach)


class DeployGuard:
    """One guard up to the moment when it watches. The clock of what was before ends with the first look that sees
    something else run: what that look cannot tell is counted for neither side."""

    def __init__(self, engine: Engine, service: Service, order: GuardOrder, output: Output | None = None) -> None:
        self.before: RunningState | None = None
        """what ran before the command; None: there was none, or it could not be asked"""
        self._engine, self._service, self._order, self._output = engine, service, order, output
        self._since: datetime | None = None
        self._until: datetime | None = None
        self._healthy = False

    async def begin(self) -> None:
        """Begin to count. Raises TakenByOther, Refused where nothing may be guarded now, LinkError, UnexpectedReply."""
        engine, service = self._engine, self._service
        if engine.gate.read_only:
            raise Refused("read-only: a guard claims the deploy on the host", "start without --read-only")
        for other in await engine.open_incidents():
            if same_services_file.concerns(engine.fleet, service, other) and not other.guarding:
                raise Refused(f"incident {other.id} on {service.name} is open", f"rollback resume {other.id}")
        await guard_claim.may_begin(engine.links, service, engine.clock.now())
        engine.evidence.follow((service,), must=True)
        self._since = engine.clock.now()

    def told(self, before: RunningState, since: datetime, *, healthy: bool) -> None:
        """Take the time before from whoever looked on and counted meanwhile: since then and until its last look at
        what ran, and whether that was healthy. Called after `begin`."""
        self.before, self._since, self._until, self._healthy = before, since, before.at, healthy

    async def beside(self, work: Callable[[], Awaitable[T]]) -> T:
        """Wait for the command, and look at what runs and how well before it and meanwhile. Raises LinkError,
        UnexpectedReply before it has begun."""
        self.before = await self._engine.links.current(self._service.host, self._service.app)
        self._judge(await self._engine.probe(self._service))
        looking = asyncio.create_task(self._look_on(self.before))
        try:
            return await work()
        finally:
            looking.cancel()
            await asyncio.wait({looking})
            if not looking.cancelled():
                looking.result()

    async def _look_on(self, before: RunningState) -> None:
        while True:
            at = self._engine.clock.now()
            seen = await self._engine.probe(self._service)
            try:
                now = await self._engine.links.current(self._service.host, self._service.app)
            except (LinkError, UnexpectedReply):
                return  # how long the old release served is not known further than this
            if went_live(before, now):
                return
            self._until = at
            self._judge(seen)
            await self._engine.clock.sleep(watch.LOOK_EVERY)

    def _judge(self, seen: Probe | None) -> None:
        self._healthy = seen is not None and seen.outcome is ProbeOutcome.HEALTHY

    async def settled(self) -> RunningState:
        """The running state once no deploy is at work. Raises Refused where one is for too long, LinkError,
        UnexpectedReply."""
        until = self._engine.clock.now() + STILL_DEPLOYING
        while True:
            now = await self._engine.links.current(self._service.host, self._service.app)
            if not now.locked or now.stale_lock:
                return now
            if self._engine.clock.now() > until:
                raise Refused(f"a deploy of {self._service.app} has been running for 15 minutes: nothing is guarded")
            await self._engine.clock.sleep(watch.LOOK_EVERY)

    async def open(self, now: RunningState) -> IncidentRunner:
        """Claim what runs, and watch it. Raises TakenByOther, Refused, LinkError, UnexpectedReply."""
        engine, service, order = self._engine, self._service, self._order
        changed = self.before is not None and went_live(self.before, now)
        guard = GuardedDeploy(
            deploy=deploy_of(now),
            on_breach=order.on_breach,
            length=order.length,
            left=self.before.commit if changed and self.before is not None else None,
            healthy_before=changed and self._healthy,
            machine=engine.by,
        )
        walk = await engine.guard(service, guard, self._output)
        try:
            until, at = engine.clock.now() + order.length, engine.clock.now()
            known_as = walk.incident.known_as
            await guard_claim.take(engine.links, service, known_as, engine.by, until, at, guard.deploy)
        except ConsoleError as error:
            await end(engine, walk, Closing.ABORTED, error.message)
            raise
        await walk.submit(ev.Observed(at=engine.clock.now(), current=now))
        if changed and self._since is not None and self._until is not None and self._until > self._since:
            counted = await engine.evidence.measure(service, Phase.BEFORE, self._since, self._until)
            await walk.submit(ev.Measured(at=counted.at, measurement=counted))
        await walk.submit(ev.WatchAsked(at=engine.clock.now(), length=order.length))
        return walk


def went_live(before: RunningState, now: RunningState) -> bool:
    """True if another release runs; a restart of the same is none."""
    return before.metadata != now.metadata or not same_release(before, now)


async def planned(engine: Engine, walk: IncidentRunner) -> Plan:
    """The way back that a person would be offered now. Raises Refused, LinkError and their kin."""
    service = engine.service(walk.incident.service)
    return await engine.plan(service, Target(kind=TargetKind.PREVIOUS), Options(), incident=walk.incident)


async def undo(engine: Engine, walk: IncidentRunner, live: RunningState) -> str:
    """Begin the rollback that nobody confirms. Returns why it was not begun, in words; empty: it was."""
    incident = walk.incident
    try:
        service = engine.service(incident.service)
        for other in await engine.open_incidents():
            if same_services_file.concerns(engine.fleet, service, other) and other.id != incident.id:
                return f"incident {other.id} on {incident.service} is open"
        plan = await planned(engine, walk)
    except ConsoleError as error:
        return error.message
    if why := guard_may_roll_back.why_a_person_decides(incident, plan, live, guard_watch.worse(incident)):
        return why
    await carry_out(engine, walk, plan, f"the guard of {engine.by}")
    return ""


async def carry_out(engine: Engine, walk: IncidentRunner, plan: Plan, by: str) -> None:
    """Begin this plan inside the guard's incident."""
    await walk.submit(ev.PlanMade(at=engine.clock.now(), plan=plan))
    await walk.submit(ev.Confirmed(at=engine.clock.now(), by=by))


async def answer(
    engine: Engine, walk: IncidentRunner, live: RunningState, asked: Callable[[], Awaitable[str]]
) -> Incident:
    """Do what follows from the guard's word: nothing, a question, or the rollback. Returns the incident after that: it
    is closing, or its rollback has begun.

    `asked` asks the person, and begins what they want; it returns why nothing was begun, empty where it was.
    """
    incident, guard = walk.incident, walk.incident.guard
    if incident.asking is not Question.WATCH_BREACHED or guard is None:
        await end(engine, walk, Closing.ABORTED, f"inconclusive: {incident.failure}")
        return walk.incident
    why = ""
    if guard.on_breach is OnBreach.ROLL_BACK:
        why = await undo(engine, walk, live)
        if not why:
            return walk.incident
        why = f"; it was not rolled back by itself: {why}"
    elif guard.on_breach is OnBreach.ASK:
        why = await asked()
        if not why:
            return walk.incident
        why = f"; {why}"
    await end(engine, walk, Closing.NOT_RECOVERED, f"{incident.failure}{why}")
    return walk.incident


async def end(engine: Engine, walk: IncidentRunner, closing: Closing, reason: str) -> None:
    """The guard is over: its claim is removed, and its incident closed."""
    await walk.submit(ev.CloseAsked(at=engine.clock.now(), closing=closing, reason=reason))
    await walk.settled()
