"""What keys do, by the names of the table of actions: those that exist once the engine does."""

import asyncio
from collections.abc import Awaitable, Callable

from tui.console.controller import ConsoleController
from tui.console.frame import Frame
from tui.console.keyboard_focus import Keyboard
from tui.console.pages.incident_page import shows
from tui.console.ports import Screen
from tui.model.postmortem import Field
from tui.model.service import Service


class ServiceCommands:
    """The keys about services and incidents."""

    def __init__(self, screen: Screen, frame: Frame, keyboard: Keyboard, controller: ConsoleController) -> None:
        self._screen = screen
        self._frame = frame
        self._keyboard = keyboard
        self._controller = controller

    @property
    def _selected(self) -> str | None:
        return self._frame.board.selected

    def _on_row(self, work: Callable[[Service], Awaitable[None]]) -> None:
        """Begin this for the service at the cursor as it is now, wherever the cursor goes meanwhile."""
        name = self._frame.board.shown
        if name is None:
            self._screen.notice("no service is shown: / changes the filter", "warn")
            return
        service = self._controller.engine.service(name)
        self._screen.begin_work(lambda: work(service))

    # ── when they are possible ───────────────────────────────────────────────────────────────────────────────────

    @property
    def anything_held(self) -> bool:
        """True where a service is held or frozen on its host by somebody else."""
        return bool(self._controller.held())

    @property
    def deploy_offered(self) -> bool:
        """True where a release of the service at the cursor went live that nobody guards, and no page has the keys."""
        name, board = self._frame.board.shown, self._controller.board
        if name is None or self._keyboard.at is self._frame.work:
            return False
        return board.offers.of(board.engine.service(name)) is not None

    @property
    def incident_at_hand(self) -> bool:
        """True where an incident is open, or the service at the cursor had one here."""
        return self._controller.incident(self._selected) is not None

    @property
    def not_on_its_incident(self) -> bool:
        """True where anything but the incident of the service at the cursor has the keys."""
        led = self._controller.flows.get(self._selected or "")
        work = self._frame.work
        return led is None or not shows(work.page, led) or self._keyboard.at is not work

    # ── what they do ─────────────────────────────────────────────────────────────────────────────────────────────

    def rollback(self) -> None:
        """Begin with the service at the cursor; where an incident is open on another, ask which is meant."""
        self._on_row(self._controller.begin)

    def guard(self) -> None:
        """Guard the release of the service at the cursor that has just gone live."""
        self._on_row(self._controller.jobs.guard)

    def incident(self) -> None:
        """Show the incident that is open."""
        selected = self._selected
        self._screen.begin_work(lambda: self._controller.show_open(selected))

    def releases(self) -> None:
        """Show the releases of the service at the cursor, and ask every source for them again."""

        async def show(service: Service) -> None:
            self._controller.show_releases(service)
            await self._controller.board.refresh(service.name, every_source=True)

        self._on_row(show)

    def timeline(self) -> None:
        """Show what happened."""
        selected = self._selected
        self._controller.show_timeline(selected)
        self._screen.begin_work(lambda: self._controller.read_timeline(selected))

    def note(self) -> None:
        """Write a note into the journal of the incident at hand; from the log it begins with the line that was found.
        The post-mortem's timeline has it."""
        incident = self._controller.incident(self._selected)
        if incident is None:
            return
        logs = self._frame.logs
        initial = logs.line_at_hand() if self._keyboard.at is logs else ""

        async def ask() -> None:
            said = await self._screen.ask(f"note on {incident.service}: ", initial=initial)
            if said is None:
                return
            await self._controller.engine.postmortems.remark(incident.id, said)
            await self._controller.read_timeline(incident.service)
            self._screen.notice("noted: a timeline shows it, and the post-mortem")

        self._screen.begin_work(ask)

    def severity(self) -> None:
        """Another severity for the incident at hand, at any time; it goes on record as this person's word."""
        incident = self._controller.incident(self._selected)
        if incident is None:
            return
        levels = [spec.level for spec in self._controller.engine.fleet.severities]

        async def ask() -> None:
            now = incident.severity or "not rated"
            said = await self._screen.ask(f"{incident.service} is {now}; {' '.join(levels)}: ")
            if said is None:
                return
            level = next((one for one in levels if one.lower() == said.strip().lower()), said)
            await self._controller.engine.postmortems.note(incident.id, Field.SEVERITY, level)
            self._screen.notice(f"{incident.service} is {level} from now on: on record")

        self._screen.begin_work(ask)

    def trail(self) -> None:
        """Show what was sent."""
        self._controller.show_trail()

    def held(self) -> None:
        """Show what is held on the hosts."""
        self._controller.show_held()

    def postmortem(self) -> None:
        """Show the post-mortem of the incident at hand, else of the last one."""
        selected = self._selected
        self._screen.begin_work(lambda: self._controller.last_postmortem(selected))

    def handover(self) -> None:
        """Show what the next person has to know of the incident at hand, else of the last one."""
        selected = self._selected
        self._screen.begin_work(lambda: self._controller.show_handover(selected))

    def keep(self) -> None:
        """Keep what the service at the cursor runs."""
        self._on_row(self._controller.jobs.keep)

    def freeze(self) -> None:
        """Hold deploys of the service at the cursor back."""
        self._on_row(self._controller.jobs.freeze)

    def unfreeze(self) -> None:
        """Let deploys of the service at the cursor through again."""
        self._on_row(self._controller.jobs.unfreeze)

    def everything(self) -> None:
        """All services back to their previous releases."""
        self._screen.begin_work(self._controller.jobs.everything)

    def refresh_now(self) -> None:
        """Ask the service at the cursor and its host now."""

        async def ask(service: Service) -> None:
            board = self._controller.board
            await asyncio.gather(board.look(service.name), board.refresh(service.name))

        self._on_row(ask)
