"""Many records become the figures of `rollback stats`. Nothing is estimated: what was not measured is counted apart."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median

from tui.incident.postmortem.record import Record, safe
from tui.incident.statistics import recovery
from tui.incident.statistics.recovery import Recovery, RecoveryPart
from tui.model.drill import DrillEnd, DrillResult, is_drill
from tui.model.incident import Closing, Incident
from tui.model.value import Value

NEVER_CHECKED = "not checked"
"""in place of a verdict where a rollback never came to its checks"""
OPEN = "open"
"""in place of an end"""
LONGEST_REASON = 80


class Lengths(Value):
    """Lengths of time, in seconds."""

    count: int
    """that were measured"""
    unknown: int
    """of the same incidents, those that were not"""
    median: float | None = None
    slowest: float | None = None


class Guarded(Value):
    """Deploys that a guard saw to its end, or to a breach."""

    clean: int = 0
    failed: int = 0
    unclear: int = 0
    """watched, and nobody knows"""

    @property
    def seen(self) -> int:
        """All of them."""
        return self.clean + self.failed + self.unclear

    @property
    def failure_share(self) -> float | None:
        """Failed out of those that ended with a word, 0 to 1; None: there was none."""
        known = self.clean + self.failed
        return self.failed / known if known else None


class ServiceFigures(Value):
    """The figures of one service, or of all together."""

    service: str
    """empty: all together"""
    incidents: int
    rollbacks: int
    """changes of what serves that were begun; an incident may have several"""
    verdicts: tuple[tuple[str, int], ...]
    """of the rollbacks, the most frequent first"""
    ends: tuple[tuple[str, int], ...]
    """of the incidents"""
    reasons: tuple[tuple[str, int], ...]
    """that people gave for the incidents with a rollback"""
    whole: Lengths
    """from the deploy to the proof"""
    since_found: Lengths
    """from the detection to the proof"""
    spans: tuple[tuple[RecoveryPart, Lengths], ...]
    guarded: Guarded


class HostDrills(Value):
    """The drills of one host."""

    host: str
    count: int
    proven: int
    last: DrillResult


class Statistics(Value):
    """All figures of a stretch of time."""

    since: datetime
    until: datetime
    together: ServiceFigures
    services: tuple[ServiceFigures, ...]
    """those with an incident, by name"""
    recoveries: tuple[Recovery, ...]
    """oldest first"""
    drills: tuple[HostDrills, ...]
    illegible: int = 0
    """incidents that this console cannot read: in no figure"""


def fold(
    records: Iterable[Record],
    drills: Mapping[str, Sequence[DrillResult]],
    since: datetime,
    until: datetime,
    limit: Callable[[str], float],
    illegible: int = 0,
) -> Statistics:
    """The figures of the incidents opened and the drills begun in that time. `drills` by host; `limit`: the error rate
    of a service that is a sign of trouble."""
    counted = [one for one in records if since <= one.incident.opened_at <= until and not is_drill(one.incident.app)]
    measured = [(one, recovery.measure(one, limit(one.incident.service))) for one in counted]
    names = sorted({one.incident.service for one in counted})
    by_service = [(name, [(r, m) for r, m in measured if r.incident.service == name]) for name in names]
    return Statistics(
        since=since,
        until=until,
        together=_figures("", measured),
        services=tuple(_figures(name, found) for name, found in by_service),
        recoveries=tuple(sorted((m for _, m in measured if m is not None), key=lambda m: m.at)),
        drills=tuple(_drilled(host, found, since, until) for host, found in sorted(drills.items()) if found),
        illegible=illegible,
    )


def _figures(service: str, found: Sequence[tuple[Record, Recovery | None]]) -> ServiceFigures:
    recovered = [measured for _, measured in found if measured is not None]
    rounds = [one for record, _ in found for one in recovery.sent(record)]
    verdicts = [word.value if (word := recovery.verdict(one)) is not None else NEVER_CHECKED for one in rounds]
    return ServiceFigures(
        service=service,
        incidents=len(found),
        rollbacks=len(rounds),
        verdicts=_counted(verdicts),
        ends=_counted(record.incident.closing.value if record.incident.closing else OPEN for record, _ in found),
        reasons=_counted(_reason(record.incident) for record, measured in found if measured is not None),
        whole=measure([one.whole for one in recovered]),
        since_found=measure([one.since_found for one in recovered]),
        spans=tuple((span, measure([one.span(span) for one in recovered])) for span in RecoveryPart),
        guarded=_guarded(record.incident for record, _ in found),
    )


def measure(lengths: Sequence[float | None]) -> Lengths:
    """The figures of these lengths in seconds, of which None is one that is not known."""
    known = [one for one in lengths if one is not None]
    unknown = len(lengths) - len(known)
    if not known:
        return Lengths(count=0, unknown=unknown)
    return Lengths(count=len(known), unknown=unknown, median=median(known), slowest=max(known))


def _counted(words: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(words).items(), key=lambda one: (-one[1], one[0])))


def _reason(incident: Incident) -> str:
    if incident.reason:
        return safe(incident.reason, LONGEST_REASON)
    return "a guard's breach" if incident.guard is not None else "no reason given"


def _guarded(incidents: Iterable[Incident]) -> Guarded:
    """An open guard that has seen no breach is in no number yet."""
    clean = failed = unclear = 0
    for one in incidents:
        if one.guard is None:
            continue
        if one.closing is Closing.COMPLETE:
            clean += 1
        elif one.closing is Closing.NOT_RECOVERED or not one.guarding:
            failed += 1
        elif not one.open:
            unclear += 1
    return Guarded(clean=clean, failed=failed, unclear=unclear)


def _drilled(host: str, found: Sequence[DrillResult], since: datetime, until: datetime) -> HostDrills:
    """The last one counts however long ago it was: that nobody tried since is the news."""
    within = [one for one in found if since <= one.at <= until]
    proven = sum(one.end is DrillEnd.PROVEN for one in within)
    return HostDrills(host=host, count=len(within), proven=proven, last=max(found, key=lambda one: one.at))
