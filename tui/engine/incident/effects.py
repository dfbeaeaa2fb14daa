"""The edge between an incident's loop and the world: every effect ends in its event, whatever goes wrong on the way.

A driver raises ConsoleErrors, and a fault of our own may raise anything. Neither may end the loop of an open incident:
what reached the host would never be asked for. So a step that failed here is unknown, a look that failed was not
measured, and the decision core says what follows. Only the journal ends a loop, because the event itself cannot be
written then.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from tui.engine.ports import ClockPort
from tui.incident import events as ev
from tui.model.errors import ConsoleError
from tui.model.evidence import Measurement, Phase, Rate, Source
from tui.model.incident import Closing, Incident, Sample, StepResult
from tui.model.outcome import Lost
from tui.model.verification import Check, Verdict
from tui.text.clean import clean_line

Note = Callable[[ev.Event], Awaitable[object]]
"""takes an event that is none of the effect's own end"""


class EffectHandler(Protocol):
    """Who carries effects out; every method ends in exactly one event."""

    async def run_step(self, incident: Incident, step: str, note: Note) -> ev.StepEnded: ...

    async def observe(self, incident: Incident) -> ev.Observed | ev.NotObserved: ...

    async def verify(self, incident: Incident) -> ev.ChecksDone: ...

    async def look(self, incident: Incident) -> ev.HealthSampled | ev.ForeignChangeSeen: ...

    async def measure(self, incident: Incident, phase: Phase) -> ev.Measured: ...

    async def settle(self, incident: Incident, closing: Closing) -> ev.Settled | ev.Unsettled: ...

    async def close(self) -> None: ...


class Edge:
    """A performer that never raises: what the one inside could not do is said in the event."""

    def __init__(self, inner: EffectHandler, clock: ClockPort) -> None:
        self._inner = inner
        self._clock = clock

    async def run_step(self, incident: Incident, step: str, note: Note) -> ev.StepEnded:
        """The step's end; after an error nobody knows what reached the host."""
        try:
            return await self._inner.run_step(incident, step, note)
        except Exception as error:  # noqa: BLE001 - the edge
            why = worded(error)
            return ev.StepEnded(
                at=self._clock.now(), step=step, outcome=Lost(why=why), result=StepResult.UNSURE, detail=why
            )

    async def observe(self, incident: Incident) -> ev.Observed | ev.NotObserved:
        """What runs, or why it could not be asked."""
        try:
            return await self._inner.observe(incident)
        except Exception as error:  # noqa: BLE001 - the edge
            return ev.NotObserved(at=self._clock.now(), why=worded(error))

    async def verify(self, incident: Incident) -> ev.ChecksDone:
        """The checks; after an error one that is inconclusive."""
        try:
            return await self._inner.verify(incident)
        except Exception as error:  # noqa: BLE001 - the edge
            check = Check(name="verification", verdict=Verdict.INCONCLUSIVE, evidence=worded(error))
            return ev.ChecksDone(at=self._clock.now(), checks=(check,))

    async def look(self, incident: Incident) -> ev.HealthSampled | ev.ForeignChangeSeen:
        """One look of a watch; after an error one in which nothing was measured."""
        try:
            return await self._inner.look(incident)
        except Exception:  # noqa: BLE001 - the edge: unmeasured time lowers the watch's coverage, which is shown
            now = self._clock.now()
            return ev.HealthSampled(at=now, sample=Sample(at=now, healthy=None))

    async def measure(self, incident: Incident, phase: Phase) -> ev.Measured:
        """The rates of a phase; after an error one that says why it is none."""
        try:
            return await self._inner.measure(incident, phase)
        except Exception as error:  # noqa: BLE001 - the edge
            at = self._clock.now()
            rate = Rate(source=Source.ACCESS_LOG, since=at, until=at, failed=None, total=None, note=worded(error))
            return ev.Measured(at=at, measurement=Measurement(at=at, phase=phase, rates=(rate,)))

    async def settle(self, incident: Incident, closing: Closing) -> ev.Settled | ev.Unsettled:
        """How the host was left; after an error why something may be left there."""
        try:
            return await self._inner.settle(incident, closing)
        except Exception as error:  # noqa: BLE001 - the edge
            return ev.Unsettled(at=self._clock.now(), why=worded(error))

    async def close(self) -> None:
        """End what measures in the background."""
        await self._inner.close()


def worded(error: Exception) -> str:
    """An error in one harmless line: our own words where it has them, else its kind as well."""
    if isinstance(error, ConsoleError):
        return clean_line(error.message, 300)
    return clean_line(f"{type(error).__name__}: {error}", 300)
