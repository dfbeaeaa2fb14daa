"""Slices of a chart: one source for the whole row, zero only where somebody looked."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.stage import HandClock, probe, service
from tui.dokku import access_log
from tui.engine.monitor import series
from tui.engine.monitor.access_log_follower import AccessFollower
from tui.model.evidence import RateSource
from tui.model.health import ProbeOutcome

T0 = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
API = service("api", order=1)
LINE = '203.0.113.9 - - [23/Nov/2026:22:00:00 +0000] "GET /orders HTTP/1.1" {status} 12 "-" "Mozilla/5.0"'


def follower() -> AccessFollower:
    def stream() -> AsyncIterator[bytes]:
        raise AssertionError("nothing is streamed here")

    return AccessFollower(stream, HandClock(T0))  # type: ignore[arg-type]


def heard(into: AccessFollower, at: datetime, *statuses: int) -> None:
    for status in statuses:
        into.tally.add(access_log.read(LINE.format(status=status)), at)


def test_users_requests_are_counted_by_the_slice() -> None:
    log = follower()
    heard(log, T0 + timedelta(seconds=5), 200, 200, 503)
    heard(log, T0 + timedelta(seconds=65), 200)
    found = series.of(log, (), T0, T0 + timedelta(minutes=3), 3)
    assert found.source is RateSource.ACCESS_LOG
    assert [(s.failed, s.total) for s in found.slices] == [(1, 3), (0, 1), (0, None)]
    assert found.slices[0].share == pytest.approx(1 / 3) and found.slices[2].share is None


def test_without_a_users_request_our_own_probes_are_drawn() -> None:
    probes = [
        probe(API, T0 + timedelta(seconds=10), seconds=0.05),
        probe(API, T0 + timedelta(seconds=70), ProbeOutcome.UNHEALTHY, seconds=5.0),
        probe(API, T0 + timedelta(seconds=80), ProbeOutcome.UNREACHABLE, seconds=5.0),
    ]
    found = series.of(follower(), probes, T0, T0 + timedelta(minutes=3), 3)
    assert found.source is found.timed_by is RateSource.PROBES and found.asked
    assert [(s.failed, s.total, s.p95) for s in found.slices] == [(0, 1, 0.05), (1, 1, None), (0, None, None)]


def test_nothing_seen_is_no_number() -> None:
    found = series.of(None, (), T0, T0 + timedelta(minutes=1), 4)
    assert not found.asked and all(s.total is None for s in found.slices)


def test_a_window_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no length"):
        series.of(None, (), T0, T0, 4)
