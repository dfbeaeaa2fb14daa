"""The post-mortem: what is still missing first, then the document as it will be; the person's own words fill it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from tui.console.drawing import document, rows
from tui.console.drawing.rows import Row
from tui.console.exports import fresh
from tui.console.page import Choice, Page, View, button
from tui.console.ports import Console
from tui.engine.notify.outbox import GRACE
from tui.incident.postmortem import markdown
from tui.model.errors import ConfigError, ConsoleError
from tui.model.incident import Incident
from tui.model.notice import Milestone
from tui.model.postmortem import DueDate, ExportWay, Fact, Field, PostMortem

ASKED: dict[Field, str] = {
    Field.DESCRIPTION: "brief description",
    Field.ROOT_CAUSE: "root cause",
    Field.USERS: "users affected",
    Field.ERROR_RATE: "error rate",
    Field.REVENUE: "revenue impact",
    Field.RESOLUTION: "how it was fixed",
    Field.ACTIONS: "action items (TEXT | OWNER | DATE; between them)",
    Field.LESSONS: "lessons learned",
    Field.TRIGGER: "trigger (what set it off)",
    Field.NOTICED: "detection (who noticed it, and how)",
    Field.SOONER: "sooner (what would have shown it sooner)",
    Field.FACTORS: "contributing factors",
    Field.WENT_WELL: "what went well",
    Field.LUCKY: "where we got lucky",
    Field.SURPRISED: "why surprised (what we believed that was not so)",
    Field.THANKS: "people to thank",
    Field.DEPLOYED: "deployed when (2026-11-23 22:04, UTC)",
    Field.RESTORED: "restored when (2026-11-23 22:04, UTC)",
    Field.SEVERITY: "severity",
}
"""what the line asks, in the template's order"""


NAMES = 22
"""columns of a field's name"""
RECORD = "\n### Record\n"
"""the heading of the record behind the document: most of its rows, and nobody reads them first"""
ROOM_FOR_RECORD = 72
"""columns from which on the button says what it shows"""


class PostMortemPage(Page):
    """The post-mortem of one incident."""

    name = "post-mortem"
    aside = True

    def __init__(self, console: Console, incident: str, local: Callable[[datetime], datetime]) -> None:
        self.console = console
        self.identity = incident
        self.filling = False
        """the fields are shown instead of the document"""
        self.recorded = False
        """the record behind the document is shown, too"""
        self.found: PostMortem | None = None
        self._incident: Incident | None = None
        self._local = local
        self.text = ""
        """the document; empty before it is read"""

    async def read(self) -> None:
        """Read what the journal says now. Raises Refused where it has no such incident."""
        try:
            self.found, self.text = await self.console.engine.postmortems.document(self.identity, self._local)
        except ConfigError as error:  # what is known is shown all the same, in the runbook's form
            self.found = await self.console.engine.postmortems.write(self.identity)
            self.text = markdown.render(self.found, self._local)
            self.console.screen.notice(rows.safe(f"{error.message}. {error.fix}"), "down")
        self._incident = await self.console.engine.read(self.identity)
        self.console.screen.changed()

    def view(self, cells: int) -> View:
        """The document, or its fields."""
        if self.found is None or self._incident is None:
            return View(key="post-mortem", title=(("POST-MORTEM ", "title"),), rows=[(("reading the journal", "dim"),)])
        title = (("POST-MORTEM ", "title"), (self.found.service, "bold"), *self._standing(cells))
        return self._fields(title) if self.filling else self._document(title, cells)

    def _standing(self, cells: int) -> tuple[tuple[str, str], ...]:
        assert self._incident is not None
        said, look = standing(self.console.engine.postmortems.duty(self._incident), self.console.engine.clock.now())
        return ((f"  {rows.fit(said, max(0, cells - 32)).rstrip()}", look),)

    def _document(self, title: tuple[tuple[str, str], ...], cells: int) -> View:
        assert self.found is not None
        sign = self.console.screen.palette.sign
        gaps = self.found.gaps
        content: list[Row] = []
        if gaps:
            content.append(((f"{sign('warn')} {len(gaps)} not known, TODO in the document:", "warn"),))
            names = ", ".join(rows.safe(_named(gap), 60) for gap in gaps)
            content.extend(rows.paragraph(f"  {names}", cells, "", indent=2))
        else:
            content.append(((f"{sign('ok')} nothing is missing", "ok"),))
        content.append(((sign("rule") * max(1, cells), "dim"),))
        told, heading, _ = self.text.partition(RECORD)
        content.extend(document.drawn(self.text if self.recorded else told, cells, self.console.screen.palette))
        return View(
            key="post-mortem",
            title=title,
            rows=content,
            choices=[
                button("fill", "Write", self._fill),
                button("save", "Save", self._save),
                button("page", "Save HTML", self._save_page),
                button("copy", "Copy", self._copy),
                *self._attaching(),
                button("done", "Done", self._done),
                *([button("record", self._record_word(cells), self._show_record)] if heading else []),
            ],
            text=self.text,
        )

    def _fields(self, title: tuple[tuple[str, str], ...]) -> View:
        """Every field that a person may write, the missing ones marked and first."""
        assert self.found is not None and self._incident is not None
        missing = list(dict.fromkeys(gap.field for gap in self.found.gaps if gap.field is not None))
        order = [*missing, *(field for field in ASKED if field not in missing)]
        said = {note.field: note.text for note in self._incident.notes}
        choices = []
        for field in order:
            now = self._incident.severity or "" if field is Field.SEVERITY else said.get(field, "")
            look = "warn" if field in missing else "dim"
            shown = rows.safe(now, 200) or ("TODO" if field in missing else "from the journal")
            name = rows.fit(ASKED[field].partition(" (")[0], NAMES)
            row = ((name, "bold" if field in missing else ""), (shown, look))
            choices.append(Choice(id=field.value, row=row, do=self._asking(field, now)))
        choices.append(button("back", "Back to the document", self._back))
        return View(key="post-mortem-fields", title=title, choices=choices, listed=True)

    def _record_word(self, cells: int) -> str:
        brief = cells < ROOM_FOR_RECORD
        if self.recorded:
            return "Less" if brief else "Hide the record"
        return "More" if brief else "Show the record"

    # ── what can be done ─────────────────────────────────────────────────────────────────────────────────────────

    async def _fill(self) -> None:
        self.filling = True
        self.console.screen.changed()

    async def _show_record(self) -> None:
        """The record behind the document: where each value is from."""
        self.recorded = not self.recorded
        self.console.screen.changed()

    async def _back(self) -> None:
        self.filling = False
        self.console.screen.changed()

    async def _done(self) -> None:
        self.console.screen.close_work()

    def _asking(self, field: Field, now: str) -> Callable[[], Awaitable[None]]:
        async def ask() -> None:
            said = await self.console.screen.ask(f"{ASKED[field]}: ", initial="; ".join(now.split("\n")))
            if said is None:
                return
            try:
                await self.console.engine.postmortems.note(self.identity, field, said)
            except ConsoleError as error:
                self.console.screen.notice(rows.safe(f"{error.message}. {error.fix}"), "down")
                return
            await self.read()

        return ask

    async def _save(self) -> None:
        await self.read()
        await self._into_file(".md", self.text)

    async def _save_page(self) -> None:
        from tui.incident.postmortem import html

        await self.read()
        if self.found is not None:
            await self._into_file(".html", html.page(self.found, self.text))

    async def _into_file(self, suffix: str, text: str) -> None:
        try:
            path = fresh(self.console.exports, f"post-mortem-{self.identity}", suffix, text)
        except OSError as error:
            self.console.screen.notice(f"not saved: {error}", "down")
            return
        await self._taken(ExportWay.SAVED, str(path))
        self.console.screen.notice(f"saved: {path}")

    async def _copy(self) -> None:
        await self.read()
        if await self.console.screen.copy(self.text, f"post-mortem-{self.identity}"):
            await self.copied()

    def _attaching(self) -> list[Choice]:
        """Offered where a ticket takes it and has not got it yet."""
        incident = self._incident
        if incident is None or incident.open or not self.console.engine.notices.takers(incident):
            return []
        if any(d.milestone is Milestone.POSTMORTEM and d.delivered for d in incident.deliveries):
            return []
        return [button("attach", "Attach to the ticket", self._attach)]

    async def _attach(self) -> None:
        notices = self.console.engine.notices
        await self.read()
        try:
            await notices.post(await self.console.engine.read(self.identity), self.text)
        except ConsoleError as error:
            self.console.screen.notice(rows.safe(f"{error.message}. {error.fix}"), "down")
            return
        self.console.screen.notice("being sent to the ticket")
        await notices.finish(GRACE)
        await self.read()
        told = self._incident.deliveries if self._incident is not None else ()
        last = next((d for d in reversed(told) if d.milestone is Milestone.POSTMORTEM), None)
        if last is None:
            self.console.screen.notice("not delivered yet: it waits in the outbox", "warn")
        elif last.delivered:
            self.console.screen.notice(rows.safe(f"attached: {last.link or last.detail}"))
        else:
            self.console.screen.notice(rows.safe(f"NOT DELIVERED: {last.detail}"), "down")

    async def copied(self) -> None:
        """It is on the clipboard, and in a file."""
        await self._taken(ExportWay.COPIED)

    async def _taken(self, way: ExportWay, where: str = "") -> None:
        await self.console.engine.postmortems.taken(self.identity, way, where)
        await self.read()


def _named(gap: Fact) -> str:
    """What is missing, by the name that its field has where it is written."""
    return ASKED[gap.field].partition(" (")[0] if gap.field is not None else gap.name.replace("_", " ")


def standing(duty: DueDate, now: datetime) -> tuple[str, str]:
    """Words for a post-mortem that is due, written or not required, with their look."""
    if duty.written is not None:
        return f"written {duty.written:%Y-%m-%d %H:%MZ}", "ok"
    if duty.due is not None:
        late = "OVERDUE since" if now > duty.due else "due"
        return f"{late} {duty.due:%Y-%m-%d %H:%MZ}", "down" if now > duty.due else "warn"
    return ("required once it is closed", "dim") if duty.required else ("not required", "dim")
