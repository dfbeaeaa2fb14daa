"""An incident that another console on this machine leads, looked at here: read from the journal, never written.

The journal is the truth about an incident, and both consoles read the same one. It is asked at a steady rate; once the
other console is gone the incident can be taken up here (`Engine.resume`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from tui.engine.change_signal import Signal
from tui.engine.ports import ClockPort, JournalPort
from tui.engine.supervisor import Supervisor
from tui.incident import events as ev
from tui.model.errors import ConsoleError, TakenByOther
from tui.model.incident import Incident

EVERY = 1.0
"""seconds between looks"""


class Onlooker:
    """One incident as it is. Ends with it, or when it is stopped."""

    def __init__(
        self,
        incident: Incident,
        held_by: str,
        journal: JournalPort,
        clock: ClockPort,
        read: Callable[[str], Awaitable[Incident]],
    ) -> None:
        self.incident = incident
        self.held_by = held_by
        """the process that leads it; empty once there is none"""
        self.at: datetime = clock.now()
        """when the journal was read last"""
        self.trouble = ""
        """why it could not be read the last time, if so"""
        self._journal = journal
        self._clock = clock
        self._read = read
        self.error: BaseException | None = None
        """what ended the looking, if it was an error"""
        self._news = Signal()
        self._work = Supervisor(self._broke)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        if self._task is None:
            self._task = self._work.begin(self._look())

    async def stop(self) -> None:
        """End; what was read stays."""
        await self._work.end()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every change, without payload. Returns what ends the subscription."""
        return self._news.subscribe(listener)

    async def submit(self, event: ev.Event) -> Incident:
        """Nothing is written here. Raises TakenByOther."""
        who = self.held_by or "nobody any more"
        raise TakenByOther(f"incident {self.incident.id} is led by another console ({who}): it is only looked at here")

    async def _look(self) -> None:
        while self.incident.open:
            await self._clock.sleep(EVERY)
            before = (self.incident, self.held_by, self.trouble)
            try:
                self.incident = await self._read(self.incident.id)
                self.at, self.trouble = self._clock.now(), ""
            except ConsoleError as error:
                self.trouble = error.message
            self.held_by = self._journal.holder(self.incident.id)
            if (self.incident, self.held_by, self.trouble) != before:
                self._news.tell()

    def _broke(self, error: BaseException) -> None:
        self.error = error
        self._news.tell()
