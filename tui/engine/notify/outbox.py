"""Tells people outside what an incident has come to, and never holds the incident up.

A walk's changes are looked at, not awaited: what is new is put into the outbox on disk, once for each incident,
milestone and channel, and delivered in the background. A message that could not be delivered is tried again with
growing pauses, at the time that the other side names if it names one, and given up after a day. Within a channel an
incident's messages keep their order. A process that ends leaves its messages to the next one.

Of several consoles on one journal one takes a message, for a limited time, before it sends it. One that died while it
sent may have been heard: then, and only then, people are told twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tui.engine.change_signal import Signal
from tui.engine.error_edge import answered, within, worded
from tui.engine.incident.runner import IncidentRunner
from tui.engine.ports import ChannelPort, ClockPort, JournalPort
from tui.engine.supervisor import Supervisor
from tui.incident import announcements
from tui.incident import events as ev
from tui.model.errors import AlreadyThere, JournalError, Refused
from tui.model.incident import Incident
from tui.model.notice import Delivery, Message, Milestone, Receipt
from tui.text.clean import clean_line
from tui.text.redact import redact

PAUSES = (5.0, 15.0, 45.0, 120.0, 300.0, 900.0, 1800.0, 3600.0)
"""seconds before the next try; the last one repeats"""
MOST_TRIES = 30
LONGEST = timedelta(hours=24)
"""after which a message is given up"""
LIMIT = 20.0
"""seconds for one try"""
LEASE = timedelta(seconds=30)
"""how long a message belongs to the console that took it; longer than one try"""
GRACE = 5.0
"""seconds that a command waits at its end for deliveries"""
LEAVING = 2.0
"""seconds that a console which ends waits for what is being sent"""
POSTMORTEM = Milestone.POSTMORTEM.name.lower()
STARTED = Milestone.STARTED.name.lower()
FAULT_PAUSE = 30.0
"""seconds after a fault of this program"""


class Notifier:
    """One console's voice."""

    def __init__(
        self,
        journal: JournalPort,
        clock: ClockPort,
        channels: Sequence[ChannelPort],
        *,
        environment: str,
        read: Callable[[str], Awaitable[Incident]],
        tell: Callable[[str, ev.DeliveryRecorded], Awaitable[None]],
    ) -> None:
        self.channels = tuple(channels)
        self.waiting: tuple[Any, ...] = ()
        """messages that are neither delivered nor given up, as the outbox had them last"""
        self.errors: list[str] = []
        """faults of this program, to be shown"""
        self._journal = journal
        self._clock = clock
        self._environment = environment
        self._read = read
        self._tell = tell
        self._noted: dict[str, set[Milestone]] = {}
        self._queue: asyncio.Queue[tuple[Incident, Milestone]] = asyncio.Queue()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._work = Supervisor(self._fault)
        self._started = False
        self._wake = asyncio.Event()
        self._begun = asyncio.Event()
        """what the process before left is due, if it only had failed"""
        self._tried = asyncio.Event()
        """a try has ended, or a fault is known"""
        self._news = Signal()

    # ── what is to be told ───────────────────────────────────────────────────────────────────────────────────────

    def preview(self, incident: Incident) -> Message:
        """The first post of this incident, as it would be sent now."""
        return announcements.message(incident, Milestone.STARTED, self._environment, self._clock.now())

    def told(self, incident: Incident) -> tuple[str, ...]:
        """Names of the channels that would take that post."""
        message = self.preview(incident)
        return tuple(channel.name for channel in self.channels if channel.wants(message))

    def takers(self, incident: Incident) -> tuple[str, ...]:
        """Names of the channels that take its post-mortem: the ticket, where its service has one."""
        message = self._post_mortem(incident, "")
        return tuple(channel.name for channel in self.channels if channel.wants(message))

    async def post(self, incident: Incident, document: str) -> None:
        """Put the post-mortem (Markdown) of a closed incident into the outbox, for whoever takes it; until it was
        delivered, a later one replaces it.

        Raises Refused where the incident is open or nobody takes it, AlreadyThere where it was delivered.
        """
        names = self.takers(incident)
        if incident.open:
            raise Refused(f"incident {incident.id} is open still", f"rollback resume {incident.known_as}")
        if not names:
            raise Refused(
                f"{incident.service} has no ticket to attach it to",
                f"services.yaml: services.{incident.service}.ticket, with its token; --read-only tells nobody",
            )
        text = msgspec.json.encode(self._post_mortem(incident, document)).decode()
        put = [
            await self._journal.outbox_again(incident.id, POSTMORTEM, name, text, self._clock.now()) for name in names
        ]
        if not any(put):
            done = [d.link for d in incident.deliveries if d.milestone is Milestone.POSTMORTEM and d.delivered]
            where = f": {done[-1]}" if done and done[-1] else ""
            raise AlreadyThere(f"the post-mortem of {incident.id} was sent to its ticket before{where}")
        self.start()
        self._wake.set()

    async def file(self, incident: Incident, words: str) -> None:
        """Put the incident's ticket into the outbox before anything is sent to a host, with these words, its title
        first. Raises Refused where nobody takes one, AlreadyThere where it was filed."""
        now, names = self._clock.now(), self.takers(incident) if incident.post else ()
        if not names:
            raise Refused(f"{incident.service} has no tracker", f"services.yaml: services.{incident.service}.ticket")
        text = msgspec.json.encode(announcements.ticket(incident, words, now)).decode()
        put = [await self._journal.outbox_again(incident.id, STARTED, name, text, now) for name in names]
        if not any(put):
            raise AlreadyThere(f"the ticket of {incident.id} was filed before")
        self.start()
        self._wake.set()

    def _post_mortem(self, incident: Incident, document: str) -> Message:
        return announcements.post_mortem(incident, document, self._clock.now())

    def follow(self, walk: IncidentRunner) -> None:
        """Tell what this walk comes to from now on."""
        if not self.channels:
            return
        walk.subscribe(lambda: self._look(walk.incident))
        self._look(walk.incident)

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every change, without payload."""
        self._news.subscribe(listener)

    def _look(self, incident: Incident) -> None:
        noted = self._noted.setdefault(incident.id, set())
        for milestone in announcements.reached(incident):
            if milestone not in noted:
                noted.add(milestone)
                self._queue.put_nowait((incident, milestone))
                self.start()

    # ── work in the background ────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to deliver what waits in the outbox, at once what only waits because it failed before."""
        if self.channels and not self._started:
            self._started = True
            self._work.begin(self._enqueue())
            self._work.begin(self._deliver_all())

    async def finish(self, grace: float) -> int:
        """Wait until everything that is due was tried, for `grace` seconds at most; how many messages are left."""
        if not self._started:
            return 0
        try:
            async with asyncio.timeout(grace):
                await self._queue.join()
                await self._begun.wait()
                while await self._due():
                    self._tried.clear()
                    self._wake.set()
                    await self._tried.wait()
        except TimeoutError:
            pass  # what is left is said, and is the next console's
        return len(self._mine(await self._journal.outbox()))

    async def stop(self) -> None:
        """End; what is being sent gets a moment, what waits stays in the outbox."""
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=LEAVING)
        await self._work.end()
        self._started = False

    async def _enqueue(self) -> None:
        while True:
            incident, milestone = await self._queue.get()
            try:
                if not await self._work.survived(self._put(incident, milestone)):
                    self._noted[incident.id].discard(milestone)  # the next change brings it again
            finally:
                self._queue.task_done()
            self._wake.set()

    async def _put(self, incident: Incident, milestone: Milestone) -> None:
        now = self._clock.now()
        message = announcements.message(incident, milestone, self._environment, now)
        text = msgspec.json.encode(message).decode()
        for channel in self.channels:
            if channel.wants(message):
                await self._journal.outbox_put(incident.id, milestone.name.lower(), channel.name, text, now)

    async def _deliver_all(self) -> None:
        while True:
            self._wake.clear()
            due_at = await answered(self._round(), self._later)
            pause = None if due_at is None else max(0.0, (due_at - self._clock.now()).total_seconds())
            await self._woken(pause)

    def _later(self, error: Exception) -> datetime:
        """After a fault of this program: shown, and tried again."""
        self._fault(error)
        return self._clock.now() + timedelta(seconds=FAULT_PAUSE)

    async def _woken(self, pause: float | None) -> None:
        """Until there is something new, or this many seconds."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._wake.wait())]
        if pause is not None:
            waits.append(asyncio.ensure_future(self._clock.sleep(pause)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _round(self) -> datetime | None:
        """Begin to send what is due; when something is due next, None when nothing waits."""
        if not self._begun.is_set():
            await self._journal.outbox_hurry(self._clock.now())
            self._begun.set()
        rows = self._mine(await self._journal.outbox())
        self._publish(rows)
        now = self._clock.now()
        later: list[datetime] = []
        for channel in self.channels:
            if channel.name in self._sending:
                continue  # it wakes us when it is done
            first = _first_of_each(rows, channel.name)
            ready = next((row for row in first if _free_at(row) <= now), None)
            if ready is not None:
                self._sending[channel.name] = self._work.begin(self._send(channel, ready))
            later.extend(_free_at(row) for row in first if row is not ready)
        return min(later, default=None)

    async def _due(self) -> bool:
        """True if something is being sent, or could be."""
        if self._sending:
            return True
        rows, now = self._mine(await self._journal.outbox()), self._clock.now()
        return any(_free_at(row) <= now for channel in self.channels for row in _first_of_each(rows, channel.name))

    def _mine(self, rows: Sequence[Any]) -> tuple[Any, ...]:
        names = {channel.name for channel in self.channels}
        return tuple(row for row in rows if row.channel in names)

    # ── one message ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _send(self, channel: ChannelPort, row: Any) -> None:
        try:
            if not await self._work.survived(self._try(channel, row)):
                await self._clock.sleep(FAULT_PAUSE)  # the message stays in the outbox
        finally:
            self._sending.pop(channel.name, None)
            self._tried.set()
            self._wake.set()

    async def _try(self, channel: ChannelPort, row: Any) -> None:
        now = self._clock.now()
        if not await self._journal.outbox_claim(row.seq, now, now + LEASE):
            return
        try:
            message = msgspec.json.decode(row.message, type=Message)
        except (msgspec.DecodeError, UnicodeError) as error:
            await self._journal.outbox_end(row.seq, "dropped", now)  # it would hold up all that comes after it
            self._fault(error)
            return
        said = await self._said(row.incident, channel.name)
        receipt = await tried(channel, message, said[0] if said else None)
        await self._ended(channel.name, row, message.milestone, receipt)

    async def _said(self, incident: str, channel: str) -> list[Delivery]:
        """The earlier deliveries there; nothing is known of an incident that cannot be read."""
        try:
            found = await self._read(incident)
        except (JournalError, Refused):
            return []
        return [d for d in found.deliveries if d.channel == channel and d.delivered and not d.by_hand]

    async def _ended(self, channel: str, row: Any, milestone: Milestone, receipt: Receipt) -> None:
        now, tries = self._clock.now(), row.attempts + 1
        detail = receipt.detail
        if receipt.delivered:
            await self._journal.outbox_end(row.seq, "delivered", now)
        else:
            pause = PAUSES[min(tries, len(PAUSES)) - 1]
            held = receipt.retry_after is not None and receipt.retry_after > 0
            due_at = now + timedelta(seconds=max(pause, receipt.retry_after or 0.0))
            if receipt.final or tries >= MOST_TRIES or due_at - row.put_at > LONGEST:
                detail = f"given up after {tries} {'try' if tries == 1 else 'tries'}: {detail}"
                await self._journal.outbox_end(row.seq, "dropped", now)
            else:
                await self._journal.outbox_end(row.seq, "pending", due_at, held=held)
                if tries > 1:
                    return  # that it was not delivered yet is on record already
                detail = f"not delivered yet, trying again: {detail}"
        delivery = Delivery(
            milestone=milestone,
            channel=channel,
            at=now,
            delivered=receipt.delivered,
            detail=detail,
            link=redact(receipt.link) if receipt.link else None,
            ref=receipt.ref,
        )
        await self._tell(row.incident, ev.DeliveryRecorded(at=now, delivery=delivery))

    def _fault(self, error: BaseException) -> None:
        self.errors.append(f"telling people: {worded(error)}")
        self._tried.set()
        self._news.tell()

    def _publish(self, rows: tuple[Any, ...]) -> None:
        if rows != self.waiting:
            self.waiting = rows
            self._news.tell()


def _first_of_each(rows: Sequence[Any], channel: str) -> tuple[Any, ...]:
    """The oldest message of each incident: what comes after it waits for it."""
    found: dict[str, Any] = {}
    for row in rows:
        if row.channel == channel:
            found.setdefault(row.incident, row)
    return tuple(found.values())


def _free_at(row: Any) -> datetime:
    at: datetime = row.due_at if row.claimed_until is None else max(row.due_at, row.claimed_until)
    return at


async def tried(channel: ChannelPort, message: Message, earlier: Delivery | None = None) -> Receipt:
    """One try to deliver, within `LIMIT`; anything that goes wrong is a receipt that says so."""
    receipt = await answered(
        within(LIMIT, channel.deliver(message, earlier)), lambda error: Receipt(delivered=False, detail=worded(error))
    )
    return msgspec.structs.replace(receipt, detail=clean_line(receipt.detail, 300))
