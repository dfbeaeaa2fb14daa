"""The record behind the document: response, decisions, commands, checks, rates, who was told."""

from collections.abc import Iterator
from datetime import timedelta

from tui.incident import decision_tree, taken_back
from tui.incident import events as ev
from tui.incident.postmortem import outcome, rates
from tui.incident.postmortem.record import Record, lines, percent, safe, stamp
from tui.model.outcome import describe
from tui.model.postmortem import Fact, Moment, RecordSection
from tui.model.runbook_numbers import SeveritySpec
from tui.text import numbers


def sections(record: Record, severities: tuple[SeveritySpec, ...], detected: Moment) -> tuple[RecordSection, ...]:
    """All sections that have something to say."""
    made = (
        RecordSection(name="response", title="Who and how fast", facts=tuple(_response(record, severities, detected))),
        RecordSection(name="decisions", title="Decisions", facts=tuple(_decisions(record))),
        RecordSection(
            name="taken_back", title="What was taken back, and what else changed", facts=tuple(_taken(record, detected))
        ),
        RecordSection(name="commands", title="Commands that changed the host", facts=tuple(_commands(record))),
        RecordSection(name="verification", title="Verification", facts=tuple(_checks(record))),
        RecordSection(name="error_rates", title="Error rates and response times", facts=rates.table(record)),
        RecordSection(name="told", title="Who was told", facts=tuple(_told(record))),
        RecordSection(name="edited", title="What was written here before", facts=tuple(_edited(record))),
    )
    return tuple(section for section in made if section.facts)


def _response(record: Record, severities: tuple[SeveritySpec, ...], detected: Moment) -> Iterator[Fact]:
    incident = record.incident
    opened = record.entries[0]
    text = f"Incident {incident.id} on {safe(incident.service)} ({safe(incident.app)} on {safe(incident.host)}), "
    text += f"opened by {safe(incident.by)}" + (f": {safe(incident.reason)}" if incident.reason else "")
    yield Fact(name="opened", text=text, source=opened.source, value=safe(incident.by))
    for entry, resumed in record.all(ev.Resumed):
        text = f"Taken up again by {safe(resumed.by)} at {stamp(resumed.at)}"
        yield Fact(name="resumed", text=text, source=entry.source, value=safe(resumed.by))
    yield from _clock(record, severities, detected)


def _taken(record: Record, detected: Moment) -> Iterator[Fact]:
    """The changes that each confirmed plan took back, as they were known when the plan was made."""
    for one in record.rounds:
        taken = one.made.taken
        if taken is None:
            continue
        source = one.plan.source
        text = f"{one.made.leaving.name} → {one.made.target.name}: {taken_back.summary(taken)}"
        yield Fact(name="taken_back", text=safe(text), source=source)
        for heading, line in taken_back.details(taken, detected.at):
            name = "changed_nearby" if heading == "changed nearby" else "taken_back"
            yield Fact(name=name, text=safe(f"{heading}: {line}"), source=source)


def _clock(record: Record, severities: tuple[SeveritySpec, ...], detected: Moment) -> Iterator[Fact]:
    """The time to the first thing that was done about it, against the severity's time."""
    acted = record.first(ev.Confirmed, ev.WatchAsked, ev.CloseAsked)
    if acted is None or detected.at is None or not isinstance(acted.said, ev.Confirmed | ev.WatchAsked | ev.CloseAsked):
        return
    word = {ev.Confirmed: "the confirmed plan", ev.WatchAsked: "the watch", ev.CloseAsked: "the closing"}
    between = max(timedelta(0), acted.said.at - detected.at)
    text = f"From detection to {word[type(acted.said)]}: {numbers.length(between)}"
    spec = next((s for s in severities if s.level == record.incident.severity), None)
    if spec is not None:
        text += f"; {spec.level} wants: {spec.response}"
        if spec.respond_within:
            text += ", kept" if between <= spec.respond_within else ", missed"
    source = f"{detected.source}; {acted.source}" + ("; services.yaml" if spec is not None else "")
    yield Fact(name="response", text=text, source=source, value=round(between.total_seconds(), 3))


def _decisions(record: Record) -> Iterator[Fact]:
    """The path through the decision tree that counted in the end, then everything decided with its reason."""
    answers = record.incident.answers
    taken, here = decision_tree.path({a.node: a.answer for a in answers})
    for node, answer in taken:
        said = next(a for a in answers if a.node == node.id)
        entry = next(e for e in reversed(record.entries) if isinstance(e.said, ev.Answered) and e.said.node == node.id)
        question = node.question.replace("{rate} ", "the limit ")
        why = f" ({safe(said.evidence, 300)})" if said.evidence else ""
        text = f"{question} {'Yes' if answer else 'No'}{why}, {stamp(said.at)}"
        yield Fact(name=f"tree_{node.id}", text=text, source=entry.source, value="yes" if answer else "no")
    if taken and isinstance(here, decision_tree.End):
        yield Fact(
            name="tree_end", text=f"The tree ends in: {here.value}", source="the answers above", value=here.value
        )
    for entry, decided in record.all(ev.DecisionNoted):
        yield Fact(name="decision", text=f"{safe(decided.text)}, {stamp(decided.at)}", source=entry.source)
    for entry, asked in record.all(ev.WatchAsked):
        text = f"Watch, change nothing: {safe(asked.reason) or 'no reason given'}, {stamp(asked.at)}"
        yield Fact(name="decision", text=text, source=entry.source)
    for entry, made in record.all(ev.PlanMade):
        for name, why in made.plan.skipped:
            if why == "it runs now":
                continue
            text = f"{safe(name, 100)} was passed over: {safe(why, 300)}"
            yield Fact(name="passed_over", text=text, source=entry.source)


def _commands(record: Record) -> Iterator[Fact]:
    for entry, sent, ended in outcome.commands(record):
        end = describe(ended.outcome) if ended is not None and ended.outcome is not None else "no end on record"
        took = f" after {ended.seconds:.1f} s" if ended is not None and ended.seconds is not None else ""
        text = f"sent to {safe(sent.host)} at {stamp(sent.at)}: {safe(end, 300)}{took}"
        yield Fact(name="command", text=text, source=entry.source, value=safe(end, 300), code=safe(" ".join(sent.argv)))


def _checks(record: Record) -> Iterator[Fact]:
    done = record.last(ev.ChecksDone)
    if done is not None and isinstance(done.said, ev.ChecksDone):
        for check in done.said.checks:
            text = f"{safe(check.name, 60)}: {check.verdict.value}, {safe(check.evidence)}"
            yield Fact(name=f"check_{safe(check.name, 60)}", text=text, source=done.source, value=check.verdict.value)
    watch = record.incident.watch
    if watch is not None and record.incident.closed_at is not None:
        seen = watch.coverage(record.incident.closed_at)
        end = f"; ended with a question: {safe(record.incident.failure)}" if record.incident.failure else ""
        last = record.last(ev.HealthSampled)
        source = last.source if last is not None else "no look is on record"
        yield Fact(name="coverage", text=f"watch: seen {percent(seen)} of it{end}", source=source, value=round(seen, 4))


def _told(record: Record) -> Iterator[Fact]:
    for entry, told in record.all(ev.DeliveryRecorded):
        one = told.delivery
        how = "told" if one.delivered else "NOT told"
        by = " by hand" if one.by_hand else ""
        link = f", {safe(one.link, 300)}" if one.link else ""
        why = f" ({safe(one.detail, 300)})" if one.detail else ""
        text = f"{safe(one.channel, 100)}: {one.milestone.value} {how}{by} at {stamp(one.at)}{why}{link}"
        yield Fact(name="told", text=text, source=entry.source, value=one.link)


def _edited(record: Record) -> Iterator[Fact]:
    """The words that somebody replaced or took back: both versions stay on record."""
    latest = {noted.field: entry.number for entry, noted in record.all(ev.PostMortemNoted)}
    for entry, noted in record.all(ev.PostMortemNoted):
        if noted.text and latest[noted.field] != entry.number:
            said = " ".join(lines(noted.text).split("\n"))
            text = f"{noted.field.value}, {stamp(noted.at)}, {safe(noted.by) or 'a person'}: {said}"
            yield Fact(name=f"edited_{noted.field.value}", text=text, source=entry.source, value=said)
