"""The monitoring window: opened with a deadline, fed with looks, read as a verdict.

Coverage is the time between looks that were near enough to each other: what nobody saw counts as not watched.
"""

from datetime import datetime, timedelta

import msgspec

from tui.model.incident import Sample, Watch, WatchKind
from tui.model.verification import Verdict

NEAR = timedelta(seconds=15)
"""looks further apart than this leave a gap"""
IN_A_ROW = 3
"""unhealthy looks in a row that breach the watch"""
COVERAGE = 0.9
"""less than this share watched is inconclusive"""


def open_watch(kind: WatchKind, at: datetime, length: timedelta) -> Watch:
    """A window that begins now."""
    return Watch(kind=kind, opened_at=at, deadline=at + length)


def observe(watch: Watch, sample: Sample) -> Watch:
    """The window after one more look."""
    since = watch.last.at if watch.last else watch.opened_at
    gap = sample.at - since
    bad = sample.healthy is False
    return msgspec.structs.replace(
        watch,
        covered=watch.covered + (gap if timedelta(0) <= gap <= NEAR and sample.healthy is not None else timedelta(0)),
        healthy=watch.healthy + (sample.healthy is True),
        unhealthy=watch.unhealthy + bad,
        unmeasured=watch.unmeasured + (sample.healthy is None),
        in_a_row=watch.in_a_row + 1 if bad else (watch.in_a_row if sample.healthy is None else 0),
        last=sample,
        slowest=max(watch.slowest, sample.seconds or 0.0),
    )


def seen(watch: Watch, now: datetime) -> float:
    """The share watched up to this moment, for showing: the time since the latest look counts while the next is not
    overdue."""
    since = watch.last.at if watch.last else watch.opened_at
    until = min(now, watch.deadline)
    under_way = until - since
    if not timedelta(0) <= under_way <= NEAR:
        under_way = timedelta(0)
    passed = (until - watch.opened_at).total_seconds()
    return min(1.0, (watch.covered + under_way).total_seconds() / passed) if passed > 0 else 1.0


def breached(watch: Watch) -> bool:
    """Whether the service is down again."""
    return watch.in_a_row >= IN_A_ROW


def verdict(watch: Watch, at: datetime) -> Verdict | None:
    """None while the window is open; at its end the verdict."""
    if breached(watch):
        return Verdict.FAILED
    if at < watch.deadline:
        return None
    return Verdict.PASSED if watch.coverage(at) >= COVERAGE and watch.in_a_row == 0 else Verdict.INCONCLUSIVE
