"""One drill from its first command to the last app destroyed: what a night would need, on an app that nobody needs.

    made, deployed, kept → a bad deploy → planned, the word → the target proven to serve → unfrozen → destroyed

The way back is the engine's own: an incident of a service that only this process knows, with the same plan, steps and
proof as any other. Nobody is told of it, and no figure of incidents counts it.
"""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tui.dokku import drill_files
from tui.engine.drill import drills_on_record as drills
from tui.engine.drill.app import Declining, DrillApp
from tui.engine.engine import Engine
from tui.engine.incident.runner import IncidentRunner
from tui.engine.incident.steps import Output
from tui.engine.store import new_id
from tui.incident import events as ev
from tui.model.drill import DrillBegun, DrillEnd, DrillResult
from tui.model.errors import ConsoleError, Refused, TakenByOther
from tui.model.incident import Closing, Incident
from tui.model.release import Target, TargetKind
from tui.model.service import HealthSpec, Service
from tui.model.verification import Verdict
from tui.ways.facts import Options

T = TypeVar("T")
Say = Callable[[str], None]
BACK = "back and proven"


def service(app: str, host: str) -> Service:
    """The service that the drill's app is: known by nobody else, and healthy where its log says so."""
    return Service(name=app, title="rollback drill", host=host, app=app, health=HealthSpec(log=drill_files.READY))


class DrillRun:
    """One drill of this process. `work` once, then `finish`, whatever became of it."""

    def __init__(self, engine: Engine, of: Service, say: Say, output: Output | None = None) -> None:
        self.steps: list[tuple[str, float]] = []
        self.settled: Incident | None = None
        """the incident when it was known how the way back ended; None: it never came to that"""
        self.failed: ConsoleError | None = None
        self._engine, self._service, self._say, self._output = engine, of, say, output
        self._began = engine.clock.now()
        self._walk: IncidentRunner | None = None
        self._begun: DrillBegun | None = None

    @property
    def incident(self) -> str:
        """Its id; empty before it has begun."""
        return self._begun.incident if self._begun is not None else ""

    @property
    def proven(self) -> bool:
        """True if the target was proven to serve."""
        return self.settled is not None and self.settled.verdict is Verdict.PASSED and not self.settled.open

    async def work(self, images: tuple[str, ...]) -> None:
        """All of it but the end. Raises ConsoleError where a step failed; what was made is still there then."""
        try:
            await self._work(images)
        except ConsoleError as error:
            self.failed = error
            raise

    async def _work(self, images: tuple[str, ...]) -> None:
        engine, of = self._engine, self._service
        begun = DrillBegun(
            at=self._began, incident=new_id(engine.clock), app=of.app, host=of.host, ssh=engine.fleet.host(of.host).ssh
        )
        await drills.begin(engine.journal, begun)
        self._begun = begun
        self._walk = walk = await engine.assess(of, "drill", self._output, identity=begun.incident)
        await walk.submit(ev.PostChosen(at=engine.clock.now(), post=False))
        app = DrillApp(engine, of, begun.incident)
        await self._timed("app made", app.create())
        image, first = await self._timed("first deploy", self._first(app, images))
        await self._timed("kept", engine.keeper.within(begun.incident).keep(of, self._say))
        await self._timed("bad deploy", app.deploy(image, 2, first))
        target = Target(kind=TargetKind.PREVIOUS)
        plan = await self._timed("planned", engine.plan(of, target, Options(), incident=walk.incident))
        if plan.blocked:
            raise Refused(f"the way back is blocked: {plan.blocked[0].text}")
        self._say(f"going back to {plan.target.name} by the way {plan.way}")
        await walk.submit(ev.PlanMade(at=engine.clock.now(), plan=plan))
        self.settled = await self._timed(BACK, self._back(walk))
        if not self.proven:
            ended = self.settled
            raise ConsoleError(ended.failure or ended.close_reason or "the target was not proven to serve")
        await self._timed("unfrozen", engine.unfreeze(of))

    async def _back(self, walk: IncidentRunner) -> Incident:
        await walk.submit(ev.Confirmed(at=self._engine.clock.now(), by=self._engine.by))
        return await walk.settled()

    async def _first(self, app: DrillApp, images: tuple[str, ...]) -> tuple[str, str]:
        """The first release, from the first image whose shell starts; the image and the commit. Raises as `deploy`."""
        for image in images:
            self._say(f"built from {image}")
            try:
                return image, await app.deploy(image, 1, None)
            except Declining as error:
                if image == images[-1]:
                    raise
                self._say(f"{error.message}; the next image is tried")
        raise AssertionError("there is no image")

    async def _timed(self, name: str, work: Awaitable[T]) -> T:
        began = self._engine.clock.monotonic()
        found = await work
        self.steps.append((name, round(self._engine.clock.monotonic() - began, 1)))
        self._say(f"{name}: {self.steps[-1][1]:.0f} s")
        return found

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def finish(self, end: DrillEnd) -> DrillResult | None:
        """Close the incident, destroy what was made, and put it on record. None where nothing was begun. Raises
        JournalError."""
        if self._begun is None:
            return None
        left = await self._timed("taken away", end_of(self._engine, self._begun, self._walk, self._say))
        budgets = self._engine.fleet.budgets
        result = DrillResult(
            at=self._began,
            host=self._service.host,
            app=self._service.app,
            dokku=await _version(self._engine, self._service.host),
            end=end,
            steps=tuple(self.steps),
            back_seconds=dict(self.steps).get(BACK) if self.proven else None,
            promise_seconds=(budgets.roll_back + budgets.verify).total_seconds(),
            why=self.failed.message if self.failed is not None else "",
            left=left,
        )
        await drills.note(self._engine.journal, result)
        return result


async def end_of(engine: Engine, begun: DrillBegun, walk: IncidentRunner | None, say: Say) -> tuple[str, ...]:
    """Close a drill's incident and destroy its apps; returns what is left. While the incident cannot be closed its apps
    stay: what it would look at would be gone."""
    if walk is not None and (why := await _closed(engine, walk)):
        return (f"{begun.app}: its incident could not be closed: {why}",)
    return await DrillApp(engine, service(begun.app, begun.host), begun.incident).remove(say)


async def _closed(engine: Engine, walk: IncidentRunner) -> str:
    """Close it, once it is known what was done. Returns why that was not possible; empty: it is closed."""
    incident = await walk.settled()
    if incident.open and incident.settling is None:
        await walk.submit(ev.CloseAsked(at=engine.clock.now(), closing=Closing.ABORTED, reason="the drill is over"))
        incident = await walk.settled()
    return (incident.unsettled or incident.failure or "it asks a person") if incident.open else ""


async def _version(engine: Engine, host: str) -> str:
    """The version of its Dokku; empty where it does not say."""
    with contextlib.suppress(ConsoleError):  # the host that was drilled may be gone by now
        return (await engine.links.capabilities(host)).version or ""
    return ""


async def resume(engine: Engine, begun: DrillBegun, say: Say, output: Output | None = None) -> DrillResult:
    """Take away what a drill left whose console ended. Raises TakenByOther where it is at work, JournalError, Refused,
    LinkError and their kin."""
    walk: IncidentRunner | None = None
    proven = False
    if await engine.records.events(begun.incident):
        incident = await engine.read(begun.incident)
        if incident.open:
            walk = await engine.resume(begun.incident, output)
        elif not engine.journal.lock(begun.incident):
            raise TakenByOther(f"another console on this machine is at this drill ({begun.app})", "end it first")
        proven = incident.verdict is Verdict.PASSED
    left = await end_of(engine, begun, walk, say)
    result = DrillResult(
        at=begun.at,
        host=begun.host,
        app=begun.app,
        dokku=await _version(engine, begun.host),
        end=DrillEnd.PROVEN if proven else DrillEnd.INTERRUPTED,
        why="its console ended; what it had made was taken away later",
        left=left,
    )
    await drills.note(engine.journal, result)
    return result
