"""Error rates as they were measured: by whom, over which window, how late, out of how many."""

from datetime import datetime
from enum import StrEnum

from tui.model.value import Value


class Source(StrEnum):
    """Who counted."""

    ACCESS_LOG = "access log"
    """requests of users, from nginx on the host"""
    PROBES = "own probes"
    SENTRY = "Sentry"
    POSTHOG = "PostHog"


class Rate(Value):
    """Failures out of requests that one source counted in one window."""

    source: Source
    since: datetime
    until: datetime
    failed: int | None
    """None: this source could not say, `note` says why"""
    total: int | None
    """None: failures without a denominator"""
    lag: float | None = None
    """seconds that the source is known to be behind"""
    unparsed: int = 0
    """lines that were not understood and are in neither number"""
    excluded: int = 0
    """requests of our own, in neither number"""
    note: str = ""


class Phase(StrEnum):
    """Which part of the incident a measurement is of."""

    BEFORE = "before"
    """from the moment the console looked until the rollback was confirmed: the baseline"""
    SWITCH = "switch"
    """while the releases changed over: shown as the cost of the rollback, in no verdict"""
    AFTER = "after"


class Measurement(Value):
    """What all sources said at one moment."""

    at: datetime
    phase: Phase
    rates: tuple[Rate, ...]
    p50: float | None = None
    """seconds, response time of healthy answers"""
    p95: float | None = None


class NewIssues(Value):
    """Errors that a tracker saw for the first time in a window or release."""

    since: datetime
    until: datetime
    total: int | None
    """None: it could not say, `note` says why"""
    titles: tuple[str, ...] = ()
    """the newest, made harmless"""
    link: str | None = None
    note: str = ""
