"""A panel of rows: the base of everything that is drawn here.

It is told all its rows, compares them with what it showed, and repaints only the lines, and of these only the columns,
that differ: a second in which nothing changes costs no byte. Stock widgets repaint their whole box.
"""

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.console import actions_and_keys
from tui.console.drawing import rows
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Piece, Row


class Panel(Widget):
    """Rows under a title, scrolled when there are too many. A panel of height 1 shows no title."""

    DEFAULT_CSS = """
    Panel { background: ansi_default; color: ansi_default; overflow: hidden; scrollbar-size: 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = actions_and_keys.bindings(actions_and_keys.PANEL)
    where = actions_and_keys.PANEL

    def __init__(self, palette: Palette, name: str, *, titled: bool = True) -> None:
        super().__init__(id=name)
        self.palette = palette
        self._titled = titled
        self._title: tuple[Piece, ...] = ()
        self._rows: Sequence[Row] = ()
        self._head: tuple[Row, ...] = ()
        self._foot: tuple[Row, ...] = ()
        self._top = 0
        self._shown: list[Row] = []
        self._base = Style.null()

    # ── what to show ─────────────────────────────────────────────────────────────────────────────────────────────

    def show(
        self,
        title: tuple[Piece, ...],
        content: Sequence[Row],
        foot: list[Row] | None = None,
        *,
        head: list[Row] | None = None,
    ) -> None:
        """These rows from now on; `head` stays at the top, `foot` at the bottom, and neither is ever scrolled."""
        self._title, self._rows, self._foot = title, content, tuple(foot or ())
        self._head = tuple(head or ())
        self._top = max(0, min(self._top, len(self._rows) - self._room()))
        self._repaint()

    def reveal(self, line: int) -> None:
        """Scroll so that this row can be seen."""
        room = self._room()
        if line < self._top:
            self._top = line
        elif line >= self._top + room:
            self._top = line - room + 1
        self._repaint()

    def rewind(self) -> None:
        """Show the beginning again."""
        self._top = 0

    def lines(self) -> list[Row]:
        """The rows that the panel shows now, as many as it is high."""
        height = self.size.height
        if not height:
            return []
        shown: list[Row] = []
        if self._has_title():
            look = "focus" if self.has_focus else "dim"
            title = tuple((text, look if name == "title" else name) for text, name in self._title)
            shown.append(rows.title(title, self.size.width, self.palette.sign("rule"), "dim", self._below()))
        shown.extend(self._head)
        room = self._room()
        shown.extend(self._rows[self._top : self._top + room])
        shown.extend([rows.EMPTY] * (height - len(shown) - len(self._foot)))
        shown.extend(self._foot)
        return [self._fitted(row) for row in shown[:height]]

    def _fitted(self, row: Row) -> Row:
        """A row that is too long says so; a panel that is moved to the side does that itself."""
        return rows.ended(row, self.size.width)

    def _below(self) -> str:
        """The number of rows below those that are shown, and the key that shows them: it covers no row."""
        hidden = len(self._rows) - self._top - self._room()
        return f"{hidden} more: {actions_and_keys.key_name('pagedown')}" if hidden > 0 else ""

    def _has_title(self) -> bool:
        return self._titled and self.size.height > 1

    def _room(self) -> int:
        return max(1, self.size.height - self._has_title() - len(self._head) - len(self._foot))

    def row_at(self, y: int) -> int | None:
        """The number of the row that lies at this line of the panel; None for title, head, foot and what is empty."""
        line = y - self._has_title() - len(self._head)
        return line + self._top if 0 <= line < self._room() and line + self._top < len(self._rows) else None

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _repaint(self) -> None:
        now, before = self.lines(), self._shown
        self._shown = now
        if len(now) != len(before):
            self.refresh()
            return
        for y, (new, old) in enumerate(zip(now, before, strict=True)):
            if new != old:
                end = min(self.size.width, _last_difference(new, old))
                self.refresh(Region(0, y, end, 1))

    def render_line(self, y: int) -> Strip:
        """One line, as wide as the panel."""
        if not self._shown:
            self._shown = self.lines()
        row = self._shown[y] if y < len(self._shown) else rows.EMPTY
        return rows.strip(row, self.size.width, self.palette, self.rich_style)

    def on_resize(self, event: events.Resize) -> None:
        """Another size: every line anew."""
        self._top = max(0, min(self._top, len(self._rows) - self._room()))
        self._shown = self.lines()
        self.refresh()

    def on_focus(self) -> None:
        """The title shows who has the keys."""
        self._repaint()

    def on_blur(self) -> None:
        """The title shows that the keys went elsewhere."""
        self._repaint()

    def action_scroll_rows(self, pages: int) -> None:
        """One page up or down."""
        room = self._room()
        self._top = max(0, min(self._top + pages * max(1, room - 1), len(self._rows) - room))
        self._repaint()


class CursorPanel(Panel):
    """A panel with a cursor, which keys move also while the line has them."""

    def action_move(self, step: int) -> None:
        """Move the cursor by so many."""
        raise NotImplementedError

    def steer(self, key: str) -> bool:
        """Move the cursor while the line has the keys; says whether the key was one for that."""
        steps = {"up": -1, "down": 1, "pageup": 1 - self._room(), "pagedown": self._room() - 1}
        if key in steps:
            self.action_move(steps[key])
        return key in steps


def _last_difference(new: Row, old: Row) -> int:
    """Columns from the left that have to be painted again: up to the last one that differs."""
    ends = max(rows.width(new), rows.width(old))
    if rows.width(new) != rows.width(old):
        return ends
    same = 0
    for mine, theirs in zip(reversed(new), reversed(old), strict=False):
        if mine != theirs:
            break
        same += rows.width((mine,))
    return ends - same
