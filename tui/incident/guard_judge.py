"""Is the release that went live worse? Numbers in, a word out: the judge of a guarded deploy, look after look.

One look is nothing: a breach is two looks in a row that are each over the limit by the bare rule, and that together
prove it, against the limit and against the time before. What is proven is asked of both looks as one, and of all looks
as one, for services with few requests. Because it is asked at every look, the interval is wider than a watch's: over
ten looks chance must not pass it once in a thousand guards (`python -m tests.verdicts`, help topic `guard`).

Missing data is never good: a guard with fewer than ENOUGH requests is not clean (`guard_watch.conclude`).
"""

from collections.abc import Sequence
from enum import StrEnum

from tui.incident import error_rates, two_samples
from tui.incident.two_samples import EFFECT, Counts, Times
from tui.model.value import Value

SURE = 4.2
"""standard deviations of the interval against the limit, which is asked at every look"""
THAN_BEFORE = 1.645
"""those of the interval against the time before, which only has to speak for the same"""
LEAST = 6
"""failures below which two looks prove nothing"""
SLOWER = 4.0
"""standard deviations by which the times of both looks together are longer"""
ENOUGH = 60
"""requests of users without which nothing is clean: if none of 60 failed, a share of 5 % can be excluded"""
FEW = 10
"""response times of one look below which they are not compared"""


class DeployVerdict(StrEnum):
    """The kinds of a breach."""

    SLOWER = "slower"
    FAILING = "failing"


class DeployLook(Value):
    """The count of one look since the one before it."""

    failed: int
    total: int
    times: Times = ()

    @property
    def share(self) -> float:
        """The share of failures; of nothing 0."""
        return self.failed / self.total if self.total else 0.0


def failing(before: Counts | None, looks: Sequence[DeployLook], limit: float) -> bool:
    """True if the latest two looks are a breach by their failures. `before` None: only the limit can be asked."""
    if len(looks) < 2 or not all(_over(look, limit) for look in looks[-2:]):
        return False
    return _proven(before, looks[-2:], limit) or _proven(before, looks, limit)


def _over(look: DeployLook, limit: float) -> bool:
    return look.failed > 0 and look.share > limit


def _proven(before: Counts | None, looks: Sequence[DeployLook], limit: float) -> bool:
    failed, total = sum(look.failed for look in looks), sum(look.total for look in looks)
    if failed < LEAST or error_rates.wilson(failed, total, SURE)[0] <= limit:
        return False
    return before is None or two_samples.newcombe(before, (failed, total), THAN_BEFORE)[0] > 0


def slowed(before: Times, looks: Sequence[DeployLook]) -> bool:
    """True if the latest two looks are a breach by their response times; those of before are needed for it."""
    if len(looks) < 2 or not before:
        return False
    pair = looks[-2:]
    if any(sum(many for _, many in look.times) < FEW for look in pair):
        return False
    if not all(two_samples.slower(before, look.times) for look in pair):
        return False
    both = two_samples.together(*(look.times for look in pair))
    longer = two_samples.median(both) >= EFFECT * two_samples.median(before)
    return longer and two_samples.mann_whitney(before, both) > SLOWER
