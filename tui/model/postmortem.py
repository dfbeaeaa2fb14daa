"""The post-mortem as a value: everything it says beside where that is from, and what it does not know.

Texts are one or more harmless, redacted lines without markup: what makes Markdown of them escapes them all.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from tui.model.value import Value


class Field(StrEnum):
    """A field that only a person can fill, or may fill better than the record."""

    DESCRIPTION = "description"
    ROOT_CAUSE = "root-cause"
    USERS = "users"
    ERROR_RATE = "error-rate"
    REVENUE = "revenue"
    RESOLUTION = "resolution"
    ACTIONS = "actions"
    """one item a line; a semicolon parts them too. `TEXT | OWNER | DATE` says who does it until when"""
    LESSONS = "lessons"
    DEPLOYED = "deployed"
    """a time: RFC 3339"""
    RESTORED = "restored"
    """a time: RFC 3339"""
    REASON = "reason"
    """why it was closed so, where what was said at the close was not right; both stay on record"""
    SEVERITY = "severity"
    """a level; kept as the incident's own"""
    TRIGGER = "trigger"
    NOTICED = "noticed"
    SOONER = "sooner"
    FACTORS = "factors"
    WENT_WELL = "went-well"
    LUCKY = "lucky"
    SURPRISED = "surprised"
    THANKS = "thanks"


class ExportWay(StrEnum):
    """The way in which a post-mortem left this console."""

    SAVED = "saved"
    COPIED = "copied"
    POSTED = "posted"


class Note(Value):
    """A person's words for one field."""

    at: datetime
    field: Field
    text: str
    by: str = ""


class Writing(Value):
    """One time that it was taken out of here."""

    at: datetime
    way: ExportWay
    where: str = ""
    by: str = ""


class Fact(Value):
    """One thing that is known, or a gap, or something that there was none of."""

    name: str
    """the same in every document, for tools: `duration`"""
    text: str
    """for people; in a gap what would fill it"""
    source: str
    """where it is from; what a person said is told as such"""
    value: str | int | float | None = None
    """for tools: times RFC 3339 in UTC, seconds and fractions as numbers"""
    gap: bool = False
    field: Field | None = None
    """the words of a person that fill or replace it"""
    code: str = ""
    """a command, letter by letter, of which the text tells"""
    owner: str = ""
    """of an action item: who does it; empty: nobody was named"""
    due: str = ""
    """of an action item: until when, YYYY-MM-DD; empty: no date was given"""


class Moment(Value):
    """One entry of the timeline."""

    name: str
    at: datetime | None
    """None: a gap, or there was no such moment"""
    source: str
    """where it is from; in a gap what would fill it, and where there was none why"""
    applies: bool = True
    """False: there was no such moment"""
    field: Field | None = None

    @property
    def gap(self) -> bool:
        """There was such a moment and nobody knows when."""
        return self.at is None and self.applies


class RecordSection(Value):
    """A part of the record behind the document."""

    name: str
    """the same in every document, for tools"""
    title: str
    facts: tuple[Fact, ...]


class Column(Value):
    """One slice of a chart's time, with its measurement."""

    value: float | None
    """a share (0 to 1) or seconds; None: nothing was measured"""
    bad: bool = False
    """over the limit, or a look that was not well"""


class Chart(Value):
    """One row of columns over time."""

    name: str
    """the same in every document, for tools: `error_rate`, `response_time`"""
    title: str
    begin: datetime
    end: datetime
    columns: tuple[Column, ...]
    top: float
    """the value at the top, in the columns' unit"""
    limit: float | None = None
    marks: tuple[Moment, ...] = ()
    """moments of the incident that lie on the axis"""


class PostMortem(Value):
    """The runbook's template, filled from one incident's journal."""

    incident: str
    service: str
    app: str
    host: str
    title: Fact
    date: Fact
    duration: Fact
    severity: Fact
    milestones: tuple[Moment, ...]
    """deployment started, issue detected, rollback initiated, service restored"""
    story: tuple[Moment, ...]
    """what else happened, in order"""
    root_cause: Fact
    users: Fact
    error_rate: Fact
    revenue: Fact
    impact: tuple[Fact, ...]
    """what else it cost"""
    resolution: tuple[Fact, ...]
    actions: tuple[Fact, ...]
    lessons: Fact
    taught: tuple[Fact, ...]
    """what only people know, each the answer to a question of `incident/postmortem/looking_back.py`"""
    charts: tuple[Chart, ...]
    record: tuple[RecordSection, ...]
    """decisions, commands, checks, watch, rates, who was told"""

    @property
    def head(self) -> tuple[Fact, ...]:
        """The template's single values in its order."""
        return (
            self.title, self.date, self.duration, self.severity, self.root_cause,
            self.users, self.error_rate, self.revenue, self.lessons,
        )  # fmt: skip

    @property
    def gaps(self) -> tuple[Fact, ...]:
        """The gaps of what is known, in the template's order, each with what would fill it."""
        return tuple(self._gaps())

    def _gaps(self) -> Iterator[Fact]:
        first = (self.title, self.date, self.duration, self.severity)
        yield from (fact for fact in first if fact.gap)
        for moment in self.milestones:
            if moment.gap:
                name = moment.name.lower().replace(" ", "_")
                yield Fact(name=name, text=moment.source, source="", gap=True, field=moment.field)
        middle = (self.root_cause, self.users, self.error_rate, self.revenue)
        last = (*self.resolution, *self.actions, self.lessons, *self.taught)
        yield from (fact for fact in (*middle, *self.impact, *last) if fact.gap)


class DueDate(Value):
    """The due date of an incident's post-mortem: is it wanted, until when, and is it there?"""

    required: bool
    due: datetime | None
    """None: not closed yet, or only offered"""
    written: datetime | None
    """when it was first saved, copied or posted"""

    @property
    def open(self) -> bool:
        """Wanted, and not there."""
        return self.required and self.written is None and self.due is not None
