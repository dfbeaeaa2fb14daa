"""The service table: one row for each service; the cursor is a service, never a position."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui.console import actions_and_keys
from tui.console.drawing import service_rows
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import LazyRows, Piece
from tui.console.drawing.service_rows import GROUPS, ORDERS, Arrangement
from tui.console.widgets.panel import CursorPanel
from tui.model.health import Health
from tui.model.incident import Incident

if TYPE_CHECKING:
    from tui.engine.service_monitor import ServiceStatus


ROOM_FOR_HEAD = 6
"""rows from which on the columns are headed although not every service fits"""


class ServiceTable(CursorPanel, can_focus=True):
    """Health, release, age, marks."""

    BINDINGS: ClassVar[list[BindingType]] = actions_and_keys.bindings(actions_and_keys.SERVICES)
    where = actions_and_keys.SERVICES

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
        self.arrangement = Arrangement()
        self._all: tuple[ServiceStatus, ...] = ()
        self._lines: tuple[str | None, ...] = ()
        """the service of each row as it was drawn last; None: a heading"""

    def draw(self, statuses: "Sequence[ServiceStatus]", incidents: dict[str, Incident], now: datetime) -> None:
        """Show these services as they are now."""
        self._all = tuple(statuses)
        groups = service_rows.arranged([s for s in statuses if self._fits(s)], incidents, self.arrangement)
        found = [status for _, group in groups for status in group]
        wanted_now = self._begin_with(found)
        if wanted_now is not None:
            self.selected = wanted_now
            self.post_message(self.Selected())
        cells, height = self.size.width, self.size.height
        head, lines = service_rows.table(
            groups, incidents, selected=self.selected, now=now, cells=cells, palette=self.palette
        )
        self._lines = tuple(line.service for line in lines)
        position = self._lines.index(self.selected) if self.selected in self._lines else 0
        content = LazyRows([line.draw for line in lines])
        if height == 1:
            self.show((), content[position : position + 1])
            return
        headed = height > len(content) + 1 or height >= ROOM_FOR_HEAD
        self.show(
            self._words(statuses),
            content or [((f"no service matches {self.filter}: / changes it", "warn"),)],
            head=[head] if headed and content else [],
        )
        self.reveal(position)

    def _begin_with(self, found: "Sequence[ServiceStatus]") -> str | None:
        """The service to which the cursor goes by itself, a sick one, until the person has moved it; None: it stays."""
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
    def line_count(self) -> int:
        """The rows that the table has, headings of groups among them."""
        return len(self._lines)

    @property
    def rows_shown(self) -> tuple[str, ...]:
        """The services of the table's rows, as they are searched and ordered."""
        return tuple(name for name in self._lines if name is not None)

    @property
    def shown(self) -> str | None:
        """The service at the cursor; None where the filter hides it: no key acts on what nobody sees."""
        return self.selected if self._passes(self.selected) else None

    def _fits(self, status: "ServiceStatus") -> bool:
        return service_rows.fits(status, self.filter)

    def _passes(self, service: str | None) -> bool:
        """True where the filter, as it is now, shows the service of this name."""
        return any(s.service.name == service and self._fits(s) for s in self._all)

    def go_to(self, service: str) -> None:
        """Put the cursor on this service, as the person wants it; a filter that hides it ends."""
        if not self._passes(service):
            self.filter = ""
        self._put(service)

    def _put(self, service: str) -> None:
        """The cursor is where the person wants it from now on."""
        self.selected, self.moved = service, True
        self.post_message(self.Selected())

    def _words(self, statuses: "Sequence[ServiceStatus]") -> tuple[Piece, ...]:
        said: list[Piece] = [("SERVICES ", "title"), (f"{len(statuses)}", "dim")]
        said += service_rows.counts(statuses, Health, self.palette)
        offered = sum(s.offer is not None for s in statuses)
        if offered and len(statuses) > service_rows.MANY:  # its row may lie below the fold
            said.append((f"  {offered} NEW RELEASE", "run"))
        if self.filter:
            said.append((f"  filter: {self.filter}", "warn"))
        order = self.arrangement.ordered_by(len(statuses))
        if order != "listed":
            said.append((f"  by {order}", "dim"))
        if self.arrangement.group != "none":
            said.append((f"  per {self.arrangement.group}", "dim"))
        return tuple(said)

    def action_order(self) -> None:
        """As listed, trouble first, by name: the next of these."""
        now = ORDERS.index(self.arrangement.ordered_by(len(self._all)))
        self.arrangement = self.arrangement._replace(order=ORDERS[(now + 1) % len(ORDERS)])
        self.post_message(self.Selected())

    def action_group(self) -> None:
        """By nothing, by host, by owner: the next of these."""
        now = GROUPS.index(self.arrangement.group)
        self.arrangement = self.arrangement._replace(group=GROUPS[(now + 1) % len(GROUPS)])
        self.post_message(self.Selected())

    def action_move(self, step: int) -> None:
        """Up or down by services as they are shown."""
        names = self.rows_shown
        if names:
            position = names.index(self.selected) if self.selected in names else 0
            self._put(names[max(0, min(len(names) - 1, position + step))])

    def on_click(self, event: events.Click) -> None:
        """A click selects."""
        position = self.row_at(event.y)
        name = self._lines[position] if position is not None and position < len(self._lines) else None
        if name is not None:
            self._put(name)
