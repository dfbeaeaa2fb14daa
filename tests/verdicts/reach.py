"""How far the judge of a guarded deploy reaches: generated series of known rates, and what it says of them.

Pure Python: a series is ten looks, each a draw from the binomial distribution by its table.
"""

import random
from bisect import bisect_left
from functools import cache
from itertools import accumulate

from tui.incident import guard_judge
from tui.incident.guard_judge import DeployLook

LOOKS = 10
LIMIT = 0.01
BEFORE = 2
"""looks' worth of requests counted before the deploy"""
QUIET = tuple((rate, count) for rate in (0.001, 0.005) for count in (10, 30, 60, 80, 100, 200, 400, 1000))
RATES = (0.02, 0.03, 0.05, 0.10)
REQUESTS = (10, 25, 50, 100, 200, 400, 1000)


@cache
def _table(count: int, rate: float) -> tuple[float, ...]:
    each = [(1 - rate) ** count]
    for k in range(count):
        each.append(each[-1] * (count - k) / (k + 1) * rate / (1 - rate))
    return tuple(accumulate(each))


def draw(chance: random.Random, count: int, rate: float) -> int:
    """So many of `count` fail."""
    return min(count, bisect_left(_table(count, rate), chance.random()))


def found_at(chance: random.Random, before: float, after: float, count: int, *, compared: bool = True) -> int | None:
    """The look at which a series of ten is called a breach; None: at none."""
    base = (draw(chance, BEFORE * count, before), BEFORE * count) if compared else None
    looks: list[DeployLook] = []
    for number in range(1, LOOKS + 1):
        looks.append(DeployLook(failed=draw(chance, count, after), total=count))
        if guard_judge.failing(base, looks, LIMIT):
            return number
    return None


def false_alarms(rate: float, count: int, series: int, *, compared: bool = True) -> int:
    """How many of so many quiet guards raise an alarm."""
    chance = random.Random(f"quiet {rate} {count} {compared}")
    return sum(found_at(chance, rate, rate, count, compared=compared) is not None for _ in range(series))


def finds(rate: float, count: int, series: int) -> tuple[float, float]:
    """The share of bad releases found by the second look, and by the tenth; before, 0.3 % failed."""
    chance = random.Random(f"bad {rate} {count}")
    found = [found_at(chance, 0.003, rate, count) for _ in range(series)]
    return sum(at == 2 for at in found) / series, sum(at is not None for at in found) / series


def slow(ratio: float, count: int, series: int) -> float:
    """The share of guards that call times of this ratio slower; they scatter as response times do."""
    chance = random.Random(f"slow {ratio} {count}")

    def times(many: int, by: float) -> tuple[tuple[float, int], ...]:
        return tuple((seconds, 1) for seconds in sorted(by * chance.lognormvariate(-3, 0.5) for _ in range(many)))

    called = 0
    for _ in range(series):
        before, looks = times(BEFORE * count, 1.0), list[DeployLook]()
        for _ in range(LOOKS):
            looks.append(DeployLook(failed=0, total=count, times=times(count, ratio)))
            if guard_judge.slowed(before, looks):
                called += 1
                break
    return called / series


def tables(series: int) -> str:
    """Both tables in Markdown, as the help page has them."""
    lines = [f"{series:,} series a row.", "", "| fails before and after | requests a look | false alarms in 1,000 |"]
    lines.append("|---|---|---|")
    for rate, count in QUIET:
        with_before, without = (false_alarms(rate, count, series, compared=c) * 1000 / series for c in (True, False))
        lines.append(f"| {rate:.1%} | {count} | {with_before:.1f}; without a time before {without:.1f} |")
    heads = " | ".join(f"{rate:.0%}" for rate in RATES)
    lines += ["", f"| requests a look | {heads} |", f"|---|{'---|' * len(RATES)}"]
    for count in REQUESTS:
        cells = (finds(rate, count, series) for rate in RATES)
        lines.append(f"| {count} | {' | '.join(f'{two:.1%} / {ten:.1%}' for two, ten in cells)} |")
    few = max(100, series // 10)
    lines += ["", "| response times | 12 a look | 60 a look |", "|---|---|---|"]
    for ratio in (1.0, 1.25, 1.5, 2.0):
        cells_ = " | ".join(f"{slow(ratio, count, few):.1%}" for count in (12, 60))
        lines.append(f"| {ratio:g} × as long | {cells_} |")
    return "\n".join(lines)
