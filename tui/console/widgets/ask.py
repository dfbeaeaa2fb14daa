"""The one line in which a person types: filters, reasons, a service's name. Nothing else ever takes letters as text."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from tui.console.drawing import rows
from tui.console.drawing.palette import Palette
from tui.console.widgets.panel import Panel
from tui.console.widgets.work import HELD
from tui.model.value import Value


class _Line(Input):
    """Textual's input, one row high."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def action_cancel(self) -> None:
        """Say nothing."""
        asked = self.parent
        if isinstance(asked, AskLine):
            asked.answer(None)

    async def action_submit(self) -> None:
        """Enter: at once, so that the very next key is not the answer's any more."""
        asked = self.parent
        if isinstance(asked, AskLine):
            asked.submit(self.value)


class Live(Value):
    """The two calls that are made while the person types."""

    typed: Callable[[str], None]
    """told the whole text after every change"""
    steer: Callable[[str], bool]
    """offered every key that types nothing before the line has it; says whether that was its use"""


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
        self.changed: Callable[[], None] = lambda: None
        """called when a question begins or has ended"""
        self._prompt = Panel(palette, "prompt", titled=False)
        self._line = _Line(id="line", select_on_focus=False)
        self._line.cursor_blink = False
        self._asked: asyncio.Future[str | None] | None = None
        self._wanted: str | None = None
        self._label = ""
        self._empty = False
        self._live: Live | None = None
        self._began = 0.0
        self._untouched = True

    def compose(self) -> ComposeResult:
        """Prompt and input."""
        yield self._prompt
        yield self._line

    @property
    def asking(self) -> bool:
        """True while an answer is waited for."""
        return self._asked is not None and not self._asked.done()

    @property
    def input(self) -> Input:
        """The widget that shows the cursor while it asks."""
        return self._line

    def ask(
        self,
        prompt: str,
        *,
        wanted: str | None = None,
        initial: str = "",
        empty: bool = False,
        secret: bool = False,
        live: Live | None = None,
    ) -> "asyncio.Future[str | None]":
        """Ask. The future has what was typed, or None where the person would not say. With `wanted` only that
        text is taken; an empty answer is taken only with `empty`. What is typed next belongs to it."""
        self.answer(None)
        loop = asyncio.get_running_loop()
        self._asked = loop.create_future()
        self._wanted, self._label, self._empty, self._live = wanted, prompt, empty, live
        self._began, self._untouched = loop.time(), True
        self._line.password = secret
        self._line.value = initial
        self._line.cursor_position = len(initial)
        self._show(prompt, "focus")
        self.changed()
        return self._asked

    async def press(self, event: events.Key) -> None:
        """A key while it asks: a letter is text, anything else edits, steers, answers or cancels; it is nothing else's
        key, also where it does something elsewhere."""
        before = self._line.value
        if event.key != "enter":
            self._untouched = False
        if event.is_printable and event.character:
            self._type(event.character)
        elif self._live is None or not self._live.steer(event.key):
            for binding in self._line._bindings.key_to_bindings.get(event.key, ()):
                if await self.app.run_action(binding.action, self._line):
                    break
        self._tell(before)

    def paste(self, text: str) -> None:
        """The first line of what was pasted; a line break in it answers nothing."""
        before = self._line.value
        self._untouched = False
        self._type("".join(text.splitlines()[:1]))
        self._tell(before)

    def _type(self, text: str) -> None:
        selection = self._line.selection
        if selection.is_empty:
            self._line.insert_text_at_cursor(text)
        else:
            self._line.replace(text, *selection)

    def _tell(self, before: str) -> None:
        if self._live is not None and self.asking and self._line.value != before:
            self._live.typed(self._line.value)

    def submit(self, text: str) -> None:
        """Enter: taken if it is what was asked for. Words that are there already are not taken by an Enter that may
        come from a key held down: nobody has read them."""
        said = text.strip()
        if not said and not self._empty:
            return
        if self._wanted is not None and said != self._wanted:
            self._show(f"that is not {self._wanted}; {self._label}", "down")
            return
        held = self._untouched and asyncio.get_running_loop().time() - self._began < HELD
        if held and not self._empty:
            self._show(f"Enter came too soon; {self._label}", "warn")
            return
        self.answer(said)

    def answer(self, text: str | None) -> None:
        """End the question."""
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(text)
            self._live = None
            self.changed()

    def on_resize(self, event: events.Resize) -> None:
        """The prompt keeps its place."""
        self._show(self._label, "focus")

    def _show(self, prompt: str, look: str) -> None:
        cells = min(rows.width(((prompt, ""),)) + 1, max(10, self.size.width - 12))
        self._prompt.styles.width = cells
        self._prompt.show((), [((rows.fit(prompt, cells), look),)])
