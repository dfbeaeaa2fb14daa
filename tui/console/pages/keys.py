"""Help and palette: both list the bindings that are active now, so neither can name a key that does nothing."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from rich.cells import cell_len
from textual.fuzzy import FuzzySearch

from tui.console.drawing import rows
from tui.console.drawing.rows import Row
from tui.console.page import Choice, Page, View

ROOM_FOR_KEYS = 80
"""columns from which on the title names every key of the palette"""
QUICK = (
    "Production is broken: R on the service, Enter on the severity. On the plan: right, then Enter.",
    "About 30 s. Without a console: rollback SERVICE previous. More: rollback help quick.",
)


class Bound(NamedTuple):
    """One active binding."""

    key: str
    """as people press it"""
    label: str
    where: str
    """the panel it belongs to"""
    action: Callable[[], Awaitable[None]]
    rank: int = 0
    """the lower, the sooner one may want it"""


def _row(bound: Bound, cells: int) -> Row:
    return ((rows.fit(bound.key, 12), "key"), (rows.fit(bound.label, max(20, cells - 30)), ""), (bound.where, "dim"))


class Help(Page):
    """Every key that works here, and what the signs mean."""

    name = "help"
    aside = True

    def __init__(self, bound: list[Bound], notes: list[str]) -> None:
        self._bound = bound
        self._notes = notes

    def view(self, cells: int) -> View:
        """The steps for when it burns, then keys by panel, then the notes."""
        content: list[Row] = [row for line in QUICK for row in rows.paragraph(line, cells, "bold")]
        widest, where = max((cell_len(bound.key) for bound in self._bound), default=0), ""
        for bound in self._bound:
            if bound.where != where:
                where = bound.where
                content.append(((where.upper(), "bold"),))
            content.append(((f"  {rows.fit(bound.key, widest)} ", "key"), (bound.label, "")))
        content.append((("", ""),))
        for note in self._notes:
            content.extend(rows.paragraph(note, cells, "dim"))
        return View(key="help", title=(("HELP ", "title"), ("Esc closes", "dim")), rows=content)


class CommandPalette(Page):
    """Actions by name: the same ones that the keys call."""

    name = "palette"
    aside = True

    def __init__(self, bound: list[Bound]) -> None:
        self._bound = sorted(bound, key=lambda b: b.rank)
        self._search = FuzzySearch()
        self.query = ""

    def view(self, cells: int) -> View:
        """Those that every word typed fits, letter by letter in its order: the best fit first, then what one may want
        first."""
        words = self.query.lower().split()
        scored = [(self._score(b, words), b) for b in self._bound]
        found = [b for score, b in sorted(scored, key=lambda one: -one[0]) if score > 0]
        keys = "; Enter runs, Up and Down choose, Esc closes" if cells >= ROOM_FOR_KEYS else "; Enter runs, Esc closes"
        said = f"{len(found)} match{keys}" if found else "nothing fits that"
        return View(
            key=f"palette-{self.query}",
            title=(("COMMANDS ", "title"), (said, "dim")),
            choices=[Choice(id=f"{b.where}-{b.label}", row=_row(b, cells), do=b.action) for b in found],
            listed=True,
        )

    def _score(self, bound: Bound, words: list[str]) -> float:
        """0 where a word does not fit."""
        scores = [self._search.match(word, bound.label)[0] for word in words]
        return 1 + sum(scores) if all(scores) else 0.0
