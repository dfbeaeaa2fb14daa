"""Going forward on purpose (undo, the tip after an unfreeze): the plan, the person's word, and then the walk as ever.

Nothing is recorded and nothing is sent until the word is given: an incident that is being watched goes on being watched
while somebody reads here.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from tui.console.pages import parts
from tui.console.pages import plan as planned
from tui.console.pages.page import Choice, Page, View, button
from tui.console.palette import Palette
from tui.engine.engine import Engine
from tui.model.errors import ConsoleError
from tui.model.plan import Plan


class Front(Protocol):
    """What this page asks of the console."""

    engine: Engine
    watch_for: timedelta

    @property
    def palette(self) -> Palette: ...

    async def ask(self, prompt: str, *, wanted: str | None = None, initial: str = "") -> str | None: ...

    def changed(self) -> None: ...

    def close_work(self) -> None: ...


class Forward(Page):
    """One plan forward."""

    name = "forward"

    def __init__(
        self,
        front: Front,
        *,
        title: str,
        make: Callable[[], Awaitable[Plan]],
        begin: Callable[[Plan], Awaitable[None]],
        otherwise: tuple[str, Callable[[], Awaitable[None]]] | None = None,
    ) -> None:
        self.front = front
        self._title = title
        self._make = make
        self._begin = begin
        self._otherwise = otherwise
        """what to offer where there is no such plan"""
        self._plan: Plan | None = None
        self._error: ConsoleError | None = None
        self._busy = "asking the host"

    @property
    def palette(self) -> Palette:
        """How it is drawn."""
        return self.front.palette

    async def prepare(self) -> None:
        """Make the plan; why there is none is shown."""
        try:
            self._plan = await self._make()
        except ConsoleError as error:
            self._error = error
        finally:
            self._busy = ""
            self.front.changed()

    def view(self, cells: int) -> View:
        """The plan, or why there is none."""
        content = parts.busy_or_wrong(self.palette, self._busy, self._error, cells)
        if self._plan is not None:
            content.extend(planned.shown(self, self._plan, cells))
        return View(
            key=f"{self._title}-{self._busy}-{self._plan is not None}",
            title=((self._title, "title"),),
            rows=content,
            choices=self._choices(),
            first="cancel",
            text=planned.pasted(self._plan) if self._plan is not None else "",
        )

    def _choices(self) -> list[Choice]:
        found = [button("cancel", "Cancel", self._leave)]
        plan = self._plan
        if plan is None:
            if self._error is not None and self._otherwise is not None:
                label, do = self._otherwise
                found.append(button("otherwise", label, do))
            return found
        off = plan.blocked[0].text if plan.blocked else ""
        if self.front.engine.gate.read_only:
            off = "read-only: nothing is sent"
        typed = " (type its name)" if plan.typed else ""
        label = f"Go forward to {plan.target.name}{typed}"
        found.append(button("go", label, self._go, off=off or self._busy, danger=True))
        return found

    async def _leave(self) -> None:
        self.front.close_work()

    async def _go(self) -> None:
        plan = self._plan
        if plan is None or self._busy:
            return
        self._busy = "your word"
        try:
            words = f"type {plan.service} to go forward to {plan.target.name}: "
            if plan.typed and await self.front.ask(words, wanted=plan.service) is None:
                return
            await self._begin(plan)
        except ConsoleError as error:
            self._error = error
        finally:
            self._busy = ""
            self.front.changed()
