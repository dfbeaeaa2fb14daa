"""What a console finds held on the hosts when it starts: frozen apps and incidents of others, each with the way on."""

from collections.abc import Awaitable, Callable

from tui.console.drawing import labels, rows
from tui.console.drawing.rows import Piece, Row
from tui.console.page import Page, View, button
from tui.console.ports import Console
from tui.dokku.holders import IncidentRecord
from tui.engine.engine import Engine
from tui.engine.hosts import held_words
from tui.model.service import Service

Found = tuple[Service, IncidentRecord]


class Held(Page):
    """Which services are held, by whom, since when."""

    name = "held"

    def __init__(self, console: Console) -> None:
        self.console = console

    def view(self, cells: int) -> View:
        """A line and a way on for each."""
        found = self.console.held()
        content: list[Row] = []
        choices = [button("later", "Not now", self._later)]
        for service, record in found:
            text = "".join(text for text, _ in line(service, record, self.console.engine))
            content.extend(rows.paragraph(text, cells, _look(record), indent=4))
            label = f"Unfreeze {service.name}" if record.frozen else f"Show {service.name}"
            choices.append(button(service.name, label, self._on(service, record)))
        title: tuple[Piece, ...] = (("FOUND ON THE HOSTS ", "title"), (f"{len(found)} held", "warn"))
        return View(key="held", title=title, rows=content, choices=choices)

    def _on(self, service: Service, record: IncidentRecord) -> Callable[[], Awaitable[None]]:
        async def on() -> None:
            await (self.console.jobs.unfreeze(service) if record.frozen else self.console.begin(service))

        return on

    async def _later(self) -> None:
        self.console.screen.close_work()


def line(service: Service, record: IncidentRecord, engine: Engine) -> Row:
    """Who holds a service, since when, and what to do about it."""
    now, began = engine.clock.now(), record.began
    since = f" since {began:%m-%d %H:%MZ} ({labels.age(now - began)})" if began is not None else ""
    who = f" by {rows.safe(record.incident or 'unknown', 40)} of {rows.safe(record.by or 'unknown', 40)}"
    what, way = "INCIDENT", "theirs: ask them, or take it over with a reason"
    if record.frozen:
        what = "FROZEN"
    elif record.guarding:
        what, way = "GUARDED", "a rollback of yours goes before it"
    elif record.incident is None:
        what, who = "A RECORD THAT NOBODY HAS SIGNED", ""
    way = held_words.way_on(service.name, record, now) or way
    why = f": {rows.safe(record.reason, 80)}" if record.reason else ""
    return ((f"{service.name}: ", "bold"), (f"{what}{who}{since}{why}", _look(record)), (f"; {way}", "dim"))


def _look(record: IncidentRecord) -> str:
    return "run" if record.frozen or record.guarding else "warn"
