"""Timeline and command trail: what happened, what was sent; both can be saved to a file."""

from collections.abc import Awaitable, Callable

import msgspec

from tui.console.drawing import rows, tables
from tui.console.drawing.rows import Row
from tui.console.page import Page, View, button
from tui.engine.hosts.gate import Gate
from tui.incident import events as ev
from tui.incident.timeline import in_order


def timeline_rows(events: list[ev.Event]) -> list[Row]:
    """The incident in words, oldest first."""
    return [((f"{one.at:%H:%M:%S} ", "dim"), (rows.safe(said, 400), look)) for one, (said, look) in in_order(events)]


def events_of(payloads: list[str]) -> list[ev.Event]:
    """The journal's events; an entry that this version cannot read is passed over here, never in the engine."""
    found: list[ev.Event] = []
    for payload in payloads:
        try:
            found.append(ev.read(payload))
        except msgspec.ValidationError:
            continue
    return found


def _wrapped(row: Row, cells: int) -> list[Row]:
    """The last piece of a row on as many lines as it needs."""
    *head, (text, look) = row
    indent = rows.width(tuple(head))
    first, *others = rows.wrap(text, cells - indent)
    return [(*head, (first, look)), *(((" " * indent, ""), (line, look)) for line in others)]


class TimelinePage(Page):
    """The timeline of one incident."""

    name = "timeline"
    aside = True

    def __init__(
        self, incident: str | None, read: Callable[[], list[Row]], save: Callable[[], Awaitable[None]]
    ) -> None:
        self._incident = incident
        self._read = read
        self._save = save

    def view(self, cells: int) -> View:
        """Newest last."""
        content = [line for row in self._read() for line in _wrapped(row, cells)]
        if not content:
            content.append((("nothing has happened yet", "dim"),))
        title = (("TIMELINE ", "title"), (self._incident or "no incident", "dim"))
        return View(
            key="timeline",
            title=title,
            rows=content,
            choices=[button("save", "Save to a file", self._save)],
            text="\n".join(rows.text(row) for row in content),
        )


class TrailPage(Page):
    """Every command that left this console."""

    name = "trail"
    aside = True

    def __init__(self, gate: Gate, save: Callable[[], Awaitable[None]]) -> None:
        self._gate = gate
        self._save = save

    def view(self, cells: int) -> View:
        """Newest first: what was just sent is what one wants to see."""
        trail = self._gate.trail
        sent = list(trail)
        content = [line for one in reversed(sent) for line in _wrapped(tables.trail_row(one), cells)]
        older = trail.sent - len(sent)
        said = f"{trail.sent} sent, {trail.writes} of them writes" + (f"; {older} older not kept" if older else "")
        title = (("COMMANDS ", "title"), (said, "dim"))
        return View(
            key="trail",
            title=title,
            rows=content or [(("nothing was sent yet", "dim"),)],
            choices=[button("save", "Save to a file", self._save)],
            text="\n".join(rows.text(row) for row in content),
        )
