"""When a service serves again: the first good answer after which none was bad."""

from typing import Any

from msgspec.structs import replace

from tests import stage
from tests.incident.facts import T0, later, plan
from tui.engine.incident.serving_again import Serving
from tui.incident import events as ev
from tui.incident.decide import decide, opened
from tui.incident.step_budgets import serving_again
from tui.model.health import Probe, ProbeOutcome
from tui.model.incident import Incident
from tui.model.ledger import Served
from tui.model.service import HealthSpec
from tui.ways import duration_estimate

API = replace(stage.service("api"), health=HealthSpec(url="http://h/health"))
GOOD, BAD, GONE = ProbeOutcome.HEALTHY, ProbeOutcome.UNHEALTHY, ProbeOutcome.UNREACHABLE


async def looked(*outcomes: ProbeOutcome, spec: HealthSpec | None = None) -> ev.ServesAgain | None:
    clock, left, failed = stage.HandClock(), list(outcomes), list[BaseException]()

    class _Probes:
        async def probe(self, url: str, *_: Any, **__: Any) -> Probe:
            return Probe(at=clock.now(), url=url, outcome=left.pop(0))

    probes: Any = _Probes()
    serving = Serving(probes, clock, replace(API, health=spec) if spec else API, failed.append)
    serving.begin()
    await clock.advance(0.5 * (len(outcomes) - 1) + 0.1)
    found = await serving.end()
    assert failed == []
    return found


async def test_twice_a_second_from_the_push_on() -> None:
    found = await looked(BAD, GONE, GOOD, GOOD)
    assert found == ev.ServesAgain(at=later(1.0), looks=4, bad=2)


async def test_a_good_answer_between_bad_ones_is_not_the_end_of_it() -> None:
    found = await looked(GOOD, BAD, GOOD)
    assert found == ev.ServesAgain(at=later(1.0), looks=3, bad=1)


async def test_a_service_that_does_not_answer_yet_or_is_not_asked_tells_nothing() -> None:
    assert await looked(GOOD, BAD) is None
    assert await looked(spec=HealthSpec(log="ready")) is None


async def test_it_says_whether_the_latest_look_was_bad() -> None:
    clock, outcomes = stage.HandClock(), [BAD, GOOD, GONE]

    class _Probes:
        async def probe(self, url: str, *_: Any, **__: Any) -> Probe:
            return Probe(at=clock.now(), url=url, outcome=outcomes.pop(0))

    probes: Any = _Probes()
    serving = Serving(probes, clock, API, lambda error: None)
    assert not serving.fell, "nobody looked"
    serving.begin()
    said = []
    for wait in (0.1, 0.5, 0.5):
        await clock.advance(wait)
        said.append(serving.fell)
    await serving.end()
    assert said == [True, False, True]


async def test_a_fault_while_it_is_looked_at_is_told_and_no_time_is_claimed() -> None:
    clock, told = stage.HandClock(), list[str]()

    class _Probes:
        async def probe(self, url: str, *_: Any, **__: Any) -> Probe:
            if clock.now() > T0:
                raise ValueError("a fault")
            return Probe(at=clock.now(), url=url, outcome=GOOD)

    probes: Any = _Probes()
    serving = Serving(probes, clock, API, lambda error: told.append(str(error)))
    serving.begin()
    await clock.advance(0.6)
    assert told == ["a fault"] and not serving.answers
    assert await serving.end() is None


def incident(*events: ev.Event) -> Incident:
    found = opened(ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me", reason=""))
    for event in (ev.PlanMade(at=T0, plan=plan()), ev.Confirmed(at=later(10), by="me"), *events):
        found, _ = decide(found, event)
    return found


def test_what_is_said_of_it_counts_from_the_word() -> None:
    assert serving_again(incident()) == ""
    again = incident(ev.ServesAgain(at=later(24.4), looks=40, bad=27))
    assert (again.again_after, serving_again(again)) == (14.4, "serving again 14 s after the word")
    always = incident(ev.ServesAgain(at=later(11), looks=40, bad=0))
    assert (always.again_after, serving_again(always)) == (None, "serving again: it answered throughout")


def test_a_plan_promises_what_was_measured_here() -> None:
    def took(app: str, seconds: float, way: str = "kept") -> Served:
        return Served(app=app, way=way, at=T0, seconds=seconds)

    times = [took("a", 90), *(took("a", s) for s in (10, 11, 12, 30, 9)), took("b", 20), took("a", 50, "git")]
    of_a, of_c = duration_estimate.of(times, "a", "kept"), duration_estimate.of(times, "c", "kept")
    assert of_a is not None and of_c is not None
    assert (of_a.seconds, of_a.count, of_a.own) == (11, 5, True)
    assert of_a.words == "serving again about 11 s after the word (median of 5 measured rollbacks of it)"
    assert (of_c.seconds, of_c.count, of_c.own) == (12, 5, False)
    assert duration_estimate.of(times, "a", "registry") is None
