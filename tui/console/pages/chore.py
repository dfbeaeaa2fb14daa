"""A single job on a host outside of the walk (keep, freeze, unfreeze): what will run, its run, its end."""

from collections.abc import Awaitable, Callable, Sequence

from tui.console import rows
from tui.console.pages.page import Page, View, button
from tui.console.palette import Palette
from tui.console.rows import Row
from tui.model.errors import AlreadyThere, ConsoleError

Say = Callable[[str], None]


class Chore(Page):
    """One job: shown, confirmed, done once."""

    name = "chore"

    def __init__(
        self,
        *,
        palette: Palette,
        title: str,
        explain: Sequence[str],
        commands: Sequence[str],
        label: str,
        work: Callable[[Say], Awaitable[str]],
        changed: Callable[[], None],
        away: Callable[[], None],
        off: str = "",
    ) -> None:
        self._palette = palette
        self._title = title
        self._explain = explain
        self._commands = commands
        self._label = label
        self._work = work
        self._changed = changed
        self._away = away
        self._off = off
        self._said: list[str] = []
        self._state = "asking"
        self._end: tuple[str, str] = ("", "")

    def view(self, cells: int) -> View:
        """What will be done, or how it went."""
        sign = self._palette.sign
        content: list[Row] = []
        for text in self._explain:
            content.extend(rows.paragraph(text, cells))
        if self._state == "asking":
            content.append((("WILL RUN (W changes the host):", "bold"),))
            for command in self._commands:
                content.extend(rows.paragraph(f"  {rows.safe(command, 400)}", cells, "dim", indent=4))
        content.extend((("  " + sign("bar") + " ", "dim"), (rows.safe(line, 400), "dim")) for line in self._said)
        if self._state == "running":
            content.append(((f"{sign('run')} under way", "run"),))
        if self._state == "ended":
            look, text = self._end
            content.extend(rows.paragraph(f"{sign(look)} {text}", cells, look, indent=2))
        cancel = button("cancel", "Cancel", self._leave)
        go = button("go", self._label, self._run, off=self._off, danger=True)
        choices = {"asking": [cancel, go], "running": []}.get(self._state, [button("done", "Done", self._leave)])
        return View(
            key=f"{self._title}-{self._state}",
            title=((self._title, "title"),),
            rows=content,
            choices=choices,
        )

    async def _leave(self) -> None:
        self._away()

    async def _run(self) -> None:
        if self._state != "asking":
            return
        self._state = "running"
        self._changed()
        try:
            self._end = ("ok", await self._work(self._say))
        except AlreadyThere as error:
            self._end = ("ok", f"already there: {rows.safe(error.message, 400)}")
        except ConsoleError as error:
            self._end = ("down", rows.safe(f"{error.message}. {error.fix}", 600))
        finally:
            self._state = "ended"
            self._changed()

    def _say(self, text: str) -> None:
        self._said.append(text)
        self._changed()
