"""Error rate and response times as a row of slices: what the charts draw.

One source counts the whole row, so that neighbours can be compared: the access log where a user's request was read in
the window, else our own probes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.dokku.access_log import Counted
from tui.engine.monitor.access_log_follower import AccessFollower
from tui.model.evidence import RateSource, Series, Slice
from tui.model.health import Probe, ProbeOutcome

LEAST = 0.005
"""the share of a slice that the log must have covered for its zero to be a zero"""


def of(
    follower: AccessFollower | None, probes: Sequence[Probe], since: datetime, until: datetime, count: int
) -> Series:
    """The window in `count` slices of the same length. Raises ValueError for a window without length."""
    width = (until - since) / count
    if width <= timedelta(0):
        raise ValueError(f"a series from {since} to {until} has no length")
    edges = [(since + width * n, since + width * (n + 1)) for n in range(count)]
    own = _probed(probes, since, width, edges)
    if follower is None:
        return Series(source=RateSource.PROBES, timed_by=RateSource.PROBES, slices=tuple(own))
    counted = follower.tally.series(since, width.total_seconds(), count)
    timed = any(found.p50 is not None for found in counted)
    if not any(found.total for found in counted):
        return Series(source=RateSource.PROBES, timed_by=RateSource.PROBES, slices=tuple(own))
    slices = tuple(
        Slice(
            since=begin,
            until=end,
            failed=found.failed,
            total=_total(follower, found, begin, end),
            p50=found.p50 if timed else probed.p50,
            p95=found.p95 if timed else probed.p95,
        )
        for (begin, end), found, probed in zip(edges, counted, own, strict=True)
    )
    return Series(
        source=RateSource.ACCESS_LOG, timed_by=RateSource.ACCESS_LOG if timed else RateSource.PROBES, slices=slices
    )


def _total(follower: AccessFollower, found: Counted, begin: datetime, end: datetime) -> int | None:
    return found.total if found.total or follower.covered(begin, end) >= LEAST else None


def _probed(
    probes: Sequence[Probe], since: datetime, width: timedelta, edges: Sequence[tuple[datetime, datetime]]
) -> list[Slice]:
    looks: list[list[Probe]] = [[] for _ in edges]
    for probe in probes:
        place = (probe.at - since) // width
        if 0 <= place < len(edges) and probe.outcome is not ProbeOutcome.UNREACHABLE:
            looks[place].append(probe)
    found: list[Slice] = []
    for (begin, end), seen in zip(edges, looks, strict=True):
        times = sorted(p.seconds for p in seen if p.outcome is ProbeOutcome.HEALTHY and p.seconds is not None)
        found.append(
            Slice(
                since=begin,
                until=end,
                failed=sum(p.outcome is ProbeOutcome.UNHEALTHY for p in seen),
                total=len(seen) or None,
                p50=times[len(times) // 2] if times else None,
                p95=times[min(len(times) - 1, int(0.95 * len(times)))] if times else None,
            )
        )
    return found
