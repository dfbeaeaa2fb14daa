"""The questions of the next steps, asked while a step is under way: a host answers many at once no later than one.

Nothing here changes a host, and nothing is judged before its step. What guards a step is kept:
- What runs is read once the record is ours, so that no other console changes it afterwards; the settings that decide
  who builds are read beside the taking of it, because the last look before the push reads them again where it counts.
- The look at the gate goes on while deploys are being frozen: what it reads no step has yet to set then.
Whatever was read too long ago, or went wrong, counts as not read: the step asks again, in its own time.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from tui.engine.concurrency import taken_back
from tui.engine.hosts.connections import HostConnections
from tui.engine.incident import look_before_push
from tui.engine.ports import ClockPort
from tui.engine.releases import build_facts
from tui.model.errors import ConsoleError
from tui.model.observation import RunningState
from tui.model.plan import Plan, Step, StepKind

FRESH = 1.0
"""seconds after which what was asked ahead counts no more, those in which this machine slept among them"""


class _Asked:
    """Questions under way, each with the moment at which it was asked."""

    def __init__(self, clock: ClockPort) -> None:
        self._clock = clock
        self._tasks: dict[str, tuple[datetime, asyncio.Task[Any]]] = {}

    def __contains__(self, what: str) -> bool:
        return what in self._tasks

    def begin(self, what: str, asked: Coroutine[Any, Any, Any]) -> None:
        self._tasks[what] = (self._clock.now(), asyncio.create_task(asked))

    async def answer(self, what: str) -> Any:
        """The answer; None where it was not asked, not lately, or did not come."""
        asked = self._tasks.pop(what, None)
        if asked is None:
            return None
        at, task = asked
        if (self._clock.now() - at).total_seconds() > FRESH:
            await taken_back(task)
            return None
        try:
            return await task
        except ConsoleError:
            return None
        except asyncio.CancelledError:
            await taken_back(task)
            raise

    async def drop(self) -> None:
        """Nobody needs the rest."""
        tasks, self._tasks = [task for _, task in self._tasks.values()], {}
        for task in tasks:
            await taken_back(task)


class Ahead:
    """Asks ahead for the steps of one incident."""

    def __init__(self, links: HostConnections, clock: ClockPort) -> None:
        self._links = links
        self._asked = _Asked(clock)

    def begin(self, plan: Plan, step: Step, incident: str) -> None:
        """Ask what the steps after this one will need, as far as it may be asked while this one is under way."""
        coming = [one.kind for one in plan.steps[plan.steps.index(step) + 1 :]]
        if step.kind is StepKind.RECORD and coming[1:2] == [StepKind.COMPARE]:
            self._begin_gate(plan)
        elif step.kind is StepKind.COMMAND and coming[:1] == [StepKind.COMPARE]:
            self._begin_gate(plan)
            self._asked.begin("current", self._links.current(plan.host, plan.app))
        elif step.kind in (StepKind.COMPARE, StepKind.FREEZE) and coming[:1] == [StepKind.PUSH]:
            self._asked.begin("closed", look_before_push.closed(self._links, plan, incident))

    def _begin_gate(self, plan: Plan) -> None:
        if plan.gate and "gate" not in self._asked:
            self._asked.begin("gate", build_facts.gate(self._links, plan.host, plan.app))

    async def current(self, plan: Plan) -> RunningState:
        """The running state. Raises LinkError, UnexpectedReply."""
        found: RunningState | None = await self._asked.answer("current")
        return found or await self._links.current(plan.host, plan.app)

    async def gate(self, plan: Plan) -> build_facts.Told:
        """The answers that decide who builds a push. Raises LinkError."""
        found: build_facts.Told | None = await self._asked.answer("gate")
        return found or await build_facts.gate(self._links, plan.host, plan.app)

    async def closed(self, plan: Plan, incident: str) -> str:
        """Why the push must not leave, see `look_before_push.closed`. Raises LinkError."""
        found: str | None = await self._asked.answer("closed")
        return found if found == "" else await look_before_push.closed(self._links, plan, incident)

    async def drop(self) -> None:
        """A step did not go as planned, or the console ends: nothing that was asked ahead counts."""
        await self._asked.drop()
