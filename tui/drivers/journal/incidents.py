"""Incidents and their entries, which are only ever added."""

import json
import sqlite3
from datetime import datetime

from tui.drivers.journal.database import Database, safe
from tui.model.value import Value

_ROWS = "SELECT id, service, state, host, app, opened_at FROM incident"


class IncidentRow(Value):
    """One incident as the journal lists it; its entries tell the rest."""

    id: str
    service: str
    state: str
    host: str = ""
    app: str = ""
    opened_at: str = ""
    """RFC 3339"""


class JournalEntry(Value):
    """One entry."""

    seq: int
    at: str
    kind: str
    payload: str


class Incidents(Database):
    """The incidents of this machine."""

    async def append(self, incident: str, kind: str, payload: str, at: datetime, state: str | None = None) -> int:
        """Add an entry and, where it changes, the state in which the incident is found: both or neither. They are on
        disk when this returns. Returns the entry's number."""

        def add(db: sqlite3.Connection) -> int:
            if state is not None:
                row = (state, at.isoformat(), incident)
                db.execute("UPDATE incident SET state = ?, changed_at = ? WHERE id = ?", row)
            return _add(db, incident, kind, payload, at)

        return await self._do(add)

    async def open_incident(
        self, incident: str, service: str, app: str, host: str, at: datetime, kind: str, payload: str
    ) -> None:
        """Note that an incident exists, with its first entry: both or neither."""
        row = (incident, service, app, host, at.isoformat(), "assessing", at.isoformat())

        def add(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO incident VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            _add(db, incident, kind, payload, at)

        await self._do(add)

    async def entries(self, incident: str) -> tuple[JournalEntry, ...]:
        """All entries of an incident, oldest first."""
        query = "SELECT seq, at, kind, payload FROM entry WHERE incident = ? ORDER BY seq"
        rows = await self._do(lambda db: db.execute(query, (incident,)).fetchall())
        return tuple(JournalEntry(seq=seq, at=at, kind=kind, payload=payload) for seq, at, kind, payload in rows)

    async def incidents(self, limit: int = 50) -> tuple[IncidentRow, ...]:
        """The newest incidents, newest first."""
        return await self._rows(f"{_ROWS} ORDER BY opened_at DESC, id DESC LIMIT ?", (limit,))

    async def open_incidents(self) -> tuple[IncidentRow, ...]:
        """Every incident that is not closed, newest first."""
        return await self._rows(f"{_ROWS} WHERE state != 'closed' ORDER BY opened_at DESC, id DESC", ())

    async def commands(self, limit: int) -> tuple[JournalEntry, ...]:
        """The newest entries about commands of all incidents and of none, newest first."""
        query = "SELECT seq, at, kind, payload FROM entry WHERE kind = 'command' ORDER BY seq DESC LIMIT ?"
        rows = await self._do(lambda db: db.execute(query, (limit,)).fetchall())
        return tuple(JournalEntry(seq=seq, at=at, kind=kind, payload=payload) for seq, at, kind, payload in rows)

    async def begun(self, limit: int = 50) -> tuple[tuple[str, str], ...]:
        """Id and first entry of the newest incidents, no matter what came after it, newest first."""
        query = (
            "SELECT id, (SELECT payload FROM entry WHERE incident = id ORDER BY seq LIMIT 1) FROM "
            "(SELECT id, opened_at FROM incident ORDER BY opened_at DESC, id DESC LIMIT ?)"
        )
        rows = await self._do(lambda db: db.execute(query, (limit,)).fetchall())
        return tuple((name, payload) for name, payload in rows if payload is not None)

    async def latest(self, incidents: tuple[str, ...]) -> dict[str, int]:
        """The number of the last entry of each of these incidents."""
        query = "SELECT value, (SELECT max(seq) FROM entry WHERE incident = value) FROM json_each(?)"
        names = json.dumps(incidents)
        return dict(await self._do(lambda db: db.execute(query, (names,)).fetchall()))

    async def _rows(self, query: str, values: tuple[object, ...]) -> tuple[IncidentRow, ...]:
        rows = await self._do(lambda db: db.execute(query, values).fetchall())
        names = ("id", "service", "state", "host", "app", "opened_at")
        return tuple(IncidentRow(**dict(zip(names, row, strict=True))) for row in rows)


def _add(db: sqlite3.Connection, incident: str, kind: str, payload: str, at: datetime) -> int:
    row = (incident, at.isoformat(), kind, safe(payload))
    done = db.execute("INSERT INTO entry (incident, at, kind, payload) VALUES (?, ?, ?, ?)", row)
    return int(done.lastrowid or 0)
