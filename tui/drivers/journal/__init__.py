"""The journal: append-only entries in SQLite, each on disk before its call returns.

`database` is the file and its thread, `schema` its tables; `incidents`, `ledger` and `outbox` are what is in them.
`process_locks` and `output` are files beside it, one of each an incident.
"""

from tui.drivers.journal.incidents import IncidentRow, Incidents, JournalEntry
from tui.drivers.journal.ledger import LedgerStore
from tui.drivers.journal.outbox import Outbox, Waiting
from tui.drivers.journal.output import Output
from tui.drivers.journal.process_locks import Locks
from tui.drivers.journal.schema import SCHEMA

__all__ = ["SCHEMA", "IncidentRow", "Journal", "JournalEntry", "Waiting"]


class Journal(Incidents, LedgerStore, Outbox, Output, Locks):
    """The record on this machine. Raises JournalError, with the file and the fix, for everything that SQLite raises."""
