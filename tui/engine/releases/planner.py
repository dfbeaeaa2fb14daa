"""Planning: ask host, journal and registry for what a plan needs, then leave the plan to the way back.

`gather` does all asking and changes nothing; `Way.plan` is pure and makes the plan from what was gathered.
"""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from tui import ways
from tui.dokku import build_gate, holders, k3s
from tui.dokku.build_gate import PushGate
from tui.dokku.build_settings import Shape
from tui.engine import same_services_file, store
from tui.engine.concurrency import Begin, meanwhile
from tui.engine.hosts import holder_looks, incident_record
from tui.engine.hosts.app_config import ConfigRead, ConfigWatch, Looked
from tui.engine.hosts.connections import HostConnections
from tui.engine.ports import RegistryPort
from tui.engine.releases import build_facts, catalog, previous_twice, stop_first
from tui.engine.releases.answers_nobody import Silences
from tui.engine.releases.catalog import Listing
from tui.engine.releases.comparing import Compared, Comparer
from tui.engine.releases.freeze import Freezer
from tui.incident import next_commands
from tui.model.errors import AlreadyThere, Refused
from tui.model.holder_look import HolderLook
from tui.model.incident import Incident, State
from tui.model.observation import RunningState
from tui.model.plan import Plan
from tui.model.release import Release, Target, TargetKind, matches
from tui.model.service import CheckMode, Fleet, Service
from tui.model.value import Value
from tui.releases import choose_release, what_runs
from tui.ways import kept as kept_way
from tui.ways import on_k3s, plan_warnings
from tui.ways import redeploy_current as anew
from tui.ways.facts import Facts, Options, Silence
from tui.ways.plan import with_commit
from tui.ways.way import Way


class PlanRequest(Value):
    """A person's request for a plan."""

    service: Service
    target: Target
    options: Options
    expect_current: Target | None = None
    """what has to run now; None: anything"""
    incident: Incident | None = None
    """the incident that the plan belongs to; None: the plan opens one"""
    way: str | None = None
    """the way to take; None: the first of services.yaml"""
    known_as: str | None = None
    """the id to plan under where there is no incident yet; None: a new one"""

    @property
    def again(self) -> bool:
        """True if what runs is to be deployed anew."""
        return self.target.kind is TargetKind.CURRENT

    @property
    def unasked(self) -> bool:
        """True if `previous` alone says where to go, and nobody said what runs now."""
        return self.target.kind is TargetKind.PREVIOUS and self.expect_current is None


class _Read:
    """The questions that are under way while the releases are asked for."""

    def __init__(
        self,
        build: Callable[[], asyncio.Task[build_facts.Told]] | None,
        config: asyncio.Task[Looked],
        look: Callable[[Release], asyncio.Task[HolderLook]],
    ) -> None:
        self.config = config
        self._build = build
        self._look = look
        self._looks: dict[str, asyncio.Task[HolderLook]] = {}

    async def shape(self, app: str, current: RunningState) -> Shape | None:
        """How the app is built, asked now; None: it does not matter. Raises LinkError."""
        return None if self._build is None else (await self._build()).shape(app, current)

    def looked(self, release: Release) -> asyncio.Task[HolderLook] | None:
        """The one look at the image of its holder, if it has one."""
        if release.holder is None:
            return None
        if release.holder not in self._looks:
            self._looks[release.holder] = self._look(release)
        return self._looks[release.holder]


class Planner:
    """Makes plans for the services of one fleet."""

    def __init__(
        self,
        fleet: Fleet,
        configs: ConfigWatch,
        journalled: store.Records,
        freezer: Freezer,
        by: str,
        *,
        silences: Silences,
        registries: RegistryPort | None,
    ) -> None:
        self._fleet = fleet
        self._configs = configs
        self._links: HostConnections = configs.links
        self._records = journalled
        self._freezer = freezer
        self._clock = configs.clock
        self._by = by
        self._silences = silences
        self._comparer = Comparer(configs)
        self._registries = registries

    async def plan(self, wanted: PlanRequest) -> Plan:
        """A plan from what the host says now; nothing is sent. Raises Refused, LinkError and their kin.

        Where the way does not lead to the target, the refusal names the next one.
        """
        way = self._way(wanted)
        made = way.plan(await self.gather(wanted, way))
        return made if made.push is None else with_commit(made, self._links.git.commit_id(made.push))

    async def known(
        self,
        service: Service,
        *,
        every_source: bool,
        met: asyncio.Event | None = None,
        config: ConfigRead | None = None,
    ) -> Listing:
        """The releases there are and what runs, by the host alone or by every source. Raises LinkError,
        UnexpectedReply.

        `met` and `config`: see `catalog.listing`.
        """
        if not every_source:
            return await catalog.listing(self._links, service, met, config)
        who = await self._records.who()
        return await catalog.catalogue(self._links, service, self._fleet.ways, who, self._registries, met, config)

    async def gather(self, wanted: PlanRequest, way: Way) -> Facts:
        """Everything that the way's plan is made from. Raises Refused and its kin, LinkError, UnexpectedReply.

        A host's commands take their time: what does not depend on an answer is asked beside it, the list of releases
        first, because what takes longest, the look at a holder's image, follows from it.
        """
        async with meanwhile() as begin:
            return await self._gathered(wanted, way, begin)

    async def _gathered(self, wanted: PlanRequest, way: Way, begin: Begin) -> Facts:
        service, incident, met = wanted.service, wanted.incident, asyncio.Event()
        config = self._configs.read(service, always=True)
        listed = begin(self.known(service, every_source=not way.listed, met=met, config=config))
        listed.add_done_callback(lambda _: met.set())
        quiet = begin(self._silence(service, way))
        if way.shaped:
            begin(self._links.capabilities(service.host))  # asked once, and needed by all that follows
        await met.wait()
        read = _Read(
            build=(lambda: begin(build_facts.asked(self._links, service.host, service.app, config)))
            if way.shaped
            else None,
            config=begin(self._configs.look(service, config)),
            look=lambda one: begin(holder_looks.look(self._links, service.host, service.app, one.holder or "", one)),
        )
        checked = begin(stop_first.checks(self._links, service.host, service.app))
        found = await listed
        mine = incident.known_as if incident is not None else wanted.known_as or store.new_id(self._clock)
        running = what_runs.running(found.releases, found.current)
        await self._may_plan(wanted, found, running, mine)
        if found.current.pods is not None and service.rollback.stop_first:
            raise on_k3s.stop_first(service)
        described = self._links.described(service.host)
        never_live = begin(previous_twice.never_live(service, described, found, running, self._silences.answers))
        choice, found, seen = await self._choice_seen(wanted, way, found, mine, read)
        running, of = what_runs.running(found.releases, found.current), seen.shape
        healthy, checks = await never_live, await checked
        restore = found.record.restore if found.record is not None else ()
        facts = Facts(
            service=service,
            host=described,
            target=choice.release,
            leaving=running,
            options=replace(wanted.options, again=True) if wanted.again else wanted.options,
            words=str(wanted.target),
            incident=mine,
            number=(incident.plans if incident is not None else 0) + 1,
            by=self._by,
            at=self._clock.now(),
            current=found.current,
            record=None if found.record is not None and found.record.gone else found.record,
            team_branch=await self._freezer.team_branch(service, found),
            files=seen.files,
            digest=await self._digest(service, choice.release, way),
            skipped=choice.skipped,
            shape=of,
            gate=PushGate() if of is None else build_gate.gate(of, checks, restore),
            baked=seen.baked,
            zero_downtime=checks,
            cluster=await self._cluster(service, found),
            cautions=(
                *plan_warnings.marked(choice.release),
                *plan_warnings.healthy(healthy, again=wanted.again),
                *seen.cautions,
            ),
            checked=seen.checked,
            taken=None if wanted.again else seen.taken,
            leaves_healthy=healthy if wanted.unasked else "",
            times=await self._links.ledger.times(service.host),
            silence=await quiet if found.current.pods is None else None,
            answered_path=await self._answered(service, choice.release, way),
        )
        return await self._with_way_out(found, facts)

    async def _silence(self, service: Service, way: Way) -> Silence | None:
        """The service's silence; None where the plan does not depend on it."""
        asked = way.shaped and service.checks is CheckMode.AUTO
        return await self._silences.of(service) if asked else None

    async def _answered(self, service: Service, target: Release, way: Way) -> str:
        """The health path that answered while the target served; empty where the plan does not depend on it."""
        asked = way.shaped and service.checks is CheckMode.OWN
        return await self._silences.answered_path(service, target) if asked else ""

    async def _cluster(self, service: Service, found: Listing) -> k3s.K3sSettings | None:
        """The settings of the scheduler k3s, for an app on it. Raises LinkError."""
        if found.current.pods is None:
            return None
        return k3s.settings(await self._links.ask(service.host, k3s.settings_report(service.app)))

    # ── what may be planned ──────────────────────────────────────────────────────────────────────────────────────

    def _way(self, wanted: PlanRequest) -> Way:
        """The way asked for, else the first of services.yaml. Raises Refused for one that is not among those."""
        name = wanted.way or (kept_way.WAY.name if wanted.again else self._fleet.ways[0])
        if name not in self._fleet.ways:
            raise Refused(f"{name} is no way of {self._fleet.path}", f"ways: {', '.join(self._fleet.ways)}")
        return ways.of(name)

    async def _may_plan(self, wanted: PlanRequest, found: Listing, running: Release, mine: str) -> None:
        """Raises Refused or TakenByOther where nothing may be planned now, to no release at all."""
        service, expected, now = wanted.service, wanted.expect_current, self._clock.now()
        if expected is not None and not matches(expected, running):
            raise Refused(f"{service.app} runs {running.name}, not {expected}", "look again: --list")
        if wanted.incident is None:
            await self._only_one_open(wanted, running)
        if wanted.unasked:
            previous_twice.not_further(service, found, mine, now, self._fleet.watch_of(service.name).longest)
        stale = found.record is not None and holders.record_is_stale(found.record, now)
        incident_record.may_act(found.record, mine, take_over=wanted.options.take_over is not None, stale=stale)

    async def _only_one_open(self, wanted: PlanRequest, running: Release) -> None:
        """Raises Refused while an incident of the service is open here, unless the person says what runs.

        `previous` by itself would go further back than anybody meant.
        """
        service = wanted.service
        known, illegible = await self._records.open()
        for lost in illegible:
            if lost.service == service.name:
                raise Refused(f"{lost.why}; nobody knows what it did to {service.name}", lost.fix)
        for other in known:
            mine = same_services_file.concerns(self._fleet, service, other)
            if not mine or wanted.expect_current is not None or other.guarding:
                continue
            what = f"incident {other.id} on {service.name} is open ({other.state})"
            expect, ways_on = f"--expect-current {running.name}", next_commands.ways_on(other)
            if wanted.unasked:
                fix = f"{ways_on}; to go further back name the release, with {expect}"
                raise Refused(f"{what}: {_done(other)}", fix)
            raise Refused(what, f"add {expect}, or {ways_on}")

    # ── which release ────────────────────────────────────────────────────────────────────────────────────────────

    async def _choice_seen(
        self, wanted: PlanRequest, way: Way, found: Listing, mine: str, read: _Read
    ) -> tuple[choose_release.ChosenRelease, Listing, Compared]:
        """The release that is meant, the list since, and how it compares with what runs.

        Where the way starts a kept one its image is looked for meanwhile, and even before it is known how the app is
        built. One whose image is gone is passed over like one without a way back: named, with the reason. Raises as
        `_chosen` and `_compared`.
        """
        running = what_runs.running(found.releases, found.current)
        if way is kept_way.WAY and (first := _likely(wanted, found, running)) is not None:
            read.looked(first)
        of = await read.shape(wanted.service.app, found.current)
        while True:
            choice = await self._chosen(wanted, way, found, running, of)
            look = read.looked(choice.release) if way is kept_way.WAY else None
            seen = await self._comparer.compared(
                wanted.service, found, running, choice.release, of, way, mine, read.config, look
            )
            if look is None:
                return choice, found, seen
            looked = await look
            if not looked.gone:
                return replace(choice, release=replace(choice.release, looked=looked)), found, seen
            found = catalog.seen(found, wanted.service, looked)
            running = what_runs.running(found.releases, found.current)

    async def _chosen(
        self, wanted: PlanRequest, way: Way, found: Listing, running: Release, of: Shape | None
    ) -> choose_release.ChosenRelease:
        """The release that is meant. Raises Refused, AlreadyThere.

        Only where it is to be refused every source is asked: what else leads there?
        """
        service, target = wanted.service, wanted.target
        if wanted.again:
            (possible,) = build_facts.possible((running,), of)
            host = self._links.described(service.host)
            return choose_release.ChosenRelease(release=anew.chosen(service, host, possible, way, target))
        if way.listed:
            try:
                return choose_release.choose(target, build_facts.possible(found.releases, of), way.name)
            except AlreadyThere:
                raise
            except Refused:
                pass  # said below, with what else leads there
            looks = tuple(r.looked for r in found.releases if r.looked is not None)
            found = await self.known(service, every_source=True)
            for look in looks:
                found = catalog.seen(found, service, look)
        known = build_facts.possible(found.releases, of)
        named = way.named(service, target, known, found.host)
        if named is not None:
            return choose_release.ChosenRelease(release=named)
        return choose_release.choose(target, known, way.name)

    # ── what else a way needs ────────────────────────────────────────────────────────────────────────────────────────

    async def _digest(self, service: Service, release: Release, way: Way) -> str:
        """The digest that the registry has now for the image that the way deploys; empty where it deploys none.

        Raises Refused.
        """
        image = way.image(service, release)
        if image is None:
            return ""
        repository, tag = image
        if self._registries is None:
            raise Refused("this console asks no registry", "choose another way (--list)")
        found = await self._registries.digest(repository, tag)
        if found.value is None:
            raise Refused(f"{repository}:{tag}: {found.trouble}", "try again, or another way (--list)")
        return found.value

    async def _with_way_out(self, found: Listing, facts: Facts) -> Facts:
        """The facts with the way out, where the service stops first or keeping what runs is asked for.

        Raises LinkError.
        """
        if facts.service.rollback.stop_first:
            checks, of = facts.zero_downtime, facts.shape
            stopping = await stop_first.read(self._links, facts.service, found, facts.leaving, checks, of)
            return replace(facts, stopping=stopping)
        if facts.options.keep_current:
            keeping = await stop_first.keeping(self._links, facts.service, found, facts.leaving, facts.shape)
            return replace(facts, keeping=keeping)
        return facts


def _likely(wanted: PlanRequest, found: Listing, running: Release) -> Release | None:
    """The kept release that will be meant, as far as it is known before anything of the app's build is."""
    if wanted.again:
        return running
    try:
        return choose_release.choose(wanted.target, found.releases, kept_way.WAY.name).release
    except (Refused, AlreadyThere):
        return None  # said where it is known for certain


def _done(incident: Incident) -> str:
    if incident.plan is None:
        return "nothing was done yet"
    words = f"{incident.plan.leaving.name} → {incident.plan.target.name}"
    if incident.state in (State.VERIFYING, State.WATCHING):
        return f"{words} was done"
    return f"{words} was begun" if incident.wrote else f"{words} was planned"
