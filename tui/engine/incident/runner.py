"""The loop that carries one incident: event → decide → journal, synced → publish → effects → events.

The runner (called a walk where several are carried) owns the tasks that effects are performed in, so closing a screen,
losing a terminal or ending a front end's wait changes nothing. Front ends `submit` events and read `incident`; who
`subscribe`s is told that there is something new to read, and nothing else.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from tui.engine.change_signal import Signal
from tui.engine.incident.effect_edge import Edge, EffectHandler
from tui.engine.ports import ClockPort, JournalPort
from tui.engine.supervisor import Supervisor
from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident import watch as watching
from tui.incident.decide import decide, opened
from tui.model.errors import InvalidTransition
from tui.model.evidence import Phase
from tui.model.incident import Closing, Incident, State


class IncidentRunner:
    """One open incident, carried by this process."""

    def __init__(self, incident: Incident, journal: JournalPort, clock: ClockPort, handler: EffectHandler) -> None:
        self.incident = incident
        self.error: BaseException | None = None
        """what ended the loop, if anything but closing did: the journal could not be written"""
        self._journal = journal
        self._clock = clock
        self._handler = Edge(handler, clock)
        self._turn = asyncio.Lock()
        self._effects = Supervisor(self._broke)
        self._commits: set[asyncio.Task[Incident]] = set()
        self._stopped = False
        self._watcher: asyncio.Task[None] | None = None
        self._news = Signal()

    @classmethod
    async def begin(
        cls, event: ev.Opened, journal: JournalPort, clock: ClockPort, handler: EffectHandler
    ) -> "IncidentRunner":
        """Open an incident: the opening is on disk when this returns."""
        await journal.open_incident(
            event.incident, event.service, event.app, event.host, event.at, "event", ev.encode(event)
        )
        return cls(opened(event), journal, clock, handler)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every change, without payload. Returns what ends the subscription."""
        return self._news.subscribe(listener)

    async def submit(self, event: ev.Event) -> Incident:
        """Apply one event: decided, on disk, published, its effects begun. Raises InvalidTransition when it is not
        possible, JournalError when it could not be written; then nothing has changed.

        What is on disk is in memory too, even where the one who waits here is cancelled meanwhile."""
        commit = asyncio.create_task(self._commit(event))
        self._commits.add(commit)
        commit.add_done_callback(self._committed)
        return await asyncio.shield(commit)

    async def _commit(self, event: ev.Event) -> Incident:
        async with self._turn:
            incident, effects = decide(self.incident, event)
            moved = incident.state.value if incident.state is not self.incident.state else None
            await self._journal.append(incident.id, "event", ev.encode(event), event.at, moved)
            self.incident = incident
            for effect in effects:
                self._begin(effect)
        self._news.tell()
        return incident

    def _committed(self, commit: asyncio.Task[Incident]) -> None:
        self._commits.discard(commit)
        if not commit.cancelled():
            commit.exception()  # whoever waits has it; nobody may be left who does

    async def settled(self) -> Incident:
        """Wait until a person is asked or the incident is closed. Raises what ended the loop otherwise."""
        await self._news.until(lambda: self._over or self.incident.asking is not None)
        return self._as_it_is()

    async def until_known(self) -> Incident:
        """Wait until it is known what serves: a person is asked, it is watched, or closed. Raises as `settled`."""

        def known() -> bool:
            watched = self.incident.state is State.WATCHING and self.incident.settling is None
            return self._over or self.incident.asking is not None or watched

        await self._news.until(known)
        return self._as_it_is()

    @property
    def _over(self) -> bool:
        return self.error is not None or not self.incident.open

    def _as_it_is(self) -> Incident:
        if self.error is not None:
            raise self.error
        return self.incident

    async def stop(self) -> None:
        """End this process's part: what was sent goes on at the host, the journal keeps the incident open."""
        self._stopped = True
        try:
            await self._effects.end()
        finally:
            try:
                # explained by test_what_a_step_began_at_the_last_moment_is_ended_with_the_walk
                await self._handler.close()
            finally:
                # whoever waits has what one of them raised
                await asyncio.gather(*self._commits, return_exceptions=True)

    # ── effects ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, effect: do.Effect) -> None:
        if self._stopped:
            return  # whoever resumes the incident finds it outstanding
        match effect:
            case do.RunStep(step=step):
                self._effects.begin(self._run_step(step))
            case do.Observe(after=after):
                self._effects.begin(self._observe(after.total_seconds()))
            case do.Verify():
                self._effects.begin(self._verify())
            case do.KeepWatch():
                if self._watcher is None or self._watcher.done():
                    self._watcher = self._effects.begin(self._keep_watch())
            case do.Measure(phase=phase):
                self._effects.begin(self._measure(phase))
            case do.Settle(closing=closing, after=after):
                self._effects.begin(self._settle(closing, after.total_seconds()))
            case _:
                assert_never(effect)

    def _broke(self, error: BaseException) -> None:
        """An error that no edge took ends in `error`, which every waiting front end raises."""
        self.error = error
        self._news.tell()

    async def _run_step(self, step: str) -> None:
        await self.submit(ev.StepStarted(at=self._clock.now(), step=step))
        await self.submit(await self._handler.run_step(self.incident, step, self.submit))

    async def _observe(self, after: float) -> None:
        if after:
            await self._clock.sleep(after)
        await self.submit(await self._handler.observe(self.incident))

    async def _verify(self) -> None:
        await self.submit(await self._handler.verify(self.incident))

    async def _keep_watch(self) -> None:
        """Looks at their rhythm, checkpoints at their times. A checkpoint may wait for sources outside, and holds no
        look up; only the last one is waited for, because the end of the watch is decided by it."""
        checkpoint: asyncio.Task[None] | None = None
        while self.incident.open and self.incident.watch is not None and self.incident.settling is None:
            opened_at = self.incident.watch.opened_at
            pause = self._until(self.incident.watch.deadline, watching.LOOK_EVERY)
            if pause > 0:
                await self._clock.sleep(pause)
            if not self._watches(opened_at):
                continue  # the person moved on while nobody looked
            found = await self._handler.look(self.incident)
            if not self._watches(opened_at):
                continue  # what was seen belongs to a watch that is over
            try:
                await self.submit(found)
                if not self._watches(opened_at):
                    continue
                if checkpoint is None or checkpoint.done():
                    checkpoint = self._checkpoint()
                if self._until(self.incident.watch.deadline, watching.LOOK_EVERY) <= 0:
                    while checkpoint is not None and self.error is None:
                        await asyncio.wait({checkpoint})
                        checkpoint = self._checkpoint()
                    await self.submit(ev.WatchTimerFired(at=self._clock.now()))
            except InvalidTransition:
                return  # the person moved on while the look was under way
            if self.incident.asking is not None:
                return

    def _watches(self, opened_at: datetime) -> bool:
        watch = self.incident.watch
        return self.incident.state is State.WATCHING and watch is not None and watch.opened_at == opened_at

    def _until(self, deadline: datetime, longest: float) -> float:
        """Seconds to the next look: at its rhythm, but not past a checkpoint or the end."""
        now = self._clock.now()
        left = (deadline - now).total_seconds()
        due = watching.next_checkpoint(self.incident)
        to_checkpoint = (due - now).total_seconds() if due is not None else left
        return min(longest, left, to_checkpoint if to_checkpoint > 0 else longest)

    def _checkpoint(self) -> "asyncio.Task[None] | None":
        """Measure now, if a checkpoint is due that was not measured yet."""
        due, now = watching.next_checkpoint(self.incident), self._clock.now()
        if due is None or due > now or self.incident.asking is not None:
            return None
        return self._effects.begin(self._measure(*watching.phases(self.incident, now)))

    async def _measure(self, *phases: Phase) -> None:
        for phase in phases:
            await self.submit(await self._handler.measure(self.incident, phase))

    async def _settle(self, closing: Closing, after: float) -> None:
        if after:
            await self._clock.sleep(after)
        await self.submit(await self._handler.settle(self.incident, closing))
