"""Leaving while something is under way: what that means, said plainly."""

from collections.abc import Callable, Sequence

from tui.console import rows, words
from tui.console.pages.page import Page, View, button
from tui.model.incident import Incident, State


class Leave(Page):
    """Really leave?"""

    name = "leave"

    def __init__(self, under_way: Sequence[Incident], *, stay: Callable[[], None], leave: Callable[[], None]) -> None:
        self._under_way = tuple(under_way)
        self._stay = stay
        self._leave = leave

    def view(self, cells: int) -> View:
        """The cursor is on staying."""
        names = ", ".join(f"{i.service} ({words.BRIEF[i.state]})" for i in self._under_way)
        content = rows.paragraph(f"Under way: {names}.", cells, "warn")
        if any(_dies(incident) for incident in self._under_way):
            text = "LEAVING ABORTS IT, perhaps half-way: this way back lives only as long as its connection."
            content += rows.paragraph(text, cells, "down")
        else:
            content += rows.paragraph("What was sent goes on at the host.", cells)
        content += rows.paragraph(
            "Nobody watches while the console is closed, and time not watched does not count as healthy. The next "
            "console offers to take the incident up where it stands.",
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


def _dies(incident: Incident) -> bool:
    """Whether what runs for it ends with our connection."""
    return incident.state is State.EXECUTING and incident.plan is not None and not incident.plan.outlives
