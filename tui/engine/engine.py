"""The façade that both front ends use.

Reading asks hosts and never changes them; whatever changes a host is a step of a walk, a keep, a freeze or an unfreeze,
and goes through the gate.
"""

import secrets
from collections.abc import Callable

from msgspec.structs import replace

from tui import ways
from tui.dokku import commands, kept
from tui.dokku.shape import Shape
from tui.engine import before, health, leaving, record, releases, shapes, stopping
from tui.engine import removal as removals
from tui.engine.configs import ConfigWatch
from tui.engine.duty import Duty
from tui.engine.evidence import Evidence
from tui.engine.freeze import NO_WORD, Freezer, Unfrozen, Word
from tui.engine.gate import Gate
from tui.engine.keep import Keeper
from tui.engine.ledger import LedgerKeeper
from tui.engine.links import Links
from tui.engine.notices import Notifier
from tui.engine.onlooker import Onlooker
from tui.engine.perform import HostPerformer, Output
from tui.engine.ports import (
    ClockPort,
    DigestPort,
    GitPort,
    HostPort,
    JournalPort,
    OnCallStorePort,
    Outside,
    ProbePort,
    ProcessPort,
    RegistryPort,
    StreamPort,
)
from tui.engine.postmortem import PostMortems
from tui.engine.records import Illegible, Records
from tui.engine.releases import Listing
from tui.engine.together import together
from tui.engine.walk import Walk
from tui.incident import choose, onward
from tui.incident import events as ev
from tui.model.errors import AlreadyThere, Refused, TakenByOther
from tui.model.health import Probe, ProbeOutcome
from tui.model.incident import Closing, Group, Incident, State
from tui.model.plan import Plan
from tui.model.release import Release, Target, TargetKind, matches
from tui.model.service import Fleet, Service
from tui.ways import again as anew
from tui.ways import kept as kept_way
from tui.ways import preflight
from tui.ways.facts import Facts, Options
from tui.ways.plan import with_commit
from tui.ways.way import Way


class Engine:
    """One console's engine over one fleet."""

    def __init__(
        self,
        fleet: Fleet,
        *,
        make_host: Callable[[str], HostPort],
        git: GitPort,
        probes: ProbePort,
        journal: JournalPort,
        clock: ClockPort,
        by: str,
        read_only: bool = False,
        processes: ProcessPort | None = None,
        registries: RegistryPort | None = None,
        outside: Outside | None = None,
        digest: DigestPort | None = None,
        on_call_store: OnCallStorePort | None = None,
    ) -> None:
        self.outside = outside or Outside()
        self.processes = processes
        self.registries = registries
        self.fleet = fleet
        self.by = by
        self.clock = clock
        self.journal = journal
        self.probes = probes
        self.git = git
        self.gate = Gate(journal, clock, read_only=read_only)
        self.records = Records(journal)
        self.ledger = LedgerKeeper(journal)
        self.links = Links(fleet, self.gate, git, clock, make_host, self.ledger)
        self.configs = ConfigWatch(self.links, self.ledger, clock, digest)
        self.keeper = Keeper(self.links, clock, by, fleet.retention)
        self.freezer = Freezer(self.links, clock, journal)
        self.evidence = Evidence(fleet, self.links, clock, self.outside)
        self.walks: dict[str, Walk] = {}
        self.onlookers: dict[str, Onlooker] = {}
        """incidents that other consoles on this machine lead, followed here"""
        self.duty = Duty(fleet, clock, self.outside.on_call, on_call_store)
        self.notices = Notifier(
            journal,
            clock,
            () if read_only else self.outside.channels,
            environment=fleet.environment,
            read=self.read,
            tell=self.tell,
        )
        self.postmortems = PostMortems(fleet, journal, clock, by, self.walks)

    async def close(self) -> None:
        """End this process's part: a push goes on at its host, every other deploy is aborted with us."""
        for walk in self.walks.values():
            await walk.stop()
        for onlooker in self.onlookers.values():
            await onlooker.stop()
        await self.notices.stop()
        await self.duty.stop()
        await self.evidence.close()
        await self.links.close()
        await self.probes.close()
        await self.outside.close()
        if self.registries is not None:
            await self.registries.close()
        await self.ledger.flush()
        await self.journal.close()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def service(self, name: str) -> Service:
        """The service of that name or app. Raises Refused with the names there are."""
        found = self.fleet.service(name)
        if found is None:
            names = ", ".join(s.name for s in self.fleet.services)
            raise Refused(f"there is no service {name!r} in {self.fleet.path}", f"services: {names}")
        return found

    async def listing(self, service: Service) -> Listing:
        """What runs, and the releases that are kept or were seen here. Raises LinkError, HostSaid."""
        found = await self._all_known(service, every_source=False)
        await self.configs.note(service, found.current)
        return found

    async def catalogue(self, service: Service) -> Listing:
        """The releases that any source knows, with every way back. Raises LinkError, HostSaid."""
        found = await self._all_known(service, every_source=True)
        await self.configs.note(service, found.current)
        return found

    async def probe(self, service: Service) -> Probe | None:
        """One look at its health."""
        seen = await health.probe(self.probes, service)
        if seen is not None:
            self.evidence.saw(service.name, seen)
            if seen.outcome is ProbeOutcome.HEALTHY:
                await self.ledger.healthy(service.host, service.app, seen.at)
        return seen

    def logs(self, service: Service, lines: int) -> StreamPort:
        """The service's log, going on as it is written."""
        return self.links.host(service.host).stream(commands.logs(service.app, lines, tail=True))

    async def log(self, service: Service, lines: int) -> bytes:
        """The last lines of the service's log, of each process. Raises LinkError, HostSaid."""
        return await self.links.tell(service.host, commands.logs(service.app, lines))

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
        again = target.kind is TargetKind.CURRENT
        name = way or (kept_way.WAY.name if again else self.fleet.ways[0])
        if name not in self.fleet.ways:
            raise Refused(f"{name} is no way of {self.fleet.path}", f"ways: {', '.join(self.fleet.ways)}")
        by = ways.of(name)
        found = await self._all_known(service, every_source=not by.listed)
        mine = incident.known_as if incident is not None else known_as or new_id(self.clock)
        running = choose.running(found.releases, found.current)
        if expect_current is not None and not matches(expect_current, running):
            raise Refused(f"{service.app} runs {running.name}, not {expect_current}", "look again: --list")
        await self._only_one_open(service, target, running, expect_current, incident)
        if target.kind is TargetKind.PREVIOUS and expect_current is None:
            leaving.not_further(service, found, mine, self.clock.now(), self.fleet.watch.longest)
        stale = found.record is not None and kept.is_stale(found.record, self.clock.now())
        record.may_act(found.record, mine, take_over=options.take_over is not None, stale=stale)
        of = await shapes.read(self.links, service, found.current) if by.shaped else None
        host = self.links.described(service.host)
        if again:
            (possible,) = shapes.possible((running,), of)
            choice = choose.Choice(release=anew.chosen(service, host, possible, by, target))
            options = replace(options, again=True)
        else:
            choice = await self._choose(service, target, found, by, of)
        seen, healthy, checks = await together(
            before.read(self.configs, service, found, running, choice.release, of, by, mine),
            leaving.never_live(service, host, found, running, self.probe, self.clock),
            stopping.checks(self.links, service.host, service.app),
        )
        facts = Facts(
            service=service,
            host=host,
            target=choice.release,
            leaving=running,
            options=options,
            words=str(target),
            incident=mine,
            number=(incident.plans if incident is not None else 0) + 1,
            by=self.by,
            at=self.clock.now(),
            current=found.current,
            record=None if found.record is not None and found.record.gone else found.record,
            team_branch=await self.freezer.team_branch(service, found),
            files=seen.files,
            digest=await self._digest(service, choice.release, by),
            skipped=choice.skipped,
            shape=of,
            zero_downtime=checks,
            cautions=(*preflight.marked(choice.release), *preflight.healthy(healthy, again=again), *seen.cautions),
            checked=seen.checked,
        )
        made = by.plan(await self._with_way_out(found, facts))
        if made.push is not None:
            made = with_commit(made, self.git.commit_id(made.push))
        unasked = target.kind is TargetKind.PREVIOUS and expect_current is None
        return replace(made, leaves_healthy=healthy) if healthy and unasked else made

    async def _with_way_out(self, found: Listing, facts: Facts) -> Facts:
        """What has to be known of what is left: where the service stops first, or where keeping it was asked for."""
        if facts.service.rollback.stop_first:
            return replace(facts, stopping=await stopping.read(self.links, facts.service, found, facts.leaving))
        if facts.options.keep_current:
            return replace(facts, keeping=await stopping.keeping(self.links, facts.service, found, facts.leaving))
        return facts

    async def _digest(self, service: Service, release: Release, way: Way) -> str:
        """What the registry has now under the name of the image that the way deploys, if it deploys one.

        Raises Refused.
        """
        image = way.image(service, release)
        if image is None:
            return ""
        repository, tag = image
        if self.registries is None:
            raise Refused("this console asks no registry", "choose another way (--list)")
        found = await self.registries.digest(repository, tag)
        if found.value is None:
            raise Refused(f"{repository}:{tag}: {found.trouble}", "try again, or another way (--list)")
        return found.value

    async def _all_known(self, service: Service, *, every_source: bool) -> Listing:
        """What a plan is made from; a plan looks at the config itself."""
        if not every_source:
            return await releases.listing(self.links, service)
        who = {name: i.by for i in await self.incidents() for name in (i.id, i.known_as)}
        return await releases.catalogue(self.links, service, self.fleet.ways, who, self.registries)

    async def _choose(
        self, service: Service, target: Target, found: Listing, way: Way, of: Shape | None
    ) -> choose.Choice:
        """The release that is meant. Only where it is to be refused every source is asked: what else leads there?"""
        if way.listed:
            try:
                return choose.choose(target, shapes.possible(found.releases, of), way.name)
            except AlreadyThere:
                raise
            except Refused:
                pass  # said below, with what else leads there
            found = await self._all_known(service, every_source=True)
        known = shapes.possible(found.releases, of)
        named = way.named(service, target, known, found.host)
        return choose.choose(target, known, way.name) if named is None else choose.Choice(release=named)

    async def _only_one_open(
        self,
        service: Service,
        target: Target,
        running: Release,
        expect_current: Target | None,
        incident: Incident | None,
    ) -> None:
        """While an incident is open here, `previous` by itself would go further back than anybody meant."""
        if incident is not None:
            return
        known, illegible = await self.records.open()
        for lost in illegible:
            if lost.service == service.name:
                raise Refused(f"{lost.why}; nobody knows what it did to {service.name}", lost.fix)
        for open_one in known:
            if open_one.service != service.name:
                continue
            if target.kind is TargetKind.PREVIOUS and expect_current is None:
                done = _done(open_one)
                raise Refused(
                    f"incident {open_one.id} on {service.name} is open ({open_one.state}): {done}",
                    f"{onward.ways_on(open_one)}; to go further back name the release, with --expect-current "
                    f"{running.name}",
                )
            if expect_current is None:
                raise Refused(
                    f"incident {open_one.id} on {service.name} is open ({open_one.state})",
                    f"add --expect-current {running.name}, or {onward.ways_on(open_one)}",
                )

    # ── incidents ────────────────────────────────────────────────────────────────────────────────────────────────

    async def open(self, plan: Plan, reason: str, output: Output | None = None, *, group: Group | None = None) -> Walk:
        """Open an incident with this plan, not confirmed yet."""
        identity = plan.attempt.rpartition(".")[0] if group is None else group.part(plan.service)
        if not self.journal.lock(identity):
            raise self._elsewhere(identity)
        walk = await self._begin(identity, self.service(plan.service), reason, output, group)
        await walk.submit(ev.PlanMade(at=self.clock.now(), plan=plan))
        return walk

    async def assess(self, service: Service, reason: str, output: Output | None = None) -> Walk:
        """Open an incident without a plan: what is wrong, and is a rollback the answer? Nothing goes to the host."""
        identity = new_id(self.clock)
        if not self.journal.lock(identity):
            raise self._elsewhere(identity)
        return await self._begin(identity, service, reason, output)

    async def join(self, service: Service, group: Group, output: Output | None = None) -> Walk:
        """Open the incident of a service of a run that had not been opened yet; nothing goes to the host."""
        identity = group.part(service.name)
        if not self.journal.lock(identity):
            raise self._elsewhere(identity)
        return await self._begin(identity, service, "", output, group)

    def closed_walk(self, incident: Incident) -> Walk:
        """A closed incident, for notes that are added later; nothing of it goes on."""
        return Walk(incident, self.journal, self.clock, self._performer(None))

    async def _begin(
        self, identity: str, service: Service, reason: str, output: Output | None, group: Group | None = None
    ) -> Walk:
        event = ev.Opened(
            at=self.clock.now(),
            incident=identity,
            service=service.name,
            app=service.app,
            host=service.host,
            by=self.by,
            reason=reason,
            group=group,
        )
        walk = await Walk.begin(event, self.journal, self.clock, self._performer(output))
        self.walks[identity] = walk
        self.duty.ask()
        self.notices.follow(walk)
        return walk

    async def resume(self, incident: str, output: Output | None = None) -> Walk:
        """Take an open incident up where its journal ends. Raises Refused, TakenByOther."""
        found = await self.read(incident)
        if not found.open:
            raise Refused(f"incident {incident} is closed: {found.closing}", "rollback incidents")
        if incident in self.walks:
            return self.walks[incident]
        if not self.journal.lock(incident):
            raise self._elsewhere(incident)
        service = self.fleet.service(found.service)
        if service is not None and (found.watch_for is not None or found.watch is not None):
            self.evidence.follow((service,), must=True)
        walk = Walk(found, self.journal, self.clock, self._performer(output))
        self.walks[incident] = walk
        self.notices.follow(walk)
        await walk.submit(ev.Resumed(at=self.clock.now(), by=self.by))
        return walk

    def _elsewhere(self, incident: str) -> TakenByOther:
        who = self.journal.holder(incident)
        where = f" ({who})" if who else ""
        words = f"another console on this machine{where} has incident {incident}"
        return TakenByOther(words, "it can be followed in the console: `rollback`; or end the other one first")

    async def look_on(self, incident: str) -> Onlooker | None:
        """An incident that another process on this machine leads, followed here; None where none does.

        Raises Refused where there is no such incident.
        """
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

    async def read(self, incident: str) -> Incident:
        """The incident as its journal tells it. Raises Refused where there is none, Unreadable."""
        return await self.records.read(incident)

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

    async def tell(self, incident: str, told: ev.Told) -> None:
        """Put on record what came of telling people; the incident may be closed, or another console's."""
        walk = self.walks.get(incident)
        if walk is not None:
            await walk.submit(told)
        else:
            await self.journal.append(incident, "event", ev.encode(told), told.at)

    def _performer(self, output: Output | None) -> HostPerformer:
        return HostPerformer(
            self.fleet,
            self.links,
            self.probes,
            self.journal,
            self.clock,
            output,
            self.processes,
            self.keeper,
            self.evidence,
        )

    # ── keeping and freezing ─────────────────────────────────────────────────────────────────────────────────────

    async def keep(self, service: Service, say: Callable[[str], None]) -> Release:
        """Keep what the service runs now. Raises AlreadyThere, Refused, LinkError, HostSaid."""
        await self.configs.look(service)  # what serves is about to be left: how was it set?
        return await self.keeper.keep(service, say)

    async def removal(self, service: Service) -> removals.Removal:
        """What `remove_all` would take away. Raises TakenByOther, Refused, LinkError, HostSaid."""
        for one in await self.open_incidents():
            if one.service == service.name:
                raise TakenByOther(f"incident {one.id} on {service.name} is open", f"rollback resume {one.id}")
        for lost in await self.illegible():
            if lost.service == service.name:
                raise TakenByOther(lost.why, lost.fix)
        return await removals.plan(self.links, service, lambda found: kept.is_stale(found, self.clock.now()))

    async def remove_all(self, wanted: removals.Removal, say: Callable[[str], None]) -> removals.Removed:
        """Take holders and records away. Raises Refused when read-only, LinkError."""
        return await removals.remove(self.links, self.keeper, wanted, say)

    async def freeze(self, service: Service) -> str:
        """Hold deploys back. Raises AlreadyThere, TakenByOther, Refused, LinkError, HostSaid, Unfinished."""
        return await self.freezer.freeze(service, new_id(self.clock), self.by)

    async def unfreeze(self, service: Service, word: Word = NO_WORD) -> Unfrozen:
        """Let deploys through again. Raises AlreadyThere, TakenByOther, Refused, LinkError, HostSaid."""
        return await self.freezer.unfreeze(service, word)


def new_id(clock: ClockPort) -> str:
    """A new incident's id: UTC time and four random digits, at most 32 of `[a-z0-9-]`."""
    return f"{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _done(incident: Incident) -> str:
    if incident.plan is None:
        return "nothing was done yet"
    words = f"{incident.plan.leaving.name} → {incident.plan.target.name}"
    if incident.state in (State.VERIFYING, State.WATCHING):
        return f"{words} was done"
    return f"{words} was begun" if incident.wrote else f"{words} was planned"
