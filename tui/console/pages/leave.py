"""Leaving while something is open: what goes on without this console, what does not, and how to come back to it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tui.console.drawing import labels, rows
from tui.console.page import Page, View, button
from tui.incident.deploy_or_not import worded
from tui.model.incident import Incident, State

_NOTHING_SENT = frozenset({State.ASSESSING, State.PLANNED})


class Open(NamedTuple):
    """An open incident, and what else is to be known of it."""

    incident: Incident
    frozen: bool
    """deploys of its service are held back on the host"""


class Leave(Page):
    """Really leave?"""

    name = "leave"
    aside = True

    def __init__(
        self, found: Callable[[], Sequence[Open]], *, stay: Callable[[], None], leave: Callable[[], None]
    ) -> None:
        self._found = found
        self._stay = stay
        self._leave = leave

    def view(self, cells: int) -> View:
        """Each open incident and what goes on without this console; the cursor is on staying."""
        found = self._found()
        content = [row for one in found for row in _rows(one, cells)]
        if not found:
            content.append((("Nothing is open any more.", ""),))
        elif any(not _idle(one.incident) for one in found):
            text = (
                "Nobody watches while the console is closed, and time not watched does not count as healthy. The next "
                "console offers to take the incident up where it stands."
            )
            content += rows.paragraph(text, cells)
        return View(
            key="leave",
            title=(("LEAVE? ", "title"), (f"{len(found)} open" if found else "", "warn")),
            rows=content,
            choices=[button("stay", "Stay", self._on_stay), button("leave", "Leave the console", self._on_leave)],
        )

    async def _on_stay(self) -> None:
        self._stay()

    async def _on_leave(self) -> None:
        self._leave()


def farewell(found: Sequence[Open]) -> list[str]:
    """The lines for the terminal once the screen is gone: each open incident, and the line that takes it up."""
    return [
        f"{one.incident.service}: {said(one)}; take it up: rollback resume {one.incident.known_as}" for one in found
    ]


def said(one: Open) -> str:
    """The state of an open incident, and what goes on without this console."""
    frozen = ["its deploys are held back until it is closed"] if one.frozen else []
    return "; ".join([f"{labels.BRIEF[one.incident.state]}: {_goes_on(one.incident)}", *frozen])


def _rows(one: Open, cells: int) -> list[rows.Row]:
    look = "down" if one.incident.would_abort else "warn"
    text = f"{one.incident.service} {said(one)}."
    return [
        *rows.paragraph(text, cells, look, indent=2),
        *rows.paragraph(f"  rollback resume {one.incident.known_as}", cells, "dim", indent=2),
    ]


def _idle(incident: Incident) -> bool:
    return incident.state in _NOTHING_SENT and not incident.wrote and incident.settling is None


def _goes_on(incident: Incident) -> str:
    if incident.would_abort:
        return "LEAVING ABORTS IT, perhaps half-way: this way back lives only as long as its connection"
    if incident.settling is not None:
        return "it is being closed; what was sent goes on at the host, the rest waits for us"
    if _idle(incident):
        return "nothing was sent, and nothing will be; it stays open"
    match incident.state:
        case State.EXECUTING | State.STOPPED:
            return "what was sent goes on at the host; the steps after it wait for us"
        case State.UNCERTAIN:
            return "what was sent goes on at the host; how it ended is not known, and nobody asks meanwhile"
        case State.VERIFYING:
            return "nothing is under way at the host; the new release is not proven yet"
        case State.WATCHING if incident.watch is not None:
            left = incident.watch.deadline - incident.watch.opened_at
            return f"the watch ({worded(left)}) runs to {labels.clock(incident.watch.deadline)} with nobody looking"
        case State.FAILED:
            return "nothing is under way at the host; it waits for your word"
        case _:
            return "nothing is under way at the host"
