"""The row of healthy answers that a verification wants: begun with the end of the deploy, used once, and never old."""

import asyncio
from typing import Any

from msgspec.structs import replace

from tests import stage
from tui.engine.incident.healthy_row import FRESH, HealthyRow
from tui.model.health import Probe, ProbeOutcome
from tui.model.service import HealthSpec
from tui.model.verification import Verdict

API = replace(stage.service("api"), health=HealthSpec(url="http://h/health"))
ROW = 2.0
"""seconds that three answers take, one second apart"""


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


def begun() -> tuple[HealthyRow, Looked]:
    clock = stage.HandClock()
    looked: Any = Looked(clock)
    row = HealthyRow(looked, clock)
    row.begin(API)
    return row, looked


async def test_a_row_that_is_over_is_the_answer_without_another_look() -> None:
    row, looked = begun()
    await looked.clock.advance(ROW + 0.1)
    assert (await row.check(API)).verdict is Verdict.PASSED and looked.asked == 3


async def test_a_row_under_way_is_waited_for() -> None:
    row, looked = begun()
    await looked.clock.advance(ROW - 0.5)
    found = asyncio.create_task(row.check(API))
    await looked.clock.advance(0.6)
    assert (await found).verdict is Verdict.PASSED and looked.asked == 3


async def test_it_counts_once_and_what_is_old_counts_never() -> None:
    for wait, uses in ((ROW + 0.1, 1), (ROW + FRESH + 0.1, 0)):
        row, looked = begun()
        await looked.clock.advance(wait)
        for _ in range(uses):
            assert (await row.check(API)).verdict is Verdict.PASSED
        looked.outcome = ProbeOutcome.UNHEALTHY
        found = asyncio.create_task(row.check(API))
        await looked.clock.advance(1.0)
        assert looked.asked > 3 and not found.done(), "asked anew, and not well yet"
        looked.outcome = ProbeOutcome.HEALTHY
        await looked.clock.advance(ROW + 1.0)
        assert (await found).verdict is Verdict.PASSED


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
