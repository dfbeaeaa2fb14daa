"""What every source says: one that fails says so itself, and takes nothing away from the others."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tests.incident.facts import T0
from tests.stage import HandClock, fleet, service, settled
from tui.engine.monitor.error_rates import Evidence
from tui.engine.ports import Outside
from tui.model.evidence import NewIssues, Phase, Rate, RateSource
from tui.model.health import Probe, ProbeOutcome
from tui.model.service import Service


class Counts:
    """A source outside that answers, or fails."""

    def __init__(self, source: RateSource, error: Exception | None = None) -> None:
        self.source = source
        self.error = error

    def covers(self, of: Service) -> bool:
        return True

    async def rate(self, of: Service, since: datetime, until: datetime) -> Rate:
        if self.error:
            raise self.error
        return Rate(source=self.source, since=since, until=until, failed=1, total=100)

    async def new_issues(self, of: Service, since: datetime, until: datetime) -> NewIssues:
        raise KeyError("culprit")


def evidence(**outside: Any) -> Evidence:
    return Evidence(fleet(), SimpleNamespace(), HandClock(), Outside(**outside))  # type: ignore[arg-type]


async def test_a_source_that_fails_is_a_note_beside_what_the_others_say() -> None:
    sources = (Counts(RateSource.SENTRY, RuntimeError("a fault of ours")), Counts(RateSource.POSTHOG))
    counted = evidence(rates=sources, issues=Counts(RateSource.SENTRY))
    found = await counted.measure(service("api"), Phase.BEFORE, T0 - timedelta(minutes=5), T0)
    rates = {rate.source: rate for rate in found.rates}
    assert (rates[RateSource.SENTRY].total, rates[RateSource.SENTRY].note) == (None, "RuntimeError: a fault of ours")
    assert rates[RateSource.POSTHOG].total == 100
    assert found.issues is not None and (found.issues.total, found.issues.note) == (None, "KeyError: 'culprit'")
    await counted.close()


async def test_what_breaks_beside_the_work_is_among_the_errors_to_be_shown() -> None:
    counted = evidence()

    async def broken() -> None:
        raise OSError("the stream could not be closed")

    counted._work.begin(broken())
    await settled()
    assert counted.errors == ["counting failures: OSError: the stream could not be closed"]
    await counted.close()


async def test_looks_that_have_no_time_give_no_response_time() -> None:
    """A health check by the log times nothing: half of the answers "took 0 ms"."""
    counted, api = evidence(), service("api")
    for number in range(4):
        at = T0 - timedelta(seconds=10 * number + 5)
        counted.saw("api", Probe(at=at, url="log of api", outcome=ProbeOutcome.HEALTHY))
    found = counted.now(api, Phase.BEFORE, T0 - timedelta(minutes=5), T0)
    assert (found.p50, found.p95, found.timed_by, found.times) == (None, None, None, ())
    at = T0 - timedelta(seconds=1)
    counted.saw("api", Probe(at=at, url="https://api", outcome=ProbeOutcome.HEALTHY, seconds=0.2))
    found = counted.now(api, Phase.BEFORE, T0 - timedelta(minutes=5), T0)
    assert (found.p50, found.timed_by) == (0.2, RateSource.PROBES)
    await counted.close()
