"""Incidents of before that resemble a new one, and what they came to: from what is stored, nothing is asked of anybody.

Alike is what concerns the same app on the same host; more alike, what left commits that the new one leaves too. An
incident that only watched a deploy to its good end teaches nothing here.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from tui.model.incident import Closing, Incident
from tui.model.plan import Plan
from tui.model.postmortem import Field
from tui.text.clean import clean_line
from tui.text.redact import redact

MOST = 3
"""that are told at once"""
_LONGEST = 160


class Resembling(NamedTuple):
    """One earlier incident, and in what it is alike."""

    incident: Incident
    why: tuple[str, ...]

    def words(self, now: datetime) -> str:
        """One line: `same service, same commit range, 12 days ago: rolled back to release:7, cause: …`."""
        return f"{', '.join(self.why)}, {lesson(self.incident, now)}"


def resembling(
    host: str, app: str, plan: Plan | None, stored: Iterable[Incident], *, besides: str = ""
) -> tuple[Resembling, ...]:
    """The closed incidents among `stored` that are like one of this app with this plan, the most alike first, then the
    newest. `besides` is the id of the new one itself."""
    left = commits(plan)
    found = []
    for one in stored:
        if (one.host, one.app) != (host, app) or one.open or one.id == besides or not _teaches(one):
            continue
        why = ["same service"]
        if left & commits(one.plan):
            why.append("same commit range")
        found.append(Resembling(one, tuple(why)))
    found.sort(key=lambda r: (len(r.why), r.incident.opened_at), reverse=True)
    return tuple(found)


def commits(plan: Plan | None) -> frozenset[str]:
    """The commits that a plan leaves, as far as they are known; none without one."""
    if plan is None:
        return frozenset()
    taken = plan.taken.commits if plan.taken is not None else ()
    return frozenset(filter(None, (plan.leaving.commit, *(one.id for one in taken))))


def _teaches(one: Incident) -> bool:
    return one.closing is not Closing.COMPLETE and not (one.guarding and one.closing is not Closing.NOT_RECOVERED)


def lesson(one: Incident, now: datetime) -> str:
    """The end of an earlier incident, in words: `12 days ago: rolled back to release:7, cause: …`."""
    return f"{_ago(one, now)}: {_end(one)}, cause: {cause(one) or 'nobody wrote it down'}"


def cause(one: Incident) -> str:
    """The root cause as a person wrote it, in one line; empty where nobody did."""
    said = next((note.text for note in one.notes if note.field is Field.ROOT_CAUSE), "")
    return clean_line(redact(said), _LONGEST)


def _end(one: Incident) -> str:
    if one.plan is not None and one.wrote:
        went = "deployed again" if one.plan.again else "went forward to" if one.plan.forward else "rolled back to"
        how = "" if one.closing is Closing.RECOVERED or one.closing is None else f" ({one.closing.value})"
        return f"{went} {clean_line(one.plan.target.name, 60)}{how}"
    return one.closing.value if one.closing is not None else one.state.value


def _ago(one: Incident, now: datetime) -> str:
    hours = int(max(0.0, (now - one.opened_at).total_seconds()) // 3600)
    if hours < 1:
        return "within the last hour"
    count, unit = (hours, "hour") if hours < 48 else (hours // 24, "day")
    return f"{count} {unit}{'' if count == 1 else 's'} ago"
