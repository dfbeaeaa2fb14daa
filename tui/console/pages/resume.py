"""Unfinished incidents, offered at start: nothing is done until one is taken up."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from tui.console.drawing import labels, rows
from tui.console.drawing.rows import Row
from tui.console.page import Choice, Page, View, button
from tui.console.pages.held_on_hosts import line
from tui.console.ports import Console
from tui.incident.deploy_or_not import worded
from tui.model.incident import Group, Incident


class Resume(Page):
    """Which unfinished incident to take up."""

    name = "resume"

    def __init__(self, console: Console, incidents: tuple[Incident, ...]) -> None:
        self.console = console
        self.incidents = incidents

    def view(self, cells: int) -> View:
        """Each incident with its state and how long it has been in it."""
        now = self.console.engine.clock.now()
        content = rows.paragraph("This machine's journal has unfinished incidents.", cells, "warn")
        words = "Taking one up asks the host what happened; nothing is sent a second time."
        content.extend(rows.paragraph(words, cells, "dim"))
        groups = {i.group.id: i.group for i in self.incidents if i.group is not None}
        content.extend(line(service, record, self.console.engine) for service, record in self.console.held())
        choices = [Choice(id=g.id, row=_run(g), do=self._resume_run(g)) for g in groups.values()]
        choices += [self._choice(i, now) for i in self.incidents]
        choices.append(button("later", "Not now (they stay open)", self._later))
        return View(
            key="resume",
            title=(("RESUME ", "title"), (f"{len(self.incidents)} open", "warn")),
            rows=content,
            choices=choices,
            listed=True,
        )

    def _choice(self, incident: Incident, now: datetime) -> Choice:
        """One that another console leads is shown as that one has brought it on."""
        onlooker = self.console.engine.onlookers.get(incident.id)
        if onlooker is None:
            row = _row(incident, worded(now - incident.since))
            return Choice(id=incident.id, row=row, do=self._resume(incident.id))
        seen = onlooker.incident
        led = onlooker.held_by if seen.open else ""
        row = _row(seen, worded(now - seen.since), f"; Enter follows {rows.safe(led, 60)}" if led else "")
        return Choice(id=incident.id, row=row, do=self._resume(incident.id), off="" if seen.open else "it is closed")

    def _resume(self, incident: str) -> Callable[[], Awaitable[None]]:
        async def take_up() -> None:
            await self.console.resume(incident)

        return take_up

    def _resume_run(self, group: Group) -> Callable[[], Awaitable[None]]:
        async def take_up() -> None:
            await self.console.jobs.resume_batch(group)

        return take_up

    async def _later(self) -> None:
        self.console.screen.close_work()


def _run(group: Group) -> Row:
    return (("all previous   ", "bold"), (", ".join(group.services), "warn"), (f"; as a whole; {group.id}", "dim"))


def _row(incident: Incident, ago: str, led: str = "") -> Row:
    asking = f", {labels.QUESTIONS[incident.asking]}" if incident.asking else ""
    target = f" to {incident.plan.target.name}" if incident.plan else ""
    word, *more = labels.STATES[incident.state].split(",", 1)
    return (
        (f"{rows.fit(incident.service, 14)} ", "bold"),
        (f"{word}{target}{''.join(f',{one}' for one in more)}", "warn"),
        (led, "run"),
        (f"{asking}; since {ago}; by {rows.safe(incident.by, 40)}; {incident.id}", "dim"),
    )
