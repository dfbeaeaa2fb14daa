"""All that the next person has to know of an incident: one page, to be read, copied or saved."""

from collections.abc import Callable

from tui.console.drawing import rows
from tui.console.drawing.rows import Row
from tui.console.page import Page, View, button
from tui.console.ports import Console
from tui.incident import handover

_LOOKS = {"proven": "ok", "open": "warn", "held": "warn", "next": "bold"}


class HandOverPage(Page):
    """The page of one incident as its journal told it when it was opened."""

    name = "handover"
    aside = True

    def __init__(self, console: Console, incident: str, save: Callable[[str, list[str]], None]) -> None:
        self._console = console
        self._incident = incident
        self._save = save
        self._found: handover.HandOver | None = None

    async def read(self) -> None:
        """Read it from the journal, with all that happened until now. Raises Refused, Unreadable."""
        engine = self._console.engine
        incident = await engine.read(self._incident)
        events = await engine.records.events(self._incident)
        duty = engine.postmortems.duty(incident)
        self._found = handover.write(incident, events, duty, engine.clock.now())

    def view(self, cells: int) -> View:
        """Part by part, each under its own word."""
        found = self._found
        content: list[Row] = []
        for name, items in found.parts() if found is not None else ():
            content.append(((handover.TITLES[name].upper(), "title"),))
            look = _LOOKS.get(name, "") if items != ("nothing",) else "dim"
            for item in items:
                content.extend(rows.paragraph(f"  {rows.safe(item, 300)}", cells, look, indent=4))
        title = (("HAND OVER ", "title"), (self._incident, "dim"))
        text = handover.markdown(found) if found is not None else ""
        choices = [button("save", "Save to a file", self._saved), button("again", "Read it again", self._again)]
        return View(key="handover", title=title, rows=content, choices=choices, text=text)

    async def _saved(self) -> None:
        if self._found is not None:
            self._save(f"handover-{self._incident}", handover.markdown(self._found).splitlines())

    async def _again(self) -> None:
        await self.read()
        self._console.screen.changed()
