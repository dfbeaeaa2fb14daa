"""Health as it is asked for: one probe of a service, and a row of healthy answers on fresh connections."""

from tui.engine.ports import ClockPort, ProbePort
from tui.incident import verify
from tui.model.health import Probe, ProbeOutcome
from tui.model.service import Service
from tui.model.verification import Check, Verdict

BETWEEN = 1.0
"""seconds between the probes of a row"""


async def probe(probes: ProbePort, service: Service, *, fresh: bool = False) -> Probe | None:
    """One look at the service's health URL, or None where services.yaml names none."""
    spec = service.health
    if spec is None:
        return None
    return await probes.probe(spec.url, spec.expect, host_header=spec.host_header, fresh=fresh)


async def passes(probes: ProbePort, clock: ClockPort, service: Service) -> Check:
    """Healthy `passes` times in a row, each on a connection of its own, within the service's `patience`.

    Unhealthy at the end is failed; unreachable at the end is inconclusive: it may be the way there.
    """
    spec = service.health
    if spec is None:
        return Check(name="health", verdict=Verdict.INCONCLUSIVE, evidence="services.yaml names no health URL")
    began, row = clock.monotonic(), 0
    times: list[float] = []
    while True:
        seen = await probes.probe(spec.url, spec.expect, host_header=spec.host_header, fresh=True)
        row = row + 1 if seen.outcome is ProbeOutcome.HEALTHY else 0
        if row:
            times.append(seen.seconds or 0.0)
        if row >= spec.passes:
            slowest = max(times[-row:])
            evidence = f"{row} of {row} healthy in a row, slowest {slowest * 1000:.0f} ms: {spec.url}"
            return Check(name="health", verdict=Verdict.PASSED, evidence=evidence)
        if clock.monotonic() - began > spec.patience.total_seconds():
            unreachable = seen.outcome is ProbeOutcome.UNREACHABLE
            verdict = Verdict.INCONCLUSIVE if unreachable else Verdict.FAILED
            return Check(name="health", verdict=verdict, evidence=f"{seen.outcome}: {seen.detail} ({spec.url})")
        await clock.sleep(BETWEEN)


async def smoke(probes: ProbePort, service: Service) -> tuple[Check, ...]:
    """The smoke requests, one after the other."""
    found: list[Check] = []
    for spec in service.smoke:
        seen = await probes.probe(spec.url, spec.expect, host_header=spec.host_header, fresh=True)
        verdict = {
            ProbeOutcome.HEALTHY: Verdict.PASSED,
            ProbeOutcome.UNHEALTHY: Verdict.FAILED,
            ProbeOutcome.UNREACHABLE: Verdict.INCONCLUSIVE,
        }[seen.outcome]
        found.append(Check(name="smoke", verdict=verdict, evidence=f"{spec.url}: {seen.detail or seen.status}"))
    return tuple(found)


async def identity(
    probes: ProbePort, service: Service, before: str | None, *, again: bool = False
) -> tuple[Check, ...]:
    """What the service says it is, where services.yaml names a place for it."""
    if service.identity is None:
        return ()
    now = await ask_identity(probes, service)
    return (verify.service_identity(before, now, service.identity.url, again=again),)


async def ask_identity(probes: ProbePort, service: Service) -> str | None:
    """What the service says it is right now; None: it did not say, or nothing is configured."""
    if service.identity is None:
        return None
    header = service.health.host_header if service.health else None
    return await probes.identity(service.identity, header)
