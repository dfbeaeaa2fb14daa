"""The downtime of a service that stops before it starts: measured, from the first sign to the first answer.

The host's own line says when it stops the old containers; a look at the service's health each second says the rest.
Whichever sign comes first starts the clock. The end is the first healthy answer after an unhealthy one: a container
that is being stopped may answer to its last. A service that was sick before gives no sign by its health: for it only
the host's line counts, and the end is its first healthy answer. What is missed here, verification sees.
"""

import asyncio
from collections.abc import Awaitable, Callable

from tui.dokku.framing import Framer
from tui.engine.monitor import health_probing
from tui.engine.ports import ClockPort, ProbePort
from tui.engine.supervisor import Supervisor
from tui.incident import events as ev
from tui.model.health import ProbeOutcome
from tui.model.service import Service

EVERY = 1.0
"""seconds between looks"""
STOPS = "Zero downtime is disabled, stopping currently running containers"
"""what Dokku prints right before it stops them, on 0.35.15 and 0.38.27"""


class Downtime:
    """Measures one replacement."""

    def __init__(
        self,
        probes: ProbePort,
        clock: ClockPort,
        service: Service,
        note: Callable[[ev.Event], Awaitable[object]],
        failed: Callable[[BaseException], object],
    ) -> None:
        """`failed` hears why it is not measured any more."""
        self._probes = probes
        self._clock = clock
        self._service = service
        self._note = note
        self._framer = Framer()
        self._stopped = asyncio.Event()
        self._work = Supervisor(failed)
        self._telling: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look from now on, until the service has answered again or `end`."""
        self._work.begin(self._look())

    async def end(self) -> None:
        """Stop looking."""
        await self._work.end()

    def heard(self, raw: bytes) -> None:
        """The deploy's output, as it comes."""
        if any(STOPS in line.text for line in self._framer.feed(raw)) and not self._stopped.is_set():
            self._stopped.set()
            self._telling = self._work.begin(self._down("the host stops what runs"))

    async def _down(self, what: str) -> None:
        await self._note(ev.WentDown(at=self._clock.now(), what=what))

    async def _look(self) -> None:
        answered = down = False
        while True:
            seen = await health_probing.probe(self._probes, self._service)
            if seen is None:
                return  # no health address: only verification can say when it is back
            healthy = seen.outcome is ProbeOutcome.HEALTHY
            if healthy and (down or (self._stopped.is_set() and not answered)):
                if self._telling is not None:
                    await self._telling
                await self._note(ev.CameUp(at=seen.at))
                return
            if seen.outcome is ProbeOutcome.UNHEALTHY and answered and not down:
                down = True
                await self._down(seen.detail)
            answered = answered or healthy
            await self._clock.sleep(EVERY)
