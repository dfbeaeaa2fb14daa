"""Before against after: shares by Newcombe's interval, response times by the test of Mann and Whitney.

The interval of a difference of shares is made of both Wilson intervals (Newcombe 1998, method 10), so that it holds for
small shares, where the usual one does not. Response times have no shape that could be relied on, so only their order
counts: with corrections for ties and continuity, by the normal approximation. Times are counted in classes, so ties are
many.
"""

import math
from itertools import groupby

from tui.incident import error_rates

Counts = tuple[int, int]
"""failed, total"""
Times = tuple[tuple[float, int], ...]
"""response time in seconds and how many had it, rising"""
SIGNIFICANT = 0.02
"""two-sided: 98 %"""
EFFECT = 1.25
"""ratio of the medians below which a difference matters to nobody, however sure it is"""


def newcombe(before: Counts, after: Counts, z: float = error_rates.Z) -> tuple[float, float]:
    """The interval of the share after minus the share before, as fractions; of nothing everything is possible."""
    if before[1] <= 0 or after[1] <= 0:
        return -1.0, 1.0
    low, high = error_rates.wilson(*before, z)
    low_after, high_after = error_rates.wilson(*after, z)
    share, share_after = (min(f, n) / n for f, n in (before, after))
    difference = share_after - share
    least = difference - math.hypot(share_after - low_after, high - share)
    most = difference + math.hypot(high_after - share_after, share - low)
    return max(-1.0, least), min(1.0, most)


def median(times: Times) -> float:
    """The middle time in seconds; of an even number the mean of both. Raises ValueError for none."""
    count = sum(many for _, many in times)
    if count == 0:
        raise ValueError("no times")
    lower, upper = _at(times, (count - 1) // 2), _at(times, count // 2)
    return (lower + upper) / 2


def _at(times: Times, place: int) -> float:
    seen = 0
    for seconds, many in times:
        seen += many
        if seen > place:
            return seconds
    raise ValueError("no such place")


def together(*several: Times) -> Times:
    """All of them as one, rising."""
    every = sorted(pair for times in several for pair in times)
    pairs = ((seconds, sum(many for _, many in same)) for seconds, same in groupby(every, key=lambda pair: pair[0]))
    return tuple((seconds, many) for seconds, many in pairs if many > 0)


def mann_whitney(before: Times, after: Times) -> float:
    """The distance of the times after, in standard deviations of U; negative: shorter, 0: one of both is empty."""
    n, m = (sum(many for _, many in times) for times in (before, after))
    if n == 0 or m == 0:
        return 0.0
    mine = dict(after)
    rank, ranks, ties = 0, 0.0, 0
    for seconds, many in together(before, after):
        ranks += mine.get(seconds, 0) * (rank + (many + 1) / 2)
        rank += many
        ties += many**3 - many
    size = n + m
    spread = math.sqrt(n * m / 12 * (size + 1 - ties / (size * (size - 1))))
    distance = ranks - m * (m + 1) / 2 - n * m / 2
    if spread == 0:
        return 0.0
    return math.copysign(max(0.0, abs(distance) - 0.5) / spread, distance)


def by_chance(z: float) -> float:
    """The likelihood of a distance of so many standard deviations by chance, to either side."""
    return math.erfc(abs(z) / math.sqrt(2))


def slower(before: Times, after: Times) -> bool:
    """True if the times after are longer beyond doubt, and by so much that it matters."""
    z = mann_whitney(before, after)
    return z > 0 and by_chance(z) < SIGNIFICANT and median(after) >= EFFECT * median(before)
