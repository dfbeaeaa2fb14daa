"""The template's four moments, each with how it is known."""

from collections.abc import Iterator
from datetime import datetime

from tui.incident import events as ev
from tui.incident import verify
from tui.incident.postmortem.rates import over
from tui.incident.postmortem.record import Entry, Record, minutes, stamp
from tui.model.evidence import Phase
from tui.model.incident import Closing
from tui.model.observation import RunningState
from tui.model.postmortem import Fact, Field, Moment
from tui.model.verification import Verdict
from tui.text import numbers

DEPLOYED, DETECTED = "Deployment started", "Issue detected"
INITIATED, RESTORED = "Rollback initiated", "Service restored"


def deployed(record: Record) -> Moment:
    """When what was left had been deployed, as the host said before anything was changed."""
    if (said := _by_person(record, DEPLOYED, Field.DEPLOYED)) is not None:
        return said
    seen = record.first(ev.PlanMade) or record.first(ev.Observed)
    if seen is None:
        missing = "when it was deployed: this incident's record has no look at the host (the CI log has it)"
        return Moment(name=DEPLOYED, at=None, source=missing, field=Field.DEPLOYED)
    if isinstance(seen.said, ev.PlanMade):
        leaving = seen.said.plan.leaving
        if leaving.deployed_at is not None:
            told = dict(leaving.told).get("deployed_at", leaving.origin)
            return Moment(
                name=DEPLOYED,
                at=leaving.deployed_at,
                source=f"deploy time of {leaving.name}, from the {told.value} ({seen.source})",
                field=Field.DEPLOYED,
            )
        current = seen.said.plan.before
    else:
        assert isinstance(seen.said, ev.Observed)
        current = seen.said.current
    return _started(current, seen)


def _started(current: RunningState, seen: Entry) -> Moment:
    """When the containers were put there; in older records when they were started, where no restart came after."""
    running = [c for c in current.containers if c.running]
    starts = [c.deployed_at for c in running if c.deployed_at is not None]
    if not starts:
        missing = "when it was deployed: the host named no running container with a start time (the CI log has it)"
        return Moment(name=DEPLOYED, at=None, source=missing, field=Field.DEPLOYED)
    began = min(starts)
    if any(c.restarts and c.created_at is None for c in running):
        missing = f"when it was deployed: before {stamp(began)}, when its containers were restarted (the CI log has it)"
        return Moment(name=DEPLOYED, at=None, source=missing, field=Field.DEPLOYED)
    source = f"start of the containers that served, as the host said ({seen.source})"
    return Moment(name=DEPLOYED, at=began, source=source, field=Field.DEPLOYED)


def detected(record: Record, limit: float) -> Moment:
    """The earliest of the incident's opening and any sign of bad health that is on record; `limit` is the error rate
    (a fraction) that is one. A guard is opened with the deploy that it watches: its opening is no sign."""
    first = min(_signs(record, limit), key=lambda sign: sign[0], default=None)
    if first is None:
        return Moment(name=DETECTED, at=None, source="nothing was seen to be wrong", applies=False)
    at, why, entry = first
    return Moment(name=DETECTED, at=at, source=f"{why} ({entry.source})")


def _signs(record: Record, limit: float) -> Iterator[tuple[datetime, str, Entry]]:
    for entry in record.entries:
        match entry.said:
            case ev.Opened(at=at, guard=None):
                yield at, "the incident was opened", entry
            case ev.Confirmed(at=at) | ev.CloseAsked(at=at, closing=Closing.NOT_RECOVERED):
                yield at, "what went live was found worse", entry
            case ev.Answered(node="healthy", answer=False, at=at, since=since):
                yield (since or at), "the health check was seen to fail" if since else "it was found unhealthy", entry
            case ev.Measured(measurement=measurement) if over(measurement, limit) is not None:
                yield measurement.at, f"the error rate was over {limit:.2%}", entry
            case ev.HealthSampled(sample=sample) if sample.healthy is False:
                yield sample.at, "a look found it unhealthy", entry


def initiated(record: Record) -> Moment:
    """The person's word that the first plan be carried out."""
    rounds = record.rounds
    if not rounds:
        return Moment(name=INITIATED, at=None, source="nothing was rolled back", applies=False)
    first = rounds[0].confirmed
    assert isinstance(first.said, ev.Confirmed)
    return Moment(name=INITIATED, at=first.said.at, source=f"the plan was confirmed ({first.source})")


def restored(record: Record, limit: float) -> Moment:
    """The first good look after the last bad one, where the incident ended well."""
    if (said := _by_person(record, RESTORED, Field.RESTORED)) is not None:
        return said
    incident = record.incident
    bad = any(_is_bad(entry, limit) for entry in record.entries)
    if incident.closing is Closing.FALSE_ALARM and not bad:
        return Moment(name=RESTORED, at=None, source="false alarm: nothing was seen to be wrong", applies=False)
    # where nothing was changed and no look was bad, a good look says nothing of what people complained about
    good = _well_again(record, limit) if bad or record.rounds else None
    if good is not None and incident.closing is not Closing.NOT_RECOVERED:
        at, why, entry = good
        return Moment(name=RESTORED, at=at, source=f"{why} ({entry.source})", field=Field.RESTORED)
    why_not = {
        None: "the incident is still open",
        Closing.NOT_RECOVERED: "it had not recovered when the incident was closed",
        Closing.FIXED_FORWARD: "the fix was deployed without this console",
        Closing.ABORTED: "the incident was closed without a rollback that is known to have helped",
    }.get(incident.closing, "the record holds no good look after the last bad one")
    missing = f"when the service was well again: {why_not}"
    return Moment(name=RESTORED, at=None, source=missing, field=Field.RESTORED)


def _well_again(record: Record, limit: float) -> tuple[datetime, str, Entry] | None:
    """The first good look with no bad one after it. What a person decided against is no good state either: what was
    seen before a rollback was confirmed does not count."""
    found: tuple[datetime, str, Entry] | None = None
    for entry in record.entries:
        match entry.said:
            case ev.ChecksDone(at=at, checks=checks) if verify.assess(checks) is Verdict.PASSED:
                found = found or (at, "the verification passed", entry)
            case ev.HealthSampled(sample=sample) if sample.healthy:
                found = found or (sample.at, "a look found it healthy", entry)
            case ev.Confirmed():
                found = None
            case _ if _is_bad(entry, limit):
                found = None
    return found


def _is_bad(entry: Entry, limit: float) -> bool:
    """True if the entry says that the service was not well."""
    match entry.said:
        case ev.Answered(node="healthy", answer=False) | ev.WentDown():
            return True
        case ev.HealthSampled(sample=sample):
            return sample.healthy is False
        case ev.ChecksDone(checks=checks):
            return verify.assess(checks) is Verdict.FAILED
        case ev.Measured(measurement=measurement):
            return measurement.phase is not Phase.SWITCH and over(measurement, limit) is not None
        case _:
            return False


def _by_person(record: Record, name: str, field: Field) -> Moment | None:
    found = record.note(field)
    if found is None:
        return None
    note, source = found
    return Moment(name=name, at=datetime.fromisoformat(note.text), source=source, field=field)


def took(detected: Moment, restored: Moment) -> Fact:
    """The template's duration: from detection to restoration."""
    if restored.at is None or detected.at is None:
        if not restored.applies:
            return Fact(name="duration", text=f"none ({restored.source})", source=restored.source)
        missing = f"minutes; {restored.source}"
        return Fact(name="duration", text=missing, source="", gap=True, field=Field.RESTORED)
    between = restored.at - detected.at
    if between.total_seconds() < 0:
        missing = "minutes; the restoration that was given lies before the detection"
        return Fact(name="duration", text=missing, source="", gap=True, field=Field.RESTORED)
    since, until = f"{stamp(detected.at)}, {detected.source}", f"{stamp(restored.at)}, {restored.source}"
    source = f"{numbers.length(between)}: from {since}, to {until}"
    return Fact(name="duration", text=minutes(between), source=source, value=round(between.total_seconds(), 3))
