"""Health as it is asked for: one probe of a service, and a row of healthy answers on fresh connections."""

from collections.abc import Coroutine
from typing import Any

from msgspec.structs import replace

from tui.engine.concurrency import together
from tui.engine.ports import ClockPort, ProbePort
from tui.incident import health_from_probes, verify
from tui.model.health import Probe, ProbeOutcome, RequestExtras
from tui.model.service import Service
from tui.model.verification import Check, Verdict
from tui.text import numbers

BETWEEN = 1.0
"""seconds between the probes of a row"""


async def probe(probes: ProbePort, service: Service, *, fresh: bool = False) -> Probe | None:
    """One look at everything that services.yaml names for the service's health; None where it names nothing."""
    asked = _asked(probes, service, fresh)
    return health_from_probes.together(await together(*asked)) if asked else None


def _asked(probes: ProbePort, service: Service, fresh: bool) -> list[Coroutine[Any, Any, Probe]]:
    """One question for everything that services.yaml names, the service's own address first."""
    spec = service.health
    if spec is None:
        return []
    asked: list[Coroutine[Any, Any, Probe]] = []
    if spec.url is not None:
        asked.append(probes.probe(spec.url, spec.expect, RequestExtras.of(service, spec.url), fresh=fresh))
    if spec.websocket is not None:
        asked.append(probes.websocket(spec.websocket, RequestExtras.of(service, spec.websocket)))
    if spec.tcp is not None:
        asked.append(probes.tcp(spec.tcp))
    if spec.log is not None:
        asked.append(probes.log(service, spec.log))
    if spec.public_url is not None:
        asking = replace(RequestExtras.of(service, spec.public_url), host_header=None)
        asked.append(probes.probe(spec.public_url, spec.expect, asking, fresh=fresh))
    return asked


async def passes(probes: ProbePort, clock: ClockPort, service: Service) -> Check:
    """Healthy `passes` times in a row, each on a connection of its own, within the service's `patience`.

    Unhealthy at the end is failed; unreachable at the end is inconclusive: it may be the way there.
    """
    spec = service.health
    if spec is None:
        return Check(name="health", verdict=Verdict.INCONCLUSIVE, evidence="services.yaml names no health address")
    await clock.sleep(service.rollback.settle.total_seconds())  # its answers do not count yet
    began, row = clock.monotonic(), 0
    times: list[float | None] = []
    while True:
        seen = await probe(probes, service, fresh=True)
        if seen is None:
            return Check(name="health", verdict=Verdict.INCONCLUSIVE, evidence="services.yaml names no health address")
        row = row + 1 if seen.outcome is ProbeOutcome.HEALTHY else 0
        times = [*times, seen.seconds] if row else []
        if row >= spec.passes:
            measured = [time for time in times if time is not None]
            slowest = f", slowest {numbers.milliseconds(max(measured))}" if measured else ""
            doubts = "".join(f"; {one.url}: {one.detail}" for one in seen.parts or (seen,) if one.detail)
            evidence = f"{row} of {row} healthy in a row{slowest}: {addresses(seen)}{doubts}"
            return Check(name="health", verdict=Verdict.PASSED, evidence=evidence)
        if clock.monotonic() - began > spec.patience.total_seconds():
            unreachable = seen.outcome is ProbeOutcome.UNREACHABLE
            verdict = Verdict.INCONCLUSIVE if unreachable else Verdict.FAILED
            return Check(name="health", verdict=verdict, evidence=worded(seen))
        await clock.sleep(BETWEEN)


async def smoke(probes: ProbePort, service: Service) -> tuple[Check, ...]:
    """The smoke requests, one after the other."""
    found: list[Check] = []
    for spec in service.smoke:
        asking = replace(RequestExtras.of(service, spec.url, spec.headers), host_header=spec.host_header)
        seen = await probes.probe(spec.url, spec.expect, asking, fresh=True)
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
    """The check of the service's own word on what it is, where services.yaml names a place for it."""
    if service.identity is None:
        return ()
    now = await ask_identity(probes, service)
    return (verify.service_identity(before, now, service.identity.url, again=again),)


async def ask_identity(probes: ProbePort, service: Service) -> str | None:
    """The service's own word on what it is right now; None: it did not say, or nothing is configured."""
    if service.identity is None:
        return None
    return await probes.identity(service.identity, RequestExtras.of(service, service.identity.url))


def addresses(seen: Probe) -> str:
    """Everything that was asked, in one line."""
    return ", ".join(one.url for one in seen.parts or (seen,))


def worded(seen: Probe) -> str:
    """The result of a look, and its addresses, in one line."""
    where = "" if seen.parts and seen.detail else f" ({addresses(seen)})"
    return f"{seen.outcome}: {seen.detail}{where}"
