"""Where an incident is open on another service: which of them is meant is asked, never guessed."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from tui.console.drawing import labels, rows
from tui.console.drawing.rows import Row
from tui.console.page import Page, View, button
from tui.incident.deploy_or_not import worded
from tui.model.incident import Incident

Do = Callable[[], Awaitable[None]]


class Which(Page):
    """The service of the row on which the key was pressed, or an incident that is open."""

    name = "which"
    aside = True

    def __init__(
        self,
        service: str,
        incidents: Sequence[Incident],
        *,
        begin: Do | None,
        show: Callable[[Incident], Do],
        away: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        self._service = service
        self._incidents = tuple(incidents)
        self._begin = begin
        """None: an incident is what is looked for, not the row's service"""
        self._show = show
        self._away = away
        self._now = now

    def view(self, cells: int) -> View:
        """The row's service first: nothing is recorded by choosing it."""
        content: list[Row] = []
        if self._begin is not None:
            content.append(((f"{self._service}: no incident is open on it.", "bold"),))
        for one in self._incidents:
            asking = f", {labels.QUESTIONS[one.asking]}" if one.asking else ""
            since = worded(self._now() - one.since)
            text = f"Open: {one.service}, {labels.STATES[one.state]}, since {since}{asking} ({one.id})"
            content.extend(rows.paragraph(text, cells, "warn", indent=6))
        choices = [button("begin", f"Roll back {self._service}", self._begin)] if self._begin is not None else []
        choices += [button(one.id, f"Show {one.service}", self._show(one)) for one in self._incidents]
        choices.append(button("cancel", "Neither", self._leave))
        return View(
            key=f"which-{self._service}",
            title=(("WHICH? ", "title"), (self._service if self._begin is not None else "open incidents", "bold")),
            rows=content,
            choices=choices,
        )

    async def _leave(self) -> None:
        self._away()
