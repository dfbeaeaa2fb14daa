"""All services back to their previous releases: the plans in one table, the phrase, one line for each as it goes."""

from collections.abc import Awaitable, Callable, Sequence

from tui.console.drawing import rows
from tui.console.drawing.rows import Row
from tui.console.page import Choice, View, button
from tui.console.pages import shared_rows
from tui.console.pages.job import JobPage
from tui.console.ports import Console
from tui.engine import all_services as running
from tui.incident import all_services
from tui.incident.all_services import BatchItem, BatchStage
from tui.model.incident import Group, Incident
from tui.model.plan import Plan

_LOOKS = {
    BatchStage.NOT_STARTED: ("dot", "dim"),
    BatchStage.UNDER_WAY: ("run", "run"),
    BatchStage.WATCHING: ("ok", "ok"),
    BatchStage.DONE: ("yes", "ok"),
    BatchStage.STOPPED: ("down", "down"),
}


class Everything(JobPage):
    """One run over all services, from its plans to its end."""

    name = "everything"

    def __init__(self, console: Console, group: Group, run: running.Batch | None = None) -> None:
        super().__init__(console)
        self._group = group
        self._run = run
        """None until it is confirmed"""
        self._found: Sequence[running.Prepared] = ()

    @property
    def under_way(self) -> bool:
        """True while something of it is being carried out, watched, or waits for its turn or a person."""
        return self._run is not None and any(
            all_services.stage(part) is not BatchStage.DONE for part in self._run.parts
        )

    async def prepare(self) -> None:
        """Plan what has not been started; of a run that is taken up, what is open is finished first."""
        await self._doing("planning every service", self._prepare)

    async def _prepare(self) -> None:
        if self._run is None:
            self._found = await running.prepare(self.console.engine, self._group, None)
            return
        await self._run.settled()
        self._found = () if all_services.stopped_at(self._run.parts) is not None else await self._run.prepare()

    def view(self, cells: int) -> View:
        """The table; before the phrase that of the plans."""
        sign = self.console.screen.palette.sign
        content = shared_rows.busy_or_wrong(self.console.screen.palette, self._busy, self._error, cells)
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

    def _line(self, part: BatchItem, cells: int) -> list[Row]:
        line = all_services.table((part,))[0]
        sign, look = _LOOKS[line.stage]
        words = "  ".join(word for word in (line.way, line.words) if word)
        text = (
            f"{self.console.screen.palette.sign(sign)} {rows.fit(line.service, 15)} {rows.fit(line.stage.value, 12)} "
        )
        return rows.paragraph(self.console.screen.palette.text(text + rows.safe(words, 400)), cells, look, indent=4)

    def _at(self) -> str:
        stopped = all_services.stopped_at(self._run.parts) if self._run is not None else None
        return stopped.service if stopped is not None else ""

    def _choices(self) -> list[Choice]:
        if self._busy and self._run is None:
            return [button("cancel", "Cancel", self._leave)]
        stopped = all_services.stopped_at(self._run.parts) if self._run is not None else None
        found = [button("cancel", "Close" if self._run is not None else "Cancel", self._leave)]
        if stopped is not None and stopped.incident is not None and not stopped.refused:
            found.append(button("open", f"Open {stopped.service}", self._open(stopped.incident)))
        if stopped is not None and not self._busy:
            found.append(button("again", "Plan the rest anew", self.prepare))
        if self._found:
            off = next((f"{one.service}: {one.trouble}" for one in self._found if one.trouble), self._busy)
            label = f"Roll all back (type {all_services.PHRASE})"
            found.append(button("go", label, self._go, off=self._read_only or off, danger=True))
        return found

    def _open(self, incident: Incident) -> Callable[[], Awaitable[None]]:
        return lambda: self.console.show(self.console.engine.service(incident.service))

    async def _go(self) -> None:
        plans = [one.plan for one in self._found if one.plan is not None]
        down = ", ".join(plan.service for plan in plans if plan.downtime)
        stops = f" ({down} will not answer meanwhile)" if down else ""
        words = f"type {all_services.PHRASE} to roll back {len(plans)} services{stops}: "
        if self._busy or await self.console.screen.ask(words, wanted=all_services.PHRASE) is None:
            return
        await self._doing("rolling back", lambda: self._carry_out(plans))

    async def _carry_out(self, plans: Sequence[Plan]) -> None:
        if self._run is None:
            self._run = await running.begin(self.console.engine, self._group, plans, "", None)
        self._found = ()
        self.console.lead_batch(self._run)
        await self._run.run(plans, f"confirmed by the phrase {all_services.PHRASE!r}")


def planned(one: running.Prepared, arrow: str) -> str:
    """One service's plan in a line."""
    if one.trouble or one.plan is None:
        return f"NO: {rows.safe(one.trouble, 300)} {rows.safe(one.fix, 200)}".rstrip()
    plan = one.plan
    down = f", does not answer for {plan.downtime[0]:.0f}-{plan.downtime[1]:.0f} s" if plan.downtime else ""
    return f"{plan.leaving.name} {arrow} {plan.target.name}, {plan.way} ~{plan.expected:.0f} s{down}"
