"""Which measured error rates the post-mortem names, and how."""

from collections.abc import Iterable, Iterator

from tui.incident import events as ev
from tui.incident.error_rates import FLOOR, USERS, behind, bounds, lines
from tui.incident.postmortem.record import Entry, Record, percent, safe, stamp
from tui.model.evidence import Measurement, Phase, Rate, RateSource
from tui.model.postmortem import Fact, Field
from tui.text import numbers

OF_USERS_FIRST = (*USERS, RateSource.PROBES, RateSource.POSTHOG)
"""the order in which sources are believed when one number is wanted"""
_COUNTED = {RateSource.PROBES: "own probes", RateSource.POSTHOG: "users with an exception, PostHog"}
"""what was counted, and by whom, where that is not users' requests"""


def over(measurement: Measurement, limit: float) -> Rate | None:
    """The first source of users' requests that is sure of a rate over the limit (a fraction)."""
    for rate in measurement.rates:
        failed = rate.failed or 0
        if rate.source not in USERS or failed < FLOOR or not rate.total:
            continue
        if bounds(failed, rate.total, rate.unparsed)[0] > limit:
            return rate
    return None


def headline(record: Record) -> Fact:
    """The template's one number: the worst that the best source counted of the release that was left: before the
    rollback, of a guarded deploy from when it was live until its guard went back."""
    found = record.note(Field.ERROR_RATE)
    if found is not None:
        return record.said("error_rate", Field.ERROR_RATE, "")
    for source in OF_USERS_FIRST:
        worst = _worst(_of_the_bad(record, source))
        if worst is not None:
            return _fact("error_rate", *worst, field=Field.ERROR_RATE)
    missing = "no source counted requests before the rollback (Sentry, PostHog or the access log may still have them)"
    return Fact(name="error_rate", text=missing, source="", gap=True, field=Field.ERROR_RATE)


def table(record: Record) -> tuple[Fact, ...]:
    """The numbers of each source: the worst before, and the last while the releases changed over and after."""
    found: list[Fact] = []
    for phase in Phase:
        for source in RateSource:
            counted = list(_counted(record, (phase,), source))
            worst = _worst(counted) if phase is Phase.BEFORE else None
            chosen = worst or (counted[-1] if counted else None)
            if chosen is not None:
                found.append(_fact(f"error_rate_{phase.value}_{source.name.lower()}", *chosen, lead=phase.value))
        found.extend(_times(record, phase))
    return (*found, *_silent(record))


def _counted(record: Record, phases: Iterable[Phase], source: RateSource) -> Iterator[tuple[Entry, Rate]]:
    for entry, measured in record.all(ev.Measured):
        if measured.measurement.phase in tuple(phases):
            for rate in measured.measurement.rates:
                if rate.source is source and rate.failed is not None:
                    yield entry, rate


def _of_the_bad(record: Record, source: RateSource) -> Iterator[tuple[Entry, Rate]]:
    if record.incident.guard is None:
        return _counted(record, (Phase.BEFORE,), source)
    confirmed = record.first(ev.Confirmed)
    end = confirmed.number if confirmed is not None else len(record.entries)
    counted = _counted(record, (Phase.AFTER,), source)
    return ((entry, rate) for entry, rate in counted if entry.number <= end)


def _worst(counted: Iterable[tuple[Entry, Rate]]) -> tuple[Entry, Rate] | None:
    with_total = [(entry, rate) for entry, rate in counted if rate.total]
    return max(with_total, key=lambda one: (_share(one[1]), one[1].total or 0), default=None)


def _share(rate: Rate) -> float:
    """More errors than requests (events are counted, not requests) are all of them."""
    return min(1.0, (rate.failed or 0) / rate.total) if rate.total else 0.0


def _fact(name: str, entry: Entry, rate: Rate, *, lead: str = "", field: Field | None = None) -> Fact:
    window = f"{stamp(rate.since)} to {stamp(rate.until)}"
    before = f"{lead}: " if lead else ""
    lag = behind(rate)
    if not rate.total:
        text = f"{before}{rate.failed} errors of an unknown number of requests, {rate.source.value}, {window}{lag}"
        return Fact(name=name, text=text, source=entry.source, field=field)
    low, high = bounds(rate.failed or 0, rate.total, rate.unparsed)
    share = _share(rate)
    counted = _COUNTED.get(rate.source, f"requests, {rate.source.value}")
    lost = f"; {lines(rate.unparsed)} not understood, all of them in the interval" if rate.unparsed else ""
    text = (
        f"{before}{percent(share)} ({rate.failed} of {rate.total} {counted}, {window}{lag}; "
        f"95% interval {percent(low)} to {percent(high)}{lost})"
    )
    source = f"{rate.source.value}, Wilson interval ({entry.source})"
    return Fact(name=name, text=text, source=source, value=round(share, 6), field=field)


def _times(record: Record, phase: Phase) -> Iterator[Fact]:
    """The last response times of a phase."""
    measured = [
        (entry, told.measurement)
        for entry, told in record.all(ev.Measured)
        if told.measurement.phase is phase and told.measurement.p50 is not None
    ]
    if measured:
        entry, last = measured[-1]
        p95 = f", p95 {numbers.milliseconds(last.p95)}" if last.p95 is not None else ""
        text = f"{phase.value}: response time p50 {numbers.milliseconds(last.p50 or 0.0)}{p95} ({stamp(last.at)})"
        yield Fact(name=f"response_time_{phase.value}", text=text, source=entry.source, value=last.p50)


def _silent(record: Record) -> Iterator[Fact]:
    """Sources that never could say."""
    last: dict[RateSource, tuple[Entry, Rate]] = {}
    spoke: set[RateSource] = set()
    for entry, measured in record.all(ev.Measured):
        for rate in measured.measurement.rates:
            if rate.failed is None:
                last[rate.source] = (entry, rate)
            else:
                spoke.add(rate.source)
    for source in RateSource:
        if source in last and source not in spoke:
            entry, rate = last[source]
            why = safe(rate.note) or "it did not say why"
            yield Fact(name=f"no_rate_{source.name.lower()}", text=f"{source.value}: none ({why})", source=entry.source)
