"""The fix, the other cost, and what is left to do: the template's Resolution, Impact and Action Items."""

import re
from collections.abc import Iterator

from tui.incident import events as ev
from tui.incident import verify
from tui.incident.postmortem.record import Entry, Record, Round, lines, percent, safe, stamp
from tui.model.incident import Closing, Incident, StepResult, WatchKind
from tui.model.notice import Delivery
from tui.model.postmortem import Fact, Field
from tui.model.release import Release
from tui.model.trail import Sent
from tui.text import numbers

PARTED = re.compile(r"[;\n]")


# ── resolution ───────────────────────────────────────────────────────────────────────────────────────────────────


def resolution(record: Record) -> tuple[Fact, ...]:
    """The fix, from the record; the person's words first where there are some."""
    incident = record.incident
    found: list[Fact] = []
    if record.note(Field.RESOLUTION) is not None:
        found.append(record.said("resolution", Field.RESOLUTION, ""))
    if incident.breach and record.rounds:
        text = f"The guard of the deploy found it {safe(incident.breach)}."
        found.append(Fact(name="breach", text=text, source=record.rounds[0].plan.source, value=safe(incident.breach)))
    for number, one in enumerate(record.rounds, 1):
        found.append(_went(record, one, number))
    if not record.rounds:
        found.append(Fact(name="rollback", text="Nothing was rolled back.", source="no plan was confirmed"))
    if incident.watch is not None:
        found.append(_watched(record))
    if incident.closing is not None:
        found.append(_closed(record))
        if incident.closing is Closing.FIXED_FORWARD and record.note(Field.RESOLUTION) is None:
            missing = "the fix that was deployed"
            found.append(Fact(name="resolution", text=missing, source="", gap=True, field=Field.RESOLUTION))
    else:
        found.append(
            Fact(
                name="closing",
                text="how it ended: the incident is still open",
                source="",
                gap=True,
                field=Field.RESOLUTION,
            )
        )
    return tuple(found)


def release(of: Release) -> str:
    """A release with its commit and what that says."""
    commit = f"commit {of.commit[:10]}" if of.commit else "commit unknown"
    subject = f', "{safe(of.subject, 200)}"' if of.subject else ""
    return f"{safe(of.name, 100)} ({commit}{subject})"


def _went(record: Record, one: Round, number: int) -> Fact:
    plan, confirmed = one.made, one.confirmed.said
    assert isinstance(confirmed, ev.Confirmed)
    went = "forward again " if plan.forward else "deployed again, " if plan.again else ""
    text = (
        f"{safe(plan.service)}: {went}from {release(plan.leaving)} to {release(plan.target)} by {safe(plan.way)}, "
        f"confirmed by {safe(confirmed.by)} at {stamp(confirmed.at)}"
    )
    proven = next((e for e in one.after if isinstance(e.said, ev.ChecksDone)), None)
    source = f"{one.plan.source}; {one.confirmed.source}"
    if proven is None or not isinstance(proven.said, ev.ChecksDone):
        return Fact(name=f"rollback_{number}", text=f"{text}: {_how_it_ended(one, record)}.", source=source)
    last = next(e for e in reversed(one.after) if isinstance(e.said, ev.ChecksDone))
    assert isinstance(last.said, ev.ChecksDone)
    verdict = verify.assess(last.said.checks).value
    checks = ", ".join(f"{safe(c.name, 60)} {c.verdict.value}" for c in last.said.checks)
    took = numbers.length(last.said.at - confirmed.at)
    text += f"; verification {took} later: {verdict} ({checks})."
    return Fact(name=f"rollback_{number}", text=text, source=f"{source}; {last.source}", value=verdict)


def _how_it_ended(one: Round, record: Record) -> str:
    """The end of a plan that never came to its verification."""
    bad = next(
        (e.said for e in reversed(one.after) if isinstance(e.said, ev.StepEnded) and e.said.result != StepResult.DONE),
        None,
    )
    if isinstance(bad, ev.StepEnded):
        return f"step {safe(bad.step)} {bad.result.value}{f': {safe(bad.detail, 300)}' if bad.detail else ''}"
    failure = record.incident.failure if one == record.rounds[-1] else ""
    return safe(failure, 300) or "it was not verified"


def _watched(record: Record) -> Fact:
    """The last watch: how long, how much of it was seen, and what was seen."""
    watch = record.incident.watch
    opened = record.last(ev.HealthSampled)
    assert watch is not None
    until = record.incident.closed_at or (watch.last.at if watch.last else watch.opened_at)
    seen = watch.coverage(until)
    kind = "after the rollback" if watch.kind is WatchKind.AFTER_ROLLBACK else "of the release as it was"
    ended = min(until, watch.deadline)
    took, wanted = numbers.length(ended - watch.opened_at), numbers.length(watch.deadline - watch.opened_at)
    looks = f"{watch.healthy} looks healthy, {watch.unhealthy} unhealthy, {watch.unmeasured} not measured"
    slowest = f", slowest answer {numbers.milliseconds(watch.slowest)}" if watch.slowest else ""
    text = (
        f"Watched {kind} from {stamp(watch.opened_at)} to {stamp(ended)} ({took} of {wanted}): seen {percent(seen)} "
        f"of the time, {looks}{slowest}."
    )
    source = f"the watch's looks up to {opened.source}" if opened else "the watch has no look on record"
    return Fact(name="watch", text=text, source=source, value=round(seen, 4))


def _closed(record: Record) -> Fact:
    incident = record.incident
    asked, settled = record.last(ev.CloseAsked), record.last(ev.Settled)
    reason = f": {safe(incident.close_reason)}" if incident.close_reason else ""
    if (noted := record.note(Field.REASON)) is not None:
        note, entry = noted
        before = f'; at the close: "{safe(incident.close_reason)}"' if incident.close_reason else ""
        reason = f": {safe(note.text)} ({entry}, {stamp(note.at)}{before})"
    how = incident.closing.value if incident.closing else ""
    at = stamp(incident.closed_at) if incident.closed_at else "unknown"
    by = "a person's word" if asked is not None else "the verdict of verification or watch"
    entries = "; ".join(e.source for e in (asked, settled) if e is not None)
    return Fact(name="closing", text=f"Closed as {how} at {at}{reason}.", source=f"{by} ({entries})", value=how)


# ── impact ───────────────────────────────────────────────────────────────────────────────────────────────────────


def impact(record: Record) -> tuple[Fact, ...]:
    """The cost by the record, apart from the template's three lines."""
    return (*_downtime(record), *_again(record))


def _again(record: Record) -> tuple[Fact, ...]:
    incident, entry = record.incident, record.last(ev.ServesAgain)
    if entry is None or incident.again_at is None:
        return ()
    source, seconds = f"measured ({entry.source})", incident.again_after
    if seconds is None:
        return (Fact(name="serving again", text="It answered throughout while it was replaced", source=source),)
    text = f"Served again {seconds:.1f} s after the word to go back ({stamp(incident.again_at)})"
    return (Fact(name="serving again", text=text, source=source, value=round(seconds, 1)),)


def _downtime(record: Record) -> tuple[Fact, ...]:
    incident = record.incident
    if incident.down_since is None:
        return ()
    went = record.first(ev.WentDown)
    # the first good answer, or the verification that found it well
    came = next(
        (
            entry
            for entry in record.entries
            if isinstance(entry.said, ev.CameUp | ev.ChecksDone) and entry.said.at == incident.down_until
        ),
        None,
    )
    entries = "; ".join(e.source for e in (went, came) if e is not None)
    if incident.down_until is None:
        text = f"Did not answer from {stamp(incident.down_since)} on, while it was replaced: its end is not on record"
        return (Fact(name="downtime", text=text, source=f"measured ({entries})"),)
    seconds = (incident.down_until - incident.down_since).total_seconds()
    since, until = stamp(incident.down_since), stamp(incident.down_until)
    text = f"Did not answer for {seconds:.1f} s while it was replaced ({since} to {until})"
    return (Fact(name="downtime", text=text, source=f"measured ({entries})", value=round(seconds, 1)),)


# ── action items ─────────────────────────────────────────────────────────────────────────────────────────────────


def actions(record: Record) -> tuple[Fact, ...]:
    """The person's items, then what the record leaves to do."""
    found = list(_by_person(record))
    found.extend(_left_over(record))
    return tuple(found)


def _by_person(record: Record) -> Iterator[Fact]:
    note = record.note(Field.ACTIONS)
    if note is None:
        missing = "what keeps this from happening again"
        yield Fact(name="action", text=missing, source="", gap=True, field=Field.ACTIONS)
        return
    said, source = note
    items = [safe(item) for item in PARTED.split(lines(said.text)) if safe(item)]
    for item in items:
        text, owner, due = action(item)
        who = f"owner: {owner or 'TODO'}, due: {due or 'TODO'}"
        yield Fact(
            name="action", text=f"{text} ({who})", source=source, value=text, field=Field.ACTIONS, owner=owner, due=due
        )


def action(item: str) -> tuple[str, str, str]:
    """One item as a person writes it, `TEXT | OWNER | DATE`, in its parts; those that were not given are empty. What
    has more bars is all text."""
    parts = [part.strip() for part in item.split("|")]
    if len(parts) > 3 or not parts[0]:
        return item, "", ""
    text, owner, due = (*parts, "", "")[:3]
    return text, owner, due


def _left_over(record: Record) -> Iterator[Fact]:
    incident = record.incident
    settled = record.last(ev.Settled)
    for text in incident.left_over:
        yield Fact(name="left_over", text=safe(text), source=settled.source if settled else "")
    yield from _after_rollback(record)
    if incident.closing is Closing.NOT_RECOVERED:
        yield Fact(name="recover", text="The service had not recovered: restore it", source=_close_source(record))
    elif incident.closing is Closing.UNWATCHED:
        text = "Nobody watched after the verification: look at health and error rate once more"
        yield Fact(name="look", text=text, source=_close_source(record))
    yield from _unknown_ends(record)
    yield from _untold(record, incident)


def _after_rollback(record: Record) -> Iterator[Fact]:
    """The work that going back leaves to people: the fix, and a way back for the next time."""
    if not record.incident.wrote or not record.rounds or (record.rounds[0].made.forward or record.rounds[0].made.again):
        return  # what an undo leaves is no release with a fault, nor is what goes on running
    first, last = record.rounds[0], record.rounds[-1]
    plan = first.made
    branch = plan.old_branch or plan.before.branch
    where = f"; branch {safe(branch, 100)} stood at {plan.before.tip[:10]}" if branch and plan.before.tip else ""
    text = f"Deploy the fix of {release(plan.leaving)}{where}"
    yield Fact(name="fix", text=text, source=first.plan.source)
    if last.made.push is None:  # no kept image was started
        by = safe(last.made.way)
        text = f"Keep before each deploy (rollback keep {safe(plan.service)} in CI): this went back by {by}"
        yield Fact(name="keep", text=text, source=last.plan.source)


def _unknown_ends(record: Record) -> Iterator[Fact]:
    for entry, sent, ended in commands(record):
        if ended is None:
            text = f"Find out how this ended on {safe(sent.host)}: {safe(' '.join(sent.argv), 300)}"
            yield Fact(name="unknown_end", text=text, source=entry.source)


def _untold(record: Record, incident: Incident) -> Iterator[Fact]:
    latest = {(d.milestone, d.channel): (entry, d) for entry, d in _deliveries(record)}
    for entry, delivery in latest.values():
        if not delivery.delivered:
            why = f" ({safe(delivery.detail, 200)})" if delivery.detail else ""
            text = f"Tell {safe(delivery.channel)} ({delivery.milestone.value}): it was not delivered{why}"
            yield Fact(name="tell", text=text, source=entry.source)
    if incident.closing is not Closing.FALSE_ALARM and ticket(record) is None:
        yield Fact(name="ticket", text="Create the incident ticket", source="no ticket is on record")


def _close_source(record: Record) -> str:
    settled = record.last(ev.Settled)
    return settled.source if settled else ""


# ── small questions ──────────────────────────────────────────────────────────────────────────────────────────────


def commands(record: Record) -> Iterator[tuple[Entry, Sent, Sent | None]]:
    """Every command that changes a host: its intent, and its end where that is on record."""
    ends = [(e, s) for e, s in record.all(Sent) if s.outcome is not None]
    for entry, sent in record.all(Sent):
        if sent.outcome is None:
            end = next((o for o in ends if o[0].number > entry.number and _same(o[1], sent)), None)
            if end is not None:
                ends.remove(end)
            yield entry, sent, end[1] if end else None


def _same(end: Sent, intent: Sent) -> bool:
    return (end.at, end.host, end.argv) == (intent.at, intent.host, intent.argv)


def _deliveries(record: Record) -> Iterator[tuple[Entry, Delivery]]:
    return ((entry, told.delivery) for entry, told in record.all(ev.DeliveryRecorded))


def ticket(record: Record) -> tuple[Entry, str] | None:
    """The ticket's address, or what a person said of it."""
    for entry, delivery in reversed(list(_deliveries(record))):
        if delivery.channel == "ticket" and delivery.delivered:
            return entry, delivery.link or delivery.ref or "made by hand"
    return None
