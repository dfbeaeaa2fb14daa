"""How long one recovery took, in four spans that follow each other: detect, decide, act, prove.

    deploy live → [detect] → found → [decide] → the word → [act] → the target serves → [prove] → verification passed

A span of which one end is not on record is unknown: it is left out of every figure, and counted as left out.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from tui.incident import events as ev
from tui.incident import verify
from tui.incident.decide import fold
from tui.incident.postmortem import moments
from tui.incident.postmortem.record import Record, Round
from tui.model.trail import Sent
from tui.model.value import Value
from tui.model.verification import Verdict


class RecoveryPart(StrEnum):
    """The parts of a recovery, in order."""

    DETECT = "detect"
    DECIDE = "decide"
    ACT = "act"
    PROVE = "prove"


class Recovery(Value):
    """One incident in which something was sent to go back."""

    service: str
    at: datetime
    """when the incident was opened"""
    detect: float | None
    """seconds, as all spans; None: unknown"""
    decide: float | None
    act: float | None
    prove: float | None

    def span(self, span: RecoveryPart) -> float | None:
        """Its length in seconds; None: unknown."""
        found: float | None = getattr(self, span.value)
        return found

    @property
    def whole(self) -> float | None:
        """Seconds from the bad deploy to the proof; None where a part is unknown."""
        found = [self.span(span) for span in RecoveryPart]
        return None if None in found else sum(one for one in found if one is not None)

    @property
    def since_found(self) -> float | None:
        """Seconds from the detection to the proof; None where a part is unknown."""
        found = [self.span(span) for span in RecoveryPart if span is not RecoveryPart.DETECT]
        return None if None in found else sum(one for one in found if one is not None)


def sent(record: Record) -> tuple[Round, ...]:
    """The plans back of which the step that changes what serves was begun; going forward, or deploying anew what runs,
    recovers from nothing."""
    return tuple(one for one in record.rounds if _was_sent(one) and not (one.made.forward or one.made.again))


def verdict(of: Round) -> Verdict | None:
    """The last word of the checks under that plan; None: it never came to them."""
    found = [entry.said for entry in of.after if isinstance(entry.said, ev.ChecksDone)]
    return verify.assess(found[-1].checks) if found else None


def measure(record: Record, limit: float) -> Recovery | None:
    """The spans of an incident; None where nothing was sent to go back. `limit`: the error rate (a fraction) that is a
    sign."""
    rounds = sent(record)
    if not rounds:
        return None
    found, word = moments.detected(record, limit).at, moments.initiated(record).at
    serves, proven = _serves(record, rounds[-1]), _proven(rounds[-1])
    return Recovery(
        service=record.incident.service,
        at=record.incident.opened_at,
        detect=_between(moments.deployed(record).at, found),
        decide=_between(found, word),
        act=_between(word, serves),
        prove=_between(serves, proven),
    )


def _was_sent(of: Round) -> bool:
    step = of.made.decisive
    return step is not None and any(_begins(entry.said, step.id) for entry in of.after)


def _begins(said: ev.Event | Sent, step: str) -> bool:
    return isinstance(said, ev.StepStarted) and said.step == step


def _serves(record: Record, last: Round) -> datetime | None:
    """When the target of that plan was first seen to serve."""
    end = last.after[-1].number
    return fold(_events(record, end)).served_at


def _events(record: Record, end: int) -> Iterator[ev.Event]:
    return (one.said for one in record.entries if one.number <= end and not isinstance(one.said, Sent))


def _proven(last: Round) -> datetime | None:
    checks = [entry.said for entry in last.after if isinstance(entry.said, ev.ChecksDone)]
    return next((one.at for one in checks if verify.assess(one.checks) is Verdict.PASSED), None)


def _between(since: datetime | None, until: datetime | None) -> float | None:
    """Seconds; None where an end is unknown, or where the end lies before the beginning: two clocks disagree."""
    if since is None or until is None or until < since:
        return None
    return (until - since).total_seconds()
