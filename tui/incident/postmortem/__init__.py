"""The post-mortem of one incident, filled from its journal alone: every value beside where it is from, gaps as gaps.

record    the journal's entries, numbered             moments   the template's four moments and the duration
rates     measured error rates and their intervals    outcome   resolution, further cost, action items
behind    the record behind the document              markdown  the value as the runbook's template
due       whether one is wanted, and until when       template  the value in a team's own form
charts    error rate and response time over time      html      either of them as a page
looking_back  the questions that only people can answer
"""

from collections.abc import Iterator
from datetime import UTC

from tui.incident import events as ev
from tui.incident.postmortem import charts, looking_back, moments, outcome, rates, supporting_record
from tui.incident.postmortem.record import Record, safe
from tui.incident.timeline import tell
from tui.model.incident import Closing, Incident, StepResult
from tui.model.postmortem import Fact, Field, Moment, PostMortem
from tui.model.runbook_numbers import RUNBOOK_SEVERITIES, SeveritySpec


def write(record: Record, severities: tuple[SeveritySpec, ...] = RUNBOOK_SEVERITIES, limit: float = 0.01) -> PostMortem:
    """The post-mortem of this record. `limit` is the error rate, a fraction, from which on a service is not well."""
    detected, restored = moments.detected(record, limit), moments.restored(record, limit)
    incident = record.incident
    day = detected.at or incident.opened_at
    milestones = (moments.deployed(record), detected, moments.initiated(record), restored)
    return PostMortem(
        incident=incident.id,
        service=safe(incident.service),
        app=safe(incident.app),
        host=safe(incident.host),
        title=_title(record),
        date=Fact(
            name="date",
            text=f"{day.astimezone(UTC):%Y-%m-%d}",
            source=f"UTC day of: {detected.source}",
            value=f"{day.astimezone(UTC):%Y-%m-%d}",
        ),
        duration=moments.took(detected, restored),
        severity=_severity(record),
        milestones=milestones,
        story=tuple(_story(record)),
        root_cause=record.said("root_cause", Field.ROOT_CAUSE, "what caused the issue"),
        users=record.said("users_affected", Field.USERS, "how many users were affected"),
        error_rate=rates.headline(record),
        revenue=record.said("revenue_impact", Field.REVENUE, "what it cost in revenue"),
        impact=outcome.impact(record),
        resolution=outcome.resolution(record),
        actions=outcome.actions(record),
        lessons=record.said("lessons_learned", Field.LESSONS, "what was learned"),
        taught=looking_back.answers(record),
        charts=charts.drawn(record, milestones, limit),
        record=supporting_record.sections(record, severities, detected),
    )


def _title(record: Record) -> Fact:
    """The person's brief description, else what was done, in the record's words."""
    if record.note(Field.DESCRIPTION) is not None:
        return record.said("description", Field.DESCRIPTION, "")
    incident = record.incident
    text = safe(f"{incident.service}: {_what(record, incident)}")
    return Fact(name="description", text=text, source="what was done", value=text, field=Field.DESCRIPTION)


def _what(record: Record, incident: Incident) -> str:
    if record.rounds and incident.wrote:
        left, now = record.rounds[0].made.leaving, record.rounds[-1].made.target
        if left.commit is not None and now.is_commit(left.commit):
            return f"{left.name} rolled back, then forward again"
        if record.rounds[0].made.again:
            return f"{now.name} deployed again after a deploy that failed"
        if record.rounds[0].made.forward:
            return f"{left.name} went forward again to {now.name}"
        return f"{left.name} rolled back to {now.name}"
    if incident.closing is Closing.FALSE_ALARM:
        return "false alarm"
    if incident.closing is Closing.FIXED_FORWARD:
        return "fixed forward, not rolled back"
    if incident.closing is None:
        return "still open"
    return f"{incident.closing.value}, nothing was changed"


def _severity(record: Record) -> Fact:
    chosen = record.last(ev.SeverityChosen)
    if chosen is None or not isinstance(chosen.said, ev.SeverityChosen):
        return Fact(
            name="severity",
            text="a level such as P1 or P2: nobody chose one",
            source="",
            gap=True,
            field=Field.SEVERITY,
        )
    level = safe(chosen.said.level, 20)
    return Fact(name="severity", text=level, source=chosen.source, value=level, field=Field.SEVERITY)


_UNTOLD = (
    ev.StepStarted, ev.Observed, ev.NotObserved, ev.Measured, ev.WatchTimerFired, ev.CheckAgain, ev.PostMortemNoted,
    ev.PostMortemExported,
)  # fmt: skip
"""what would only fill the timeline, or is elsewhere"""


def _story(record: Record) -> Iterator[Moment]:
    """Everything else that people want to read in a timeline; of looks that were alike in a row the first."""
    before = ""
    for entry in record.entries:
        event = entry.said
        if not isinstance(event, ev.Event) or isinstance(event, _UNTOLD):
            continue
        if isinstance(event, ev.StepEnded) and event.result is StepResult.DONE:
            continue
        said = tell(event)
        text = safe(said[0]) if said is not None else ""
        if isinstance(event, ev.HealthSampled) and text == before:
            continue
        before = text if isinstance(event, ev.HealthSampled) else before
        if text:
            yield Moment(name=text.removesuffix(": "), at=event.at, source=entry.source)
