"""From single looks at a health URL to the word that is shown for a service.

One bad answer is not an outage and one good one no recovery: a word changes after `ENOUGH` equal answers in a row, and
in between the service is degraded. What is too old is stale, no matter what it said.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.model.health import Health, Probe, ProbeOutcome

ENOUGH = 2
"""equal answers in a row that change the word"""
STALE_AFTER = 3
"""missed polls after which the last answer is no longer shown as current"""

_GRAVITY = (ProbeOutcome.UNHEALTHY, ProbeOutcome.UNREACHABLE, ProbeOutcome.HEALTHY)
_WORDS = {
    ProbeOutcome.HEALTHY: Health.OK,
    ProbeOutcome.UNHEALTHY: Health.DOWN,
    ProbeOutcome.UNREACHABLE: Health.UNREACHABLE,
}


def together(parts: Sequence[Probe]) -> Probe:
    """Several looks at one service as one: bad outweighs unknown, which outweighs good. The first is the service's own
    address, whose time and status are shown while all is well."""
    if len(parts) == 1:
        return parts[0]
    gravest = min(parts, key=lambda one: _GRAVITY.index(one.outcome))
    if gravest.outcome is ProbeOutcome.HEALTHY:
        return replace(parts[0], parts=tuple(parts))
    return replace(gravest, parts=tuple(parts), detail=f"{gravest.url}: {gravest.detail}")


def classify(probes: Sequence[Probe], now: datetime, every: timedelta) -> Health:
    """The word for these probes (oldest first), polled each `every`, at the time `now`."""
    if not probes:
        return Health.UNKNOWN
    last = probes[-1]
    if now - last.at > every * STALE_AFTER:
        return Health.STALE
    recent = [p.outcome for p in probes[-ENOUGH:]]
    if len(set(recent)) == 1:
        return _WORDS[recent[0]]
    return Health.DEGRADED
