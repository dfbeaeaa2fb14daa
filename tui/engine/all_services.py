"""The loop of a run over several services: each an incident of its own in the journal, all under one id on the hosts.

`prepare` plans every service and sends nothing. `begin` opens an incident for each of them before the first one is
touched, so that whoever takes the run up later knows from the journal alone which services are through, which one is
open and which were not started: the run itself keeps no other record. What is next, and when it stops, is decided by
`tui.incident.all_services`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tui.engine.change_signal import Signal
from tui.engine.engine import Engine
from tui.engine.incident.runner import IncidentRunner
from tui.engine.incident.steps import Output
from tui.incident import all_services
from tui.incident import events as ev
from tui.incident.all_services import BatchItem, BatchStage
from tui.model.errors import ConsoleError, Refused, TakenByOther
from tui.model.incident import Closing, Group, Incident, Question
from tui.model.plan import Plan
from tui.model.release import Target, parse_target, target_of
from tui.model.value import Value
from tui.ways.facts import Options

_LOOK_AGAIN = (Question.OUTCOME_UNKNOWN, Question.VERIFY_FAILED, Question.VERIFY_INCONCLUSIVE)


class Prepared(Value):
    """One service before anything is sent: its plan, or why there is none."""

    service: str
    plan: Plan | None = None
    trouble: str = ""
    """why the run must not begin with this service in it"""
    fix: str = ""


class Batch:
    """One run, carried by this process. Raises what ended a walk's loop from `run` and `settled`."""

    def __init__(
        self,
        engine: Engine,
        group: Group,
        walks: dict[str, IncidentRunner],
        take_over: str | None,
        output: Output | None = None,
    ) -> None:
        self.engine = engine
        self.group = group
        self.walks = walks
        self.refused: dict[str, ConsoleError] = {}
        """services whose turn was declined before anything of them was sent"""
        self._take_over = take_over
        self._output = output
        self._confirmed: dict[str, Plan] = {}
        self._news = Signal()
        self._ends = [walk.subscribe(self._news.tell) for walk in walks.values()]

    # ── what is known ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def parts(self) -> tuple[BatchItem, ...]:
        """Every service as it is, in order."""
        return tuple(
            BatchItem(
                service=name,
                incident=self.walks[name].incident if name in self.walks else None,
                refused=self.refused[name].message if name in self.refused else "",
            )
            for name in self.group.services
        )

    @property
    def wrote(self) -> bool:
        """True if anything that changes a host was begun."""
        return any(walk.incident.wrote for walk in self.walks.values())

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every change, without payload. Returns what ends the subscription."""
        return self._news.subscribe(listener)

    async def severity(self, level: str | None) -> None:
        """Put it on record for each of them, where somebody said it."""
        if level is None:
            return
        for walk in self.walks.values():
            await walk.submit(ev.SeverityChosen(at=self.engine.clock.now(), level=level))

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self, confirmed: Sequence[Plan], words: str) -> None:
        """Carry out what was confirmed, `words` being how, until all are through or one stops the run."""
        self._confirmed = {plan.service: plan for plan in confirmed}
        self.refused.clear()
        now = self.engine.clock.now()
        for plan in confirmed:
            text = f"{words} by {self.engine.by}, with {', '.join(self.group.services)}"
            await self.walks[plan.service].submit(ev.DecisionNoted(at=now, text=text))
        while not all_services.at_rest(self.parts, self.group.parallel):
            for name in all_services.next_up(self.parts, self.group.parallel):
                await self._begin(name)
            await self._wait(lambda: bool(all_services.next_up(self.parts, self.group.parallel)))

    async def settled(self) -> None:
        """Wait until nothing that was begun is being carried out any more; nothing new is begun."""
        await self._wait(lambda: all(all_services.stage(part) is not BatchStage.UNDER_WAY for part in self.parts))

    async def _wait(self, until: Callable[[], bool]) -> None:
        def holds() -> bool:
            for walk in self.walks.values():
                if walk.error is not None:
                    raise walk.error
            return until() or all_services.at_rest(self.parts, self.group.parallel)

        await self._news.until(holds)

    async def _begin(self, name: str) -> None:
        """One service's turn: planned anew, compared with what was confirmed, then its first write."""
        walk, confirmed = self.walks[name], self._confirmed.get(name)
        try:
            if confirmed is None:
                raise Refused(f"{name} was not confirmed", f"rollback resume {self.group.id}")
            fresh = await self._plan(name, target_of(confirmed.target), walk.incident, confirmed.way)
            if different := all_services.changed(confirmed, fresh):
                raise Refused(
                    f"not as confirmed any more: {'; '.join(different)}",
                    f"look again, then rollback resume {self.group.id}",
                )
            if fresh.blocked:
                raise Refused(fresh.blocked[0].text, f"rollback resume {self.group.id}")
        except ConsoleError as error:
            self.refused[name] = error
            self._news.tell()
            return
        clock = self.engine.clock
        await walk.submit(ev.PlanMade(at=clock.now(), plan=fresh))
        if not self.group.post:
            await walk.submit(ev.PostChosen(at=clock.now(), post=False))
        await walk.submit(ev.Confirmed(at=clock.now(), by=self.engine.by, watch=self.group.watch))

    # ── taking it up ─────────────────────────────────────────────────────────────────────────────────────────────

    async def prepare(self) -> tuple[Prepared, ...]:
        """Plan what has not been started, anew. Nothing is sent."""
        waiting = [part.service for part in self.parts if all_services.stage(part) is BatchStage.NOT_STARTED]
        return _apart(await asyncio.gather(*(self._prepared(name) for name in waiting)))

    async def _prepared(self, name: str) -> Prepared:
        walk = self.walks.get(name)
        if walk is None:  # the console died while it opened them
            walk = await self._open_late(name)
        return await prepared(
            name, lambda: self._plan(name, wanted(self.group), walk.incident, self.group.way), self.group
        )

    async def _open_late(self, name: str) -> IncidentRunner:
        walk = await self.engine.join(self.engine.service(name), self.group, self._output)
        self.walks[name] = walk
        self._ends.append(walk.subscribe(self._news.tell))
        return walk

    async def _plan(self, name: str, target: Target, incident: Incident, way: str | None) -> Plan:
        return await self.engine.plan(
            self.engine.service(name), target, options(self.group, self._take_over), incident=incident, way=way
        )

    async def close(self, closing: Closing, reason: str) -> None:
        """Close every service that is still open. Raises InvalidTransition where something is being carried out."""
        await self.settled()
        for walk in self.walks.values():
            if walk.incident.open:
                await walk.submit(ev.CloseAsked(at=self.engine.clock.now(), closing=closing, reason=reason))
                await walk.settled()

    def let_go(self) -> None:
        """Nobody listens any more; what is under way goes on."""
        for end in self._ends:
            end()
        self._ends.clear()


def wanted(group: Group) -> Target:
    """The target of each of them."""
    found = parse_target(group.target)
    assert found is not None, group.target  # it was one when the run was opened
    return found


def options(group: Group, take_over: str | None) -> Options:
    """The choices for all of them."""
    return Options(freeze=group.freeze, run_tasks=group.run_tasks, keep_current=group.keep_current, take_over=take_over)


async def prepare(engine: Engine, group: Group, take_over: str | None) -> tuple[Prepared, ...]:
    """Plan every service; nothing is sent. What is wrong with one of them is said with it."""

    async def one(name: str) -> Prepared:
        return await prepared(
            name,
            lambda: engine.plan(
                engine.service(name), wanted(group), options(group, take_over), way=group.way, known_as=group.id
            ),
            group,
        )

    return _apart(await asyncio.gather(*(one(name) for name in group.services)))


def _apart(found: Sequence[Prepared]) -> tuple[Prepared, ...]:
    """The same, where a service that is another one once more says so."""
    twins = all_services.once_more([one.plan for one in found if one.plan is not None])
    return tuple(
        Prepared(
            service=one.service,
            plan=one.plan,
            trouble=f"its app is that of {twin.service}: the same containers run as {twin.app} on {twin.host}",
            fix="take one of the two out of services.yaml",
        )
        if (twin := twins.get(one.service)) is not None
        else one
        for one in found
    )


async def prepared(name: str, plan: Callable[[], Awaitable[Plan]], group: Group) -> Prepared:
    """A plan, or why there is none; a plan that must not be carried out says why, too."""
    try:
        made = await plan()
    except ConsoleError as error:
        return Prepared(service=name, trouble=error.message, fix=error.fix)
    return Prepared(service=name, plan=made, trouble=all_services.blocked(made, group))


async def begin(
    engine: Engine,
    group: Group,
    plans: Sequence[Plan],
    reason: str,
    take_over: str | None,
    output: Output | None = None,
) -> Batch:
    """Put every service on record, with the plan that was confirmed; nothing is sent yet. Raises TakenByOther."""
    _hold(engine, group.id)
    walks = {plan.service: await engine.open(plan, reason, output, group=group) for plan in plans}
    return Batch(engine, group, walks, take_over, output)


async def find(engine: Engine, identity: str) -> tuple[Group, tuple[Incident, ...]] | None:
    """The run of that id and its incidents, from the journal; None where there is no such run."""
    try:
        first = await engine.read(f"{identity}-1")
    except Refused:
        return None
    if first.group is None or first.group.id != identity:
        return None
    found = [first]
    for name in first.group.services[1:]:
        try:
            found.append(await engine.read(first.group.part(name)))
        except Refused:
            continue  # the console died before it was opened: nothing of it was sent
    return first.group, tuple(found)


async def resume(
    engine: Engine, group: Group, incidents: Sequence[Incident], take_over: str | None, output: Output | None = None
) -> Batch:
    """Take a run up: what is open is asked for at its host, and nothing is sent. Raises TakenByOther."""
    _hold(engine, group.id)
    walks: dict[str, IncidentRunner] = {}
    for incident in incidents:
        walks[incident.service] = (
            await engine.resume(incident.id, output) if incident.open else engine.closed_walk(incident)
        )
    run = Batch(engine, group, walks, take_over, output)
    for walk in walks.values():
        if walk.incident.open and walk.incident.asking in _LOOK_AGAIN:
            await walk.submit(ev.CheckAgain(at=engine.clock.now()))
    return run


def _hold(engine: Engine, identity: str) -> None:
    if not engine.journal.lock(identity):
        who = engine.journal.holder(identity)
        raise TakenByOther(f"another console on this machine ({who or 'just gone'}) has incident {identity}")
