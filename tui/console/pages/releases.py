"""The release picker outside of an incident: look first; choosing one begins the walk with it."""

from collections.abc import Awaitable, Callable

from tui.console.drawing import labels, rows, tables
from tui.console.page import Page, View, button
from tui.console.pages import choices as release_choices
from tui.console.ports import Console
from tui.incident import latest
from tui.model.release import Release
from tui.model.service import Service


class Releases(Page):
    """The releases of one service."""

    name = "releases"

    def __init__(self, console: Console, service: Service) -> None:
        self.console = console
        self.service = service
        self.filter = ""

    def view(self, cells: int) -> View:
        """Newest first; what runs cannot be chosen, what has no way back says why."""
        board, palette = self.console.board, self.console.screen.palette
        now = board.engine.clock.now()
        status = board.status(self.service.name)
        listed = status.listing.releases if status.listing else ()
        found = [r for r in listed if self.filter.lower() in _searchable(r)]
        restorable = sum(1 for r in listed if r.way and not r.running)
        seen = f", as of {labels.age(now - status.listed_at)} ago" if status.listed_at else ""
        if status.catalogued_at is not None and status.catalogued_at != status.listed_at:
            seen += f" (other sources {labels.age(now - status.catalogued_at)} ago)"
        title = (
            ("RELEASES ", "title"),
            (self.service.name, "bold"),
            (f"  {len(listed)} known, {restorable} with a way back{seen}", "dim"),
            (f"  filter: {self.filter}" if self.filter else "", "warn"),
        )
        content = []
        if status.trouble:
            content.extend(rows.paragraph(rows.safe(status.trouble, 400), cells, "warn"))
        if status.listing is None:
            content.append((("not read from the host yet", "unknown"),))
        if status.listing is not None and (risk := latest.risk(status.listing.current)):
            content.extend(rows.paragraph(f"{palette.sign('warn')} {rows.safe(risk, 400)}", cells, "warn", indent=2))
        previous, reason = None, ""
        if status.listing is not None:
            longest = board.engine.fleet.watch.longest
            previous, reason = tables.previous_of(self.service.name, status.listing, now, longest)
        if previous is not None:
            content.extend(rows.paragraph(f"previous is {previous.name}: {rows.safe(reason, 400)}", cells, "dim"))
        elif status.listing is not None:
            content.extend(rows.paragraph(rows.safe(reason, 500), cells, "warn"))
        choices = release_choices.choices(found, previous, self._chosen, now=now, cells=cells, palette=palette)
        if status.listing is not None and latest.tried(status.listing.current):
            choices.extend(release_choices.again(listed, self._chosen))
        choices.append(button("keep", "Keep what runs now", lambda: self.console.jobs.keep(self.service)))
        first = release_choices.identity(previous) if previous else ""
        return View(
            key=f"releases-{self.service.name}", title=title, rows=content, choices=choices, listed=True, first=first
        )

    def _chosen(self, release: Release, way: str | None) -> Callable[[], Awaitable[None]]:
        async def begin() -> None:
            await self.console.begin(self.service, release)

        return begin


def _searchable(release: Release) -> str:
    parts = (release.name, release.tag, release.commit, release.subject, release.author, release.bad)
    return " ".join(part for part in parts if part).lower()
