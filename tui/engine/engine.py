"""The façade that both front ends use.

Reading asks hosts and never changes them; each change of a host is a step of a walk, a keep, a freeze or an unfreeze,
and goes through the gate.

What carries incidents is imported with the first of them (see `parts`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.dokku import commands, holders
from tui.engine import named_service, ports, same_services_file
from tui.engine.concurrency import meanwhile, together
from tui.engine.hosts import holder_looks
from tui.engine.hosts.app_config import ConfigRead
from tui.engine.hosts.overview import HostReads
from tui.engine.parts import EngineParts
from tui.engine.releases import catalog
from tui.engine.releases.app_status import examined, standing
from tui.engine.releases.catalog import Listing
from tui.engine.store import Illegible, new_id
from tui.incident import events as ev
from tui.model.drill import is_drill
from tui.model.errors import Refused, TakenByOther
from tui.model.guard import GuardedDeploy
from tui.model.incident import Closing, Group, Incident
from tui.model.plan import Plan
from tui.model.release import Release, Target
from tui.model.service import Service
from tui.ways.facts import Options

if TYPE_CHECKING:
    from tui.engine.incident.handler import HostEffectHandler
    from tui.engine.incident.onlooker import Onlooker
    from tui.engine.incident.runner import IncidentRunner
    from tui.engine.incident.steps import Output
    from tui.engine.releases import removal as removals
    from tui.engine.releases.freeze import Frozen, UnfreezeWord, Unfrozen


class Engine(EngineParts):
    """One console's engine over one fleet."""

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def service(self, name: str) -> Service:
        """The service of that name or app. Raises ConfigError with the nearest, and the names there are."""
        return named_service.one(self.fleet, name)

    def named(self, name: str) -> tuple[Service, ...]:
        """The parts of the service of that name, or the one service of that name or app. Raises ConfigError."""
        return named_service.every(self.fleet, name)

    async def listing(self, service: Service) -> Listing:
        """The releases that are kept or were seen here, and what runs. Raises LinkError, UnexpectedReply."""
        found = await self.planner.known(service, every_source=False)
        await self.configs.note(service, found.current)
        return found

    async def standing(self, service: Service, reads: HostReads) -> Listing:
        """The releases and what runs for a row: the seals of what is kept are not asked, and no way back leads there;
        of what runs only where that says how to make a restart safe.

        Raises LinkError, UnexpectedReply.
        """
        return await standing(self.configs, service, reads)

    async def examined(self, service: Service, reads: HostReads, config: ConfigRead) -> Listing:
        """As `listing`, by reads that others share. Raises LinkError, UnexpectedReply."""
        return await examined(self.configs, service, reads, config)

    async def catalogue(self, service: Service) -> Listing:
        """The releases that any source knows, with every way back. Raises LinkError, UnexpectedReply."""
        found = await self.planner.known(service, every_source=True)
        await self.configs.note(service, found.current)
        return found

    async def looked(self, service: Service, found: Listing) -> Listing:
        """The listing after a look at the image of every holder in it; what prevents a look is said in it."""
        names = [r.holder for r in found.releases if r.holder is not None]
        for look in await together(*(holder_looks.look(self.links, service.host, service.app, name) for name in names)):
            found = catalog.seen(found, service, look)
        return found

    def logs(self, service: Service, lines: int) -> ports.StreamPort:
        """The service's log, going on as it is written."""
        return self.links.host(service.host).stream(commands.logs(service.app, lines, tail=True))

    async def log(self, service: Service, lines: int) -> bytes:
        """The last lines of the service's log, of each process. Raises LinkError, UnexpectedReply."""
        return await self.links.ask_checked(service.host, commands.logs(service.app, lines))

    # ── planning ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def plan(
        self,
        service: Service,
        target: Target,
        options: Options,
        *,
        expect_current: Target | None = None,
        incident: Incident | None = None,
        way: str | None = None,
        known_as: str | None = None,
    ) -> Plan:
        """A plan from what the host says now; nothing is sent. Raises Refused, LinkError and their kin.

        `known_as` is the id to plan under where no incident is open yet; None: a new one.
        `way` None is the first of services.yaml. Where it does not lead there, the refusal names the next one.
        """
        from tui.engine.releases.planner import PlanRequest

        wanted = PlanRequest(
            service=service,
            target=target,
            options=options,
            expect_current=expect_current,
            incident=incident,
            way=way,
            known_as=known_as,
        )
        if wanted.again:  # nothing is taken back, so what else changed is not asked
            return await self.planner.plan(wanted)
        plan, around = await together(self.planner.plan(wanted), self.nearby.of(service))
        if plan.taken is None:
            return plan
        nearby = tuple(sorted(around.changes, key=lambda one: one.at, reverse=True))
        return replace(plan, taken=replace(plan.taken, since=around.since, nearby=nearby, gaps=around.gaps))

    # ── incidents ────────────────────────────────────────────────────────────────────────────────────────────────

    async def open(
        self, plan: Plan, reason: str, output: "Output | None" = None, *, group: Group | None = None
    ) -> "IncidentRunner":
        """Open an incident with this plan, not confirmed yet."""
        identity = plan.attempt.rpartition(".")[0] if group is None else group.part(plan.service)
        walk = await self._begin(identity, self.service(plan.service), reason, output, group)
        await walk.submit(ev.PlanMade(at=self.clock.now(), plan=plan))
        return walk

    async def assess(
        self, service: Service, reason: str, output: "Output | None" = None, *, identity: str | None = None
    ) -> "IncidentRunner":
        """Open an incident without a plan; nothing goes to the host. `identity` None: a new id."""
        return await self._begin(identity or new_id(self.clock), service, reason, output)

    async def guard(self, service: Service, guard: GuardedDeploy, output: "Output | None" = None) -> "IncidentRunner":
        """Open what guards a deploy: only the journal knows of it so far."""
        return await self._begin(new_id(self.clock), service, "", output, guard=guard)

    async def join(self, service: Service, group: Group, output: "Output | None" = None) -> "IncidentRunner":
        """Open the incident of a service of a run that had not been opened yet; nothing goes to the host."""
        return await self._begin(group.part(service.name), service, "", output, group)

    def closed_walk(self, incident: Incident) -> "IncidentRunner":
        """A closed incident, for notes that are added later; nothing of it goes on."""
        from tui.engine.incident.runner import IncidentRunner

        return IncidentRunner(incident, self.journal, self.clock, self._handler(None))

    async def _begin(
        self,
        identity: str,
        service: Service,
        reason: str,
        output: "Output | None",
        group: Group | None = None,
        *,
        guard: GuardedDeploy | None = None,
    ) -> "IncidentRunner":
        from tui.engine.incident.runner import IncidentRunner

        if not self.journal.lock(identity):
            raise self._elsewhere(identity)
        event = ev.Opened(
            at=self.clock.now(),
            incident=identity,
            service=service.name,
            app=service.app,
            host=service.host,
            by=self.by,
            reason=reason,
            group=group,
            file=same_services_file.path(self.fleet),
            address=self.fleet.host(service.host).ssh,
            guard=guard,
        )
        walk = await IncidentRunner.begin(event, self.journal, self.clock, self._handler(output))
        self.walks[identity] = walk
        self.duty.ask()
        self.notices.follow(walk)
        return walk

    async def resume(self, incident: str, output: "Output | None" = None) -> "IncidentRunner":
        """Take an open incident up where its journal ends. Raises Refused, TakenByOther, ConfigError (other file)."""
        from tui.engine.incident.runner import IncidentRunner

        found = await self.read(incident)
        if not found.open:
            raise Refused(f"incident {incident} is closed: {found.closing}", "rollback incidents")
        if incident in self.walks:
            return self.walks[incident]
        same_services_file.check(self.fleet, found)
        if is_drill(found.app) and self.fleet.service(found.service) is None:
            raise Refused("it is a drill whose console ended", f"rollback resume {incident}: takes its app away")
        if not self.journal.lock(incident):
            raise self._elsewhere(incident)
        service = self.fleet.service(found.service)
        if service is not None and (found.watch_for is not None or found.watch is not None):
            self.evidence.follow((service,), must=True)
        walk = IncidentRunner(found, self.journal, self.clock, self._handler(output))
        self.walks[incident] = walk
        self.notices.follow(walk)
        await walk.submit(ev.Resumed(at=self.clock.now(), by=self.by, anew=True))
        return walk

    def _elsewhere(self, incident: str) -> TakenByOther:
        who = self.journal.holder(incident)
        where = f" ({who})" if who else ""
        words = f"another console on this machine{where} has incident {incident}"
        return TakenByOther(words, "it can be followed in the console: `rollback`; or end the other one first")

    async def look_on(self, incident: str) -> "Onlooker | None":
        """An incident that another process on this machine leads, followed here; None where none does.

        Raises Refused where there is no such incident.
        """
        from tui.engine.incident.onlooker import Onlooker

        found = self.onlookers.get(incident)
        if found is not None and found.held_by:
            return found
        held_by = "" if incident in self.walks else self.journal.holder(incident)
        if not held_by:
            return None
        if found is not None:
            await found.stop()
        made = Onlooker(await self.read(incident), held_by, self.journal, self.clock, self.read)
        self.onlookers[incident] = made
        made.start()
        return made

    async def open_incidents(self) -> tuple[Incident, ...]:
        """Every open incident of this machine's journal that can be read, newest first."""
        return (await self.records.open())[0]

    async def incidents(self) -> tuple[Incident, ...]:
        """The journal's incidents that can be read, newest first."""
        return (await self.records.newest())[0]

    async def illegible(self) -> tuple[Illegible, ...]:
        """Every open incident of this machine's journal that cannot be read."""
        return (await self.records.open())[1]

    async def set_aside(self, lost: Illegible, closing: Closing, reason: str) -> tuple[str, ...]:
        """Close an incident that cannot be read. Returns what is left to do. Raises as `Records.set_aside`."""
        return await self.records.set_aside(self.links, self.clock, lost, closing, reason, self.by)

    def _handler(self, output: "Output | None") -> "HostEffectHandler":
        from tui.engine.incident.handler import HostEffectHandler
        from tui.engine.incident.steps import Ports

        ports = Ports(self.fleet, self.links, self.probes, self.journal, self.clock)
        return HostEffectHandler(ports, output, self.processes, self.keeper, self.evidence)

    # ── keeping and freezing ─────────────────────────────────────────────────────────────────────────────────────

    async def keep(self, service: Service, say: Callable[[str], None]) -> Release:
        """Keep what the service runs now. Raises AlreadyThere, Refused, LinkError, UnexpectedReply, Unfinished."""
        config = self.configs.read(service, always=True)
        async with meanwhile() as begin:
            begin(self.configs.look(service, config))  # what serves is about to be left: how was it set?
            return await self.keeper.keep(service, say, config)

    async def removal(self, service: Service) -> "removals.Removal":
        """The apps that `remove_all` would take away. Raises TakenByOther, Refused, LinkError, UnexpectedReply."""
        from tui.engine.releases import removal

        for one in await self.open_incidents():
            if same_services_file.concerns(self.fleet, service, one):
                raise TakenByOther(f"incident {one.id} on {service.name} is open", f"rollback resume {one.id}")
        for lost in await self.illegible():
            if lost.service == service.name:
                raise TakenByOther(lost.why, lost.fix)
        return await removal.plan(self.links, service, lambda found: holders.record_is_stale(found, self.clock.now()))

    async def remove_all(self, wanted: "removals.Removal", say: Callable[[str], None]) -> "removals.Removed":
        """Take holders and records away. Raises Refused when read-only, LinkError."""
        from tui.engine.releases import removal

        return await removal.remove(self.links, self.keeper, wanted, say)

    async def freeze(self, service: Service, reason: str = "") -> "Frozen":
        """Hold deploys back, and say why.

        Raises AlreadyThere, TakenByOther, Refused, LinkError, UnexpectedReply, Unfinished.
        """
        return await self.freezer.freeze(service, new_id(self.clock), self.by, reason)

    async def unfreeze(self, service: Service, word: "UnfreezeWord | None" = None) -> "Unfrozen":
        """Let deploys through again. Raises as `Freezer.unfreeze`."""
        from tui.engine.releases.freeze import NO_WORD

        return await self.freezer.unfreeze(service, word or NO_WORD)
