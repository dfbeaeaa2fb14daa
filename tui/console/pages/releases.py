"""The release picker outside of an incident: look first; choosing one begins the walk with it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from tui.console.drawing import labels, rows, tables
from tui.console.drawing.rows import Piece, Row
from tui.console.page import Page, View, button
from tui.console.pages import release_choices as release_choices
from tui.console.ports import Console
from tui.engine.service_monitor import ServiceStatus
from tui.model.release import Release
from tui.model.service import Service
from tui.releases import restart_risk, what_runs


class Releases(Page):
    """The releases of one service."""

    name = "releases"

    def __init__(self, console: Console, service: Service) -> None:
        self.console = console
        self.service = service

    def view(self, cells: int) -> View:
        """The releases, newest first; what runs cannot be chosen, what has no way back says why."""
        board, palette = self.console.board, self.console.screen.palette
        now = board.engine.clock.now()
        status = board.status(self.service.name)
        listed = status.listing.releases if status.listing else ()
        previous, said = self._said(status, now, cells)
        choices = release_choices.choices(listed, previous, self._chosen, now=now, cells=cells, palette=palette)
        if status.listing is not None and restart_risk.tried(status.listing.current):
            choices.extend(release_choices.again(listed, self._chosen))
        choices.append(button("keep", "Keep what runs now", lambda: self.console.jobs.keep(self.service)))
        return View(
            key=f"releases-{self.service.name}",
            title=_title(status, now),
            rows=said,
            choices=choices,
            listed=True,
            first=release_choices.identity(previous) if previous else "",
        )

    def _said(self, status: ServiceStatus, now: datetime, cells: int) -> tuple[Release | None, list[Row]]:
        """The release that `previous` means now, and what is to be known before one is chosen."""
        content: list[Row] = []
        if status.trouble:
            content.extend(rows.paragraph(rows.safe(status.trouble, 400), cells, "warn"))
        if status.listing is None:
            return None, [*content, (("not read from the host yet", "unknown"),)]
        if risk := what_runs.half_way(status.listing.current) or restart_risk.risk(status.listing.current):
            text = f"{self.console.screen.palette.sign('warn')} {rows.safe(risk, 400)}"
            content.extend(rows.paragraph(text, cells, "warn", indent=2))
        longest = self.console.engine.fleet.watch_of(self.service.name).longest
        previous, reason = tables.previous_of(self.service.name, status.listing, now, longest)
        if previous is not None:
            content.extend(rows.paragraph(f"previous is {previous.name}: {rows.safe(reason, 400)}", cells, "dim"))
        else:
            content.extend(rows.paragraph(rows.safe(reason, 500), cells, "warn"))
        return previous, [*content, tables.release_head(cells)]

    def _chosen(self, release: Release, way: str | None) -> Callable[[], Awaitable[None]]:
        async def begin() -> None:
            await self.console.begin(self.service, release)

        return begin


def _title(status: ServiceStatus, now: datetime) -> tuple[Piece, ...]:
    """How many releases are known, and how old that is."""
    listed = status.listing.releases if status.listing else ()
    restorable = sum(1 for r in listed if r.way and not r.running)
    seen = f", as of {labels.age(now - status.listed_at)} ago" if status.listed_at else ""
    if status.catalogued_at is not None and status.catalogued_at != status.listed_at:
        seen += f" (other sources {labels.age(now - status.catalogued_at)} ago)"
    known = f"  {len(listed)} known, {restorable} with a way back{seen}"
    return (("RELEASES ", "title"), (status.service.name, "bold"), (known, "dim"))
