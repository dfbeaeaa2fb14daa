"""The journal's file: an SQLite database in a thread of its own, so that no screen waits for a disk.

WAL with synchronous=FULL: one commit per entry, 0.3 ms on an ordinary disk. Entries are added in `incidents`.
What a full disk means for a rollback is decided in `engine/hosts/gate`: what cannot be recorded is not sent.
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
from typing import TypeVar

import msgspec

from tui.drivers import paths
from tui.drivers.journal.schema import migrate
from tui.model.errors import JournalError
from tui.text.redact import redact, redacted

T = TypeVar("T")


class Database:
    """The open file at `path`. Raises JournalError, with the file and the fix, for everything that SQLite raises."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or paths.journal_path()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._db = self._thread.submit(self._open).result()

    async def close(self) -> None:
        """Close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown()

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
            paths.made(self.path)
            # of two that open a new journal at once SQLite refuses one without waiting
            flags = os.O_CREAT | os.O_WRONLY
            with os.fdopen(paths.opened(self.path.with_suffix(".opening"), flags), "w") as opening:
                fcntl.flock(opening, fcntl.LOCK_EX)
                with contextlib.ExitStack() as failed:
                    db = failed.enter_context(contextlib.closing(sqlite3.connect(self.path, timeout=10.0)))
                    # of a new file: an entry changes three pages, each written whole
                    db.execute("PRAGMA page_size = 1024")
                    db.execute("PRAGMA journal_mode = WAL")
                    db.execute("PRAGMA synchronous = FULL")
                    migrate(db, self.path)
                    failed.pop_all()
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from error
        return db

    def _broken(self, error: Exception) -> JournalError:
        damaged = getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        does = "free its disk"
        if damaged:  # an open console goes on with the file that it has, whatever its name is by then
            does = "move it aside, with its -wal and -shm, and start again: a new one is begun"
        return JournalError(f"the journal {self.path}: {error}", f"{does}, or name another with ROLLBACK_STATE_DIR")


def safe(payload: str) -> str:
    """An entry without secrets; what holds none stays as it is, letter by letter."""
    try:
        value = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return redact(payload)
    safe = redacted(value)
    return payload if safe == value else msgspec.json.encode(safe).decode()


def stamp(at: datetime) -> str:
    """A time that sorts as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
