"""Words that are looked for in an incident: in what people read of it, whatever their case."""

from collections.abc import Iterator, Sequence

from tui.incident import events as ev
from tui.incident.timeline import tell
from tui.model.incident import Incident
from tui.model.release import Release


def found(words: Sequence[str], incident: Incident, events: Sequence[ev.Event]) -> bool:
    """True if each word is found somewhere in it."""
    text = "\n".join(_texts(incident, events)).casefold()
    return all(word.casefold() in text for word in words)


def _texts(incident: Incident, events: Sequence[ev.Event]) -> Iterator[str]:
    yield from (incident.id, incident.known_as, incident.service, incident.app, incident.host, incident.by)
    yield from (incident.state.value, incident.failure, incident.close_reason, f"{incident.opened_at:%Y-%m-%d}")
    if incident.closing is not None:
        yield incident.closing.value
    yield from incident.left_over
    for check in incident.checks:
        yield check.evidence
    for event in events:
        said = tell(event)
        yield said[0] if said is not None else ""
        if isinstance(event, ev.PlanMade):
            yield from (*_release(event.plan.leaving), *_release(event.plan.target))


def _release(release: Release) -> Iterator[str]:
    told = (release.name, release.tag, release.commit, release.image, release.subject, release.author)
    yield from (one for one in told if one)
