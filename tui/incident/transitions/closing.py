"""The end: the host is put in order, or a person says that it stays as it is; and what may still be noted after it."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident.transitions import core
from tui.incident.transitions.core import Decision
from tui.model.incident import Closing, Incident, Question, State
from tui.model.postmortem import Note, Writing

SETTLE_AGAIN = timedelta(seconds=2)
"""the first pause before a host that could not be put in order is tried again; each one is twice as long"""
SETTLE_LIMIT = timedelta(minutes=1)
"""how long that is tried before a person is asked"""


def close_asked(incident: Incident, event: ev.CloseAsked) -> Decision:
    """The person's word that it is over."""
    if incident.settling is not None and incident.asking is Question.NOT_IN_ORDER:
        # the person's word: it is over, though the host could not be put in order
        reason = event.reason or incident.close_reason
        given_up = replace(incident, settling=event.closing, close_reason=reason)
        left = f"the host was not put in order ({incident.unsettled}): rollback unfreeze {incident.service}"
        return _closed(given_up, event.at, (left,), frozen=incident.run_of("freeze") is not None), ()
    if incident.breach and event.closing is Closing.ABORTED and incident.sent_at is None:
        # what was found wrong is so still, no matter that going back was declined
        return core.settle(incident, Closing.NOT_RECOVERED, f"{incident.breach}; not rolled back: {event.reason}")
    return core.settle(incident, event.closing, event.reason)


def settled(incident: Incident, event: ev.Settled) -> Decision:
    """The host is in order."""
    return _closed(incident, event.at, event.left_over, frozen=event.frozen), ()


def _closed(incident: Incident, at: datetime, left_over: tuple[str, ...], *, frozen: bool) -> Incident:
    closed = core.enter(incident, State.CLOSED, at, asking=None)
    return replace(
        closed,
        closing=incident.settling,
        settling=None,
        closed_at=at,
        left_over=left_over,
        left_frozen=frozen,
    )


def unsettled(incident: Incident, event: ev.Unsettled) -> Decision:
    """The host has something of this program still, so the incident stays open, and it is tried again."""
    assert incident.settling is not None
    since = incident.unsettled_since or event.at
    tried = replace(incident, unsettled=event.why, unsettled_since=since)
    passed = event.at - since
    if passed >= SETTLE_LIMIT:
        return replace(tried, asking=Question.NOT_IN_ORDER), ()
    return tried, (do.Settle(closing=incident.settling, after=max(SETTLE_AGAIN, passed)),)


def noted(incident: Incident, event: ev.PostMortemNoted | ev.PostMortemExported) -> Incident:
    """The incident with the person's words for the post-mortem, or with where it went."""
    if isinstance(event, ev.PostMortemExported):
        writing = Writing(at=event.at, way=event.way, where=event.where, by=event.by)
        return replace(incident, written=(*incident.written, writing))
    others = tuple(note for note in incident.notes if note.field is not event.field)
    if not event.text:
        return replace(incident, notes=others)
    return replace(incident, notes=(*others, Note(at=event.at, field=event.field, text=event.text, by=event.by)))
