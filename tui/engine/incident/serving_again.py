"""When the service answers well again after the word to go back: looked at twice a second from the push on.

The first good answer may be the old release's, between bad ones: what counts is the first after which none was bad, up
to the end of the verification. Where none was bad at all it answered throughout, and there is nothing to wait for.
"""

from collections.abc import Callable
from datetime import datetime

from tui.engine.monitor import health_probing
from tui.engine.ports import ClockPort, ProbePort
from tui.engine.supervisor import Supervisor
from tui.incident import events as ev
from tui.model.health import ProbeOutcome
from tui.model.service import Service

EVERY = 0.5
"""seconds between looks"""


class Serving:
    """Looks at one service while it is replaced."""

    def __init__(
        self, probes: ProbePort, clock: ClockPort, service: Service, failed: Callable[[BaseException], object]
    ) -> None:
        """`failed` hears why nobody looks any more."""
        self._probes = probes
        self._clock = clock
        self._service = service
        self._good: datetime | None = None
        self._looks = self._bad = 0
        self._failed = failed
        self._work = Supervisor(self._broke)

    def begin(self) -> None:
        """Look from now on, where there is an address that answers."""
        if self._service.health is not None and self._service.health.answers:
            self._work.begin(self._look())

    async def end(self) -> ev.ServesAgain | None:
        """Stop looking. Returns, once, since when it has answered; None where it does not, or nobody looked."""
        await self._work.end()
        good, self._good = self._good, None
        return None if good is None else ev.ServesAgain(at=good, looks=self._looks, bad=self._bad)

    @property
    def answers(self) -> bool:
        """True if the latest look was answered well."""
        return self._good is not None

    @property
    def fell(self) -> bool:
        """True if the latest look was answered badly, or not at all."""
        return self._looks > 0 and self._good is None

    def _broke(self, error: BaseException) -> None:
        self._good = None  # whether it went on answering nobody has seen
        self._failed(error)

    async def _look(self) -> None:
        while True:
            began = self._clock.monotonic()
            seen = await health_probing.probe(self._probes, self._service)
            if seen is None:
                return
            self._looks += 1
            if seen.outcome is ProbeOutcome.HEALTHY:
                self._good = self._good or seen.at
            else:
                self._good, self._bad = None, self._bad + 1
            await self._clock.sleep(max(0.0, EVERY - (self._clock.monotonic() - began)))
