"""Work on hosts outside of an incident's own page: keep, freeze, unfreeze, undo, the tip, all services.

Each opens its page; nothing is sent before the person's word on it.
"""

from collections.abc import Awaitable, Callable

from tui.console.drawing import labels, rows
from tui.console.pages.all_services import Everything
from tui.console.pages.go_forward import Forward
from tui.console.pages.job import ConfirmJob, Job, Say
from tui.console.pages.unfreeze import Unfreeze
from tui.console.ports import Console
from tui.dokku import holders
from tui.engine import all_services as running
from tui.engine import branch_tip
from tui.engine import guard as guarding
from tui.engine import undo as undoing
from tui.engine.releases.freeze import NO_WORD, Unfrozen
from tui.engine.store import new_id
from tui.incident import all_services
from tui.model.errors import Refused
from tui.model.incident import Group, Incident
from tui.model.plan import Plan
from tui.model.service import Service
from tui.text import numbers
from tui.ways.facts import Options


class ConsoleJobs:
    """One console's jobs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._everything: Everything | None = None
        """the run over all services that this console carries"""

    # ── one service ──────────────────────────────────────────────────────────────────────────────────────────────

    async def keep(self, service: Service) -> None:
        """Keep what the service runs now: a way back to it."""
        engine = self._console.engine

        async def work(say: Say) -> str:
            release = await engine.keep(service, say)
            await self._console.board.refresh(service.name)
            return f"kept as {release.name} ({release.tag}): there is a way back to it now"

        holder = f"{service.app}--rN--pre-deploy-YYYYMMDD-HHMMSS"
        self._confirm(
            title=f"KEEP {service.name}",
            explain=(
                f"Retains the image that {service.app} runs now in an app of its own that is never deployed: {holder}",
                f"The newest {engine.fleet.retention} stay, older ones go. What is not known to run is refused.",
            ),
            commands=(
                f"W apps:create {holder}",
                f"W config:set, git:set, builder:set {holder} (facts and seal)",
                f"W git push of one commit: FROM dokku/{service.app}:latest",
                "W apps:destroy of holders beyond the retention",
            ),
            label=f"Keep what {service.name} runs",
            work=work,
        )

    async def guard(self, service: Service) -> None:
        """Guard the deploy of the service that has just gone live. Raises Refused where none is offered."""
        engine, board = self._console.engine, self._console.board
        offer = board.offers.of(service)
        if offer is None:
            raise Refused(
                f"no release of {service.name} went live that is to be guarded", f"rollback guard {service.name}"
            )
        order = guarding.order(engine, service)
        healthy = board.healthy_at(service.name, offer.left.at)

        async def work(say: Say) -> str:
            del say
            await self._console.lead_guard(
                service, lambda output: board.offers.begin(service, offer, output, healthy=healthy)
            )
            return f"{service.name} is guarded: 5 shows how it goes"

        listing, record = board.status(service.name).listing, holders.incident_record(service.app)
        running = next((r for r in listing.releases if r.running), None) if listing is not None else None
        name = labels.deploy(offer.now.commit or offer.deploy)
        subject = f" ({rows.safe(running.subject, 60)})" if running is not None and running.subject else ""
        ago = labels.age(engine.clock.now() - offer.live_at)
        length = numbers.length(order.length)
        then = labels.ON_BREACH[order.on_breach]
        self._confirm(
            title=f"GUARD {service.name}",
            explain=(
                f"{name}{subject} went live {labels.clock(offer.live_at)}, {ago} ago. It is no rollback, and no guard "
                "watches it.",
                f"Health and failures are watched for {length}, against the time before and the limit.",
                f"{then[0].upper()}{then[1:]} (guard.on_breach: {order.on_breach}).",
            ),
            commands=(
                f"W apps:create {record}",
                f"W config:set {record} … (guarding: who, which deploy, until when)",
                f"W apps:destroy {record} (at its end)",
            ),
            label=f"Guard it for {length}",
            work=work,
        )

    async def freeze(self, service: Service) -> None:
        """Hold the service's deploys back."""

        async def work(say: Say) -> str:
            frozen = await self._console.engine.freeze(service)
            await self._console.board.refresh(service.name)
            said = f"frozen: pushes to the team's branch deploy nothing (the deploy branch is {frozen.branch})"
            return f"{said}; {frozen.unheld}" if frozen.unheld else said

        record = holders.incident_record(service.app)
        self._confirm(
            title=f"FREEZE {service.name}",
            explain=(
                f"Pushes to {service.app} deploy nothing until it is unfrozen. CI stays green; its log says why.",
            ),
            commands=(
                f"W apps:create {record}",
                f"W config:set {record} … (who, since when, the old branch)",
                f"W git:set {service.app} deploy-branch frozen-by-…",
            ),
            label=f"Hold back deploys of {service.name}",
            work=work,
        )

    def _confirm(
        self,
        *,
        title: str,
        explain: tuple[str, ...],
        commands: tuple[str, ...],
        label: str,
        work: Callable[[Say], Awaitable[str]],
    ) -> None:
        job = Job(title=title, explain=explain, commands=commands, label=label, work=work)
        self._console.screen.open_page(ConfirmJob(self._console, job))

    async def unfreeze(self, service: Service) -> None:
        """Show what is on the team's branch, and the ways on."""
        engine = self._console.engine

        async def unfrozen() -> Unfrozen:
            done = await engine.unfreeze(service)
            await self._console.board.refresh(service.name)
            return done

        page = Unfreeze(
            self._console,
            service,
            look=lambda: engine.freezer.preview(service, NO_WORD),
            unfreeze=unfrozen,
            deploy_tip=lambda: self.deploy_tip(service),
        )
        self._console.screen.open_page(page)
        await page.prepare()

    # ── forward ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def undo(self, incident: Incident, way: str | None = None) -> None:
        """Show the plan forward again to what the incident left; nothing is recorded before the person's word."""
        engine = self._console.engine
        service = engine.service(incident.service)

        def now() -> Incident:
            walk = engine.walks.get(incident.id)
            return walk.incident if walk is not None else incident

        async def begin(made: Plan) -> None:
            opened = undoing.begin
            await self._console.carry_out(service, lambda output: opened(engine, now(), made, "", output))

        otherwise: tuple[str, Callable[[], Awaitable[None]]] | None = None
        if way is None and (builds := undoing.builder(engine)) is not None:
            otherwise = (f"Build it again by {builds}", lambda: self.undo(incident, builds))
        page = Forward(
            self._console,
            title=f"UNDO {service.name}",
            make=lambda: undoing.plan(engine, now(), Options(forward=True), way=way),
            begin=begin,
            otherwise=otherwise,
        )
        await self._prepared(page)

    async def deploy_tip(self, service: Service) -> None:
        """Show the plan to deploy the tip of the team's branch."""
        engine = self._console.engine

        async def begin(made: Plan) -> None:
            reason = f"deploy of the tip of {made.before.branch}"
            await self._console.carry_out(service, lambda output: engine.open(made, reason, output))

        page = Forward(
            self._console,
            title=f"DEPLOY THE TIP {service.name}",
            make=lambda: branch_tip.plan(engine, service),
            begin=begin,
        )
        await self._prepared(page)

    # ── all services ─────────────────────────────────────────────────────────────────────────────────────────────

    async def everything(self) -> None:
        """All services back to their previous releases: shows the run that is under way, or plans one."""
        if self._everything is not None and self._everything.under_way:
            self._console.screen.open_page(self._everything)
            return
        engine = self._console.engine
        services = tuple(s.name for s in all_services.order(engine.fleet.services))
        group = Group(id=new_id(engine.clock), services=services, watch=self._console.watch_for())
        await self._carry(Everything(self._console, group))

    async def resume_batch(self, group: Group) -> None:
        """Take a run over several services up where its journal ends. Raises Refused where there is none."""
        found = await running.find(self._console.engine, group.id)
        if found is None:
            raise Refused(f"the journal has no run {group.id}", "rollback incidents")
        run = await running.resume(self._console.engine, *found, None)
        self._console.lead_batch(run)
        await self._carry(Everything(self._console, found[0], run))

    async def _carry(self, page: Everything) -> None:
        self._everything = page
        await self._prepared(page)

    async def _prepared(self, page: Forward | Everything) -> None:
        self._console.screen.open_page(page)
        await page.prepare()
