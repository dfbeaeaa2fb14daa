"""The ledger: what was seen of each app, kept beyond any incident."""

from datetime import datetime

from tui.drivers.journal.database import Database, safe
from tui.drivers.journal.incidents import JournalEntry


class LedgerStore(Database):
    """The journal's table of what was seen of apps."""

    async def ledger_add(self, host: str, app: str, kind: str, payload: str, at: datetime) -> int:
        """Add what was seen of an app; returns its number."""
        row = (host, app, at.isoformat(), kind, safe(payload))
        query = "INSERT INTO ledger (host, app, at, kind, payload) VALUES (?, ?, ?, ?, ?)"
        return await self._do(lambda db: int(db.execute(query, row).lastrowid or 0))

    async def ledger_put(self, seq: int, payload: str) -> None:
        """Replace what was seen: it was seen again."""
        row = (safe(payload), seq)
        await self._do(lambda db: db.execute("UPDATE ledger SET payload = ? WHERE seq = ?", row))

    async def ledger(self, host: str, app: str, after: int = 0) -> tuple[JournalEntry, ...]:
        """All that was seen of an app, oldest first; `after`: from the entry behind that one on."""
        query = "SELECT seq, at, kind, payload FROM ledger WHERE host = ? AND app = ? AND seq > ? ORDER BY seq"
        rows = await self._do(lambda db: db.execute(query, (host, app, after)).fetchall())
        return tuple(JournalEntry(seq=seq, at=at, kind=kind, payload=payload) for seq, at, kind, payload in rows)
