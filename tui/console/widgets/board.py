"""The service table: one row for each service; the cursor is a service, never a position."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui.console import actions
from tui.console.drawing import tables
from tui.console.drawing.labels import LOOKS
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Piece, Row
from tui.console.widgets.panel import Panel
from tui.model.health import Health
from tui.model.incident import Incident

if TYPE_CHECKING:
    from tui.engine.service_monitor import ServiceStatus


class ServiceTable(Panel, can_focus=True):
    """Health, release, age, marks."""

    BINDINGS: ClassVar[list[BindingType]] = actions.bindings(actions.SERVICES)
    where = actions.SERVICES

    class Selected(Message):
        """Another service has the cursor."""

    def __init__(self, palette: Palette, name: str) -> None:
        super().__init__(palette, name)
        self.selected: str | None = None
        self.moved = False
        """whether the person has put the cursor somewhere"""
        self.pinned = False
        """a page is open: the cursor stays on the service it was opened for"""
        self.begins_at: str | None = None
        """the service that the console was opened for: the cursor goes there once"""
        self.filter = ""
        self._all: tuple[ServiceStatus, ...] = ()
        self._statuses: tuple[ServiceStatus, ...] = ()
        """those that the filter lets through, as they were drawn last"""

    def draw(self, statuses: "Sequence[ServiceStatus]", incidents: dict[str, Incident], now: datetime) -> None:
        """Show these services as they are now."""
        self._all = tuple(statuses)
        found = [s for s in statuses if self._fits(s)]
        self._statuses = tuple(found)
        wanted_now = self._begin_with(found)
        if wanted_now is not None:
            self.selected = wanted_now
            self.post_message(self.Selected())
        cells, height = self.size.width, self.size.height
        head, table = tables.board(found, incidents, selected=self.selected, now=now, cells=cells, palette=self.palette)
        names = [s.service.name for s in found]
        position = names.index(self.selected) if self.selected in names else 0
        if height == 1:
            self.show((), table[position : position + 1])
            return
        content: list[Row] = [head, *table] if height > len(table) + 1 else table
        self.show(self._words(statuses), content or [(("no service matches the filter", "warn"),)])
        if content is table:
            self.reveal(position)

    def _begin_with(self, found: "Sequence[ServiceStatus]") -> str | None:
        """Where the cursor goes by itself: to what is down, until the person has moved it; None: it stays."""
        names = [s.service.name for s in found]
        if self.begins_at in names and not self.moved:
            self.moved, wanted, self.begins_at = True, self.begins_at, None
            return wanted
        if not names or ((self.moved or self.pinned) and self.selected in names):
            return None
        for health in (Health.DOWN, Health.UNREACHABLE):
            sick = [s.service.name for s in found if s.health is health]
            if sick:
                return None if self.selected in sick else sick[0]
        return None if self.selected in names else names[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Every service, those that the filter hides, too."""
        return tuple(s.service.name for s in self._all)

    @property
    def shown(self) -> str | None:
        """The service at the cursor; None where the filter hides it: no key acts on what nobody sees."""
        return self.selected if any(s.service.name == self.selected and self._fits(s) for s in self._all) else None

    def _fits(self, status: "ServiceStatus") -> bool:
        service = status.service
        return self.filter.lower() in f"{service.name} {service.title} {service.app}".lower()

    def go_to(self, service: str) -> None:
        """Put the cursor on this service, as the person wants it; a filter that hides it ends."""
        if not any(s.service.name == service and self._fits(s) for s in self._all):
            self.filter = ""
        self.selected, self.moved = service, True
        self.post_message(self.Selected())

    def _words(self, statuses: "Sequence[ServiceStatus]") -> tuple[Piece, ...]:
        said: list[Piece] = [("SERVICES ", "title"), (f"{len(statuses)}", "dim")]
        for health in Health:
            count = sum(s.health is health for s in statuses)
            if count:
                look, word = LOOKS[health]
                said.append((f"  {self.palette.sign(look)} {count} {word}", look))
        if self.filter:
            said.append((f"  filter: {self.filter}", "warn"))
        return tuple(said)

    def action_move(self, step: int) -> None:
        """Up or down by services as they are shown."""
        names = [s.service.name for s in self._statuses]
        if not names:
            return
        self.moved = True
        position = names.index(self.selected) if self.selected in names else 0
        self.selected = names[max(0, min(len(names) - 1, position + step))]
        self.post_message(self.Selected())

    def on_click(self, event: events.Click) -> None:
        """A click selects."""
        shown = self._rows[self._top :]
        line = event.y - (1 if self.size.height > 1 else 0)
        offset = len(self._rows) - len(self._statuses)
        position = line + self._top - offset
        if 0 <= position < len(self._statuses) and line < len(shown):
            self.moved = True
            self.selected = self._statuses[position].service.name
            self.post_message(self.Selected())
