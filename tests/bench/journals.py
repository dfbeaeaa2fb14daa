"""A long journal: what opening it, listing incidents and looking for like ones cost, against a short one."""

import asyncio
import contextlib
import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from tests.bench.harness import Bench, Effort, Finding, interleaved, ratio
from tests.simulation.child import in_child, with_world
from tests.simulation.world import World
from tui.drivers.journal import Journal
from tui.engine.store import Records

FEW, MANY = 50, 10_000
"""incidents; of the newest 50 the console and `incidents` read everything"""
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
_LISTED = "id, service, app, host, opened_at, state, changed_at"


async def _one(world: World) -> tuple[tuple[str, ...], list[tuple[str, str, str]]]:
    """A whole rollback as the journal has it: the incident's row, and its entries."""
    done = await world.command("bastion", "api", "previous", "--yes")
    assert done.code == 0
    with contextlib.closing(sqlite3.connect(world.machines["bastion"].state / "journal.sqlite")) as db, db:
        (row,) = db.execute(f"SELECT {_LISTED} FROM incident").fetchall()
        entries = db.execute("SELECT at, kind, payload FROM entry WHERE incident = ? ORDER BY seq", row[:1]).fetchall()
    return row, entries


def _written(path: Path, count: int, row: tuple[str, ...], entries: list[tuple[str, str, str]]) -> None:
    asyncio.run(Journal(path).close())
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for number in range(count):
            name, at = f"i{number:06}", (BEGUN + timedelta(minutes=number)).isoformat()
            db.execute("INSERT INTO incident VALUES (?, ?, ?, ?, ?, ?, ?)", (name, *row[1:4], at, "closed", at))
            db.executemany(
                "INSERT INTO entry (incident, at, kind, payload) VALUES (?, ?, ?, ?)",
                [(name, when, kind, payload.replace(row[0], name)) for when, kind, payload in entries],
            )
    db.close()


async def _looked(path: Path, row: tuple[str, ...]) -> float:
    """What a console does with it from its start to a plan."""
    begun = process_time()
    journal = Journal(path)
    records = Records(journal)
    assert await records.open() == ((), ())
    assert len((await records.newest())[0]) == FEW
    await records.who()
    await records.like(row[3], row[2], None)
    await journal.close()
    return process_time() - begun


def journals(effort: Effort) -> list[Finding]:
    """Processor time of opening, of `incidents`, and of what a plan reads."""
    row, entries = with_world(lambda prepared: in_child(prepared, _one))
    many = MANY if effort.seconds >= 1 else 2 * FEW
    with tempfile.TemporaryDirectory() as folder:
        few_file, many_file = Path(folder) / "few.sqlite", Path(folder) / "many.sqlite"
        _written(few_file, FEW, row, entries)
        _written(many_file, many, row, entries)
        cases = {
            "many": lambda: asyncio.run(_looked(many_file, row)),
            "few": lambda: asyncio.run(_looked(few_file, row)),
        }
        found = interleaved(cases, effort.rounds)
    name = f"journal: opened and read, {MANY:,} incidents / {FEW}"
    return [Finding(name=name, value=ratio(found["many"], found["few"]), unit="x", limit=1.5, detail={**found})]


BENCHES: dict[str, Bench] = {"journals": journals}
