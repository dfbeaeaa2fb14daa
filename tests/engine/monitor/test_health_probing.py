"""Health as it is asked for: all that is named counts, a worker's log is read on its host, `settle` is waited for."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.engine.monitor import health_probing
from tui.engine.monitor.log_health import HealthProbes
from tui.model.health import Probe, ProbeOutcome
from tui.model.service import HealthSpec, RollbackSpec, Service
from tui.model.verification import Verdict

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class ByHand:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> datetime:
        return AT + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


class Addresses:
    """Answers by address; counts when it was asked first."""

    def __init__(self, clock: ByHand, **answers: ProbeOutcome) -> None:
        self.clock, self.answers = clock, answers
        self.first: float | None = None

    async def probe(self, url: str, *args: Any, **how: Any) -> Probe:
        self.first = self.clock.at if self.first is None else self.first
        outcome = self.answers[url]
        detail = "HTML" * (outcome != "healthy") or "from a cache" * (url == "cdn")
        return Probe(at=self.clock.now(), url=url, outcome=outcome, seconds=0.1, detail=detail)

    async def tcp(self, endpoint: str, **how: Any) -> Probe:
        return await self.probe(endpoint)

    async def websocket(self, url: str, *args: Any, **how: Any) -> Probe:
        return await self.probe(url)

    async def identity(self, *args: Any) -> str | None:
        return None

    async def close(self) -> None: ...


class Links:
    """A host that has one worker and its log."""

    def __init__(self, log: str, *, running: bool = True) -> None:
        self.log, self.running = log, running
        self.asked: list[str] = []

    async def ask_checked(self, host: str, argv: tuple[str, ...]) -> bytes:
        self.asked.append(argv[0])
        if argv[0] != "ps:inspect":
            return self.log.encode()
        state = {"Running": self.running, "Restarting": False, "StartedAt": "2026-01-02T03:00:00Z", "ExitCode": 0}
        one = {"Id": "a" * 64, "Name": "/app.worker.1", "Image": "sha256:1", "State": state, "RestartCount": 0}
        return json.dumps([one]).encode()


def service(**spec: Any) -> Service:
    settle = RollbackSpec(settle=timedelta(seconds=5))
    return Service(name="app", title="app", host="h", app="app", health=HealthSpec(**spec), rollback=settle)


def probes(clock: ByHand, links: Any = None, **answers: ProbeOutcome) -> HealthProbes:
    return HealthProbes(Addresses(clock, **answers), links, clock)


async def test_a_public_address_that_is_not_well_is_not_outweighed_by_the_own_one() -> None:
    clock = ByHand()
    asked = probes(clock, own=ProbeOutcome.HEALTHY, public=ProbeOutcome.UNHEALTHY)
    seen = await health_probing.probe(asked, service(url="own", public_url="public"))
    assert seen is not None and (seen.outcome, seen.detail) == (ProbeOutcome.UNHEALTHY, "public: HTML")
    check = await health_probing.passes(
        asked, clock, service(url="own", public_url="public", patience=timedelta(seconds=3))
    )
    assert check.verdict is Verdict.FAILED and "public: HTML" in check.evidence


async def test_what_is_well_everywhere_passes_after_its_settle() -> None:
    clock = ByHand()
    addresses = Addresses(clock, own=ProbeOutcome.HEALTHY, port=ProbeOutcome.HEALTHY, ws=ProbeOutcome.HEALTHY)
    links: Any = Links("")
    check = await health_probing.passes(
        HealthProbes(addresses, links, clock), clock, service(url="own", tcp="port", websocket="ws")
    )
    assert check.verdict is Verdict.PASSED and check.evidence.endswith("own, ws, port")
    assert addresses.first == 5.0, "answers within `settle` do not count"


async def test_what_a_cache_answered_is_said_with_the_proof() -> None:
    clock = ByHand()
    asked = probes(clock, own=ProbeOutcome.HEALTHY, cdn=ProbeOutcome.HEALTHY)
    check = await health_probing.passes(asked, clock, service(url="own", public_url="cdn"))
    assert (check.verdict, check.evidence) == (
        Verdict.PASSED,
        "3 of 3 healthy in a row, slowest 100 ms: own, cdn; cdn: from a cache",
    )


async def test_a_worker_is_well_by_its_log_which_is_read_once_for_the_same_containers() -> None:
    clock, links = ByHand(), Links("2026-01-02T03:00:01.5Z app[worker.1]: worker ready\n")
    asked = probes(clock, links)
    for _ in range(2):
        seen = await health_probing.probe(asked, service(log="worker (ready|up)"))
        assert seen is not None and (seen.outcome, seen.url) == (ProbeOutcome.HEALTHY, "log of app"), seen
        assert seen.seconds is None, "what the host took to be asked is no answer's time"
    check = await health_probing.passes(asked, clock, service(log="worker (ready|up)"))
    assert check.evidence == "3 of 3 healthy in a row: log of app"
    assert links.asked == ["ps:inspect", "logs", *["ps:inspect"] * 4]


async def test_a_worker_that_does_not_run_or_says_nothing_is_not_well() -> None:
    for links, why in (
        (Links("2026-01-02T02:59:59Z app[worker.1]: ready\n"), "no line since the start matches 'ready'"),
        (Links("2026-01-02T03:00:01Z app[worker.1]: ready\n", running=False), "worker.1 does not run"),
    ):
        seen = await health_probing.probe(probes(ByHand(), links), service(log="ready"))
        assert seen is not None and (seen.outcome, seen.detail) == (ProbeOutcome.UNHEALTHY, why)


async def test_a_regular_expression_without_end_is_stopped() -> None:
    links = Links(f"2026-01-02T03:00:01Z app[worker.1]: {'a' * 5000}b\n")
    seen = await health_probing.probe(probes(ByHand(), links), service(log="(a+)+(a+)+$c"))
    assert seen is not None and seen.outcome is not ProbeOutcome.HEALTHY
