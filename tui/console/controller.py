"""One console over one engine: which pages there are to open, and which incidents are led here.

Knows no Textual. The screen (the application) shows pages, asks for text and keeps the time of drawing; the engine owns
every task that an incident needs, so that nothing here has to survive for a rollback to go on.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from tui.console import guard_flow
from tui.console.drawing import labels, rows, tables
from tui.console.drawing.rows import Row
from tui.console.exports import fresh
from tui.console.incident_flow import IncidentFlow
from tui.console.jobs import ConsoleJobs
from tui.console.logs import Logs
from tui.console.pages.handover import HandOverPage
from tui.console.pages.held_on_hosts import Found, Held
from tui.console.pages.incident_page import IncidentPage
from tui.console.pages.leave import Open
from tui.console.pages.postmortem import PostMortemPage
from tui.console.pages.record import TimelinePage, TrailPage, events_of, timeline_rows
from tui.console.pages.releases import Releases
from tui.console.pages.resume import Resume
from tui.console.pages.which_incident import Which
from tui.console.ports import Opener, Screen
from tui.drivers.clock import local
from tui.engine import same_services_file
from tui.engine.all_services import Batch
from tui.engine.engine import Engine
from tui.engine.incident.onlooker import Onlooker
from tui.engine.incident.runner import IncidentRunner
from tui.engine.service_monitor import ServiceMonitor
from tui.incident import events as ev
from tui.model.errors import ConsoleError, Refused
from tui.model.incident import Incident, State
from tui.model.release import Release
from tui.model.service import Service

OTHERS_EVERY = 3.0
"""seconds between looks for incidents that other consoles on this machine open"""
_BUSY = (State.EXECUTING, State.STOPPED, State.UNCERTAIN, State.VERIFYING, State.WATCHING)


class ConsoleController:
    """The pages and the incidents of one console."""

    def __init__(
        self, screen: Screen, engine: Engine, board: ServiceMonitor, watch_for: timedelta | None, exports: Path
    ) -> None:
        self.screen = screen
        self.engine = engine
        self.board = board
        self._watch_for = watch_for
        self.exports = exports
        self.flows: dict[str, IncidentFlow] = {}
        """incidents that are led or looked on here, and those about to be opened, by service"""
        self.open_elsewhere: dict[str, Incident] = {}
        """unfinished incidents of this machine's journal that were not taken up here, by service"""
        self._hint = ""
        """the notice that names a key which shows an incident: over once one is shown"""
        self._seen_open: frozenset[str] = frozenset()
        """every open incident that the journal had when it was looked at last"""
        self.timeline: list[Row] = []
        self._timeline_of: str | None = None
        self.jobs = ConsoleJobs(self)
        self.logs = Logs(screen, board, self.incidents)

    def watch_for(self, service: str = "") -> timedelta:
        """The length of the watch over a rollback of a service, or of all: as asked for, or as services.yaml says."""
        return self._watch_for or self.engine.fleet.watch_of(service).after_rollback

    # ── which incidents there are ────────────────────────────────────────────────────────────────────────────────

    def incidents(self) -> dict[str, Incident]:
        """Open incidents by service: those led here, and those that the journal knows."""
        found = {name: self._as_led(incident) for name, incident in self.open_elsewhere.items()}
        found = {name: incident for name, incident in found.items() if incident.open}
        for name, flow in self.flows.items():
            if flow.incident is not None and flow.incident.open:
                found[name] = flow.incident
        return found

    def _as_led(self, incident: Incident) -> Incident:
        """The incident as another console on this machine has brought it on, where one leads it."""
        onlooker = self.engine.onlookers.get(incident.id)
        return onlooker.incident if onlooker is not None else incident

    def incident(self, service: str | None) -> Incident | None:
        """The incident that matters now: the service's, else any open one, else the last one led here."""
        flow = self.flows.get(service or "")
        if flow is not None and flow.incident is not None:
            return flow.incident
        open_ones = self.incidents()
        return open_ones.get(service or "") or next(iter(open_ones.values()), None)

    def under_way(self) -> list[Incident]:
        """Incidents in which something runs or is watched by this process."""
        led = [f.incident for f in self.flows.values() if f.incident is not None and isinstance(f.walk, IncidentRunner)]
        return [i for i in led if i.open and (i.state in _BUSY or i.settling is not None)]

    def left_open(self) -> list[Open]:
        """The incidents that nobody leads once this console is left, and what else is to be known of each."""
        found = []
        for incident in self.incidents().values():
            if incident.id in self.engine.onlookers:
                continue
            listing = self.board.status(incident.service).listing
            held = listing is not None and listing.record is not None and bool(listing.record.deploy_branch)
            found.append(Open(incident, frozen=held and incident.wrote))
        return found

    def held(self) -> tuple[Found, ...]:
        """Services that are held on their hosts for an incident that is neither led nor known here, or frozen."""
        found: list[Found] = []
        mine = self.incidents()
        for status in self.board.statuses():
            record = status.listing.record if status.listing is not None else None
            own = mine.get(status.service.name)
            if record is not None and (own is None or record.incident != own.known_as):
                found.append((status.service, record))
        return tuple(found)

    async def look_for_open(self) -> None:
        """Find what the journal has unfinished; the last row says so, and how to take it up."""
        found, lost = await self.engine.records.open()
        for one in lost:
            self.screen.notice(rows.safe(f"{one.why}: {one.fix}", 300), "down")
        mine = {f.incident.id for f in self.flows.values() if f.incident is not None}
        fleet = self.engine.fleet
        ours = {i.id for i in found if same_services_file.known(fleet, i)}
        unfinished = tuple(i for i in found if i.id not in mine and i.id in ours)
        self.open_elsewhere = {i.service: i for i in unfinished}
        for incident in unfinished:
            await self._look_on(incident)
        strangers = [i for i in found if i.id not in ours]
        if unfinished and not lost:
            said = ", ".join(f"{i.service} ({labels.BRIEF[i.state]})" for i in unfinished)
            self._hint = f"unfinished: {said}; 5 shows how to take it up"
            self.screen.notice(self._hint, "warn")
        elif strangers and not lost:
            names = ", ".join(f"{i.id} on {i.service}{same_services_file.elsewhere(fleet, i)}" for i in strangers)
            self.screen.notice(f"open incidents on services that services.yaml does not name: {names}", "warn")

    async def look_for_others(self) -> None:
        """Find incidents that another console on this machine has opened since, and follow them; each is said once."""
        seen, self._seen_open = self._seen_open, await self.engine.records.open_ids()
        led = {*self.engine.walks, *(f.incident.id for f in self.flows.values() if f.incident is not None)}
        new = self._seen_open - led - {incident.id for incident in self.open_elsewhere.values()}
        found = (await self.engine.records.open())[0] if new else ()  # asked every few seconds, and hardly ever new
        for incident in found:
            if incident.id not in new or not same_services_file.known(self.engine.fleet, incident):
                continue
            onlooker = await self._look_on(incident)
            if onlooker is None and incident.id not in seen:
                continue  # this process may be opening it just now: it is looked at once more
            self.open_elsewhere[incident.service] = incident
            leads = f"{incident.by} leads it in another console" if onlooker is not None else "nobody leads it"
            self._hint = rows.safe(f"{incident.service} {labels.BRIEF[incident.state]}: {leads}; 5 shows it", 200)
            self.screen.notice(self._hint, "warn")

    async def _look_on(self, incident: Incident) -> Onlooker | None:
        """Follow an incident that another console leads, and draw what is new of it; None where nobody leads it."""
        onlooker = await self.engine.look_on(incident.id)
        if onlooker is not None:
            onlooker.subscribe(self.screen.changed)
        return onlooker

    async def follow_others(self) -> None:
        """Look for such incidents again and again, until cancelled."""
        while True:
            await self.engine.clock.sleep(OTHERS_EVERY)
            try:
                await self.look_for_others()
            except ConsoleError:
                continue  # the journal cannot be read now: who leads one here is told so

    # ── leading one ──────────────────────────────────────────────────────────────────────────────────────────────

    async def begin(self, service: Service, release: Release | None = None) -> None:
        """Begin with a service, or show the incident that is under way on it; where an incident is open on another
        service, ask which is meant."""
        flow = self.flows.get(service.name)
        if flow is not None and (flow.incident is None or flow.incident.open):
            if flow.incident is None:
                flow.wanted = release or flow.wanted
            self._show(flow)
            return
        await self.look_for_others()
        elsewhere = self.open_elsewhere.get(service.name)
        if elsewhere is not None and self._as_led(elsewhere).open:
            await self.resume(elsewhere.id)
            return

        async def anew() -> None:
            made = IncidentFlow(self, service)
            made.wanted = release
            self._show(made)

        others = list(self.incidents().values())
        if others:
            self._ask_which(service.name, others, anew)
        else:
            await anew()

    def _ask_which(self, service: str, incidents: list[Incident], begin: Callable[[], Awaitable[None]] | None) -> None:
        def show(incident: Incident) -> Callable[[], Awaitable[None]]:
            return lambda: self.show(self.engine.service(incident.service))

        away, now = self.screen.close_work, self.engine.clock.now
        self.screen.open_page(Which(service, incidents, begin=begin, show=show, away=away, now=now))

    async def show(self, service: Service) -> None:
        """Show the service's incident as it is now, a closed one too."""
        flow = self.flows.get(service.name)
        if flow is not None and flow.incident is not None:
            self._show(flow)
        else:
            await self.begin(service)

    async def show_open(self, selected: str | None) -> None:
        """Show the incident at hand: of the service at the cursor, else the unfinished ones of the journal, else the
        open one; which, where there are several."""
        led = self.flows.get(selected or "")
        if led is not None and led.incident is not None:
            self._show(led)
            return
        elsewhere = [self._as_led(incident) for incident in self.open_elsewhere.values()]
        unfinished = tuple(incident for incident in elsewhere if incident.open)
        if unfinished:
            self.screen.open_page(Resume(self, unfinished))
            return
        found = list(self.incidents().values())
        if len(found) > 1:
            self._ask_which(selected or "", found, None)
        elif found:
            await self.show(self.engine.service(found[0].service))
        else:
            self.screen.notice("no incident is open", "warn")

    async def resume(self, incident: str) -> None:
        """Take the unfinished incident of this id up; one that another console on this machine leads is looked on."""
        try:
            found = await self.engine.read(incident)
            service = self.engine.service(found.service)
            flow = IncidentFlow(self, service)
            onlooker = await self.engine.look_on(incident)
            if onlooker is not None:
                flow.look_on(onlooker)
                self._show(flow)
                return
            walk = await self.engine.resume(incident, flow.output)
        except ConsoleError as error:
            self.screen.notice(rows.safe(f"{error.message} {error.fix}"), "down")
            return
        flow.lead(walk)
        self.open_elsewhere.pop(service.name, None)
        self._show(flow)
        self.screen.begin_work(lambda: guard_flow.carry(flow))

    async def carry_out(self, service: Service, opened: Opener) -> None:
        """Lead the incident that `opened` opens or goes on with, and confirm its plan."""
        flow = self.flows.get(service.name)
        if flow is None or flow.incident is None or not flow.incident.open:
            flow = IncidentFlow(self, service)
        walk = await opened(flow.output)
        if flow.walk is not walk:
            flow.lead(walk)
        self.open_elsewhere.pop(service.name, None)
        now = self.engine.clock.now()
        await walk.submit(ev.Confirmed(at=now, by=self.engine.by, watch=self.watch_for(service.name)))
        self._show(flow)

    async def lead_guard(self, service: Service, opened: Opener) -> None:
        """Lead the guard that `opened` opens, to its end or a person's question."""
        flow = IncidentFlow(self, service)
        flow.lead(await opened(flow.output))
        self.open_elsewhere.pop(service.name, None)
        self._show(flow)
        self.screen.begin_work(lambda: guard_flow.carry(flow))

    def lead_batch(self, run: Batch) -> None:
        """Lead the open incidents of a run over several services: each has its row and its own page."""
        for name, walk in run.walks.items():
            flow = self.flows.get(name)
            if (flow is None or flow.walk is not walk) and walk.incident.open:
                self.flows[name] = IncidentFlow(self, self.engine.service(name), walk)
                self.open_elsewhere.pop(name, None)
        self.screen.changed()

    def _show(self, flow: IncidentFlow) -> None:
        self.flows[flow.service.name] = flow  # led from now on, also where the person has gone on meanwhile
        self.screen.select(flow.service.name)
        self.screen.unsay(self._hint)
        self.screen.open_page(IncidentPage(flow))

    # ── other pages ──────────────────────────────────────────────────────────────────────────────────────────────

    def show_releases(self, service: Service) -> None:
        """Show the releases of a service, to be looked at or to begin with."""
        self.screen.open_page(Releases(self, service))

    def show_held(self) -> None:
        """Show who holds what on the hosts, and the ways on."""
        self.screen.open_page(Held(self))

    def show_trail(self) -> None:
        """Show every command that was sent."""
        self.screen.open_page(TrailPage(self.engine.gate, self.save_trail))

    def show_timeline(self, service: str | None) -> None:
        """Show what happened in the incident at hand."""
        incident = self.incident(service)
        page = TimelinePage(incident.id if incident else None, lambda: self.timeline, self.save_timeline)
        self.screen.open_page(page)

    async def show_postmortem(self, incident: str) -> None:
        """Show the post-mortem of the incident of this id. Raises Refused where the journal has none."""
        page = PostMortemPage(self, incident, local)
        await page.read()
        self.screen.open_page(page)

    async def show_handover(self, service: str | None) -> None:
        """Show the page for whoever takes over, of the incident at hand or the journal's newest. Raises Refused."""
        page = HandOverPage(self, (await self._at_hand(service)).id, self._save)
        await page.read()
        self.screen.open_page(page)

    async def last_postmortem(self, service: str | None) -> None:
        """Show the post-mortem of the incident at hand, else of the journal's newest. Raises Refused where
        there is none."""
        await self.show_postmortem((await self._at_hand(service)).id)

    async def _at_hand(self, service: str | None) -> Incident:
        at_hand = self.incident(service)
        newest = [at_hand] if at_hand is not None else await self.engine.incidents()
        if not newest:
            raise Refused("the journal has no incident yet")
        return newest[0]

    # ── timeline and trail ───────────────────────────────────────────────────────────────────────────────────────

    async def read_timeline(self, service: str | None) -> None:
        """Read the timeline of the incident at hand from the journal."""
        incident = self.incident(service)
        if incident is None:
            return
        entries = await self.engine.journal.entries(incident.id)
        found = events_of([e.payload for e in entries if e.kind == "event"])
        self._timeline_of = incident.id
        self.timeline = timeline_rows(found)

    async def save_timeline(self) -> None:
        """Save the timeline to a file, which is named in the last row."""
        lines = [rows.text(row) for row in self.timeline]
        self._save(f"timeline-{self._timeline_of or 'none'}", lines)

    async def save_trail(self) -> None:
        """Save the commands that were sent to a file, which is named in the last row."""
        lines = [rows.text(tables.trail_row(sent)) for sent in self.engine.gate.trail]
        self._save(f"commands-{self.engine.clock.now():%Y%m%d-%H%M%S}", lines)

    def _save(self, name: str, lines: list[str]) -> None:
        try:
            path = fresh(self.exports, name, ".txt", "\n".join(lines))
        except OSError as error:
            self.screen.notice(f"not saved: {error}", "down")
            return
        self.screen.notice(f"saved: {path}")
