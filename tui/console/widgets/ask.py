"""The one line in which a person types: filters, reasons, a service's name. Nothing else ever takes letters as text."""

import asyncio
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from tui.console import rows
from tui.console.palette import Palette
from tui.console.widgets.panel import Panel


class _Line(Input):
    """Textual's input, one row high."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def action_cancel(self) -> None:
        """Say nothing."""
        asked = self.parent
        if isinstance(asked, AskLine):
            asked.answer(None)


class AskLine(Horizontal):
    """Asks one thing at a time; a new question cancels the one before."""

    DEFAULT_CSS = """
    AskLine { height: 1; }
    AskLine Panel { height: 1; }
    AskLine Input {
        width: 1fr; height: 1; border: none; padding: 0; background: ansi_default; color: ansi_default;
        &:focus { border: none; background-tint: ansi_default 0%; }
        & > .input--cursor { background: ansi_default; color: ansi_default; text-style: reverse; }
        & > .input--placeholder { color: ansi_default; }
    }
    """

    def __init__(self, palette: Palette, name: str) -> None:
        super().__init__(id=name)
        self.palette = palette
        self._prompt = Panel(palette, "prompt", titled=False)
        self._line = _Line(id="line", select_on_focus=False)
        self._line.cursor_blink = False
        self._asked: asyncio.Future[str | None] | None = None
        self._wanted: str | None = None
        self._label = ""
        self._empty = False

    def compose(self) -> ComposeResult:
        """Prompt and input."""
        yield self._prompt
        yield self._line

    @property
    def asking(self) -> bool:
        """Whether an answer is being waited for."""
        return self._asked is not None and not self._asked.done()

    def ask(
        self, prompt: str, *, wanted: str | None = None, initial: str = "", empty: bool = False, secret: bool = False
    ) -> "asyncio.Future[str | None]":
        """What was typed, or None where the person would not say. With `wanted` only that text is taken; an empty
        answer is taken only with `empty`. The line has the keys when this returns: what is typed next belongs to it."""
        self.answer(None)
        self._asked = asyncio.get_running_loop().create_future()
        self._wanted, self._label, self._empty = wanted, prompt, empty
        self._line.password = secret
        self._line.value = initial
        self._line.cursor_position = len(initial)
        self._show(prompt, "focus")
        self.screen.set_focus(self._line)
        return self._asked

    def take(self, text: str) -> bool:
        """Put text where the cursor is; says whether the line has the keys."""
        if self.screen.focused is not self._line:
            return False
        self._line.insert_text_at_cursor(text)
        return True

    def answer(self, text: str | None) -> None:
        """End the question."""
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: taken if it is what was asked for."""
        event.stop()
        said = event.value.strip()
        if not said and not self._empty:
            return
        if self._wanted is not None and said != self._wanted:
            self._show(f"that is not {self._wanted}; {self._label}", "down")
            return
        self.answer(said)

    def on_resize(self, event: events.Resize) -> None:
        """The prompt keeps its place."""
        self._show(self._label, "focus")

    def _show(self, prompt: str, look: str) -> None:
        cells = min(rows.width(((prompt, ""),)) + 1, max(10, self.size.width - 12))
        self._prompt.styles.width = cells
        self._prompt.show((), [((rows.fit(prompt, cells), look),)])
