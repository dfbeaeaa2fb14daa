"""Who has the keys: decided here alone, and only by a key or a click of the person's.

Every key is handled whole before the next one is looked at, so that what it opened has the keys by then: text typed at
any speed goes where the key before it led. Work that a key began and that ends later may open a page only as long as
the person has not gone on to something else since; work that no key began opens nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from textual.screen import Screen
from textual.widget import Widget

from tui.console.widgets.ask import AskLine

_PRESSED: ContextVar[int | None] = ContextVar("pressed", default=None)
"""the number of the key or click that what runs now belongs to; None: no person began it"""


class Keyboard:
    """The line has the keys while it asks; else the panel that the person went to; else, where that has no place on
    the screen, the first one that has."""

    def __init__(self, panels: Sequence[Widget], line: AskLine) -> None:
        self._panels = tuple(panels)
        self._line = line
        self._number = 0
        self._decided = 0
        """the key that last said where the keys go, or opened or closed something"""
        self.at: Widget = self._panels[0]
        """the panel that the person went to last"""

    @contextmanager
    def pressed(self) -> Iterator[None]:
        """A key of the person's: what runs inside, and what is begun there, belongs to it."""
        self._number += 1
        token = _PRESSED.set(self._number)
        try:
            yield
        finally:
            _PRESSED.reset(token)

    def renewed(self) -> None:
        """The person has just answered what asked: it goes on as if begun by the key that ended the answer."""
        _PRESSED.set(self._number)

    def decides(self) -> bool:
        """True where what runs now may say who has the keys; asking counts as having said so."""
        number = _PRESSED.get()
        if number is None or number < self._decided:
            return False
        self._decided = number
        return True

    def go(self, panel: Widget) -> None:
        """The keys go to this panel, the very next one too."""
        self.at = panel
        self.settle()

    def turn(self, step: int) -> None:
        """The keys go to the next panel on the screen."""
        shown = [panel for panel in self._panels if panel.display]
        if shown:
            here = shown.index(self.at) if self.at in shown else -1
            self.go(shown[(here + step) % len(shown)])

    def settle(self) -> None:
        """Give the keys to the panel that has them by now: panels may have been hidden, shown or blurred."""
        screen = self._screen
        if screen is not None:
            screen.set_focus(self._line.input if self._line.asking else self._shown(), scroll_visible=False)

    def clicked(self) -> None:
        """A click went to a panel; it takes the keys unless the line asks."""
        screen = self._screen
        if screen is not None and screen.focused in self._panels and self.decides():
            self.at = screen.focused
        self.settle()

    @property
    def _screen(self) -> "Screen[object] | None":
        panel = self._panels[0]
        return panel.screen if panel.is_attached else None

    def _shown(self) -> Widget | None:
        return next((panel for panel in (self.at, *self._panels) if panel.display), None)
