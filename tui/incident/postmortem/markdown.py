"""The post-mortem as the runbook's template, heading by heading and line by line; the record behind it comes after."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from tui.incident.postmortem import charts
from tui.incident.postmortem.escape import block, code, paragraphs, prose
from tui.incident.postmortem.looking_back import TITLES
from tui.model.postmortem import Fact, Moment, PostMortem

Local = Callable[[datetime], datetime]
"""a moment in the reader's own time zone, as it was then"""
CHART = "chart"
"""the word behind the fence of a block that holds the charts: a page shows pictures there"""


def render(found: PostMortem, local: Local) -> str:
    """The document. Times are UTC; the record behind it names local ones too."""
    return "\n".join(_lines(found, local)) + "\n"


def _lines(found: PostMortem, local: Local) -> Iterator[str]:
    yield f"## Incident: {line(found.title)}"
    yield f"**Date:** {line(found.date)}"
    yield f"**Duration:** {duration(found)}"
    yield f"**Severity:** {line(found.severity)}"
    yield from ("", "### Timeline", *timeline(found))
    if found.charts:
        yield from ("", *drawn(found))
    yield from ("", "### Root Cause", text(found.root_cause))
    yield from ("", "### Impact")
    yield f"- Users affected: {line(found.users)}"
    yield f"- Error rate: {line(found.error_rate)}"
    yield f"- Revenue impact: {line(found.revenue)}"
    yield from impact(found)
    yield from ("", "### Resolution", "\n\n".join(text(fact) for fact in found.resolution))
    yield from ("", "### Action Items", *actions(found))
    yield from ("", "### Lessons Learned", text(found.lessons))
    for fact in found.taught:
        # no heading: up to here the document is the runbook's template, heading by heading
        yield from ("", f"**{TITLES[fact.name]}**", "", text(fact))
    yield from ("", "### Record", *behind(found, local))


def timeline(found: PostMortem) -> Iterator[str]:
    """The template's four moments, then everything else that happened, as a list."""
    for moment in found.milestones:
        yield _milestone(moment, found)
    for moment in found.story:
        yield f"- {_clock(moment, found)} - {prose(moment.name)}{_day(moment, found)}"


def drawn(found: PostMortem) -> Iterator[str]:
    """The charts as a block of text; nothing where there are none."""
    if found.charts:
        yield from (f"```{CHART}", charts.text(found.charts), "```")


def impact(found: PostMortem) -> Iterator[str]:
    """The other costs of it, as a list."""
    return (f"- {_item(fact)}" for fact in found.impact)


def actions(found: PostMortem) -> Iterator[str]:
    """The action items as a list to tick off."""
    return (f"- [ ] {line(fact)}" for fact in found.actions)


def duration(found: PostMortem) -> str:
    """The template's duration, in minutes where it is known."""
    return f"{line(found.duration)}{' minutes' if found.duration.value is not None else ''}"


def behind(found: PostMortem, local: Local) -> Iterator[str]:
    """The record behind the document, with where each value is from."""
    yield f"Incident {code(found.incident)}, filled from its journal."
    yield from _times(found, local)
    for section in found.record:
        yield from ("", f"#### {section.title}")
        for fact in section.facts:
            yield f"- {_item(fact)}{_from(fact)}"
    yield from ("", "#### Where the values are from")
    told = (*found.head, *found.impact, *found.resolution, *found.actions, *found.taught)
    for name, source in dict.fromkeys((f.name.replace("_", " "), f.source) for f in told if not f.gap and f.source):
        yield f"- {block(name)}: {prose(source)}"


def _times(found: PostMortem, local: Local) -> Iterator[str]:
    yield from ("", "#### Times")
    for moment in found.milestones:
        if moment.at is not None:
            yield f"- {prose(moment.name)}: {prose(both(moment.at, local))} - {prose(moment.source)}"
    for moment in found.story:
        if moment.at is not None:
            yield f"- {prose(both(moment.at, local))}: {prose(moment.source)}"


def both(at: datetime, local: Local) -> str:
    """A moment in UTC, and in local time where that is another."""
    here = local(at)
    utc = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    offset = here.utcoffset()
    if not offset:
        return utc
    minutes = round(offset.total_seconds()) // 60
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{utc} = {here:%Y-%m-%d %H:%M:%S} local (UTC{sign}{minutes // 60:02}:{minutes % 60:02})"


def _milestone(moment: Moment, found: PostMortem) -> str:
    if moment.gap:
        return f"- TODO: {prose(moment.source)} - {moment.name}"
    if moment.at is None:
        return f"- none - {moment.name} ({prose(moment.source)})"
    return f"- {_clock(moment, found)} - {moment.name}{_day(moment, found)}"


def _clock(moment: Moment, found: PostMortem) -> str:
    return f"{moment.at.astimezone(UTC):%H:%M}" if moment.at is not None else "none"


def _day(moment: Moment, found: PostMortem) -> str:
    """The date, where it is not the incident's."""
    day = f"{moment.at.astimezone(UTC):%Y-%m-%d}" if moment.at is not None else found.date.text
    return "" if day == found.date.text else f" ({day})"


def line(fact: Fact) -> str:
    """One line, for the middle of another."""
    said = " ".join(fact.text.split("\n"))
    if fact.code:
        return f"{code(fact.code)} {prose(said)}"
    return f"TODO: {prose(said)}" if fact.gap else prose(said)


def _item(fact: Fact) -> str:
    """One line that begins a list's item."""
    return block(fact.text) if not fact.gap and not fact.code else line(fact)


def text(fact: Fact) -> str:
    """As many paragraphs as there are lines."""
    return line(fact) if fact.gap or fact.code else paragraphs(fact.text)


def _from(fact: Fact) -> str:
    return f" - {prose(fact.source)}" if fact.source else ""
