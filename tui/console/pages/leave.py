"""Leaving while something is under way: what that means, said plainly."""

from collections.abc import Callable

from tui.console import rows
from tui.console.pages.page import Page, View, button


class Leave(Page):
    """Really leave?"""

    name = "leave"

    def __init__(self, what: str, *, stay: Callable[[], None], leave: Callable[[], None]) -> None:
        self._what = what
        self._stay = stay
        self._leave = leave

    def view(self, cells: int) -> View:
        """The cursor is on staying."""
        content = rows.paragraph(f"{self._what} is under way.", cells, "warn")
        content += rows.paragraph(
            "What was sent goes on at the host. Nobody watches it while the console is closed: the outcome is unknown "
            "until the next console takes the incident up (it is offered at start).",
            cells,
        )
        return View(
            key="leave",
            title=(("LEAVE? ", "title"),),
            rows=content,
            choices=[button("stay", "Stay", self._on_stay), button("leave", "Leave the console", self._on_leave)],
        )

    async def _on_stay(self) -> None:
        self._stay()

    async def _on_leave(self) -> None:
        self._leave()
