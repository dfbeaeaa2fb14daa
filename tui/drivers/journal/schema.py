"""The tables of the journal, and how an older journal becomes one of today."""

import contextlib
import sqlite3
from pathlib import Path

from tui.model.errors import JournalError

SCHEMA = 3
TABLES = """
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
INDEXES = (
    "CREATE INDEX IF NOT EXISTS incident_by_time ON incident (opened_at, id)",
    "CREATE INDEX IF NOT EXISTS incident_still_open ON incident (opened_at, id) WHERE state != 'closed'",
)
"""what keeps the newest and the open incidents near however many there are. No part of the schema: a console that does
not know them keeps them up to date all the same, and where one cannot be made, reading takes longer, and no more"""
MIGRATIONS = (TABLES, _LEDGER, _OUTBOX)
"""what makes schema n+1 of schema n, from 0 on"""


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to today's schema. Raises JournalError for one that is newer: it is refused, not guessed at."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        raise JournalError(
            f"{path} was written by a newer console (schema {version}, ours is {SCHEMA})",
            "update this console, or use another folder with ROLLBACK_STATE_DIR",
        )
    if version < SCHEMA:
        with db:
            db.execute("BEGIN IMMEDIATE")
            (again,) = db.execute("PRAGMA user_version").fetchone()
            for statements in MIGRATIONS[again:]:
                for statement in statements.strip().split(";\n"):
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA}")
    for statement in INDEXES:
        with contextlib.suppress(sqlite3.OperationalError):  # the disk is full, or somebody writes for long
            db.execute(statement)
