"""What pages, the actions of an incident and jobs ask of the console: one screen, one console, its jobs.

Each has one class that is it: the application, the controller, and `jobs`. They are named here because what asks them
lies below them and must not import them.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tui.console.drawing.palette import Palette

if TYPE_CHECKING:  # the first screen is painted before the engine is imported
    from tui.console.drawing.rows import Row
    from tui.console.page import Page
    from tui.dokku.holders import IncidentRecord
    from tui.engine.all_services import Batch
    from tui.engine.engine import Engine
    from tui.engine.incident.runner import IncidentRunner
    from tui.engine.service_monitor import ServiceMonitor
    from tui.model.incident import Group, Incident
    from tui.model.release import Release
    from tui.model.service import Service

Output = Callable[[str, bytes], None]
"""told which step printed what"""
Opener = Callable[[Output], Awaitable["IncidentRunner"]]
"""opens an incident, or goes on with one; its output is told as it comes"""


class Screen(Protocol):
    """The application as pages see it."""

    palette: Palette

    def open_page(self, page: "Page") -> None:
        """Show a page and give it the keys, unless the person has gone on to something else meanwhile."""

    def close_work(self) -> None:
        """Close the page; nothing of an incident changes by that."""

    def changed(self) -> None:
        """Something is new: it is drawn soon."""

    def notice(self, text: str, look: str = "ok") -> None:
        """Say something in the last row until it is dismissed."""

    def unsay(self, text: str) -> None:
        """Take a notice back, where the last row still says it."""

    async def ask(self, prompt: str, *, wanted: str | None = None, initial: str = "") -> str | None:
        """One line from the person, or None where they would not say; with `wanted` only that text is taken."""

    async def copy(self, text: str, name: str) -> bool:
        """Copy to a file, and to the terminal's clipboard where it takes it. Returns whether that was possible."""

    def select(self, service: str) -> None:
        """Put the cursor on this service."""

    def bell(self) -> None:
        """Ring the terminal's bell."""

    def leave(self) -> None:
        """End the console."""

    def begin_work(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin something that takes time; what goes wrong in it is shown."""


class Jobs(Protocol):
    """Work on hosts that is begun outside of an incident's own page: each of these opens a page of its own."""

    async def keep(self, service: "Service") -> None:
        """Keep what the service runs."""

    async def guard(self, service: "Service") -> None:
        """Guard the deploy of the service that has just gone live."""

    async def freeze(self, service: "Service") -> None:
        """Hold its deploys back."""

    async def unfreeze(self, service: "Service") -> None:
        """Let its deploys through again."""

    async def undo(self, incident: "Incident", way: str | None = None) -> None:
        """Go forward again to what the incident left, by this way or by the one it was left by."""

    async def resume_batch(self, group: "Group") -> None:
        """Take a run over several services up where its journal ends."""


class Console(Protocol):
    """One console over one engine."""

    engine: "Engine"
    board: "ServiceMonitor"
    exports: Path
    """the folder of what people save"""
    timeline: "list[Row]"
    """what happened in the incident at hand, as it was read last"""

    def watch_for(self, service: str = "") -> timedelta:
        """The length of the watch over a rollback of a service, or of all."""

    @property
    def screen(self) -> Screen:
        """The application that shows it."""

    @property
    def jobs(self) -> Jobs:
        """The work on hosts outside of an incident's own page."""

    def incidents(self) -> "dict[str, Incident]":
        """Open incidents by service: those led here, and those that the journal knows."""

    def incident(self, service: str | None) -> "Incident | None":
        """The incident that matters now: the service's, else any open one, else the last one led here."""

    def held(self) -> "Sequence[tuple[Service, IncidentRecord]]":
        """Services that are held on their hosts by others, or frozen."""

    async def begin(self, service: "Service", release: "Release | None" = None) -> None:
        """Begin with a service, or show the incident that is under way on it."""

    async def show(self, service: "Service") -> None:
        """Show the service's incident as it is now, a closed one too."""

    async def resume(self, incident: str) -> None:
        """Take the unfinished incident of this id up, or follow it where another console leads it."""

    async def carry_out(self, service: "Service", opened: "Opener") -> None:
        """Lead the incident that `opened` opens or goes on with, and confirm its plan."""

    async def lead_guard(self, service: "Service", opened: "Opener") -> None:
        """Lead the guard that `opened` opens, to its end or a person's question."""

    def lead_batch(self, run: "Batch") -> None:
        """Lead the incidents of a run over several services from now on."""

    async def show_postmortem(self, incident: str) -> None:
        """Show the post-mortem of the incident of this id. Raises Refused where the journal has none."""

    async def save_timeline(self) -> None:
        """Save the timeline to a file, which is named in the last row."""
