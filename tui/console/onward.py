"""What leads on from an incident or past one service: undo, unfreeze, the tip, all services, what was found held.

Pages are opened here and the engine's work is begun here, as in `front`, which this belongs to.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from tui.console import wizard as wizards
from tui.console.pages.everything import Everything
from tui.console.pages.forward import Forward
from tui.console.pages.held import Found, Held
from tui.console.pages.page import Page
from tui.console.pages.thaw import Thaw
from tui.console.palette import Palette
from tui.console.wizard import Wizard
from tui.engine import all_services as running
from tui.engine import tip
from tui.engine import undo as undoing
from tui.engine.engine import Engine
from tui.engine.incident.runner import IncidentRunner
from tui.engine.releases.freeze import NO_WORD, Unfrozen
from tui.engine.store import new_id
from tui.incident import all_services
from tui.incident import events as ev
from tui.model.errors import Refused
from tui.model.incident import Group, Incident
from tui.model.plan import Plan
from tui.model.release import Release
from tui.model.service import Service
from tui.ways.facts import Options


class Surface(Protocol):
    """What is asked of the application."""

    def open_page(self, page: Page) -> None: ...

    def notice(self, text: str, look: str = "ok") -> None: ...


class Front(wizards.Front, Protocol):
    """What is asked of the console's hands, beside what a wizard asks."""

    wizards: dict[str, Wizard]
    open_elsewhere: dict[str, Incident]

    @property
    def surface(self) -> Surface: ...

    async def begin(self, service: Service, release: Release | None = None) -> None: ...

    async def show(self, service: Service) -> None: ...

    def lead(self, wizard: Wizard) -> None: ...

    def incidents(self) -> dict[str, Incident]: ...


class Onward:
    """One console's ways on."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self._everything: Everything | None = None
        """the run over all services that this console carries"""

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.front.engine

    # ── forward ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def undo(self, incident: Incident, way: str | None = None) -> None:
        """The plan forward again to what the incident left; nothing is recorded before the person's word."""
        service = self.engine.service(incident.service)

        def now() -> Incident:
            walk = self.engine.walks.get(incident.id)
            return walk.incident if walk is not None else incident

        async def begin(made: Plan) -> None:
            await self._carry_out(service, made, lambda output: undoing.begin(self.engine, now(), made, "", output))

        otherwise: tuple[str, Callable[[], Awaitable[None]]] | None = None
        if way is None and (builds := undoing.builder(self.engine)) is not None:
            otherwise = (f"Build it again by {builds}", lambda: self.undo(incident, builds))
        await self._forward(
            f"UNDO {service.name}",
            lambda: undoing.plan(self.engine, now(), Options(forward=True), way=way),
            begin,
            otherwise,
        )

    async def deploy_tip(self, service: Service) -> None:
        """The plan to deploy the tip of the team's branch."""

        async def begin(made: Plan) -> None:
            reason = f"deploy of the tip of {made.before.branch}"
            await self._carry_out(service, made, lambda output: self.engine.open(made, reason, output))

        await self._forward(f"DEPLOY THE TIP {service.name}", lambda: tip.plan(self.engine, service), begin)

    async def _forward(
        self,
        title: str,
        make: Callable[[], Awaitable[Plan]],
        begin: Callable[[Plan], Awaitable[None]],
        otherwise: tuple[str, Callable[[], Awaitable[None]]] | None = None,
    ) -> None:
        page = Forward(self.front, title=title, make=make, begin=begin, otherwise=otherwise)
        self.front.surface.open_page(page)
        await page.prepare()

    async def _carry_out(
        self, service: Service, made: Plan, opened: Callable[[Callable[[str, bytes], None]], Awaitable[IncidentRunner]]
    ) -> None:
        """Lead the walk from here on, as any other."""
        wizard = self.front.wizards.get(service.name)
        if wizard is None or wizard.incident is None or not wizard.incident.open:
            wizard = Wizard(self.front, service)
        walk = await opened(wizard.output)
        if wizard.walk is not walk:
            wizard.follow(walk)
        self.front.open_elsewhere.pop(service.name, None)
        now = self.engine.clock.now()
        await walk.submit(ev.Confirmed(at=now, by=self.engine.by, watch=self.front.watch_for))
        self.front.lead(wizard)

    # ── the freeze ───────────────────────────────────────────────────────────────────────────────────────────────

    async def unfreeze(self, service: Service) -> None:
        """What stands on the team's branch, and the ways on."""

        async def unfrozen() -> Unfrozen:
            done = await self.engine.unfreeze(service)
            await self.front.board.refresh(service.name)
            return done

        page = Thaw(
            palette=self.front.palette,
            service=service,
            look=lambda: self.engine.freezer.preview(service, NO_WORD),
            unfreeze=unfrozen,
            deploy_tip=lambda: self.deploy_tip(service),
            changed=self.front.changed,
            away=self.front.close_work,
            off="read-only: nothing is sent" if self.engine.gate.read_only else "",
        )
        self.front.surface.open_page(page)
        await page.prepare()

    # ── all services ─────────────────────────────────────────────────────────────────────────────────────────────

    async def everything(self) -> None:
        """All services back to their previous releases: shows the run that is under way, or plans one."""
        if self._everything is not None and self._everything.under_way:
            self.front.surface.open_page(self._everything)
            return
        services = all_services.order(self.engine.fleet.services)
        group = Group(
            id=new_id(self.engine.clock), services=tuple(s.name for s in services), watch=self.front.watch_for
        )
        await self._open(Everything(self, group))

    async def resume_run(self, group: Group) -> None:
        """Take a run over several services up where its journal ends."""
        found = await running.find(self.engine, group.id)
        if found is None:
            raise Refused(f"the journal has no run {group.id}", "rollback incidents")
        run = await running.resume(self.engine, *found, None)
        self.lead(run)
        await self._open(Everything(self, found[0], run))

    async def _open(self, page: Everything) -> None:
        self._everything = page
        self.front.surface.open_page(page)
        await page.prepare()

    def lead(self, run: running.Run) -> None:
        """Its services' incidents are led here: they stand in the table, and each has its own page."""
        for name, walk in run.walks.items():
            wizard = self.front.wizards.get(name)
            if (wizard is None or wizard.walk is not walk) and walk.incident.open:
                self.front.wizards[name] = Wizard(self.front, self.engine.service(name), walk)
                self.front.open_elsewhere.pop(name, None)
        self.front.changed()

    async def show_incident(self, incident: Incident) -> None:
        """One service's own page."""
        await self.front.show(self.engine.service(incident.service))

    # what the page of all services asks for besides

    @property
    def palette(self) -> Palette:
        """How it is drawn."""
        return self.front.palette

    async def ask(self, prompt: str, *, wanted: str | None = None, initial: str = "") -> str | None:
        """One line from the person."""
        return await self.front.ask(prompt, wanted=wanted, initial=initial)

    def changed(self) -> None:
        """Something is new."""
        self.front.changed()

    def close_work(self) -> None:
        """Close the panel; what is under way goes on."""
        self.front.close_work()

    async def begin(self, service: Service) -> None:
        """Begin the walk for a service, or show its incident."""
        await self.front.begin(service)

    # ── what was found ───────────────────────────────────────────────────────────────────────────────────────────

    def held(self) -> tuple[Found, ...]:
        """Services whose record on the host is not of an incident that is led or known here."""
        found: list[Found] = []
        mine = self.front.incidents()
        for status in self.front.board.statuses():
            record = status.listing.record if status.listing is not None else None
            own = mine.get(status.service.name)
            if record is not None and (own is None or record.incident != own.known_as):
                found.append((status.service, record))
        return tuple(found)

    def tell_found(self) -> None:
        """Once, when every host has been asked: one line for all that was found. It opens nothing."""
        found = self.held()
        said = []
        if self.front.open_elsewhere:
            said.append(f"unfinished: {', '.join(self.front.open_elsewhere)} (5 shows how to take it up)")
        if found:
            held = ", ".join(f"{s.name} {'FROZEN' if r.frozen else 'INCIDENT'}" for s, r in found)
            said.append(f"on the hosts: {held} (h shows by whom)")
        if said:
            self.front.surface.notice("; ".join(said), "warn")

    def show_held(self) -> None:
        """Who holds what on the hosts, and the ways on."""
        self.front.surface.open_page(Held(self))
