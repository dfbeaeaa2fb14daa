"""One look at a health URL, and what a row of such looks says."""

from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from tui.model.service import RequestHeader, Service
from tui.model.value import Value


class RequestExtras(Value):
    """The parts of a request other than its address. Holds credentials: never shown, never stored."""

    host_header: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    ca: str | None = None

    @classmethod
    def of(cls, service: Service, url: str, own: tuple[RequestHeader, ...] = ()) -> "RequestExtras":
        """The words of services.yaml for an address of the service: `own` headers, and those of its health where the
        address is at the same place, so that no credential goes anywhere else."""
        spec = service.health
        if spec is None:
            return cls(headers=tuple((one.name, one.value) for one in own))
        same = _place(url) in {_place(one) for one in (spec.url, spec.public_url, spec.websocket) if one}
        taken = {one.name.lower() for one in own}
        shared = (one for one in (spec.headers if same else ()) if one.name.lower() not in taken)
        headers = tuple((one.name, one.value) for one in (*own, *shared))
        return cls(host_header=spec.host_header, headers=headers, ca=spec.ca)


PLAIN = RequestExtras()


def _place(url: str) -> str:
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return f"{scheme}://{parts.netloc.lower()}"


class ProbeOutcome(StrEnum):
    """The outcome of one request."""

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
    """cleaned, one line: why it is not healthy, or why a healthy answer says little"""
    parts: tuple["Probe", ...] = ()
    """each single look, where several addresses were asked; then this one is the gravest of them"""

    def part(self, url: str | None) -> "Probe | None":
        """The look at one address."""
        return next((one for one in (self.parts or (self,)) if one.url == url), None)


class Health(StrEnum):
    """The health word shown for a service."""

    OK = "ok"
    DEGRADED = "degraded"
    """recent answers disagree"""
    DOWN = "down"
    UNREACHABLE = "unreachable"
    STALE = "stale"
    """the last answer is too old to be shown as current"""
    UNKNOWN = "unknown"
