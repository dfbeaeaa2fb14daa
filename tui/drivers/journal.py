"""The journal: append-only entries in SQLite, each on disk before its call returns.

WAL with synchronous=FULL: one commit per entry, 0.3 ms on an ordinary disk, in a thread of its own so that no screen
waits for it. An incident is held by a lock on a file of its own, which ends with the process whatever ends that: two
consoles on one machine never steer the same incident. A newer schema than ours is refused, not guessed at.
"""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from tui.drivers import holder, paths
from tui.model.errors import ConsoleError, JournalError
from tui.model.redact import HEAD, Redactor, redact, redacted
from tui.model.value import Value

SCHEMA = 3
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
_OUTBOX = """
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, incident TEXT NOT NULL, milestone TEXT NOT NULL, channel TEXT NOT NULL,
    message TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, put_at TEXT NOT NULL, due_at TEXT NOT NULL,
    held INTEGER NOT NULL, claimed_until TEXT NOT NULL, UNIQUE (incident, milestone, channel)
) STRICT;
CREATE INDEX outbox_by_state ON outbox (state, seq);
"""
_MIGRATIONS = (_TABLES, _LEDGER, _OUTBOX)
"""what makes schema n+1 of schema n, from 0 on"""
_ROWS = "SELECT id, service, state, host, app, opened_at FROM incident"
LARGEST_OUTPUT = 32 * 1024 * 1024
"""bytes of an incident's output that are kept: its beginning, where a deploy that is loud for ever says why"""
T = TypeVar("T")


class Row(Value):
    """One incident as the journal lists it; its entries tell the rest."""

    id: str
    service: str
    state: str
    host: str = ""
    app: str = ""
    opened_at: str = ""
    """RFC 3339"""


class Entry(Value):
    """One entry."""

    seq: int
    at: str
    kind: str
    payload: str


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


class Journal:
    """The record on this machine. Raises JournalError, with the file and the fix, for everything that SQLite raises."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or paths.journal_path()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._locks: dict[str, IO[bytes]] = {}
        self._spools: dict[str, tuple[IO[bytes], Redactor]] = {}
        self.lost = ""
        """why a step's output could not be kept, if so"""
        self._db = self._thread.submit(self._open).result()

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

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        """All entries of an incident, oldest first."""
        query = "SELECT seq, at, kind, payload FROM entry WHERE incident = ? ORDER BY seq"
        rows = await self._do(lambda db: db.execute(query, (incident,)).fetchall())
        return tuple(Entry(seq=seq, at=at, kind=kind, payload=payload) for seq, at, kind, payload in rows)

    async def incidents(self, limit: int = 50) -> tuple[Row, ...]:
        """The newest incidents, newest first."""
        return await self._rows(f"{_ROWS} ORDER BY opened_at DESC, id DESC LIMIT ?", (limit,))

    async def open_incidents(self) -> tuple[Row, ...]:
        """Every incident that is not closed, newest first."""
        return await self._rows(f"{_ROWS} WHERE state != 'closed' ORDER BY opened_at DESC, id DESC", ())

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────

    async def ledger_add(self, host: str, app: str, kind: str, payload: str, at: datetime) -> int:
        """Add what was seen of an app; returns its number."""
        row = (host, app, at.isoformat(), kind, _safe(payload))
        query = "INSERT INTO ledger (host, app, at, kind, payload) VALUES (?, ?, ?, ?, ?)"
        return await self._do(lambda db: int(db.execute(query, row).lastrowid or 0))

    async def ledger_put(self, seq: int, payload: str) -> None:
        """Replace what was seen: it was seen again."""
        row = (_safe(payload), seq)
        await self._do(lambda db: db.execute("UPDATE ledger SET payload = ? WHERE seq = ?", row))

    async def ledger(self, host: str, app: str) -> tuple[Entry, ...]:
        """All that was seen of an app, oldest first."""
        query = "SELECT seq, at, kind, payload FROM ledger WHERE host = ? AND app = ? ORDER BY seq"
        rows = await self._do(lambda db: db.execute(query, (host, app)).fetchall())
        return tuple(Entry(seq=seq, at=at, kind=kind, payload=payload) for seq, at, kind, payload in rows)

    # ── the outbox ───────────────────────────────────────────────────────────────────────────────────────────────

    async def outbox_put(self, incident: str, milestone: str, channel: str, message: str, at: datetime) -> bool:
        """Put a message (JSON) into the outbox; False where that milestone of that incident was put there before."""
        row = (incident, milestone, channel, _safe(message), _stamp(at), _stamp(at))
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
        row = {"incident": incident, "milestone": milestone, "channel": channel, "message": _safe(message)}
        return await self._do(lambda db: db.execute(query, {**row, "at": _stamp(at)}).rowcount == 1)

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
        row = (_stamp(until), seq, _stamp(at), _stamp(at))
        return await self._do(lambda db: db.execute(query, row).rowcount == 1)

    async def outbox_end(self, seq: int, state: str, due_at: datetime, *, held: bool = False) -> None:
        """What came of it: `delivered`, `dropped`, or `pending` again until `due_at`; `held`: the other side named that
        time."""
        query = "UPDATE outbox SET state = ?, due_at = ?, held = ?, claimed_until = '' WHERE seq = ?"
        await self._do(lambda db: db.execute(query, (state, _stamp(due_at), int(held), seq)))

    async def outbox_hurry(self, at: datetime) -> None:
        """Somebody came: what waits only because it failed before is due at once."""
        query = "UPDATE outbox SET due_at = ? WHERE state = 'pending' AND held = 0 AND due_at > ?"
        await self._do(lambda db: db.execute(query, (_stamp(at), _stamp(at))))

    # ── holding incidents ────────────────────────────────────────────────────────────────────────────────────────

    def lock(self, incident: str) -> bool:
        """Hold an incident until this process ends; False when another process holds it."""
        if incident in self._locks:
            return True
        path = paths.incident_dir(incident) / "lock"
        try:
            file: IO[bytes] = os.fdopen(paths.opened(path, os.O_RDWR | os.O_CREAT), "rb+", buffering=0)
        except OSError as error:
            raise self._broken(error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._locks[incident] = file  # kept open on purpose: closing the file would let the lock go
        with contextlib.suppress(OSError):  # on a full disk nobody reads whose it is; the lock holds all the same
            file.truncate(0)
            file.write(f"{os.getpid()}\n".encode())
        return True

    def holder(self, incident: str) -> str:
        """The other process that holds an incident, in words for people; empty where none does. Takes nothing."""
        return "" if incident in self._locks else holder.of(paths.incident_dir(incident) / "lock")

    def spool(self, incident: str, raw: bytes) -> None:
        """Append a step's output to a file beside the lock: a failed deploy says why only there. Lines without secrets;
        what has no end yet waits for it. Never raises: what cannot be written is lost, and `lost` says so."""
        try:
            if incident not in self._spools:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                descriptor = paths.opened(paths.incident_dir(incident) / "output.log", flags)
                opened: IO[bytes] = os.fdopen(descriptor, "ab", buffering=0)
                self._spools[incident] = (opened, Redactor())
                if opened.seek(0, os.SEEK_END) == 0:
                    opened.write(HEAD.encode())
            file, redactor = self._spools[incident]
            if file.tell() > LARGEST_OUTPUT:
                self.lost = f"the output of the steps is kept to {LARGEST_OUTPUT >> 20} MB"
                return
            file.write(redactor.feed(raw))
        except (OSError, ConsoleError) as error:
            self.lost = f"the output of the steps is not kept whole: {error}"

    async def close(self) -> None:
        """Let every incident go and close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown()
        for lock in self._locks.values():
            lock.close()
        for file, redactor in self._spools.values():
            with contextlib.suppress(OSError), file:  # a full disk: `lost` has said so
                file.write(redactor.flush())
        self._locks.clear()
        self._spools.clear()

    # ── the thread's side ────────────────────────────────────────────────────────────────────────────────────────

    async def _rows(self, query: str, values: tuple[object, ...]) -> tuple[Row, ...]:
        rows = await self._do(lambda db: db.execute(query, values).fetchall())
        names = ("id", "service", "state", "host", "app", "opened_at")
        return tuple(Row(**dict(zip(names, row, strict=True))) for row in rows)

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
            for beside in ("-wal", "-shm", "-journal"):
                if (file := self.path.with_name(self.path.name + beside)).is_symlink():
                    raise JournalError(f"{file} is a link: what is kept there could end anywhere", "remove it")
            os.close(paths.opened(self.path, os.O_CREAT | os.O_WRONLY))
            # of two that open a new journal at once SQLite refuses one without waiting
            flags = os.O_CREAT | os.O_WRONLY
            with os.fdopen(paths.opened(self.path.with_suffix(".opening"), flags), "w") as opening:
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


def _add(db: sqlite3.Connection, incident: str, kind: str, payload: str, at: datetime) -> int:
    row = (incident, at.isoformat(), kind, _safe(payload))
    done = db.execute("INSERT INTO entry (incident, at, kind, payload) VALUES (?, ?, ?, ?)", row)
    return int(done.lastrowid or 0)


def _safe(payload: str) -> str:
    """An entry without secrets; what holds none stays as it is, letter by letter."""
    try:
        value = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return redact(payload)
    safe = redacted(value)
    return payload if safe == value else msgspec.json.encode(safe).decode()


def _stamp(at: datetime) -> str:
    """A time that sorts as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
