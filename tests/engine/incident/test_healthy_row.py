"""The row of healthy answers that a verification wants: begun with the end of the deploy, used once, and never old."""

import asyncio
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from tests import stage
from tests.fake_host import APP, World
from tests.incident.facts import T0, later, plan
from tui.dokku import commands
from tui.engine.incident.handler import HostEffectHandler
from tui.engine.incident.healthy_row import FRESH, HealthyRow
from tui.engine.incident.steps import Ports
from tui.incident import events as ev
from tui.incident.decide import opened
from tui.model.errors import LinkError
from tui.model.health import Probe, ProbeOutcome
from tui.model.plan import Proof, StepKind
from tui.model.service import HealthSpec
from tui.model.verification import Verdict

API = replace(stage.service("api"), health=HealthSpec(url="http://h/health"))
ROW = 2.0
"""seconds that three answers take, one second apart"""
PATIENCE = HealthSpec().patience.total_seconds()


class Looked:
    """A service that answers well until it is told not to."""

    def __init__(self, clock: stage.HandClock) -> None:
        self.clock = clock
        self.asked = 0
        self.outcome = ProbeOutcome.HEALTHY

    async def probe(self, url: str, *_: Any, **how: Any) -> Probe:
        assert how["fresh"], "each on a connection of its own"
        self.asked += 1
        return Probe(at=self.clock.now(), url=url, outcome=self.outcome)


def begun(outcome: ProbeOutcome = ProbeOutcome.HEALTHY) -> tuple[HealthyRow, Looked]:
    clock = stage.HandClock()
    looked: Any = Looked(clock)
    looked.outcome = outcome
    row = HealthyRow(looked, clock)
    row.begin(API)
    return row, looked


async def test_a_row_that_is_over_is_the_answer_without_another_look() -> None:
    row, looked = begun()
    await looked.clock.advance(ROW + 0.1)
    found = await row.check(API)
    assert found.check.verdict is Verdict.PASSED and looked.asked == 3
    assert found.at == later(ROW), "it is as old as its last answer"


async def test_a_row_under_way_is_waited_for() -> None:
    row, looked = begun()
    await looked.clock.advance(ROW - 0.5)
    found = asyncio.create_task(row.check(API))
    await looked.clock.advance(0.6)
    assert (await found).check.verdict is Verdict.PASSED and looked.asked == 3


async def test_a_row_from_before_this_machine_slept_is_old() -> None:
    """The clock that counts no sleep called an answer of ten minutes ago fresh, and proved a rollback by it."""
    row, looked = begun()
    await looked.clock.advance(ROW + 0.1)
    looked.clock._at += timedelta(minutes=10)
    looked.outcome = ProbeOutcome.UNHEALTHY
    found = asyncio.create_task(row.check(API))
    await looked.clock.advance(PATIENCE + 2)
    assert (await found).check.verdict is Verdict.FAILED


async def test_it_counts_once_and_what_is_old_counts_never() -> None:
    for wait, uses in ((ROW + 0.1, 1), (ROW + FRESH + 0.1, 0)):
        row, looked = begun()
        await looked.clock.advance(wait)
        for _ in range(uses):
            assert (await row.check(API)).check.verdict is Verdict.PASSED
        looked.outcome = ProbeOutcome.UNHEALTHY
        found = asyncio.create_task(row.check(API))
        await looked.clock.advance(1.0)
        assert looked.asked > 3 and not found.done(), "asked anew, and not well yet"
        looked.outcome = ProbeOutcome.HEALTHY
        await looked.clock.advance(ROW + 1.0)
        assert (await found).check.verdict is Verdict.PASSED


async def test_what_is_over_counts_only_where_it_passed_and_the_service_has_answered_well_since() -> None:
    row, looked = begun()
    await looked.clock.advance(ROW + 1.0)
    looked.outcome = ProbeOutcome.UNHEALTHY
    found = asyncio.create_task(row.check(API, fell=True))
    await looked.clock.advance(1.0)
    assert looked.asked > 3 and not found.done(), "it fell after the row"
    await looked.clock.advance(100.0)
    assert (await found).check.verdict is Verdict.FAILED
    row, looked = begun(outcome=ProbeOutcome.UNHEALTHY)
    await looked.clock.advance(PATIENCE + 2.0)
    looked.outcome = ProbeOutcome.HEALTHY
    found = asyncio.create_task(row.check(API))
    await looked.clock.advance(ROW + 0.1)
    assert (await found).check.verdict is Verdict.PASSED, "it came about within the verification's own patience"


async def test_what_was_over_before_the_host_was_seen_to_serve_it_counts_not() -> None:
    row, looked = begun()
    await looked.clock.advance(ROW + 1.0)
    found = asyncio.create_task(row.check(API, since=later(ROW + 0.5)))
    await looked.clock.advance(ROW + 0.1)
    assert (await found).check.verdict is Verdict.PASSED and looked.asked == 6


async def test_a_service_that_wakes_up_while_it_is_verified_keeps_its_row() -> None:
    """What it was before, as long as the row is under way, the row has seen itself."""
    row, looked = begun()
    await looked.clock.advance(ROW - 0.5)
    found = asyncio.create_task(row.check(API, fell=True))
    await looked.clock.advance(0.6)
    assert (await found).check.verdict is Verdict.PASSED and looked.asked == 3


async def test_nothing_of_it_goes_on_once_it_is_dropped_or_whoever_waits_is() -> None:
    row, looked = begun()
    await row.drop()
    await looked.clock.advance(ROW)
    assert looked.asked <= 1
    row, looked = begun()
    found = asyncio.create_task(row.check(API))
    await looked.clock.advance(0.5)
    found.cancel()
    await asyncio.gather(found, return_exceptions=True)
    await looked.clock.advance(ROW)
    assert looked.asked == 1


class Deployed:
    """A deploy of a command that was reported done on a fake host, and who performs the effects that follow."""

    def __init__(self) -> None:
        self.world = world = World()
        probes: Any = Looked(world.clock)
        ports = Ports(world.fleet, world.links, probes, world.journal, world.clock)
        self.handler = HostEffectHandler(ports)
        self.row = self.handler._steps.healthy_row

    async def observe(self, *, serves: bool) -> ev.Observed | ev.NotObserved:
        """The row is begun, and the host is looked at."""
        now = await self.world.links.current("main", APP)
        proof = Proof(source=now.source or "", metadata=now.metadata or "")
        made = replace(
            plan(StepKind.DEPLOY),
            push=None,
            proof=proof if serves else replace(proof, metadata="what was sent"),
            before=replace(now, containers=()),
        )
        event = ev.Opened(at=T0, incident="inc1", service="api", app=APP, host="main", by="me@box")
        self.row.begin(self.world.service)
        return await self.handler.observe(replace(opened(event), plan=made))


async def test_it_counts_only_where_the_first_look_at_the_host_says_that_the_deploy_serves() -> None:
    """Else what answered may have been the old release, though the deploy was reported done."""
    for serves in (True, False):
        deployed = Deployed()
        assert isinstance(await deployed.observe(serves=serves), ev.Observed)
        assert (deployed.row._task is not None) is serves


async def test_a_host_that_cannot_be_asked_or_is_at_it_has_said_nothing_of_it() -> None:
    deployed = Deployed()
    locked = deployed.world.host._recording(commands.apps_report(APP))[1].replace('"false"', '"true"')
    deployed.world.host.says(commands.apps_report(APP), (0, locked, ""))
    deployed.world.host.says(commands.builds_list(APP), (1, "", ""))
    found = await deployed.observe(serves=True)
    assert isinstance(found, ev.Observed) and found.current.locked and deployed.row._task is None
    deployed = Deployed()
    deployed.row.begin(deployed.world.service)
    event = ev.Opened(at=T0, incident="inc1", service="api", app=APP, host="main", by="me@box")
    deployed.world.host.says(commands.apps_report(APP), LinkError("the host is gone"))
    found = await deployed.handler.observe(replace(opened(event), plan=plan(StepKind.DEPLOY)))
    assert isinstance(found, ev.NotObserved) and deployed.row._task is None
