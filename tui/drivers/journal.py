"""The journal: append-only entries in SQLite, each on disk before its call returns.

WAL with synchronous=FULL: one commit per entry, 0.3 ms on an ordinary disk, in a thread of its own so that no screen
waits for it. An incident is held by a lock on a file of its own, which ends with the process whatever ends that: two
consoles on one machine never steer the same incident. A newer schema than ours is refused, not guessed at.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import IO, TypeVar

from tui.drivers import paths
from tui.model.errors import JournalError
from tui.model.value import Value

SCHEMA = 2
_TABLES = """
CREATE TABLE incident (
    id TEXT PRIMARY KEY, service TEXT NOT NULL, app TEXT NOT NULL, host TEXT NOT NULL,
    opened_at TEXT NOT NULL, state TEXT NOT NULL, changed_at TEXT NOT NULL
) STRICT;
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, incident TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
    payload TEXT NOT NULL
) STRICT;
CREATE INDEX entry_of_incident ON entry (incident, seq);
"""
_LEDGER = """
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL, app TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
    payload TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_of_app ON ledger (host, app, seq);
"""
_MIGRATIONS = (_TABLES, _LEDGER)
"""what makes schema n+1 of schema n, from 0 on"""
T = TypeVar("T")


class Row(Value):
    """One incident as the journal lists it; its entries tell the rest."""

    id: str
    service: str
    state: str


class Entry(Value):
    """One entry."""

    seq: int
    at: str
    kind: str
    payload: str


class Journal:
    """The record on this machine. Raises JournalError, with the file and the fix, for everything that SQLite raises."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or paths.journal_path()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._locks: dict[str, IO[str]] = {}
        self._spools: dict[str, IO[bytes]] = {}
        self._db = self._thread.submit(self._open).result()

    async def append(self, incident: str, kind: str, payload: str, at: datetime) -> int:
        """Add an entry; it is on disk when this returns. Returns its number."""
        row = (incident, at.isoformat(), kind, payload)

        def add(db: sqlite3.Connection) -> int:
            done = db.execute("INSERT INTO entry (incident, at, kind, payload) VALUES (?, ?, ?, ?)", row)
            return int(done.lastrowid or 0)

        return await self._do(add)

    async def open_incident(self, incident: str, service: str, app: str, host: str, at: datetime) -> None:
        """Note that an incident exists."""
        row = (incident, service, app, host, at.isoformat(), "assessing", at.isoformat())
        await self._do(lambda db: db.execute("INSERT INTO incident VALUES (?, ?, ?, ?, ?, ?, ?)", row))

    async def set_state(self, incident: str, state: str, at: datetime) -> None:
        """Note where it stands, for finding the open ones quickly; the entries are the truth."""
        row = (state, at.isoformat(), incident)
        await self._do(lambda db: db.execute("UPDATE incident SET state = ?, changed_at = ? WHERE id = ?", row))

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        """All entries of an incident, oldest first."""
        query = "SELECT seq, at, kind, payload FROM entry WHERE incident = ? ORDER BY seq"
        rows = await self._do(lambda db: db.execute(query, (incident,)).fetchall())
        return tuple(Entry(seq=seq, at=at, kind=kind, payload=payload) for seq, at, kind, payload in rows)

    async def incidents(self, limit: int = 50) -> tuple[Row, ...]:
        """The newest incidents, newest first."""
        query = "SELECT id, service, state FROM incident ORDER BY opened_at DESC, id DESC LIMIT ?"
        return await self._rows(query, (limit,))

    async def open_incidents(self) -> tuple[Row, ...]:
        """Every incident that is not closed, newest first."""
        query = "SELECT id, service, state FROM incident WHERE state != 'closed' ORDER BY opened_at DESC, id DESC"
        return await self._rows(query, ())

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────

    async def ledger_add(self, host: str, app: str, kind: str, payload: str, at: datetime) -> int:
        """Add what was seen of an app; returns its number."""
        row = (host, app, at.isoformat(), kind, payload)
        query = "INSERT INTO ledger (host, app, at, kind, payload) VALUES (?, ?, ?, ?, ?)"
        return await self._do(lambda db: int(db.execute(query, row).lastrowid or 0))

    async def ledger_put(self, seq: int, payload: str) -> None:
        """Replace what was seen: it was seen again."""
        await self._do(lambda db: db.execute("UPDATE ledger SET payload = ? WHERE seq = ?", (payload, seq)))

    async def ledger(self, host: str, app: str) -> tuple[Entry, ...]:
        """All that was seen of an app, oldest first."""
        query = "SELECT seq, at, kind, payload FROM ledger WHERE host = ? AND app = ? ORDER BY seq"
        rows = await self._do(lambda db: db.execute(query, (host, app)).fetchall())
        return tuple(Entry(seq=seq, at=at, kind=kind, payload=payload) for seq, at, kind, payload in rows)

    # ── holding incidents ────────────────────────────────────────────────────────────────────────────────────────

    def lock(self, incident: str) -> bool:
        """Hold an incident until this process ends; False when another process holds it."""
        if incident in self._locks:
            return True
        # kept open on purpose: closing the file would let the lock go
        file = (paths.incident_dir(incident) / "lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._locks[incident] = file
        return True

    def spool(self, incident: str, raw: bytes) -> None:
        """Append a step's output, as it came, to a file beside the lock: a failed deploy says why only there."""
        if incident not in self._spools:
            self._spools[incident] = (paths.incident_dir(incident) / "output.log").open("ab", buffering=0)
        self._spools[incident].write(raw)

    async def close(self) -> None:
        """Let every incident go and close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown()
        for lock in self._locks.values():
            lock.close()
        for spool in self._spools.values():
            spool.close()
        self._locks.clear()
        self._spools.clear()

    # ── the thread's side ────────────────────────────────────────────────────────────────────────────────────────

    async def _rows(self, query: str, values: tuple[object, ...]) -> tuple[Row, ...]:
        rows = await self._do(lambda db: db.execute(query, values).fetchall())
        return tuple(Row(id=id_, service=service, state=state) for id_, service, state in rows)

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, work)

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._db:
                return work(self._db)
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def _open(self) -> sqlite3.Connection:
        try:
            new = not self.path.exists()
            if new:
                os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
            # of two that open a new journal at once SQLite refuses one without waiting
            with self.path.with_suffix(".opening").open("w") as opening:
                fcntl.flock(opening, fcntl.LOCK_EX)
                db = sqlite3.connect(self.path, timeout=10.0)
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = FULL")
                self._migrate(db)
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from error
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA:
            raise JournalError(
                f"{self.path} was written by a newer console (schema {version}, ours is {SCHEMA})",
                "update this console, or use another folder with ROLLBACK_STATE_DIR",
            )
        if version < SCHEMA:
            with db:
                db.execute("BEGIN IMMEDIATE")
                (again,) = db.execute("PRAGMA user_version").fetchone()
                for statements in _MIGRATIONS[again:]:
                    for statement in statements.strip().split(";\n"):
                        db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA}")

    def _broken(self, error: Exception) -> JournalError:
        return JournalError(
            f"the journal {self.path}: {error}", "free its disk, or name another with ROLLBACK_STATE_DIR"
        )
