"""Going forward on purpose (undo, the tip after an unfreeze): the plan, the person's word, and then the walk as ever.

Nothing is recorded and nothing is sent until the word is given: an incident that is being watched goes on being watched
while somebody reads here.
"""

from collections.abc import Awaitable, Callable

from tui.console.page import Choice, View, button
from tui.console.pages import plan as planned
from tui.console.pages import shared_rows
from tui.console.pages.job import JobPage
from tui.console.ports import Console
from tui.model.plan import Plan

_ASKING = "asking the host"


class Forward(JobPage):
    """One plan forward."""

    name = "forward"

    def __init__(
        self,
        console: Console,
        *,
        title: str,
        make: Callable[[], Awaitable[Plan]],
        begin: Callable[[Plan], Awaitable[None]],
        otherwise: tuple[str, Callable[[], Awaitable[None]]] | None = None,
    ) -> None:
        super().__init__(console, busy=_ASKING)
        self._title = title
        self._make = make
        self._begin = begin
        self._otherwise = otherwise
        """what to offer where there is no such plan"""
        self._plan: Plan | None = None

    async def prepare(self) -> None:
        """Make the plan; why there is none is shown."""

        async def make() -> None:
            self._plan = await self._make()

        await self._doing(_ASKING, make)

    def view(self, cells: int) -> View:
        """The plan, or why there is none."""
        content = shared_rows.busy_or_wrong(self.console.screen.palette, self._busy, self._error, cells)
        if self._plan is not None:
            content.extend(planned.shown(self.console, self._plan, cells, self.room))
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
        off = self._read_only or (plan.blocked[0].text if plan.blocked else "")
        typed = " (type its name)" if plan.typed else ""
        label = f"Go forward to {plan.target.name}{typed}"
        found.append(button("go", label, self._go, off=off or self._busy, danger=True))
        return found

    async def _go(self) -> None:
        await self._doing("your word", self._confirmed)

    async def _confirmed(self) -> None:
        plan = self._plan
        if plan is None:
            return
        words = f"type {plan.service} to go forward to {plan.target.name}: "
        if plan.typed and await self.console.screen.ask(words, wanted=plan.service) is None:
            return
        await self._begin(plan)
