"""All services back to their previous releases: the plans in one table, the phrase, one line for each as it goes."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from tui.console import rows
from tui.console.pages import parts
from tui.console.pages.page import Choice, Page, View, button
from tui.console.palette import Palette
from tui.console.rows import Row
from tui.engine import all_services as running
from tui.engine.engine import Engine
from tui.incident import all_services
from tui.incident.all_services import Part, Stage
from tui.model.errors import ConsoleError
from tui.model.incident import Group, Incident
from tui.model.plan import Plan

_LOOKS = {
    Stage.NOT_STARTED: ("dot", "dim"),
    Stage.UNDER_WAY: ("run", "run"),
    Stage.WATCHING: ("ok", "ok"),
    Stage.DONE: ("yes", "ok"),
    Stage.STOPPED: ("down", "down"),
}


class Front(Protocol):
    """What this page asks of the console."""

    @property
    def engine(self) -> Engine: ...

    @property
    def palette(self) -> Palette: ...

    async def ask(self, prompt: str, *, wanted: str | None = None, initial: str = "") -> str | None: ...

    def changed(self) -> None: ...

    def close_work(self) -> None: ...

    def lead(self, run: running.Run) -> None: ...

    async def show_incident(self, incident: Incident) -> None: ...


class Everything(Page):
    """One run over all services, from its plans to where it stands."""

    name = "everything"

    def __init__(self, front: Front, group: Group, run: running.Run | None = None) -> None:
        self.front = front
        self._group = group
        self._run = run
        """None until it is confirmed"""
        self._found: Sequence[running.Prepared] = ()
        self._busy = ""
        self._error: ConsoleError | None = None

    @property
    def under_way(self) -> bool:
        """Whether something of it is being carried out, watched, or waits for its turn or a person."""
        return self._run is not None and any(all_services.stage(part) is not Stage.DONE for part in self._run.parts)

    async def prepare(self) -> None:
        """Plan what has not been started; of a run that is taken up, what is open is finished first."""
        await self._doing("planning every service", self._prepare)

    async def _prepare(self) -> None:
        if self._run is None:
            self._found = await running.prepare(self.front.engine, self._group, None)
            return
        await self._run.settled()
        self._found = () if all_services.stopped_at(self._run.parts) is not None else await self._run.prepare()

    async def _doing(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        if self._busy:
            return
        self._busy, self._error = what, None
        self.front.changed()
        try:
            await work()
        except ConsoleError as error:
            self._error = error
        finally:
            self._busy = ""
            self.front.changed()

    def view(self, cells: int) -> View:
        """The table; before the phrase that of the plans."""
        sign = self.front.palette.sign
        content = parts.busy_or_wrong(self.front.palette, self._busy, self._error, cells)
        if self._run is not None:
            for part in self._run.parts:
                content.extend(self._line(part, cells))
        if self._found:
            content.append((("One after the other, in this order; it stops at the first failure:", "bold"),))
        for number, one in enumerate(self._found, 1):
            text = f"{number} {rows.fit(one.service, 15)} {planned(one, sign('arrow'))}"
            look = "down" if one.trouble else ("warn" if one.plan is not None and one.plan.typed else "")
            content.extend(rows.paragraph(text, cells, look, indent=4))
        if any(one.trouble for one in self._found):
            content.append((("Nothing is begun while anything is wrong with one of them.", "down"),))
        return View(
            key=f"everything-{self._busy}-{len(self._found)}-{self._at()}",
            title=(("ALL PREVIOUS ", "title"), (f"{len(self._group.services)} services", "bold")),
            rows=content,
            choices=self._choices(),
            first="cancel",
        )

    def _line(self, part: Part, cells: int) -> list[Row]:
        line = all_services.table((part,))[0]
        sign, look = _LOOKS[line.stage]
        words = "  ".join(word for word in (line.way, line.words) if word)
        text = f"{self.front.palette.sign(sign)} {rows.fit(line.service, 15)} {rows.fit(line.stage.value, 12)} "
        return rows.paragraph(self.front.palette.text(text + rows.safe(words, 400)), cells, look, indent=4)

    def _at(self) -> str:
        stopped = all_services.stopped_at(self._run.parts) if self._run is not None else None
        return stopped.service if stopped is not None else ""

    def _choices(self) -> list[Choice]:
        if self._busy and self._run is None:
            return [button("cancel", "Cancel", self._leave)]
        stopped = all_services.stopped_at(self._run.parts) if self._run is not None else None
        found = [button("cancel", "Close" if self._run is not None else "Cancel", self._leave)]
        if stopped is not None and stopped.incident is not None and not stopped.refused:
            incident = stopped.incident
            found.append(button("open", f"Open {stopped.service}", lambda: self.front.show_incident(incident)))
        if stopped is not None and not self._busy:
            found.append(button("again", "Plan the rest anew", self.prepare))
        if self._found:
            off = next((f"{one.service}: {one.trouble}" for one in self._found if one.trouble), self._busy)
            if self.front.engine.gate.read_only:
                off = "read-only: nothing is sent"
            label = f"Roll all back (type {all_services.PHRASE})"
            found.append(button("go", label, self._go, off=off, danger=True))
        return found

    async def _leave(self) -> None:
        self.front.close_work()

    async def _go(self) -> None:
        plans = [one.plan for one in self._found if one.plan is not None]
        down = ", ".join(plan.service for plan in plans if plan.downtime)
        stops = f" ({down} will not answer meanwhile)" if down else ""
        words = f"type {all_services.PHRASE} to roll back {len(plans)} services{stops}: "
        if self._busy or await self.front.ask(words, wanted=all_services.PHRASE) is None:
            return
        await self._doing("rolling back", lambda: self._carry_out(plans))

    async def _carry_out(self, plans: Sequence[Plan]) -> None:
        if self._run is None:
            self._run = await running.begin(self.front.engine, self._group, plans, "", None)
        self._found = ()
        self.front.lead(self._run)
        await self._run.run(plans, f"confirmed by the phrase {all_services.PHRASE!r}")


def planned(one: running.Prepared, arrow: str) -> str:
    """One service's plan in a line."""
    if one.trouble or one.plan is None:
        return f"NO: {rows.safe(one.trouble, 300)} {rows.safe(one.fix, 200)}".rstrip()
    plan = one.plan
    down = f", does not answer for {plan.downtime[0]:.0f}-{plan.downtime[1]:.0f} s" if plan.downtime else ""
    return f"{plan.leaving.name} {arrow} {plan.target.name}, {plan.way} ~{plan.expected:.0f} s{down}"
