"""One look at a health URL, and what a row of such looks says."""

from datetime import datetime
from enum import StrEnum

from tui.model.value import Value


class ProbeOutcome(StrEnum):
    """What one request came back with."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    """it answered, but not as a healthy service does"""
    UNREACHABLE = "unreachable"
    """no answer: the network, the name, the port or the time limit"""


class Probe(Value):
    """One request and its answer."""

    at: datetime
    url: str
    outcome: ProbeOutcome
    seconds: float | None = None
    """time to the whole answer"""
    status: int | None = None
    detail: str = ""
    """cleaned, one line: why it is not healthy, or the body's state"""
    release: str | None = None
    """what the service says it is, where `identity` is configured"""


class Health(StrEnum):
    """What is shown for a service."""

    OK = "ok"
    DEGRADED = "degraded"
    """recent answers disagree"""
    DOWN = "down"
    UNREACHABLE = "unreachable"
    STALE = "stale"
    """the last answer is too old to be shown as current"""
    UNKNOWN = "unknown"
