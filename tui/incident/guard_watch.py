"""A guarded deploy's watch as the judge sees it: its measurements as looks, the breach, and the word at its end.

Every measurement of the watch counts from its beginning on, so a look is what came since the one before. Each source
that counts requests of users is judged by itself; one that is sure of the opposite makes it a person's matter.
"""

from tui.incident import error_rates, guard_judge, two_samples, watch_verdict
from tui.incident.guard_judge import DeployLook, DeployVerdict
from tui.incident.two_samples import Counts, Times
from tui.incident.watch_verdict import Conclusion, WatchOutcome
from tui.model.evidence import Measurement, Phase, Rate, RateSource
from tui.model.incident import Incident
from tui.text import numbers

IN_A_ROW = 6
"""unhealthy looks in a row: twice what a watch takes for down, so that health needs two breaches in a row as well"""


def alarm(incident: Incident) -> Conclusion | None:
    """The breach that the latest look completes; None: there is none, or the sources contradict each other."""
    base, found = before(incident), watch_verdict.after(incident)
    if len(found) < 2:
        return None
    last = found[-1]
    for source in error_rates.USERS:
        looks = _looks(found, source)
        if guard_judge.failing(_counts(base, source), looks, last.limit) and not _denied(last, source):
            return Conclusion(outcome=WatchOutcome.WORSE, reason=f"failing: {_failing(base, last, source, looks)}")
    first = _first(incident)
    times = first.times if first is not None and first.timed_by is last.timed_by else ()
    timed = _timed(found)
    if guard_judge.slowed(times, timed):
        middle = two_samples.median(two_samples.together(*(look.times for look in timed[-2:])))
        words = f"slower: half of the answers took {numbers.milliseconds(middle)} or longer at two looks in a row"
        reason = f"{words}, {numbers.milliseconds(two_samples.median(times))} before the deploy"
        return Conclusion(outcome=WatchOutcome.NOT_RECOVERED, reason=reason)
    return None


def conclude(incident: Incident) -> Conclusion:
    """The end of a guard in which the service was healthy."""
    found, base = watch_verdict.after(incident), before(incident)
    raised = alarm(incident)
    if raised is not None:
        return raised
    if incident.watch is not None and (why := watch_verdict.flapping(incident.watch)):
        return Conclusion(outcome=WatchOutcome.INCONCLUSIVE, reason=why)
    if not found or incident.watch is None:
        reason = "error rates were not measured, and what nobody measured is not good"
        return Conclusion(outcome=WatchOutcome.INCONCLUSIVE, reason=reason)
    last = found[-1]
    counted = max((r for r in last.rates if r.source in error_rates.USERS), key=lambda r: r.total or 0, default=None)
    if counted is None or (counted.total or 0) < guard_judge.ENOUGH:
        many = (counted.total or 0) if counted is not None else 0
        said = f"only {many} requests of users were counted: {guard_judge.ENOUGH} are the least"
        return Conclusion(outcome=WatchOutcome.INCONCLUSIVE, reason=said)
    if counted.covered is not None and counted.covered < error_rates.SEEN:
        said = f"only {numbers.seen(counted.covered)} of the time was seen in the {counted.source}"
        return Conclusion(outcome=WatchOutcome.INCONCLUSIVE, reason=said)
    if doubt := watch_verdict.doubt(incident.watch, base, last):
        return Conclusion(outcome=WatchOutcome.INCONCLUSIVE, reason=doubt)
    reason = f"deployment complete: healthy to the end; {watch_verdict.numbers(last)}{_against(base)}"
    return Conclusion(outcome=WatchOutcome.RECOVERED, reason=reason)


def worse(incident: Incident) -> DeployVerdict:
    """The kind of the breach, for what may follow from it: only failures and bad health are undone without a person."""
    return DeployVerdict.SLOWER if incident.failure.startswith("slower:") else DeployVerdict.FAILING


def before(incident: Incident) -> Measurement | None:
    """The measurement before the deploy went live; None: no request of a user was counted, and the limit alone is
    asked."""
    first = _first(incident)
    users = (r.total for r in first.rates if r.source in error_rates.USERS) if first is not None else ()
    return first if any(users) else None


def compared(incident: Incident) -> bool:
    """True if the word on the failures is against the time before as well."""
    return before(incident) is not None


def _first(incident: Incident) -> Measurement | None:
    """The measurement of the time before, our own probes among it."""
    return next((m for m in incident.measurements if m.phase is Phase.BEFORE), None)


def _looks(found: tuple[Measurement, ...], source: RateSource) -> list[DeployLook]:
    """The surplus of each measurement over the one before. One that has less counts anew: another process took it
    up."""
    looks: list[DeployLook] = []
    known = (0, 0)
    for measurement in found:
        now = _sum(measurement.of(source))
        more = (now[0] - known[0], now[1] - known[1])
        if more[0] < 0 or more[1] < 0:
            more = now
        looks.append(DeployLook(failed=more[0], total=more[1]))
        known = now
    return looks


def _timed(found: tuple[Measurement, ...]) -> list[DeployLook]:
    looks: list[DeployLook] = []
    known: dict[float, int] = {}
    for measurement in found:
        now = dict(measurement.times)
        more: Times = tuple((s, n - known.get(s, 0)) for s, n in sorted(now.items()) if n > known.get(s, 0))
        looks.append(DeployLook(failed=0, total=0, times=more))
        known = now
    return looks


def _sum(rate: Rate | None) -> Counts:
    """Failed and all; lines that were not understood count as well answered: a breach has to be proven."""
    if rate is None or rate.failed is None or rate.total is None:
        return 0, 0
    return min(rate.failed, rate.total), rate.total + rate.unparsed


def _counts(base: Measurement | None, source: RateSource) -> Counts | None:
    """Before the deploy; lines that were not understood count as failures there."""
    rate = base.of(source) if base is not None else None
    if rate is None or rate.failed is None or not rate.total:
        return None
    return min(rate.failed, rate.total) + rate.unparsed, rate.total + rate.unparsed


def _denied(last: Measurement, by: RateSource) -> bool:
    """True if another source is sure that it is under the limit."""
    others = (rate for rate in last.rates if rate.source in error_rates.USERS and rate.source is not by)
    readings = (error_rates.of(rate, last.limit) for rate in others)
    return any(reading is not None and reading.word is error_rates.Word.UNDER for reading in readings)


def _failing(base: Measurement | None, last: Measurement, source: RateSource, looks: list[DeployLook]) -> str:
    failed, total = sum(look.failed for look in looks[-2:]), sum(look.total for look in looks[-2:])
    words = f"{source}: {failed} of {total} at two looks in a row, the limit is {error_rates.percent(last.limit)}"
    return words + _against(base)


def _against(base: Measurement | None) -> str:
    """The time before, or that there is none."""
    if base is None:
        return "; nothing was counted before the deploy: judged against the limit alone"
    return f"; before the deploy {watch_verdict.numbers(base)}"
