"""The edge between an incident's loop and the world: every effect ends in its event, no matter what goes wrong on the
way.

A driver raises ConsoleErrors, and a fault of our own may raise anything. Neither may end the loop of an open incident:
what reached the host would never be asked for. So a step that failed here is unknown, a look that failed was not
measured, and the decision core says what follows. Only the journal ends a loop, because the event itself cannot be
written then.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from tui.engine.error_edge import answered, worded
from tui.engine.ports import ClockPort
from tui.incident import events as ev
from tui.model.evidence import Measurement, Phase, Rate, RateSource
from tui.model.incident import Closing, Incident, Sample, StepResult
from tui.model.outcome import Lost
from tui.model.verification import Check, Verdict

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
    """A handler that never raises: what the one inside could not do is said in the event."""

    def __init__(self, inner: EffectHandler, clock: ClockPort) -> None:
        self._inner = inner
        self._clock = clock

    async def run_step(self, incident: Incident, step: str, note: Note) -> ev.StepEnded:
        """The step's end; after an error nobody knows what reached the host."""

        def unknown(error: Exception) -> ev.StepEnded:
            lost, at = Lost(why=worded(error)), self._clock.now()
            return ev.StepEnded(at=at, step=step, outcome=lost, result=StepResult.UNKNOWN, detail=lost.why)

        return await answered(self._inner.run_step(incident, step, note), unknown)

    async def observe(self, incident: Incident) -> ev.Observed | ev.NotObserved:
        """The running state, or why it could not be asked."""
        return await answered(
            self._inner.observe(incident), lambda error: ev.NotObserved(at=self._clock.now(), why=worded(error))
        )

    async def verify(self, incident: Incident) -> ev.ChecksDone:
        """The checks; after an error one that is inconclusive."""

        def inconclusive(error: Exception) -> ev.ChecksDone:
            check = Check(name="verification", verdict=Verdict.INCONCLUSIVE, evidence=worded(error))
            return ev.ChecksDone(at=self._clock.now(), checks=(check,))

        return await answered(self._inner.verify(incident), inconclusive)

    async def look(self, incident: Incident) -> ev.HealthSampled | ev.ForeignChangeSeen:
        """One look of a watch; after an error one in which nothing was measured, which lowers the watch's coverage."""

        def unmeasured(error: Exception) -> ev.HealthSampled:
            now = self._clock.now()
            return ev.HealthSampled(at=now, sample=Sample(at=now, healthy=None, note=worded(error)))

        return await answered(self._inner.look(incident), unmeasured)

    async def measure(self, incident: Incident, phase: Phase) -> ev.Measured:
        """The rates of a phase; after an error one that says why it is none."""

        def none(error: Exception) -> ev.Measured:
            at = self._clock.now()
            rate = Rate(source=RateSource.ACCESS_LOG, since=at, until=at, failed=None, total=None, note=worded(error))
            return ev.Measured(at=at, measurement=Measurement(at=at, phase=phase, rates=(rate,)))

        return await answered(self._inner.measure(incident, phase), none)

    async def settle(self, incident: Incident, closing: Closing) -> ev.Settled | ev.Unsettled:
        """The state in which the host was left; after an error why something may be left there."""
        return await answered(
            self._inner.settle(incident, closing), lambda error: ev.Unsettled(at=self._clock.now(), why=worded(error))
        )

    async def close(self) -> None:
        """End what measures in the background."""
        await self._inner.close()
