"""The row of healthy answers that a verification wants, asked for from the end of the deploy on.

Until the verification comes, the host is asked what runs and releases are marked; the row takes its seconds meanwhile.
It counts for the verification that follows at once. One that comes later, after a person was asked say, asks anew.

It looks at what the host has reported done. So whoever begins it drops it unless the first look at the host says that
the deploy serves: what answered before that may have been the old release.
"""

import asyncio
from datetime import datetime
from typing import NamedTuple

from tui.engine.concurrency import taken_back
from tui.engine.monitor import health_probing
from tui.engine.ports import ClockPort, ProbePort
from tui.model.service import Service
from tui.model.verification import Check, Verdict

FRESH = 5.0
"""seconds after its end from which a row counts no more, those in which this machine slept among them"""


class EndedRow(NamedTuple):
    """A row that is over."""

    check: Check
    at: datetime
    """the time of its last answer"""


class HealthyRow:
    """The row of one incident."""

    def __init__(self, probes: ProbePort, clock: ClockPort) -> None:
        self._probes = probes
        self._clock = clock
        self._task: asyncio.Task[EndedRow] | None = None

    def begin(self, service: Service) -> None:
        """Ask from now on; `drop` comes first where there is a row already."""
        self._task = asyncio.create_task(self._asked(service))

    async def check(self, service: Service, *, since: datetime | None = None, fell: bool = False) -> EndedRow:
        """The row that was begun, once; asked for now where there is none, or none that counts.

        What a row that is over does not know: `since` when the host is known to serve the deploy, and whether it
        `fell`, that is whether the latest answer that anybody heard was bad.
        """
        task, self._task = self._task, None
        if task is not None:
            over = task.done()
            try:
                found = await task
            finally:
                await taken_back(task)
            fresh = (self._clock.now() - found.at).total_seconds() <= FRESH and (since is None or found.at >= since)
            if not over or (fresh and not fell and found.check.verdict is Verdict.PASSED):
                return found
        return await self._asked(service)

    async def drop(self) -> None:
        """Nobody needs it any more."""
        task, self._task = self._task, None
        if task is not None:
            await taken_back(task)

    async def _asked(self, service: Service) -> EndedRow:
        found = await health_probing.passes(self._probes, self._clock, service)
        return EndedRow(check=found, at=self._clock.now())
