"""The work panel: shows a page, moves the cursor over its choices, and lets nobody choose by accident.

A choice that changes a host is never where the cursor begins. Neither it nor an answer that goes on record as a
person's is taken in the first half second after its page appeared, nor by an Enter that follows another within half a
second, or within a second without any other key between: a key held down, or pressed twice in haste, chooses nothing.
"""

from collections.abc import Awaitable, Callable
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui.console import actions_and_keys
from tui.console.drawing import rows
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Piece, Row
from tui.console.page import Choice, Page, View
from tui.console.widgets.panel import CursorPanel

ARM = 0.5
"""seconds"""
HELD = 1.0
"""seconds: an Enter that follows another sooner, with no other key between, may come from a key that is held down;
keyboards wait a quarter of a second to a second before they repeat one"""
SETTLE = 0.25
"""seconds after a page changed in which Enter is taken for the one that changed it"""


class Place(NamedTuple):
    """The place of a person on a page, to come back to."""

    key: str
    """of the view"""
    cursor: str
    top: int
    """rows scrolled away above"""


class WorkPanel(CursorPanel, can_focus=True):
    """One page at a time."""

    class Taken(Message):
        """A choice that changes nothing by itself was clicked while the cursor was on it."""

    BINDINGS: ClassVar[list[BindingType]] = actions_and_keys.bindings(actions_and_keys.PAGE)
    where = actions_and_keys.PAGE

    def __init__(
        self,
        palette: Palette,
        name: str,
        *,
        clock: Callable[[], float],
        run: Callable[[Callable[[], Awaitable[None]]], None],
        copy: Callable[[str, str], Awaitable[bool]],
    ) -> None:
        super().__init__(palette, name)
        self.page: Page | None = None
        self._clock = clock
        self._run = run
        self._copy = copy
        self._view = View(key="", title=())
        self._cursor = ""
        self._shown_at = 0.0
        self._entered_at = -HELD
        self._let_go = True
        """another key was pressed since the last Enter"""
        self._rows_of: dict[str, int] = {}
        self._buttons_at: list[tuple[int, int, int, str]] = []
        """row of the foot, first cell, cell after the last, choice"""
        self._said = ""

    # ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────

    def open(self, page: Page, place: Place | None = None) -> None:
        """Show this page, from its beginning or from where the person was."""
        self.page = page
        self._view = View(key=place.key if place is not None else "", title=())
        if place is not None:
            self._cursor, self._top, self._said = place.cursor, place.top, ""
            self._shown_at = self._clock()
        self.draw()

    @property
    def place(self) -> Place:
        """The place of the person on this page."""
        return Place(key=self._view.key, cursor=self._cursor, top=self._top)

    def note(self, key: str) -> None:
        """A key that went elsewhere: an Enter may be held down since then, any other key ends that."""
        if key == "enter":
            self._entered_at, self._let_go = self._clock(), False
        else:
            self._let_go = True

    def draw(self) -> None:
        """Show what the page says now; the cursor stays where it is as long as it is the same page."""
        if self.page is None or not self.size.width:
            return
        self.page.room = max(1, self.size.height - 1)
        view = self.page.view(self.size.width)
        if view.key != self._view.key:
            self._cursor = view.first or next((c.id for c in view.choices if not c.off), "")
            self._shown_at = self._clock()
            self._said = ""
            self.rewind()
            if any(c.danger or c.recorded for c in view.choices):
                self.set_timer(ARM, self.draw)
        self._view = view
        if view.choices and self.choice is None:
            self._cursor = next((c.id for c in view.choices if not c.danger and not c.off), view.choices[0].id)
        content, foot = list(view.rows), []
        if view.listed:
            content.extend(self._listed(view, len(content)))
            foot = self._why()
        else:
            foot = self._buttons(view)
        self.show(view.title, content, foot)

    @property
    def choice(self) -> Choice | None:
        """The choice at the cursor; None where there is none."""
        return next((c for c in self._view.choices if c.id == self._cursor), None)

    @property
    def armed(self) -> bool:
        """True where Enter would take the choice at the cursor now."""
        choice = self.choice
        if choice is None or choice.off or choice.do is None:
            return False
        now = self._clock()
        if choice.danger or choice.recorded:
            return now - self._shown_at >= ARM and now - self._entered_at >= (ARM if self._let_go else HELD)
        return now - self._shown_at >= SETTLE or self._entered_at < self._shown_at - SETTLE

    # ── choices ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _listed(self, view: View, first: int) -> list[Row]:
        self._rows_of = {choice.id: first + position for position, choice in enumerate(view.choices)}
        found: list[Row] = []
        for choice in view.choices:
            here = choice.id == self._cursor
            mark: Piece = (f"{self.palette.sign('cursor')} " if here else "  ", "focus")
            looks = tuple((text, "bold" if here and not look else look) for text, look in choice.row)
            found.append((mark, *looks))
        return found

    def _why(self) -> list[Row]:
        choice = self.choice
        if choice is not None and choice.off:
            return rows.paragraph(f"not possible: {rows.safe(choice.off, 300)}", self.size.width, "warn")
        return [((self._said, "warn"),)] if self._said else []

    def _buttons(self, view: View) -> list[Row]:
        """Buttons in as many rows as they need; the one at the cursor is reversed."""
        lines: list[list[Piece]] = [[]]
        room = self.size.width
        self._buttons_at = []
        for choice in view.choices:
            label = rows.text(choice.row)
            here = choice.id == self._cursor
            size = cell_len(label) + 4
            if size > room and lines[-1]:
                lines.append([])
                room = self.size.width
            at = self.size.width - room
            self._buttons_at.append((len(lines) - 1, at, at + size, choice.id))
            room -= size + 1
            if here and choice.danger and not choice.off and not self._armed_by_time():
                look = "run"
            elif here:
                look = "chosen"
            else:
                look = "dim" if choice.off else (choice.row[0][1] if choice.row else "")
            lines[-1].extend([(" ", ""), (f"[ {label} ]", look)] if lines[-1] else [(f"[ {label} ]", look)])
        found: list[Row] = [tuple(line) for line in lines if line]
        return found + self._why()

    def _armed_by_time(self) -> bool:
        return self._clock() - self._shown_at >= ARM

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_move(self, step: int) -> None:
        """Go to the next or previous choice; where there is none, one row up or down."""
        self._let_go = True
        ids = [c.id for c in self._view.choices]
        if not ids:
            self._top = max(0, min(self._top + step, len(self._rows) - self._room()))
            self._repaint()
            return
        position = ids.index(self._cursor) if self._cursor in ids else 0
        self._to(ids[max(0, min(len(ids) - 1, position + step))])

    def action_edge(self, step: int) -> None:
        """Go to the first or last choice."""
        self._let_go = True
        if self._view.choices:
            self._to(self._view.choices[0 if step < 0 else -1].id)

    def _to(self, choice: str) -> None:
        self._cursor = choice
        self._said = ""
        self.draw()
        if self._view.listed and choice in self._rows_of:
            self.reveal(self._rows_of[choice])

    def action_choose(self) -> None:
        """Take the choice at the cursor, if it is armed."""
        armed, choice = self.armed, self.choice
        self.note("enter")
        if choice is None or choice.do is None:
            return
        if choice.off:
            self.draw()
        elif armed:
            self._run(choice.do)
        elif choice.danger or choice.recorded:
            self._said = "Enter came too soon: wait a moment, then press it once"
            self.draw()

    def action_copy(self) -> None:
        """The page as text."""
        text = self._view.text or "\n".join(rows.text(row) for row in self._view.rows)
        page = self.page

        async def copy() -> None:
            if text and page is not None and await self._copy(text, page.name):
                await page.copied()

        self._run(copy)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; on the choice that is at the cursor already it chooses, but never what changes a
        host or goes on record as a person's word: that takes the keyboard."""
        if self._view.listed:
            line = self.row_at(event.y)
            found = next((c for c, at in self._rows_of.items() if at == line), None)
        else:
            row = event.y - (self.size.height - len(self._foot))
            found = next(
                (c for at, first, after, c in self._buttons_at if at == row and first <= event.x < after), None
            )
        if found is None:
            return
        if found != self._cursor:
            self._to(found)
        elif (choice := self.choice) is not None and not (choice.danger or choice.recorded):
            self.post_message(self.Taken())

    def on_resize(self, event: events.Resize) -> None:
        """Pages are made for a width."""
        self.draw()
        self._shown = self.lines()
        self.refresh()
