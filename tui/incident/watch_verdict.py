"""Did it help? What a watch's measurements say: recovered, not recovered, worse or inconclusive, with the reason.

An alarm may come early, at a checkpoint; recovered is only said at the end. Could-not-measure is not good: where the
failures were seen in error rates before, they have to be seen gone. Where the service is too quiet to prove anything,
and nothing was wrong with its rates before, its health decides, and the reason says so.
"""

import math
from datetime import timedelta
from enum import StrEnum

from tui.incident import error_rates
from tui.incident.error_rates import Change, Reading, Word
from tui.model.evidence import Measurement, Phase, RateSource
from tui.model.incident import Incident, Watch, WatchKind
from tui.model.value import Value

MIN_REQUESTS = 60
"""requests, our own probes among them, that a watch of `FULL` must have seen before it says recovered: if none of 60
failed, a share of 5 % or more can be excluded (rule of three: 3 in n). Shorter watches need their part of it"""
FULL = timedelta(minutes=15)
MOST_UNHEALTHY = 0.01
"""share of unhealthy looks above which a service is not called healthy, if that share is proven"""
DECISIVE = 3.0
"""standard deviations from before that raise the alarm at one checkpoint; less has to be seen at two in a row"""
WAVE = 0.05
"""share of refused requests (401, 403, 404, 429) that is looked at twice when it has at least doubled"""


class WatchOutcome(StrEnum):
    """The end of a watch."""

    RECOVERED = "recovered"
    NOT_RECOVERED = "not recovered"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"


class Conclusion(Value):
    """An outcome and why."""

    outcome: WatchOutcome
    reason: str


def before(incident: Incident) -> Measurement | None:
    """The baseline of the watch: what was measured when the plan was confirmed."""
    watch, since = incident.watch, incident.confirmed_at
    if since is None or (watch is not None and watch.kind is WatchKind.AFTER_CLEAN_DEPLOY):
        return None
    found = [m for m in incident.measurements if m.phase is Phase.BEFORE and m.at >= since]
    return found[-1] if found else None


def after(incident: Incident) -> tuple[Measurement, ...]:
    """The watch's checkpoints, oldest first."""
    watch = incident.watch
    if watch is None:
        return ()
    return tuple(m for m in incident.measurements if m.phase is Phase.AFTER and m.at >= watch.opened_at)


def needed(watch: Watch) -> int:
    """Requests that this watch has to see."""
    return min(MIN_REQUESTS, math.ceil(MIN_REQUESTS * ((watch.deadline - watch.opened_at) / FULL)))


def alarm(incident: Incident) -> Conclusion | None:
    """The word of the latest checkpoint that cannot wait for the end; None: nothing."""
    found, base = after(incident), before(incident)
    if not found:
        return None
    last = found[-1]
    now, changed = error_rates.combined(last), _changed(base, last)
    if now.word is Word.OVER and now.reading is not None:
        worse = changed is not None and changed.worse
        outcome = WatchOutcome.WORSE if worse else WatchOutcome.NOT_RECOVERED
        return Conclusion(outcome=outcome, reason=f"{outcome}: {_numbers(now, last)}{_against(base, last)}")
    if _worse(base, last, DECISIVE) or (len(found) > 1 and all(_worse(base, m, error_rates.Z) for m in found[-2:])):
        return Conclusion(outcome=WatchOutcome.WORSE, reason=f"worse: {_numbers(now, last)}{_against(base, last)}")
    if len(found) > 1 and all(_literal(m) for m in found[-2:]) and not (changed is not None and changed.better):
        reason = f"not recovered: {_numbers(now, last)}, at two checkpoints in a row{_against(base, last)}"
        return Conclusion(outcome=WatchOutcome.NOT_RECOVERED, reason=reason)
    return None


def conclude(incident: Incident) -> Conclusion:
    """The end of a watch in which the service was healthy."""
    watch, found, base = incident.watch, after(incident), before(incident)
    healthy = "healthy to the end of the watch"
    if watch is not None and (why := flapping(watch)):
        return Conclusion(outcome=WatchOutcome.INCONCLUSIVE, reason=why)
    if watch is None or not found:
        return Conclusion(outcome=WatchOutcome.RECOVERED, reason=f"{healthy}; error rates were not measured")
    raised = alarm(incident)
    if raised is not None:
        return raised
    last = found[-1]
    now = error_rates.combined(last)
    if why := doubt(watch, base, last):
        return Conclusion(outcome=WatchOutcome.INCONCLUSIVE, reason=f"{healthy}, but {why}")
    return Conclusion(outcome=WatchOutcome.RECOVERED, reason=f"{healthy}; {_numbers(now, last)}{_against(base, last)}")


def flapping(watch: Watch) -> str:
    """Why looks that were never bad often enough in a row are no good word all the same; empty: they are."""
    bad, every = watch.unhealthy, watch.healthy + watch.unhealthy
    if error_rates.judge(bad, every, MOST_UNHEALTHY) is not Word.OVER:
        return ""
    most = error_rates.percent(MOST_UNHEALTHY)
    return f"{bad} of {every} looks were unhealthy, never many in a row: it comes and goes more often than {most}"


def doubt(watch: Watch, base: Measurement | None, last: Measurement) -> str:
    """Why it cannot be called recovered although it is healthy and no alarm was raised; empty: it can."""
    now, log = error_rates.combined(last), last.of(RateSource.ACCESS_LOG)
    if log is not None and log.astray:
        return (
            "our own looks are in its access log no more: another site answers the health URL, and its word is nothing"
        )
    seen = watch.healthy + watch.unhealthy + ((log.total or 0) if log is not None else 0)
    if seen < needed(watch):
        return f"only {seen} requests were seen, our own among them: {needed(watch)} are the least"
    if now.disagree:
        return f"the sources disagree: {'; '.join(_each(last))}"
    wave = _wave(base, last)
    if wave:
        return wave
    if now.word is Word.UNDER:
        return ""
    reading = now.reading
    measured = reading is not None and reading.total > 0 and not reading.why
    if reading is not None and reading.literal:
        return f"{_numbers(now, last)}: by the bare rule it is over, for certain it is not"
    if reading is not None and reading.unread and reading.why and any(not then.why for then, _ in _pairs(base, last)):
        return f"what was counted before cannot be read now: {_numbers(now, last)}"
    if not _was_over(base):
        return ""
    if not measured or reading is None:
        return f"the failures seen before could not be measured again: {_numbers(now, last)}"
    return "" if _clearly_fewer(base, last) else f"{_numbers(now, last)}: too few to see the failures of before gone"


def _was_over(base: Measurement | None) -> bool:
    return base is not None and error_rates.combined(base).word is Word.OVER


def _clearly_fewer(base: Measurement | None, last: Measurement) -> bool:
    """Significantly fewer failures than before; where there were too few requests, by the exact test."""
    changed = _changed(base, last)
    if changed is not None:
        return changed.better
    return any(error_rates.fewer_by_chance(then, now) < error_rates.UNLIKELY for then, now in _pairs(base, last))


def _pairs(base: Measurement | None, last: Measurement) -> list[tuple[Reading, Reading]]:
    """The readings of sources that spoke both times."""
    found: list[tuple[Reading, Reading]] = []
    for source in error_rates.USERS:
        then, now = (m.of(source) if m is not None else None for m in (base, last))
        if then is None or now is None:
            continue
        pair = error_rates.of(then, last.limit), error_rates.of(now, last.limit)
        if pair[0] is not None and pair[1] is not None:
            found.append((pair[0], pair[1]))
    return found


def _changed(base: Measurement | None, last: Measurement) -> Change | None:
    """After against before, by the first source that counted enough both times."""
    changes = (error_rates.compared(then, now) for then, now in _pairs(base, last))
    return next((c for c in changes if c is not None), None)


def _worse(base: Measurement | None, last: Measurement, least: float) -> bool:
    """True if there are that much more failures than before, and more than one can owe to bad luck."""
    changed, now = _changed(base, last), error_rates.combined(last).reading
    return changed is not None and changed.z > least and now is not None and now.failed >= error_rates.FLOOR


def _literal(measurement: Measurement) -> bool:
    reading = error_rates.combined(measurement).reading
    return reading is not None and reading.literal and reading.failed >= error_rates.FLOOR and not reading.why


def _wave(base: Measurement | None, last: Measurement) -> str:
    """A wave of refused requests is an incident without a single 5xx."""
    then = base.of(RateSource.ACCESS_LOG) if base is not None else None
    now = last.of(RateSource.ACCESS_LOG)
    if then is None or now is None or not then.total or not now.total:
        return ""
    changed = error_rates.change((then.refused, then.total), (now.refused, now.total))
    if changed is None or changed.z <= DECISIVE or changed.ratio < 2 or now.refused / now.total < WAVE:
        return ""
    shares = (
        f"{error_rates.percent(then.refused / then.total)} before, {error_rates.percent(now.refused / now.total)} after"
    )
    return f"many more requests are refused (401, 403, 404, 429) than before: {shares}"


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _numbers(now: error_rates.Combined, last: Measurement) -> str:
    if now.reading is None or now.source is None:
        log = last.of(RateSource.ACCESS_LOG)
        why = f" ({log.note})" if log is not None and log.note else ""
        return f"nobody counted requests{why}"
    if not now.reading.total:
        lost = now.reading.unread
        return f"{now.source}: no request of a user" + (f", {error_rates.lines(lost)} not understood" if lost else "")
    return f"{now.source}: {error_rates.said(now.reading, last.limit)}"


def numbers(of: Measurement) -> str:
    """The word of its sources together, in one line."""
    return _numbers(error_rates.combined(of), of)


def _each(last: Measurement) -> list[str]:
    readings = ((r.source, error_rates.of(r, last.limit)) for r in last.rates if r.source in error_rates.USERS)
    return [f"{source} {error_rates.said(reading, last.limit)}" for source, reading in readings if reading is not None]


def _against(base: Measurement | None, last: Measurement) -> str:
    """The numbers of before; that there is no baseline is said, too."""
    pairs = _pairs(base, last)
    if not pairs:
        return "; no baseline from before"
    then = pairs[0][0]
    changed = _changed(base, last)
    if changed is None:
        return f"; before {error_rates.numbers(then)}"
    word = "significantly more" if changed.worse else "significantly fewer" if changed.better else "no clear change"
    return f"; before {error_rates.numbers(then)}: {word}"
