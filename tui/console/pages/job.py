"""Work on a host outside of an incident: the base of its pages, and the job that is shown, confirmed and done once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tui.console.drawing import rows
from tui.console.drawing.rows import Row
from tui.console.page import Page, View, button
from tui.console.ports import Console
from tui.model.errors import AlreadyThere, ConsoleError

Say = Callable[[str], None]
"""told each line of what a job does"""


class JobPage(Page):
    """A page that does one thing at a time: it is busy meanwhile, and keeps the error that ended it."""

    def __init__(self, console: Console, *, busy: str = "") -> None:
        self.console = console
        self._busy = busy
        """what is being done, in words; empty while the person is asked"""
        self._acting = False
        self._error: ConsoleError | None = None

    async def _doing(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do this unless something else is being done; an expected error is kept for the page."""
        if self._acting:
            return
        self._acting, self._busy, self._error = True, what, None
        self.console.screen.changed()
        try:
            await work()
        except ConsoleError as error:
            self._error = error
        finally:
            self._acting, self._busy = False, ""
            self.console.screen.changed()

    @property
    def _read_only(self) -> str:
        """Why nothing can be sent; empty where it can."""
        return "read-only: nothing is sent" if self.console.engine.gate.read_only else ""

    async def _leave(self) -> None:
        self.console.screen.close_work()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job, in words and in commands."""

    title: str
    explain: Sequence[str]
    commands: Sequence[str]
    label: str
    """of the button that begins it"""
    work: Callable[[Say], Awaitable[str]]
    """does it; returns how it went in words, and raises ConsoleError"""


class ConfirmJob(JobPage):
    """One job: what will run, its run, its end."""

    name = "job"

    def __init__(self, console: Console, job: Job) -> None:
        super().__init__(console)
        self.job = job
        self._said: list[str] = []
        self._begun = False
        self._end = ""

    @property
    def _state(self) -> str:
        if not self._begun:
            return "asking"
        return "running" if self._busy else "ended"

    def view(self, cells: int) -> View:
        """The job before its word, while it runs, or once it has ended."""
        state, sign = self._state, self.console.screen.palette.sign
        content: list[Row] = []
        for text in self.job.explain:
            content.extend(rows.paragraph(text, cells))
        if state == "asking" and self.job.commands:
            content.append((("WILL RUN (W changes the host):", "bold"),))
            for command in self.job.commands:
                content.extend(rows.paragraph(f"  {rows.safe(command, 400)}", cells, "dim", indent=4))
        content.extend((("  " + sign("bar") + " ", "dim"), (rows.safe(line, 400), "dim")) for line in self._said)
        if state == "running":
            content.append(((f"{sign('run')} {self._busy}", "run"),))
        if state == "ended":
            content.extend(self._how_it_went(cells))
        cancel = button("cancel", "Cancel", self._leave)
        go = button("go", self.job.label, self._run, off=self._read_only, danger=True)
        choices = {"asking": [cancel, go], "running": []}.get(state, [button("done", "Done", self._leave)])
        return View(key=f"{self.job.title}-{state}", title=((self.job.title, "title"),), rows=content, choices=choices)

    def _how_it_went(self, cells: int) -> list[Row]:
        look, text = "ok", self._end
        if isinstance(self._error, AlreadyThere):
            text = f"already there: {rows.safe(self._error.message, 400)}"
        elif self._error is not None:
            look, text = "down", rows.safe(f"{self._error.message}. {self._error.fix}", 600)
        if not text:
            return []
        return rows.paragraph(f"{self.console.screen.palette.sign(look)} {text}", cells, look, indent=2)

    async def _run(self) -> None:
        if self._begun:
            return
        self._begun = True
        await self._doing("under way", self._work)

    async def _work(self) -> None:
        self._end = await self.job.work(self._say)

    def _say(self, line: str) -> None:
        self._said.append(line)
        self.console.screen.changed()
