"""Who is on call, and whom the runbook names as well: known at once from the last time somebody asked, with its age.

Nobody waits for the answer: it is asked for in the background, at the start and when an incident opens, and kept for
the console that starts when the service that knows is down, too.
"""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from tui.engine.change_signal import Signal
from tui.engine.error_edge import answered, within, worded
from tui.engine.ports import ClockPort, OnCallPort, OnCallStorePort
from tui.engine.supervisor import Supervisor
from tui.model.notice import OnCall
from tui.model.service import Fleet
from tui.text.clean import clean_line

LIMIT = 10.0
"""seconds for the answer"""


class OnCallReader:
    """Who is on call, as far as it is known."""

    def __init__(
        self, fleet: Fleet, clock: ClockPort, port: OnCallPort | None, store: OnCallStorePort | None = None
    ) -> None:
        self.known: OnCall | None = None
        """as it was read last, here or by an earlier console"""
        self.trouble = ""
        """why the last question was not answered, if so"""
        self._fleet = fleet
        self._clock = clock
        self._port = port
        self._store = store
        self._asking: asyncio.Task[None] | None = None
        self._work = Supervisor(self._fault)
        self._news = Signal()

    @property
    def contacts(self) -> tuple[str, ...]:
        """Whom services.yaml names, in its own words."""
        named = self._fleet.contacts
        found = [one.contact for one in self._fleet.vendors]
        found += [*named.slack, named.email or ""]
        return tuple(dict.fromkeys(clean_line(word, 80) for word in found if word))

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` when there is an answer, without payload."""
        self._news.subscribe(listener)

    def ask(self) -> None:
        """Ask in the background; one question at a time."""
        if self._port is not None and (self._asking is None or self._asking.done()):
            self._asking = self._work.begin(self.refresh())

    async def refresh(self) -> None:
        """Ask now. What was known stays known where there is no answer."""
        if self._port is None:
            return
        if self.known is None and self._store is not None:
            self.known = await asyncio.to_thread(self._store.load)
            self._news.tell()
        found = await answered(
            within(LIMIT, self._port.on_call()), lambda error: OnCall(at=self._clock.now(), note=worded(error))
        )
        self.trouble = clean_line(found.note, 200) if not found.people else ""
        if found.people:
            self.known = replace(found, people=tuple(clean_line(name, 80) for name in found.people))
            if self._store is not None:
                await asyncio.to_thread(self._store.save, self.known)
        self._news.tell()

    async def stop(self) -> None:
        """End the question."""
        await self._work.end()

    def _fault(self, error: BaseException) -> None:
        self.trouble = worded(error)
        self._news.tell()
