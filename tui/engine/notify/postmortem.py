"""Post-mortems: read from the journal, completed by a person, and noted when they leave this console."""

import asyncio
import re
from datetime import UTC, date, datetime
from pathlib import Path

from tui import regular_file
from tui.engine.incident.runner import IncidentRunner
from tui.engine.ports import ClockPort, JournalPort
from tui.engine.store import legible
from tui.incident import events as ev
from tui.incident import postmortem
from tui.incident.decide import decide
from tui.incident.postmortem import markdown, record, template
from tui.incident.postmortem.due import duty
from tui.incident.postmortem.outcome import PARTED, action
from tui.incident.postmortem.record import Record
from tui.model import iso_time
from tui.model.errors import ConfigError, Refused
from tui.model.finding import Finding, Result
from tui.model.incident import Incident
from tui.model.postmortem import DueDate, ExportWay, Field, PostMortem
from tui.model.service import Fleet
from tui.text.clean import clean, clean_line
from tui.text.redact import redact

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|UTC|[+-]\d\d:\d\d))?")


REMARK = 500
"""characters of a note"""


class PostMortems:
    """The post-mortems of this machine's journal."""

    def __init__(
        self, fleet: Fleet, journal: JournalPort, clock: ClockPort, by: str, walks: dict[str, IncidentRunner]
    ) -> None:
        self._fleet = fleet
        self._journal = journal
        self._clock = clock
        self._by = by
        self._walks = walks

    async def record(self, incident: str) -> Record:
        """Everything on record of it. Raises Refused where the journal knows none, Unreadable."""
        entries = await self._journal.entries(incident)
        if not any(e.kind == "event" for e in entries):
            raise Refused(f"the journal has no incident {incident}", "rollback incidents")
        with legible(incident):
            return record.read((e.kind, e.payload) for e in entries)

    async def write(self, incident: str) -> PostMortem:
        """It as the journal tells it now. Raises Refused where the journal knows none."""
        found = await self.record(incident)
        limit = self._fleet.watch_of(found.incident.service).error_rate
        return postmortem.write(found, self._fleet.severities, limit)

    def duty(self, incident: Incident) -> DueDate:
        """The post-mortem's due date, and whether it is there."""
        return duty(incident, self._fleet.postmortem_within)

    async def note(self, incident: str, field: Field, text: str) -> None:
        """Put a person's words on record; they replace the earlier ones, and empty ones take them back.

        Raises Refused for a time that cannot be read, a level that services.yaml does not know, and where the journal
        has no such incident.
        """
        said = text.strip()
        if field is Field.SEVERITY:
            levels = [spec.level for spec in self._fleet.severities]
            if said not in levels:
                raise Refused(f"{said!r} is no severity", f"one of {', '.join(levels)}")
            await self._submit(incident, ev.SeverityChosen(at=self._clock.now(), level=said))
            return
        if field in (Field.DEPLOYED, Field.RESTORED) and said:
            said = moment(said).isoformat()
        if field is Field.ACTIONS:
            check_dates(said)
        await self._submit(incident, ev.PostMortemNoted(at=self._clock.now(), field=field, text=said, by=self._by))

    async def document(self, incident: str, local: markdown.Local) -> tuple[PostMortem, str]:
        """It with its Markdown: in the team's own form where services.yaml names one, else in the runbook's.

        Raises Refused where the journal knows none, ConfigError for a template that cannot be read or filled.
        """
        found = await self.write(incident)
        path = self._fleet.postmortem_template
        if not path:
            return found, markdown.render(found, local)
        return found, template.fill(await asyncio.to_thread(read_template, path), path, found, local)

    async def checked(self) -> tuple[Finding, ...]:
        """The finding: can the team's own template be filled? Nothing where there is none."""
        path = self._fleet.postmortem_template
        if not path:
            return ()
        try:
            template.check(await asyncio.to_thread(read_template, path), path)
        except ConfigError as error:
            words = error.message.replace("\n", "; ")
            return (_finding(Result.FINDING, words, error.fix),)
        return (_finding(Result.OK, f"{path} is the post-mortem's form"),)

    async def remark(self, incident: str, text: str) -> None:
        """Put a person's remark on record, at the moment at which it was made: it stands in the timeline.

        Raises Refused for an empty one, and where the journal has no such incident.
        """
        said = clean_line(redact(text), REMARK)
        if not said:
            raise Refused("a note without words", "write what you saw, or Esc")
        await self._submit(incident, ev.DecisionNoted(at=self._clock.now(), text=f"note of {self._by}: {said}"))

    async def taken(self, incident: str, way: ExportWay, where: str = "") -> None:
        """Note that it left this console. Raises Refused where the journal has no such incident."""
        await self._submit(incident, ev.PostMortemExported(at=self._clock.now(), way=way, where=where, by=self._by))

    async def _submit(self, incident: str, event: ev.Event) -> None:
        """Through the walk where this process leads it, else straight into the journal: it changes no state."""
        walk = self._walks.get(incident)
        if walk is not None:
            await walk.submit(event)
            return
        found = await self.record(incident)
        decide(found.incident, event)
        await self._journal.append(incident, "event", ev.encode(event), event.at)


def _finding(result: Result, text: str, fix: str = "") -> Finding:
    return Finding(subject="services", topic="postmortem", result=result, text=text, fix=fix)


def read_template(path: str) -> str:
    """The text of a team's template. Raises ConfigError where it cannot be read as one."""
    fix = "postmortem_template in services.yaml: a Markdown file; a relative path starts where services.yaml lies"
    try:
        return clean(regular_file.read(Path(path)).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no UTF-8 text (byte {error.start})", fix) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", fix) from error


def check_dates(actions: str) -> None:
    """Raises Refused for an action item whose date is none."""
    for item in PARTED.split(actions):
        text, _, due = action(item)
        try:
            if due:
                date.fromisoformat(due)
        except ValueError as error:
            fix = "write `TEXT | OWNER | 2026-12-24`, `TEXT | OWNER` or `TEXT`; ; parts items"
            raise Refused(f"{due!r} is no date (action item {text!r})", fix) from error


def moment(text: str) -> datetime:
    """A time that a person typed, in UTC where no zone is given. Raises Refused."""
    fix = "write 2026-11-23 22:04, in UTC, or with its zone: 2026-11-23T22:04:30+02:00"
    if _TIME.fullmatch(text) is None:
        raise Refused(f"{text!r} is no time", fix)
    plain = re.sub(r" ?(Z|UTC)$", "+00:00", text).replace(" +", "+").replace(" -", "-")
    try:
        found = datetime.fromisoformat(plain)
        return iso_time.in_utc(found if found.tzinfo is not None else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise Refused(f"{text!r} is no time: {error}", fix) from error
