"""One incident's journal as the post-mortem reads it: entries with their numbers, and small questions about them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import msgspec

from tui.incident import events as ev
from tui.incident.decide import fold
from tui.model.incident import Incident
from tui.model.plan import Plan
from tui.model.postmortem import Fact, Field, Note
from tui.model.trail import Sent
from tui.text import numbers
from tui.text.clean import clean, clean_line
from tui.text.redact import redact

E = TypeVar("E")
LONGEST = 2000
"""characters of a line that somebody else wrote"""


class Entry(NamedTuple):
    """One entry of the journal, numbered within its incident from 1 on."""

    number: int
    said: ev.Event | Sent

    @property
    def source(self) -> str:
        """The name by which it is referred to."""
        return f"journal entry {self.number}, {ev.tag(self.said)}"


class Round(NamedTuple):
    """One plan that was confirmed, with all that followed until the next plan."""

    plan: Entry
    confirmed: Entry
    after: tuple[Entry, ...]

    @property
    def made(self) -> Plan:
        """The plan."""
        assert isinstance(self.plan.said, ev.PlanMade)
        return self.plan.said.plan


class Record(NamedTuple):
    """All entries of one incident, oldest first."""

    entries: tuple[Entry, ...]
    incident: Incident

    def all(self, kind: type[E]) -> Iterator[tuple[Entry, E]]:
        """The entries of one kind."""
        return ((entry, entry.said) for entry in self.entries if isinstance(entry.said, kind))

    def first(self, *kinds: type) -> Entry | None:
        """The first entry of these kinds."""
        return next((e for e in self.entries if isinstance(e.said, kinds)), None)

    def last(self, *kinds: type) -> Entry | None:
        """The last entry of these kinds."""
        return next((e for e in reversed(self.entries) if isinstance(e.said, kinds)), None)

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The plans that were confirmed, in order."""
        found: list[Round] = []
        plan: Entry | None = None
        for entry in self.entries:
            if isinstance(entry.said, ev.PlanMade):
                plan = entry
            elif isinstance(entry.said, ev.Confirmed) and plan is not None:
                found.append(Round(plan, entry, ()))
            elif found and plan is found[-1].plan:
                found[-1] = found[-1]._replace(after=(*found[-1].after, entry))
        return tuple(found)

    def note(self, field: Field) -> tuple[Note, str] | None:
        """A person's words for a field, and where they are from."""
        note = next((n for n in self.incident.notes if n.field is field), None)
        if note is None:
            return None
        entry = next(
            e for e in reversed(self.entries) if isinstance(e.said, ev.PostMortemNoted) and e.said.field is field
        )
        who = f"said by {safe(note.by)}, " if note.by else "said by a person, "
        return note, who + entry.source

    def said(self, name: str, field: Field, missing: str) -> Fact:
        """A person's words as a fact, or the gap that they would fill."""
        found = self.note(field)
        if found is None:
            return Fact(name=name, text=missing, source="", gap=True, field=field)
        note, source = found
        text = lines(note.text)
        return Fact(name=name, text=text, source=source, value=text, field=field)


def read(entries: Iterable[tuple[str, str]]) -> Record:
    """The record from the journal's pairs of kind and payload, all of one incident, oldest first.

    Raises InvalidTransition when they tell of no incident, msgspec.ValidationError for an entry that this version
    cannot read.
    """
    found: list[Entry] = []
    for number, (kind, payload) in enumerate(entries, 1):
        if kind == "event":
            found.append(Entry(number, ev.read(payload)))
        elif kind == "command":
            found.append(Entry(number, msgspec.json.decode(payload, type=Sent)))
    incident = fold(e.said for e in found if not isinstance(e.said, Sent))
    return Record(tuple(found), incident)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────


def safe(text: str, limit: int = LONGEST) -> str:
    """One harmless line without secrets."""
    return clean_line(redact(text), limit)


def lines(text: str) -> str:
    """Harmless lines without secrets; empty ones are left out."""
    return "\n".join(filter(None, (safe(line) for line in clean(redact(text)).split("\n"))))


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def minutes(between: timedelta) -> str:
    """A length of time in minutes, with one decimal where it is short."""
    exact = between.total_seconds() / 60
    said = f"{exact:.1f}" if exact < 10 else f"{exact:.0f}"
    return said.removesuffix(".0")


def percent(share: float) -> str:
    """A share of 1, with as many decimals as small ones need."""
    return numbers.edge(share) or (f"{share:.2%}" if 0 < share < 0.01 else f"{share:.1%}")
