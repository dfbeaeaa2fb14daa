"""When the service answers well again after the word to go back: looked at twice a second from the push on.

The first good answer may be the old release's, between bad ones: what counts is the first after which none was bad, up
to the end of the verification. Where none was bad at all it answered throughout, and there is nothing to wait for.
"""

import asyncio
from datetime import datetime

from tui.engine.monitor import health
from tui.engine.ports import ClockPort, ProbePort
from tui.incident import events as ev
from tui.model.health import ProbeOutcome
from tui.model.service import Service

EVERY = 0.5
"""seconds between looks"""


class Serving:
    """Looks at one service while it is replaced."""

    def __init__(self, probes: ProbePort, clock: ClockPort, service: Service) -> None:
        self._probes = probes
        self._clock = clock
        self._service = service
        self._good: datetime | None = None
        self._looks = self._bad = 0
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look from now on, where there is an address that answers."""
        if self._service.health is not None and self._service.health.answers:
            self._task = asyncio.create_task(self._look())

    async def end(self) -> ev.ServesAgain | None:
        """Stop looking. Returns since when it has answered; None where it does not, or nobody looked.

        Raises what ended the looks, if anything but this did.
        """
        task, self._task = self._task, None
        if task is None:
            return None
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()
        return None if self._good is None else ev.ServesAgain(at=self._good, looks=self._looks, bad=self._bad)

    @property
    def answers(self) -> bool:
        """Whether the latest look was answered well."""
        return self._good is not None

    async def _look(self) -> None:
        while True:
            began = self._clock.monotonic()
            seen = await health.probe(self._probes, self._service)
            if seen is None:
                return
            self._looks += 1
            if seen.outcome is ProbeOutcome.HEALTHY:
                self._good = self._good or seen.at
            else:
                self._good, self._bad = None, self._bad + 1
            await self._clock.sleep(max(0.0, EVERY - (self._clock.monotonic() - began)))
