"""Help and palette: both list the bindings that are active now, so neither can name a key that does nothing."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tui.console import rows
from tui.console.pages.page import Choice, Page, View
from tui.console.rows import Row


class Bound(NamedTuple):
    """One active binding."""

    key: str
    """as people press it"""
    label: str
    where: str
    """the panel it belongs to"""
    action: Callable[[], Awaitable[None]]


def _row(bound: Bound, cells: int) -> Row:
    return ((rows.fit(bound.key, 12), "key"), (rows.fit(bound.label, max(20, cells - 30)), ""), (bound.where, "dim"))


class Help(Page):
    """Every key that works here, and what the signs mean."""

    name = "help"

    def __init__(self, bound: list[Bound], notes: list[str]) -> None:
        self._bound = bound
        self._notes = notes

    def view(self, cells: int) -> View:
        """Keys by panel, then the notes."""
        content: list[Row] = []
        where = ""
        for bound in self._bound:
            if bound.where != where:
                where = bound.where
                content.append(((where.upper(), "bold"),))
            content.append(((f"  {rows.fit(bound.key, 14)}", "key"), (bound.label, "")))
        content.append((("", ""),))
        for note in self._notes:
            content.extend(rows.paragraph(note, cells, "dim"))
        return View(key="help", title=(("HELP ", "title"), ("Esc closes", "dim")), rows=content)


class CommandPalette(Page):
    """Actions by name: the same ones that the keys call."""

    name = "palette"

    def __init__(self, bound: list[Bound]) -> None:
        self._bound = bound
        self.query = ""

    def view(self, cells: int) -> View:
        """Those whose label contains every word that was typed."""
        wanted = self.query.lower().split()
        found = [b for b in self._bound if all(word in f"{b.label} {b.where}".lower() for word in wanted)]
        return View(
            key=f"palette-{self.query}",
            title=(("COMMANDS ", "title"), (f"{len(found)} match", "dim")),
            choices=[Choice(id=f"{b.where}-{b.label}", row=_row(b, cells), do=b.action) for b in found],
            listed=True,
        )
