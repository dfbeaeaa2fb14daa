"""The journal: on disk when it says so, one console per incident, and clear words when it cannot be used."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui.drivers import paths
from tui.drivers.journal import SCHEMA, Journal, schema
from tui.model.errors import JournalError

AT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))


async def test_what_was_written_is_read_in_order_by_the_next_console() -> None:
    journal = Journal()
    await journal.open_incident("i1", "api", "app", "h", AT, "event", "0")
    for number in range(1, 5):
        await journal.append("i1", "event", str(number), AT)
    await journal.close()
    again = Journal()
    assert [e.payload for e in await again.entries("i1")] == list("01234")
    assert [r.id for r in await again.open_incidents()] == ["i1"]
    await again.append("i1", "event", "5", AT, "closed")
    assert await again.open_incidents() == ()
    assert [r.id for r in await again.incidents()] == ["i1"]
    await again.close()


async def test_only_its_owner_can_read_it() -> None:
    journal = Journal()
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700
    await journal.close()


async def test_an_appended_entry_survives_sigkill() -> None:
    script = (
        "import asyncio, os, signal\nfrom datetime import datetime, UTC\nfrom tui.drivers.journal import Journal\n"
        "async def main():\n"
        "    j = Journal()\n    await j.append('i1', 'event', 'intent', datetime.now(UTC))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\nasyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    journal = Journal()
    assert [e.payload for e in await journal.entries("i1")] == ["intent"]
    await journal.close()


async def test_an_incident_has_one_console_until_its_process_ends() -> None:
    journal = Journal()
    assert journal.lock("i1")
    assert journal.lock("i1")
    script = "from tui.drivers.journal import Journal; print(Journal().lock('i1'))"

    def other() -> str:
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert other() == "False"
    await journal.close()
    assert other() == "True"


async def test_a_newer_schema_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    db.close()
    with pytest.raises(JournalError, match=f"schema {SCHEMA + 1}, ours is {SCHEMA}"):
        Journal(path)


async def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at as one" * 40)
    with pytest.raises(JournalError, match=r"journal\.sqlite") as refused:
        Journal(path)
    fix = "move it aside, with its -wal and -shm, and start again"
    assert refused.value.fix.startswith(fix), "there is nothing wrong with the disk"


async def test_opening_it_twice_in_one_process_gives_up_no_lock_of_the_first(tmp_path: Path) -> None:
    """Without its lock another process takes the write-ahead log away, and the first one damages the file."""
    path = tmp_path / "journal.sqlite"
    shared = "os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002"  # SQLite's shared range
    script = f"import fcntl, os, sys\nfcntl.lockf({shared})"

    def free() -> bool:
        done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True)
        assert done.returncode == 0 or "BlockingIOError" in done.stderr, done.stderr
        return done.returncode == 0

    first = Journal(path)
    await first.entries("i1")
    assert not free()
    await Journal(path).close()
    assert not free()
    await first.close()
    assert free()


async def test_a_journal_of_the_first_schema_keeps_its_entries_and_gets_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as old:
        for statement in (*schema.TABLES.strip().split(";\n"), "PRAGMA user_version = 1"):
            old.execute(statement)
        old.execute("INSERT INTO entry (incident, at, kind, payload) VALUES ('i', '2026', 'event', '{}')")
        old.commit()
    journal = Journal(path)
    assert [e.payload for e in await journal.entries("i")] == ["{}"]
    seq = await journal.ledger_add("h", "a", "sighting", "one", datetime(2026, 11, 24, tzinfo=UTC))
    await journal.ledger_put(seq, "two")
    assert [(e.seq, e.payload) for e in await journal.ledger("h", "a")] == [(seq, "two")]
    await journal.close()


def test_many_that_open_a_new_journal_at_once_all_get_it(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\nfrom datetime import datetime, UTC\nfrom tui.drivers.journal import Journal\n"
        "async def main():\n"
        "    sys.stdin.readline()\n    j = Journal()\n    await j.append('i1', 'event', 'x', datetime.now(UTC))\n"
        "    await j.close()\nasyncio.run(main())\n"
    )
    argv = [sys.executable, "-c", script]
    many = [subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    for one in many:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    ends = [(one.communicate(timeout=60)[1], one.returncode) for one in many]
    assert ends == [("", 0)] * 6


async def test_a_milestone_is_put_once_into_the_outbox_and_taken_by_one() -> None:
    mine, other = Journal(), Journal()
    assert await mine.outbox_put("i1", "started", "HOOK", '{"title": "x"}', AT)
    assert not await other.outbox_put("i1", "started", "HOOK", '{"title": "y"}', AT)
    assert await other.outbox_put("i1", "closed", "HOOK", '{"title": "z"}', AT)
    waiting = await other.outbox()
    assert [(w.milestone, w.message, w.attempts, w.due_at) for w in waiting] == [
        ("started", '{"title": "x"}', 0, AT),
        ("closed", '{"title": "z"}', 0, AT),
    ]
    seq, lease = waiting[0].seq, AT + timedelta(seconds=30)
    taken = [await journal.outbox_claim(seq, AT, lease) for journal in (mine, other)]
    assert taken == [True, False]
    assert await other.outbox_claim(seq, lease, lease + timedelta(seconds=30)), "who took it is taken for dead by then"
    later = lease + timedelta(minutes=5)
    await other.outbox_end(seq, "pending", later)
    assert not await mine.outbox_claim(seq, lease, later), "it is not due"
    assert await mine.outbox_claim(seq, later, later + timedelta(seconds=30))
    await mine.outbox_end(seq, "delivered", later)
    assert [(w.milestone, w.attempts) for w in await mine.outbox()] == [("closed", 0)]
    await mine.close()
    await other.close()


async def test_what_a_person_sends_again_replaces_what_waits_or_was_dropped_and_never_what_was_delivered() -> None:
    journal = Journal()

    async def again(text: str, at: datetime = AT) -> bool:
        return await journal.outbox_again("i1", "postmortem", "ticket", text, at)

    async def waits() -> list[tuple[str, int, datetime, bool]]:
        return [(w.message, w.attempts, w.due_at, w.held) for w in await journal.outbox()]

    assert await again('"a"')
    (seq,) = [w.seq for w in await journal.outbox()]
    lease, later = AT + timedelta(seconds=30), AT + timedelta(minutes=5)
    assert await journal.outbox_claim(seq, AT, lease)
    assert not await again('"b"'), "it is being sent"
    await journal.outbox_end(seq, "pending", later, held=True)
    assert await again('"c"', lease) and await waits() == [('"c"', 1, later, True)], "the named time is kept"
    await journal.outbox_end(seq, "dropped", later)
    assert await waits() == []
    assert await again('"d"', later) and await waits() == [('"d"', 0, later, False)]
    await journal.outbox_end(seq, "delivered", later)
    assert not await again('"e"', later) and await waits() == []
    await journal.close()


async def test_no_secret_reaches_the_file_and_what_holds_none_stays_as_it_is() -> None:
    journal = Journal()
    plain = '{"type":"Decided","at":"2026-11-23T22:00:00Z","text":"a  b"}'
    await journal.append("i1", "event", plain, AT)
    await journal.append("i1", "command", '{"argv":["config:set","API_TOKEN=Zx81Canary"]}', AT)
    await journal.outbox_put("i1", "started", "HOOK", '{"text":"see https://a:Zx81Canary@b/"}', AT)
    seq = await journal.ledger_add("h", "a", "sighting", '{"image":"password=Zx81Canary"}', AT)
    await journal.ledger_put(seq, '{"image":"password=Zx81Canary2"}')
    journal.spool("i1", b"line one\npassword=Zx81")
    journal.spool("i1", b"Canary\nlast Bearer Zx81Canary")
    first, second = await journal.entries("i1")
    assert first.payload == plain
    assert second.payload == '{"argv":["config:set","API_TOKEN=[redacted]"]}'
    await journal.close()
    spooled = (paths.incident_dir("i1") / "output.log").read_text()
    assert spooled.splitlines()[1:] == ["line one", "password=[redacted]", "last Bearer [redacted]"]
    assert "redacted" in spooled.splitlines()[0]


def test_output_without_an_end_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    monkeypatch.setattr("tui.drivers.journal.output.LARGEST_OUTPUT", 10_000)
    journal = Journal()
    for _ in range(100):
        journal.spool("i1", b"x" * 999 + b"\n")
    assert (paths.incident_dir("i1") / "output.log").stat().st_size < 13_000
    assert "kept to" in journal.lost
    asyncio.run(journal.close())
    for file in paths.state_dir().rglob("*"):
        assert not file.is_file() or b"Zx81Canary" not in file.read_bytes(), file


# ── a long journal ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_newest_and_the_open_ones_are_found_without_looking_at_all() -> None:
    await Journal().close()
    with contextlib.closing(sqlite3.connect(paths.journal_path())) as db, db:
        for query in (
            "{} ORDER BY opened_at DESC, id DESC LIMIT 5",
            "{} WHERE state != 'closed' ORDER BY opened_at DESC",
        ):
            plan = db.execute(f"EXPLAIN QUERY PLAN {query.format('SELECT id, opened_at FROM incident')}").fetchall()
            assert len(plan) == 1 and "INDEX incident_" in plan[0][3], "found in order, nothing is sorted"
    db.close()


async def test_a_journal_in_which_no_index_can_be_made_is_opened_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "INDEXES", ("CREATE INDEX IF NOT EXISTS of_nothing ON nothing (id)",))
    journal = Journal()
    await journal.open_incident("i1", "api", "app", "h", AT, "event", "0")
    assert [r.id for r in await journal.open_incidents()] == ["i1"]
    await journal.close()
