"""The journal's incidents and drills of a stretch of time, folded into figures. Nothing is asked of a host."""

from datetime import datetime

from tui.engine.drill import drills_on_record as drills
from tui.engine.engine import Engine
from tui.engine.store import SEARCHED
from tui.incident.postmortem.record import Record
from tui.incident.statistics import fold
from tui.incident.statistics.fold import Statistics
from tui.model.drill import DrillResult
from tui.model.errors import JournalError, Refused


async def gather(engine: Engine, since: datetime) -> Statistics:
    """The figures from then on until now. Raises JournalError."""
    records: list[Record] = []
    illegible = 0
    for row in await engine.journal.incidents(SEARCHED):
        if datetime.fromisoformat(row.opened_at) < since:
            break  # the newest come first
        try:
            records.append(await engine.postmortems.record(row.id))
        except (JournalError, Refused):
            illegible += 1
    drilled: dict[str, list[DrillResult]] = {}
    for one in await drills.results(engine.journal):
        drilled.setdefault(one.host, []).append(one)
    now = engine.clock.now()
    return fold.fold(records, drilled, since, now, lambda service: engine.fleet.watch_of(service).error_rate, illegible)
