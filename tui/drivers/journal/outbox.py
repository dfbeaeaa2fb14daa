"""The outbox: messages that wait until they are delivered, each once for its milestone, incident and channel."""

from datetime import datetime

from tui.drivers.journal.database import Database, safe, stamp
from tui.model.value import Value


class Waiting(Value):
    """One message in the outbox."""

    seq: int
    incident: str
    milestone: str
    channel: str
    message: str
    """JSON"""
    attempts: int
    put_at: datetime
    due_at: datetime
    claimed_until: datetime | None = None
    """somebody is delivering it; after that time they are taken for dead"""
    held: bool = False
    """the other side named `due_at`"""


class Outbox(Database):
    """The messages of this machine."""

    async def outbox_put(self, incident: str, milestone: str, channel: str, message: str, at: datetime) -> bool:
        """Put a message (JSON) into the outbox; False where that milestone of that incident was put there before."""
        row = (incident, milestone, channel, safe(message), stamp(at), stamp(at))
        query = (
            "INSERT OR IGNORE INTO outbox (incident, milestone, channel, message, state, attempts, put_at, due_at, "
            "held, claimed_until) VALUES (?, ?, ?, ?, 'pending', 0, ?, ?, 0, '')"
        )
        return await self._do(lambda db: db.execute(query, row).rowcount == 1)

    async def outbox_again(self, incident: str, milestone: str, channel: str, message: str, at: datetime) -> bool:
        """As `outbox_put`, for what a person asks for: a message that was dropped waits anew, and one that waits says
        this from now on. False where it was delivered, or is being sent right now."""
        if await self.outbox_put(incident, milestone, channel, message, at):
            return True
        query = (
            "UPDATE outbox SET message = :message, claimed_until = '', "
            "attempts = iif(state = 'dropped', 0, attempts), put_at = iif(state = 'dropped', :at, put_at), "
            "held = iif(state = 'dropped', 0, held), due_at = iif(state = 'dropped', :at, due_at), state = 'pending' "
            "WHERE incident = :incident AND milestone = :milestone AND channel = :channel "
            "AND (state = 'dropped' OR (state = 'pending' AND claimed_until <= :at))"
        )
        row = {"incident": incident, "milestone": milestone, "channel": channel, "message": safe(message)}
        return await self._do(lambda db: db.execute(query, {**row, "at": stamp(at)}).rowcount == 1)

    async def outbox(self) -> tuple[Waiting, ...]:
        """Every message that is neither delivered nor dropped, oldest first."""
        query = (
            "SELECT seq, incident, milestone, channel, message, attempts, put_at, due_at, claimed_until, held "
            "FROM outbox WHERE state = 'pending' ORDER BY seq"
        )
        rows = await self._do(lambda db: db.execute(query).fetchall())
        names = ("seq", "incident", "milestone", "channel", "message", "attempts")
        return tuple(
            Waiting(
                **dict(zip(names, row[:6], strict=True)),
                put_at=datetime.fromisoformat(row[6]),
                due_at=datetime.fromisoformat(row[7]),
                claimed_until=datetime.fromisoformat(row[8]) if row[8] else None,
                held=bool(row[9]),
            )
            for row in rows
        )

    async def outbox_claim(self, seq: int, at: datetime, until: datetime) -> bool:
        """Take a message to deliver it: of several consoles exactly one gets it, until that time at the latest."""
        query = (
            "UPDATE outbox SET claimed_until = ?, attempts = attempts + 1 "
            "WHERE seq = ? AND state = 'pending' AND claimed_until <= ? AND due_at <= ?"
        )
        row = (stamp(until), seq, stamp(at), stamp(at))
        return await self._do(lambda db: db.execute(query, row).rowcount == 1)

    async def outbox_end(self, seq: int, state: str, due_at: datetime, *, held: bool = False) -> None:
        """Note what came of a message: `delivered`, `dropped`, or `pending` again until `due_at`. `held`: the other
        side named that time."""
        query = "UPDATE outbox SET state = ?, due_at = ?, held = ?, claimed_until = '' WHERE seq = ?"
        await self._do(lambda db: db.execute(query, (state, stamp(due_at), int(held), seq)))

    async def outbox_hurry(self, at: datetime) -> None:
        """Make due at once what waits only because it failed before: a person is here now."""
        query = "UPDATE outbox SET due_at = ? WHERE state = 'pending' AND held = 0 AND due_at > ?"
        await self._do(lambda db: db.execute(query, (stamp(at), stamp(at))))
