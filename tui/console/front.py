"""What a person can do at the console, apart from how it is drawn: pages are opened here, jobs are begun here.

Knows no Textual. The surface (the application) shows pages, asks for text and keeps the time of drawing; the engine
owns every task that an incident needs, so that nothing here has to survive for a rollback to go on.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from tui.console import rows, views, words
from tui.console.onward import Onward
from tui.console.pages import evidence
from tui.console.pages.chore import Chore
from tui.console.pages.held import Found
from tui.console.pages.leave import Open
from tui.console.pages.page import Page
from tui.console.pages.postmortem import PostMortemPage
from tui.console.pages.record import Timeline, Trail, events_of, timeline_row
from tui.console.pages.releases import Releases
from tui.console.pages.resume import Resume
from tui.console.pages.which import Which
from tui.console.palette import Palette
from tui.console.rows import Row
from tui.console.wizard import Wizard
from tui.dokku import holders, shell_lines
from tui.drivers.clock import local
from tui.drivers.spool import LogSpool
from tui.engine.engine import Engine
from tui.engine.incident.runner import IncidentRunner
from tui.engine.monitor.log_follower import LogFollower
from tui.engine.service_monitor import ServiceMonitor
from tui.model.errors import ConsoleError, Refused
from tui.model.evidence import Phase
from tui.model.incident import Group, Incident, State
from tui.model.release import Release
from tui.model.service import Service
from tui.text.redact import redact


class Surface(Protocol):
    """The application."""

    palette: Palette

    def open_page(self, page: Page) -> None: ...

    def close_work(self) -> None: ...

    def changed(self) -> None: ...

    def notice(self, text: str, look: str = "ok") -> None: ...

    async def ask(self, prompt: str, *, wanted: str | None = None, initial: str = "") -> str | None: ...

    async def copy(self, text: str, name: str) -> bool: ...

    def select(self, service: str) -> None: ...

    def begin_work(self, work: Callable[[], Awaitable[None]]) -> None: ...


class Front:
    """One console's hands."""

    def __init__(
        self, surface: Surface, engine: Engine, board: ServiceMonitor, watch_for: timedelta, exports: Path
    ) -> None:
        self.surface = surface
        self.engine = engine
        self.board = board
        self.watch_for = watch_for
        self.wizards: dict[str, Wizard] = {}
        self.open_elsewhere: dict[str, Incident] = {}
        """unfinished incidents of this machine's journal that were not taken up here, by service"""
        self.followers: dict[str, LogFollower] = {}
        self._containers: dict[str, frozenset[str]] = {}
        self.timeline: list[Row] = []
        self._timeline_of: str | None = None
        self._exports = exports
        self.onward = Onward(self)

    # ── what pages ask for ───────────────────────────────────────────────────────────────────────────────────────

    @property
    def palette(self) -> Palette:
        """How it is drawn."""
        return self.surface.palette

    def changed(self) -> None:
        """Something is new."""
        self.surface.changed()

    def refresh(self, service: Service) -> None:
        """Ask the host again what this service runs, besides whatever is going on."""
        self.surface.begin_work(lambda: self.board.refresh(service.name))

    def ask_outside(self, service: Service) -> None:
        """Ask who counts errors outside, besides whatever is going on."""

        async def ask() -> None:
            since = evidence.since(self.engine, service, self.board.status(service.name))
            await self.engine.evidence.measure(service, Phase.BEFORE, since)

        self.surface.begin_work(ask)

    def close_work(self) -> None:
        """Close the work panel; nothing of an incident changes by that."""
        self.surface.close_work()

    async def ask(self, prompt: str, *, wanted: str | None = None, initial: str = "") -> str | None:
        """One line from the person."""
        return await self.surface.ask(prompt, wanted=wanted, initial=initial)

    async def copy(self, text: str, name: str) -> bool:
        """To the terminal's clipboard, and always to a file too; says whether that was possible."""
        return await self.surface.copy(text, name)

    def notice(self, text: str, look: str = "ok") -> None:
        """Say something in the last row until it is dismissed."""
        self.surface.notice(text, look)

    @property
    def exports(self) -> Path:
        """The folder of what people save."""
        return self._exports

    # ── incidents ────────────────────────────────────────────────────────────────────────────────────────────────

    def incidents(self) -> dict[str, Incident]:
        """Open incidents by service: those led here, and those the journal knows."""
        found = {name: self._as_it_stands(incident) for name, incident in self.open_elsewhere.items()}
        found = {name: incident for name, incident in found.items() if incident.open}
        for name, wizard in self.wizards.items():
            if wizard.incident is not None and wizard.incident.open:
                found[name] = wizard.incident
        return found

    def _as_it_stands(self, incident: Incident) -> Incident:
        """An incident that another console on this machine leads goes on there."""
        onlooker = self.engine.onlookers.get(incident.id)
        return onlooker.incident if onlooker is not None else incident

    def incident(self, service: str | None) -> Incident | None:
        """The incident that matters now: the selected service's, else any open one, else the last one led here."""
        wizard = self.wizards.get(service or "")
        if wizard is not None and wizard.incident is not None:
            return wizard.incident
        open_ones = self.incidents()
        return open_ones.get(service or "") or next(iter(open_ones.values()), None)

    async def begin(self, service: Service, release: Release | None = None) -> None:
        """Begin the walk for a service, or show the one that is under way on it; where an incident is open on another
        service, ask which is meant."""
        wizard = self.wizards.get(service.name)
        if wizard is not None and (wizard.incident is None or wizard.incident.open):
            if wizard.incident is None:
                wizard.wanted = release or wizard.wanted
            self._show(wizard)
            return
        elsewhere = self.open_elsewhere.get(service.name)
        if elsewhere is not None:
            await self.resume(elsewhere.id)
            return

        async def anew() -> None:
            fresh = Wizard(self, service)
            fresh.wanted = release
            self._show(fresh)

        others = list(self.incidents().values())
        if others:
            self._ask_which(service.name, others, anew)
        else:
            await anew()

    def _ask_which(self, service: str, incidents: list[Incident], begin: Callable[[], Awaitable[None]] | None) -> None:
        def show(incident: Incident) -> Callable[[], Awaitable[None]]:
            return lambda: self.show(self.engine.service(incident.service))

        page = Which(service, incidents, begin=begin, show=show, away=self.close_work, now=self.engine.clock.now)
        self.surface.open_page(page)

    async def show(self, service: Service) -> None:
        """Show the service's incident as it stands, a closed one too."""
        wizard = self.wizards.get(service.name)
        if wizard is not None and wizard.incident is not None:
            self._show(wizard)
        else:
            await self.begin(service)

    async def show_open(self, selected: str | None) -> None:
        """Show the incident at hand: of the service at the cursor, else the unfinished ones of the journal, else the
        open one; which, where there are several."""
        led = self.wizards.get(selected or "")
        if led is not None and led.incident is not None:
            self._show(led)
            return
        elsewhere = [self._as_it_stands(incident) for incident in self.open_elsewhere.values()]
        unfinished = tuple(incident for incident in elsewhere if incident.open)
        if unfinished:
            self.surface.open_page(Resume(self, unfinished))
            return
        found = list(self.incidents().values())
        if len(found) > 1:
            self._ask_which(selected or "", found, None)
        elif found:
            await self.show(self.engine.service(found[0].service))
        else:
            self.notice("no incident is open", "warn")

    async def resume(self, incident: str) -> None:
        """Take an unfinished incident up; one that another console on this machine leads is followed."""
        try:
            found = await self.engine.read(incident)
            service = self.engine.service(found.service)
            wizard = Wizard(self, service)
            onlooker = await self.engine.look_on(incident)
            if onlooker is not None:
                wizard.look_on(onlooker)
                self._show(wizard)
                return
            walk = await self.engine.resume(incident, wizard.output)
        except ConsoleError as error:
            self.surface.notice(rows.safe(f"{error.message} {error.fix}"), "down")
            return
        wizard.follow(walk)
        self.open_elsewhere.pop(service.name, None)
        self._show(wizard)

    async def look_for_open(self) -> None:
        """Find what the journal has unfinished; a line says so, and how to take it up."""
        found, lost = await self.engine.records.open()
        for one in lost:
            self.surface.notice(rows.safe(f"{one.why}: {one.fix}", 300), "down")
        mine = {w.incident.id for w in self.wizards.values() if w.incident is not None}
        known = {s.name for s in self.engine.fleet.services}
        unfinished = tuple(i for i in found if i.id not in mine and i.service in known)
        self.open_elsewhere = {i.service: i for i in unfinished}
        for onlooker in [await self.engine.look_on(i.id) for i in unfinished]:
            if onlooker is not None:
                onlooker.subscribe(self.changed)
        strangers = [i for i in found if i.service not in known]
        if unfinished and not lost:
            said = ", ".join(f"{i.service} ({words.BRIEF[i.state]})" for i in unfinished)
            self.notice(f"unfinished: {said}; 5 shows how to take it up", "warn")
        elif strangers and not lost:
            names = ", ".join(f"{i.id} on {i.service}" for i in strangers)
            self.surface.notice(f"open incidents on services that services.yaml does not name: {names}", "warn")

    def lead(self, wizard: Wizard) -> None:
        """Lead this incident from now on, and show it."""
        self._show(wizard)

    async def resume_run(self, group: Group) -> None:
        """Take a run over several services up."""
        await self.onward.resume_run(group)

    def held(self) -> tuple[Found, ...]:
        """Services that are held on their hosts by others, or frozen."""
        return self.onward.held()

    def _show(self, wizard: Wizard) -> None:
        self.wizards[wizard.service.name] = wizard  # led from now on, also where the person has gone on meanwhile
        self.surface.select(wizard.service.name)
        self.surface.open_page(wizard)

    def under_way(self) -> list[Incident]:
        """Incidents in which something runs or is watched by this process."""
        busy = (State.EXECUTING, State.STOPPED, State.UNCERTAIN, State.VERIFYING, State.WATCHING)
        walks = [
            w.incident for w in self.wizards.values() if w.incident is not None and isinstance(w.walk, IncidentRunner)
        ]
        return [i for i in walks if i.open and (i.state in busy or i.settling is not None)]

    def left_open(self) -> list[Open]:
        """What is open when this console is left now; what another one on this machine leads goes on there."""
        found = []
        for incident in self.incidents().values():
            if incident.id in self.engine.onlookers:
                continue
            listing = self.board.status(incident.service).listing
            held = listing is not None and listing.record is not None and bool(listing.record.deploy_branch)
            found.append(Open(incident, frozen=held and incident.wrote))
        return found

    # ── logs ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def log_of(self, name: str) -> LogFollower:
        """The service's log, followed from now on. Others end, unless an incident is open on them."""
        follower = self.followers.get(name)
        if follower is None:
            service = self.engine.service(name)
            spool = LogSpool(service.name, self.engine.clock.now())
            follower = LogFollower(
                lambda lines: self.engine.logs(service, lines), self.engine.clock, spool=spool, spooled=spool.raw
            )
            self.followers[name] = follower
            follower.start()
            open_ones = self.incidents()
            for other in [n for n in self.followers if n != name and n not in open_ones]:
                self.surface.begin_work(self.followers.pop(other).stop)
        self._attach_to_what_runs(name, follower)
        return follower

    def _attach_to_what_runs(self, name: str, follower: LogFollower) -> None:
        """A log belongs to containers: when others run, it is attached to anew."""
        listing = self.board.status(name).listing
        if listing is None:
            return
        now = frozenset(c.id for c in listing.current.containers if c.running)
        before = self._containers.get(name)
        self._containers[name] = now
        if before is not None and now and before != now:
            gone, come = ", ".join(sorted(before - now)), ", ".join(sorted(now - before))
            words = f"container replaced: {gone or 'none'} by {come or 'none'}"
            self.surface.begin_work(lambda: follower.attach_again(words))

    async def stop_logs(self) -> None:
        """End every stream."""
        for follower in self.followers.values():
            await follower.stop()

    # ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────

    def releases(self, service: Service) -> None:
        """The release picker."""
        self.surface.open_page(Releases(self, service))

    def show_timeline(self, service: str | None) -> None:
        """What happened."""
        incident = self.incident(service)
        self.surface.open_page(Timeline(incident.id if incident else None, lambda: self.timeline, self.save_timeline))

    def show_trail(self) -> None:
        """What was sent."""
        self.surface.open_page(Trail(self.engine.gate, self.save_trail))

    async def show_postmortem(self, incident: str) -> None:
        """The post-mortem of this incident. Raises Refused where the journal has none."""
        page = PostMortemPage(self, incident, local)
        await page.read()
        self.surface.open_page(page)

    async def last_postmortem(self, service: str | None) -> None:
        """The post-mortem of the incident at hand, else of the journal's newest. Raises Refused where there is none."""
        at_hand = self.incident(service)
        newest = [at_hand] if at_hand is not None else await self.engine.incidents()
        if not newest:
            raise Refused("the journal has no incident yet")
        await self.show_postmortem(newest[0].id)

    async def read_timeline(self, service: str | None) -> None:
        """Read the incident's timeline from the journal."""
        incident = self.incident(service)
        if incident is None:
            return
        entries = await self.engine.journal.entries(incident.id)
        found = events_of([e.payload for e in entries if e.kind == "event"])
        self._timeline_of = incident.id
        self.timeline = [row for row in map(timeline_row, found) if row is not None]

    async def save_timeline(self) -> None:
        """To a file whose path stays on screen."""
        lines = [rows.text(row) for row in self.timeline]
        self._save(f"timeline-{self._timeline_of or 'none'}", lines)

    async def save_trail(self) -> None:
        """To a file whose path stays on screen."""
        lines = [rows.text(views.trail_row(sent)) for sent in self.engine.gate.trail]
        self._save(f"commands-{self.engine.clock.now():%Y%m%d-%H%M%S}", lines)

    def _save(self, name: str, lines: list[str]) -> None:
        try:
            self._exports.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._exports / f"{name}.txt"
            path.write_text(redact("\n".join(lines)) + "\n")
        except OSError as error:
            self.surface.notice(f"not saved: {error}", "down")
            return
        self.surface.notice(f"saved: {path}")

    # ── single jobs on a host ────────────────────────────────────────────────────────────────────────────────────

    async def keep(self, service: Service) -> None:
        """Keep what runs now: a way back to it."""

        async def work(say: Callable[[str], None]) -> str:
            release = await self.engine.keep(service, say)
            await self.board.refresh(service.name)
            return f"kept as {release.name} ({release.tag}): there is a way back to it now"

        holder = f"{service.app}--rN--pre-deploy-YYYYMMDD-HHMMSS"
        self._chore(
            title=f"KEEP {service.name}",
            explain=(
                f"Retains the image that {service.app} runs now in an app of its own that is never deployed: {holder}",
                f"The newest {self.engine.fleet.retention} stay, older ones go. What is not known to run is refused.",
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

    async def freeze(self, service: Service) -> None:
        """Hold deploys back."""

        async def work(say: Callable[[str], None]) -> str:
            branch = await self.engine.freeze(service)
            await self.board.refresh(service.name)
            return f"frozen: pushes to the team's branch deploy nothing (the deploy branch is {branch})"

        record = holders.incident_record(service.app)
        self._chore(
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

    async def unfreeze(self, service: Service) -> None:
        """Let deploys through again."""
        await self.onward.unfreeze(service)

    async def undo(self, incident: Incident) -> None:
        """Forward again to what an incident left."""
        await self.onward.undo(incident)

    def _chore(
        self,
        *,
        title: str,
        explain: tuple[str, ...],
        commands: tuple[str, ...],
        label: str,
        work: Callable[[Callable[[str], None]], Awaitable[str]],
    ) -> None:
        self.surface.open_page(
            Chore(
                palette=self.palette,
                title=title,
                explain=explain,
                commands=commands,
                label=label,
                work=work,
                changed=self.changed,
                away=self.close_work,
                off="read-only: nothing is sent" if self.engine.gate.read_only else "",
            )
        )

    # ── odds and ends ────────────────────────────────────────────────────────────────────────────────────────────

    def by_hand(self, service: Service) -> str:
        """The line that shows this service's log without this tool."""
        argv = ("logs", service.app, "--num", "100", "-t")
        return shell_lines.ssh_line(self.engine.fleet.host(service.host), argv)

    def service(self, name: str | None) -> Service:
        """The service at the cursor. Raises Refused when there is none."""
        if name is None:
            raise Refused("no service is selected")
        return self.engine.service(name)
