"""The one gate through which everything that changes a host goes.

It knows read-only mode and the journal: the intent is on disk before a command leaves, its end after it came back.
Reads pass by here too, so that the command trail is complete. That no change is sent twice is seen to by
`drivers/ssh/host`, below here, and by the first rule of `incident/decide`, above.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeVar

import msgspec

from tui.dokku import holder_looks
from tui.engine.hosts.trail import Trail
from tui.engine.ports import ClockPort, HostPort, JournalPort, OnOutput
from tui.model.errors import JournalError, LinkError, Refused
from tui.model.outcome import Answer, NeverStarted, Outcome, describe
from tui.model.trail import OUTSIDE, Sent

__all__ = ["OUTSIDE", "Gate", "Sent", "line", "recorded"]

T = TypeVar("T")
READ_LIMIT = 20.0
"""seconds that a read of a host may take, where its question has no limit of its own"""


async def recorded(journal: JournalPort, incident: str) -> tuple[Sent, ...]:
    """The commands that this machine's journal has of an incident, the oldest first: each as it was begun, and again as
    it ended. Raises JournalError."""
    entries = await journal.entries(incident)
    return tuple(msgspec.json.decode(entry.payload, type=Sent) for entry in entries if entry.kind == "command")


class Count:
    """Commands that change a host, as `Gate.sent` counts them, of one task and those it began."""

    sent = 0


_COUNT: ContextVar[Count | None] = ContextVar("count", default=None)


class Gate:
    """Passes commands to hosts."""

    def __init__(self, journal: JournalPort, clock: ClockPort, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self.trail = Trail()
        self.sent = 0
        """commands that change a host which were let out and may have reached it"""
        self.begun = 0
        """commands that change a host which were begun, those that never reached it too: it only grows"""
        self.lost = ""
        """why the end of such a command could not be put on record, if so: the record is incomplete"""
        self._journal = journal
        self._clock = clock

    @property
    def wrote(self) -> bool:
        """True if a command that changes a host was let out and may have reached it."""
        return self.sent > 0

    def counted(self) -> Count:
        """Counts what this task lets out from now on, and what those let out that it begins."""
        count = Count()
        _COUNT.set(count)
        return count

    def _count(self, by: int) -> None:
        self.sent += by
        if (mine := _COUNT.get()) is not None:
            mine.sent += by

    async def read(
        self,
        host: HostPort,
        name: str,
        argv: tuple[str, ...],
        *,
        timeout: float = READ_LIMIT,
        only_on: int | None = None,
    ) -> Answer:
        """A command that changes nothing. Raises LinkError when the host cannot be spoken to.

        `run` starts a release, unless it is the look at a holder on the connection that proved it to be harmless.
        """
        if argv[0] == "run" and not (holder_looks.is_look(argv) and only_on is not None):
            raise AssertionError(f"{argv} would start a release")
        answer = await host.run(argv, timeout=timeout, only_on=only_on)
        self.trail.append(
            Sent(
                at=answer.started_at,
                host=name,
                argv=argv,
                writes=False,
                outcome=answer.outcome,
                seconds=answer.seconds,
            )
        )
        return answer

    async def write(
        self,
        host: HostPort,
        name: str,
        argv: tuple[str, ...],
        *,
        timeout: float,
        incident: str = OUTSIDE,
        on_output: OnOutput | None = None,
    ) -> Answer:
        """A command that changes the host, sent once. Raises Refused when read-only, LinkError if nothing was sent."""

        if argv[0] == "run":
            raise AssertionError(f"{argv} would start a release")

        async def send() -> Answer:
            return await host.run(argv, timeout=timeout, writes=True, on_output=on_output)

        return await self.record(name, argv, incident, send, lambda answer: answer.outcome)

    async def record(
        self,
        name: str,
        argv: tuple[str, ...],
        incident: str,
        send: Callable[[], Awaitable[T]],
        outcome_of: Callable[[T], Outcome],
    ) -> T:
        """Write the intent, `send`, write the end. The only place that lets a change out.

        What came back is returned even where its end cannot be written: it is known, and `lost` says what is missing.
        """
        if self.read_only:
            raise Refused(f"read-only: `{' '.join(argv)}` was not sent to {name}", "start without --read-only")
        intent = Sent(at=self._clock.now(), host=name, argv=argv, writes=True, incident=incident)
        await self._journal.append(incident, "command", _text(intent), intent.at)
        began = self._clock.monotonic()
        self._count(1)
        self.begun += 1
        try:
            result = await send()
        except LinkError:
            self._count(-1)  # nothing of it was
            raise
        outcome = outcome_of(result)
        self._count(-isinstance(outcome, NeverStarted))
        ended = msgspec.structs.replace(intent, outcome=outcome, seconds=self._clock.monotonic() - began)
        self.trail.append(ended)
        try:
            await self._journal.append(incident, "command", _text(ended), self._clock.now())
        except JournalError as error:
            self.lost = error.message
        return result


def _text(sent: Sent) -> str:
    return msgspec.json.encode(sent).decode()


def line(sent: Sent) -> str:
    """One line of the trail for people."""
    end = describe(sent.outcome) if sent.outcome else "under way"
    took = f" {sent.seconds:.1f} s" if sent.seconds is not None else ""
    return f"{sent.at:%H:%M:%S} {'W' if sent.writes else 'r'} {sent.host}: {' '.join(sent.argv)} → {end}{took}"
