"""The row of healthy answers that a verification wants, asked for from the end of the deploy on.

Until the verification comes, the host is asked what runs and releases are marked; the row takes its seconds meanwhile.
It counts for the verification that follows at once. One that comes later, after a person was asked say, asks anew.
"""

import asyncio

from tui.engine.monitor import health_probing
from tui.engine.ports import ClockPort, ProbePort
from tui.model.service import Service
from tui.model.verification import Check

FRESH = 5.0
"""seconds after its end from which a row counts no more"""


class HealthyRow:
    """The row of one incident."""

    def __init__(self, probes: ProbePort, clock: ClockPort) -> None:
        self._probes = probes
        self._clock = clock
        self._task: asyncio.Task[tuple[float, Check]] | None = None

    def begin(self, service: Service) -> None:
        """Ask from now on; `drop` comes first where there is a row already."""
        self._task = asyncio.create_task(self._asked(service))

    async def check(self, service: Service) -> Check:
        """The row that was begun, once; asked for now where there is none, or none that is fresh."""
        task, self._task = self._task, None
        if task is not None:
            try:
                ended, found = await task
            finally:
                await _over(task)
            if self._clock.monotonic() - ended <= FRESH:
                return found
        return (await self._asked(service))[1]

    async def drop(self) -> None:
        """Nobody needs it any more."""
        task, self._task = self._task, None
        if task is not None:
            await _over(task)

    async def _asked(self, service: Service) -> tuple[float, Check]:
        found = await health_probing.passes(self._probes, self._clock, service)
        return self._clock.monotonic(), found


async def _over(task: "asyncio.Task[tuple[float, Check]]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
