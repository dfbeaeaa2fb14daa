"""What every page is made of: rows to read and choices to make."""

from collections.abc import Awaitable, Callable

import msgspec

from tui.console.drawing.rows import Piece, Row
from tui.model.value import Value


class Choice(Value):
    """One thing that can be chosen. `off` says why it cannot be just now."""

    id: str
    row: Row
    do: Callable[[], Awaitable[None]] | None = None
    off: str = ""
    danger: bool = False
    """it changes a host: it has to be reached on purpose, and a key held down or doubled does not choose it"""
    recorded: bool = False
    """it goes on record as this person's word, or on past a page that has to be read first: a key held down or doubled
    does not choose it either"""


class View(Value):
    """The content of a page as it is now."""

    key: str
    """the same as long as it is the same page: the cursor stays, and the time to arm runs from its first showing"""
    title: tuple[Piece, ...]
    rows: list[Row] = msgspec.field(default_factory=list)
    choices: list[Choice] = msgspec.field(default_factory=list)
    listed: bool = False
    """choices are rows of a list instead of buttons at the bottom"""
    first: str = ""
    """the choice the cursor begins on; the first one where none is named"""
    text: str = ""
    """the whole page as text, for copying; the rows where it is empty"""


def button(
    id_: str,
    label: str,
    do: Callable[[], Awaitable[None]] | None,
    *,
    off: str = "",
    danger: bool = False,
    recorded: bool = False,
) -> Choice:
    """A choice with a plain label."""
    row = ((label, "danger" if danger and not off else ""),)
    return Choice(id=id_, row=row, do=do, off=off, danger=danger, recorded=recorded)


class Page:
    """Something the work panel can show."""

    name = "page"
    aside = False
    """it only lies over the page that was there: closing it shows that one again, where one was"""
    room = 40
    """rows there are for content: a page says less where there are few"""
    charted: str | None = None
    """the service of which a panel beside the page shows the picture: nothing is drawn twice"""

    def view(self, cells: int) -> View:
        """The page now, for this width."""
        raise NotImplementedError

    async def copied(self) -> None:
        """Called once its text was copied."""
