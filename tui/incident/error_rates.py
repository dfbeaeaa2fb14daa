"""From counted failures to a word: over the limit, under it, or not enough data; and whether it changed.

The runbook's rule is bare: "more than 1 % of requests" (`WatchSpec.error_rate` in `model/runbook_numbers`). Its
literal answer (the point estimate) is kept and shown beside the Wilson interval of the same numbers, which says what so
few requests can prove at all. Where the two disagree, that is said and a person decides. One or two failures are never
enough to roll back on (`FLOOR`).

Lines of a log that were not understood are mostly the failing ones. So they widen the interval: it begins where all of
them went well and ends where all of them failed. Few of them change no word, many leave none.

The interval excludes a limit L exactly when (p-L)² n > z² L(1-L): Wilson's is the inverted score test. So it can be
said how many more requests would decide it if the share stayed as it is.
"""

import math
from datetime import timedelta
from enum import StrEnum

from msgspec.structs import replace

from tui.model.evidence import Measurement, Rate, RateSource
from tui.model.value import Value
from tui.text import numbers as rounding

Z = 1.96
"""two-sided 95 %"""
FLOOR = 3
"""failures below which nothing is called over the limit: one unlucky request is no reason to roll back"""
COMPARABLE = 100
"""requests that both windows need before they are compared"""
UNLIKELY = 0.025
"""one-sided: what is less likely is not called chance"""
SEEN = 0.9
"""share of a window that must have been seen for `under`: what nobody saw is not good"""
MANY = 10_000
"""requests beyond which it does not matter how many more would decide it"""
USERS = (RateSource.ACCESS_LOG, RateSource.SENTRY)
"""sources that count users' requests, where they have a denominator. Own probes ask one path and say health; PostHog
counts people, and their browsers' faults: both are shown, and neither answers how many requests failed"""


class Word(StrEnum):
    """The interval's word on the limit."""

    OVER = "over"
    UNDER = "under"
    UNSURE = "not enough data"


class Reading(Value):
    """One source's numbers against the limit. Shares are fractions."""

    failed: int
    total: int
    share: float
    low: float
    high: float
    word: Word
    literal: bool
    """the runbook's bare rule: whether the point estimate is over the limit"""
    needs: int | None = None
    """how many more requests would decide it if the share stayed; None: it is decided, or no number would"""
    why: str = ""
    """why no word is given although there are numbers"""
    unread: int = 0
    """lines that were not understood: in neither number, and in the interval as the best and the worst case"""

    @property
    def disagrees(self) -> bool:
        """True if the bare rule says something that the numbers cannot prove."""
        return self.literal is not (self.word is Word.OVER)


class Change(Value):
    """After against before. Confounded by time: another hour has other users."""

    z: float
    ratio: float
    """of the shares, smoothed by half a failure"""

    @property
    def worse(self) -> bool:
        """Significantly more failures."""
        return self.z > Z

    @property
    def better(self) -> bool:
        """Significantly fewer failures."""
        return self.z < -Z


class Combined(Value):
    """The word of all sources together on the limit."""

    word: Word
    source: RateSource | None = None
    """who decided it, or who came nearest"""
    reading: Reading | None = None
    disagree: bool = False
    """sources that are sure say different things: a person decides"""


def wilson(failed: int, total: int, z: float = Z) -> tuple[float, float]:
    """The interval of the share, as fractions; of nothing everything is possible. More failures than requests (events
    are counted, not requests) are all of them."""
    if total <= 0:
        return 0.0, 1.0
    share, square = min(failed, total) / total, z * z
    centre = (share + square / (2 * total)) / (1 + square / total)
    half = z * math.sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    low = 0.0 if failed <= 0 else max(0.0, centre - half)  # exactly: a rest of rounding would be shown as 0.00%
    return low, 1.0 if failed >= total else min(1.0, centre + half)


def bounds(failed: int, total: int, unread: int = 0) -> tuple[float, float]:
    """The interval of the share where `unread` lines may be successes, failures, or both."""
    failed = min(failed, total)
    return wilson(failed, total + unread)[0], wilson(failed + unread, total + unread)[1]


def judge(failed: int, total: int, limit: float, *, floor: int = FLOOR, unread: int = 0) -> Word:
    """The word for these numbers."""
    low, high = bounds(failed, total, unread)
    if low > limit and failed >= floor:
        return Word.OVER
    return Word.UNDER if high < limit else Word.UNSURE


def read(failed: int, total: int, limit: float, *, unread: int = 0) -> Reading:
    """These numbers against the limit."""
    failed = min(failed, total)
    share = failed / total if total else 0.0
    low, high = bounds(failed, total, unread)
    word = judge(failed, total, limit, unread=unread)
    hidden = word is Word.UNSURE and judge(failed, total, limit) is not Word.UNSURE
    lost = f"{unread} of {total + unread} lines were not understood, and failures may be among them"
    return Reading(
        failed=failed,
        total=total,
        share=share,
        low=low,
        high=high,
        word=word,
        literal=share > limit,
        needs=_needs(failed, total, limit) if word is Word.UNSURE and not hidden else None,
        why=lost if hidden or (unread and not total) else "",
        unread=unread,
    )


def _needs(failed: int, total: int, limit: float) -> int | None:
    share = failed / total if total else 0.0
    if share == limit or not 0 < limit < 1:
        return None
    wanted = Z * Z * limit * (1 - limit) / (share - limit) ** 2
    if share > limit:
        wanted = max(wanted, FLOOR / share)
    return max(1, math.floor(wanted) + 1 - total)


def of(rate: Rate, limit: float) -> Reading | None:
    """A source's reading; None where it has no numbers, or no denominator."""
    if rate.failed is None or rate.total is None:
        return None
    found = read(rate.failed, rate.total, limit, unread=rate.unparsed)
    if found.word is Word.UNDER and rate.covered is not None and rate.covered < SEEN:
        why = f"only {rounding.seen(rate.covered)} of the window was seen"
        return replace(found, word=Word.UNSURE, needs=None, why=why)
    return found


def combined(measurement: Measurement) -> Combined:
    """The word of all sources that count users' requests; those that are sure decide, unless they disagree."""
    known = [(r.source, of(r, measurement.limit)) for r in measurement.rates if r.source in USERS]
    read_ = sorted(((s, r) for s, r in known if r is not None), key=lambda pair: USERS.index(pair[0]))
    sure = [(source, reading) for source, reading in read_ if reading.word is not Word.UNSURE]
    if len({reading.word for _, reading in sure}) > 1:
        return Combined(word=Word.UNSURE, source=sure[0][0], reading=sure[0][1], disagree=True)
    for source, reading in sure or read_:
        return Combined(word=reading.word, source=source, reading=reading)
    return Combined(word=Word.UNSURE)


def change(before: tuple[int, int], after: tuple[int, int]) -> Change | None:
    """Two (failed, total) compared; None where either is too small to compare."""
    (failed, total), (failed_after, total_after) = before, after
    if min(total, total_after) < COMPARABLE:
        return None
    ratio = ((failed_after + 0.5) / (total_after + 1)) / ((failed + 0.5) / (total + 1))
    pooled = (failed + failed_after) / (total + total_after)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / total + 1 / total_after))
    difference = failed_after / total_after - failed / total
    return Change(z=difference / spread if spread else 0.0, ratio=ratio)


def compared(before: Reading, after: Reading) -> Change | None:
    """Two readings compared. With lines that were not understood, the change that there is at least: from the worst
    before to the best after, and the other way round."""
    if not before.unread and not after.unread:
        return change((before.failed, before.total), (after.failed, after.total))
    (best, worst), (best_after, worst_after) = _cases(before), _cases(after)
    least, most = change(worst, best_after), change(best, worst_after)
    if least is None or most is None:
        return None
    if least.z > 0:
        return least
    return most if most.z < 0 else Change(z=0.0, ratio=1.0)


def _cases(reading: Reading) -> tuple[tuple[int, int], tuple[int, int]]:
    """(failed, total) where all lines that were not understood went well, and where all of them failed."""
    total = reading.total + reading.unread
    return (reading.failed, total), (reading.failed + reading.unread, total)


def fewer_by_chance(before: Reading, after: Reading) -> float:
    """The likelihood of so few failures by chance; lines that were not understood count as failures after, not
    before."""
    return chance(_cases(before)[0], _cases(after)[1])


def chance(before: tuple[int, int], after: tuple[int, int]) -> float:
    """The likelihood of so few failures after by chance, were nothing changed: Fisher's exact test, one-sided. For
    windows too small for `change`."""
    (failed, total), (failed_after, total_after) = before, after
    everyone, bad = total + total_after, failed + failed_after
    ways = math.comb(everyone, total_after)
    least = max(0, bad - total)
    good = everyone - bad
    return sum(math.comb(bad, k) * math.comb(good, total_after - k) for k in range(least, failed_after + 1)) / ways


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def behind(rate: Rate) -> str:
    """How far its source lags, `, 12 s behind`; empty for less than half a second."""
    return f", {rate.lag:.0f} s behind" if rate.lag and round(rate.lag) else ""


def percent(share: float) -> str:
    """`2.9%`; a small share and one near the whole keep their digits: something is not rounded to 0, nor to all."""
    value = share * 100
    if rest := rounding.edge(share):
        return rest
    if value == 0 or 9.95 <= value < 99.5 or value > 99.95:
        return f"{value:.0f}%"
    return f"{value:.1f}".removesuffix(".0") + "%" if value >= 0.1 else f"{value:.2f}%"


def numbers(reading: Reading) -> str:
    """`34 of 1190, 2.9% (2.0-4.0%)`."""
    lost = f", {lines(reading.unread)} not understood" if reading.unread else ""
    if not reading.total:
        return f"no request{lost}"
    interval = f"{percent(reading.low).rstrip('%')}-{percent(reading.high)}"
    return f"{reading.failed} of {reading.total}, {percent(reading.share)} ({interval}){lost}"


def lines(count: int) -> str:
    """`1 line`, `7 lines`."""
    return f"{count} line" if count == 1 else f"{count} lines"


def worded(rate: Rate, limit: float) -> str:
    """A source's numbers in one line. What does not count requests of users gets no word about them."""
    reading = of(rate, limit)
    if reading is None:
        return "no numbers" if rate.failed is None else f"{rate.failed} failures, out of how many it does not say"
    return said(reading, limit) if rate.source in USERS else numbers(reading)


def said(reading: Reading, limit: float) -> str:
    """The reading against the limit in one line, with what is missing and where the bare rule says otherwise."""
    words = f"{numbers(reading)}: {reading.word} {percent(limit)}" if reading.word is not Word.UNSURE else ""
    if not words:
        words = f"{numbers(reading)}: {reading.why or reading.word}"
        if reading.needs is not None and not reading.why:
            words += f" to prove it over or under {percent(limit)}"
        if reading.needs is not None:
            count = str(reading.needs) if reading.needs <= MANY else f"more than {MANY}"
            words += f", needs {count} more requests as they are"
    if reading.disagrees and reading.total:
        rule = "over" if reading.literal else "not over"
        words += f"; the bare rule says {rule} {percent(limit)}"
    return words


def span(length: timedelta) -> str:
    """A window's length, short."""
    seconds = max(0, round(length.total_seconds()))
    return f"{seconds}s" if seconds < 120 else f"{seconds // 60}m"
