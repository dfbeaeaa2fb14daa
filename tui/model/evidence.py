"""Error rates as they were measured: by whom, over which window, how late, out of how many."""

from datetime import datetime
from enum import StrEnum

from tui.model.value import Value


class RateSource(StrEnum):
    """Who counted."""

    ACCESS_LOG = "access log"
    """requests of users, from nginx on the host"""
    PROBES = "own probes"
    SENTRY = "Sentry"
    POSTHOG = "PostHog"


class Rate(Value):
    """Failures out of requests that one source counted in one window."""

    source: RateSource
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
    """our own requests, health checks, and connections that asked for nothing: in neither number"""
    refused: int = 0
    """answered 401, 403, 404 or 429: in the total, no failures, shown apart"""
    closed: int = 0
    """ended by the client before the answer (499): in the total, no failures, shown apart"""
    covered: float | None = None
    """share of the window that the source saw, 0 to 1; None: it does not say"""
    astray: bool = False
    """our own looks were answered, and are in this log no more, though others' requests are: another site answers"""
    note: str = ""


class Slice(Value):
    """One cell of a chart: what one source counted in a short time."""

    since: datetime
    until: datetime
    failed: int = 0
    total: int | None = None
    """None: nobody looked; 0: nobody asked for anything"""
    p50: float | None = None
    """seconds, of answers that did not fail"""
    p95: float | None = None

    @property
    def share(self) -> float | None:
        """The share of failures, 0 to 1; None: nothing to count."""
        return self.failed / self.total if self.total else None


class Series(Value):
    """The course of a service's failures and response times, slice by slice, all of the same length."""

    source: RateSource
    """who counted the failures"""
    timed_by: RateSource
    """who measured the response times"""
    slices: tuple[Slice, ...]

    @property
    def asked(self) -> bool:
        """True if there is a number in it."""
        return any(s.total for s in self.slices)


class Phase(StrEnum):
    """Which part of the incident a measurement is of."""

    BEFORE = "before"
    """from the moment the console looked until the rollback was confirmed: the baseline"""
    SWITCH = "switch"
    """while the releases changed over: shown as the cost of the rollback, in no verdict"""
    AFTER = "after"


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


class Measurement(Value):
    """The word of all sources at one moment."""

    at: datetime
    phase: Phase
    rates: tuple[Rate, ...]
    p50: float | None = None
    """seconds, response time of healthy answers"""
    p95: float | None = None
    timed_by: RateSource | None = None
    """who measured the response times"""
    limit: float = 0.01
    """the share of failures above which the runbook rolls back, as it was then"""
    issues: NewIssues | None = None
    times: tuple[tuple[float, int], ...] = ()
    """response times in classes, in seconds, and how many had each; rising"""

    def of(self, source: RateSource) -> Rate | None:
        """The rate by this source."""
        return next((r for r in self.rates if r.source is source), None)
