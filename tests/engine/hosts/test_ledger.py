"""The ledger on a real journal: what is written, when, and what is still known after a restart."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.incident.facts import OTHER, OURS, T0, THEIRS, container, current, later
from tui.drivers.journal import Journal
from tui.engine.hosts.ledger import EVERY, LedgerKeeper
from tui.model.errors import JournalError
from tui.model.ledger import ConfigSeen, HolderRead, Ledger, Remark, RemarkKind, Served
from tui.releases import merge


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite")
    yield made
    await made.close()


async def test_a_row_for_every_change_and_one_that_grows(journal: Journal) -> None:
    keeper = LedgerKeeper(journal)
    ours = (container("eeeeeeeeeeee", attempt="inc1.1"),)
    for at, seen in enumerate((current(), current(), current(metadata=OURS, containers=ours), current())):
        await keeper.saw("h", replace(seen, at=later(at)))
    known = await keeper.known("h", "cyc")
    assert [(s.commit, s.attempt) for s in known.sightings] == [(THEIRS, None), (OURS, "inc1.1"), (THEIRS, None)]
    assert (known.sightings[0].first_seen, known.sightings[0].last_seen) == (T0, later(1))
    assert len(await journal.ledger("h", "cyc")) == 3
    assert await journal.ledger("h", "other") == ()


async def test_looking_again_costs_a_write_a_minute_and_the_rest_is_written_at_the_end(journal: Journal) -> None:
    keeper = LedgerKeeper(journal)
    await keeper.saw("h", current())
    await keeper.saw("h", current(at=later(30)))
    assert (await LedgerKeeper(journal).known("h", "cyc")).sightings[0].last_seen == T0
    await keeper.saw("h", current(at=T0 + EVERY))
    assert (await LedgerKeeper(journal).known("h", "cyc")).sightings[0].last_seen == T0 + EVERY
    await keeper.saw("h", current(at=T0 + EVERY + timedelta(seconds=1)))
    await keeper.flush()
    again = LedgerKeeper(journal)
    assert (await again.known("h", "cyc")) == (await keeper.known("h", "cyc"))
    await again.saw("h", current(at=later(3600)))
    assert len((await again.known("h", "cyc")).sightings) == 1


async def test_what_another_process_of_this_machine_notes_counts_here_too(tmp_path: Path) -> None:
    """A rollback on the command line beside an open console: the console must not go back to what that one left."""
    async with contextlib.AsyncExitStack() as ends:
        mine, other = Journal(tmp_path / "both"), Journal(tmp_path / "both")
        ends.push_async_callback(mine.close)
        ends.push_async_callback(other.close)
        here, there = LedgerKeeper(mine), LedgerKeeper(other)
        bad, good = (Remark(kind=k, commit=OURS, at=T0, reason="x") for k in (RemarkKind.BAD, RemarkKind.GOOD))
        assert (await here.known("h", "cyc")).remarks == (await there.known("h", "cyc")).remarks == ()
        await there.remark("h", "cyc", bad)
        assert (await here.known("h", "cyc")).remarks == (bad,)
        await here.remark("h", "cyc", good)
        await there.remark("h", "cyc", bad)
        for keeper in (here, there, LedgerKeeper(mine)):
            assert (await keeper.known("h", "cyc")).remarks == (bad, good, bad), "left again after it was good"
        with contextlib.closing(sqlite3.connect(tmp_path / "both")) as gone:
            gone.execute("DROP TABLE ledger")
        assert (await here.known("h", "cyc")).remarks == (bad, good, bad) and here.trouble


async def test_health_belongs_to_what_was_seen_before_and_after_it(journal: Journal) -> None:
    keeper = LedgerKeeper(journal)
    await keeper.healthy("h", "cyc", T0)
    assert (await keeper.known("h", "cyc")).sightings == ()
    await keeper.saw("h", current())
    await keeper.healthy("h", "cyc", later(5))
    await keeper.saw("h", current(at=later(8)))
    await keeper.healthy("h", "cyc", later(9))
    await keeper.saw("h", current(metadata=OTHER, at=later(10)))
    healthy = [s.last_healthy for s in (await LedgerKeeper(journal).known("h", "cyc")).sightings]
    assert healthy == [later(5), None]


async def test_addresses_that_answered_belong_to_the_release_that_served_then(journal: Journal) -> None:
    keeper = LedgerKeeper(journal)
    await keeper.saw("h", current())
    await keeper.healthy("h", "cyc", later(5), ("cyc.example", "/health"))
    await keeper.saw("h", current(at=later(8)))
    await keeper.healthy("h", "cyc", later(9), ("cyc.example", "/of-nobody"))
    await keeper.saw("h", current(metadata=OTHER, at=later(10)))
    found = (await LedgerKeeper(journal).known("h", "cyc")).sightings
    assert [s.answered for s in found] == [("cyc.example/health",), ()]


async def test_a_healthy_answer_before_the_first_look_is_nobodys(journal: Journal) -> None:
    first = LedgerKeeper(journal)
    await first.saw("h", current())
    await first.flush()
    again = LedgerKeeper(journal)
    await again.healthy("h", "cyc", later(3600))
    await again.saw("h", current(at=later(3601)))
    assert (await again.known("h", "cyc")).sightings[-1].last_healthy is None


async def test_what_rollbacks_took_is_known_of_the_whole_host(journal: Journal) -> None:
    keeper = LedgerKeeper(journal)
    for app, seconds in (("a", 12.5), ("b", 20.0)):
        await keeper.served("h", Served(app=app, way="kept", at=later(1), seconds=seconds))
    await keeper.served("other", Served(app="a", way="kept", at=later(1), seconds=1))
    assert [(one.app, one.seconds) for one in await LedgerKeeper(journal).times("h")] == [("a", 12.5), ("b", 20.0)]
    assert (await keeper.known("h", "a")).sightings == ()


async def test_nothing_serving_and_nothing_known_are_no_sighting(journal: Journal) -> None:
    keeper = LedgerKeeper(journal)
    await keeper.saw("h", current(containers=()))
    await keeper.saw("h", replace(current(), metadata=None))
    died = replace(current(containers=(replace(container(), upcoming=True),)), git_rev=OTHER, locked=False)
    await keeper.saw("h", died)
    known = await keeper.known("h", "cyc")
    assert (known.sightings, known.remarks) == ((), ())


async def test_a_deploy_that_failed_is_remarked_once_and_not_while_it_is_under_way(journal: Journal) -> None:
    keeper = LedgerKeeper(journal)
    tried = replace(current(), git_rev=OTHER)
    await keeper.saw("h", replace(tried, locked=True))
    assert (await keeper.known("h", "cyc")).remarks == ()
    for second in (1, 2):
        await keeper.saw("h", replace(tried, at=later(second)))
    remarks = (await LedgerKeeper(journal).known("h", "cyc")).remarks
    assert [(r.kind, r.commit, r.at) for r in remarks] == [(RemarkKind.FAILED, OTHER, later(1))]


async def test_a_journal_that_cannot_be_written_does_not_keep_anybody_from_looking(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    keeper = LedgerKeeper(journal)
    await keeper.saw("h", current())
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.sqlite")) as other:
        other.execute("DROP TABLE ledger")
    await keeper.saw("h", current(metadata=OTHER))
    assert isinstance(keeper.trouble, JournalError)
    with pytest.raises(JournalError):
        await keeper.remark("h", "cyc", Remark(kind=RemarkKind.BAD, commit=OTHER, at=T0, reason="x"))
    await keeper.flush()
    assert keeper.trouble is not None
    await journal.close()


async def test_a_row_that_cannot_be_read_is_said_and_the_others_count(journal: Journal) -> None:
    remark = Remark(kind=RemarkKind.BAD, commit=OTHER, at=T0, reason="x")
    await LedgerKeeper(journal).remark("h", "cyc", remark)
    torn = [await journal.ledger_add("h", "cyc", "sighting", text, T0) for text in ('{"source": 7}', '{"sour')]
    keeper = LedgerKeeper(journal)
    await keeper.saw("h", current())
    known = await keeper.known("h", "cyc")
    assert keeper.trouble is None
    assert f"entry {torn[0]}, {torn[1]} cannot be read" in keeper.unread[("h", "cyc")]
    assert (known.remarks, len(known.sightings)) == ((remark,), 1)


async def test_other_images_under_the_same_metadata_are_not_believed(journal: Journal) -> None:
    keeper = LedgerKeeper(journal)
    first, second = (replace(container(name), image=image) for name, image in (("a", "sha256:1"), ("b", "sha256:2")))
    for at, one in enumerate((first, replace(first, id="c"), second, second)):
        await keeper.saw("h", current(containers=(one,), at=later(at)))
    await keeper.healthy("h", "cyc", later(9))
    await keeper.saw("h", current(containers=(second,), at=later(10)))
    known = (await keeper.known("h", "cyc")).sightings
    assert [(s.certain, s.last_healthy) for s in known] == [(True, None), (False, later(9))]
    (found,) = merge.merged((), (), Ledger(sightings=known), app="cyc")
    assert (found.last_healthy, found.last_served) == (None, later(1))


async def test_config_is_a_row_for_every_change_and_one_that_grows(journal: Journal) -> None:
    keeper = LedgerKeeper(journal)
    for at, value in ((0, "1"), (5, "1"), (90, "1"), (95, "1"), (100, "2"), (110, "1")):
        seen = ConfigSeen(keys=(("A", value),), key="k", first_seen=later(at), last_seen=later(at))
        await keeper.saw_config("h", "cyc", seen)
    rows = [(c.keys[0][1], c.first_seen, c.last_seen) for c in (await keeper.known("h", "cyc")).configs]
    assert rows == [("1", later(0), later(95)), ("2", later(100), later(100)), ("1", later(110), later(110))]
    assert len(await journal.ledger("h", "cyc")) == 3
    await keeper.saw_config(
        "h", "cyc", ConfigSeen(keys=(("A", "1"),), key="k", first_seen=later(111), last_seen=later(111))
    )
    await keeper.flush()
    assert (await LedgerKeeper(journal).known("h", "cyc")).configs[-1].last_seen == later(111)


async def test_what_holders_say_is_remembered_across_consoles_and_written_only_where_it_changed(
    tmp_path: Path,
) -> None:
    def said(holder: str, *pairs: tuple[str, str], at: int = 0) -> HolderRead:
        return HolderRead(holder=holder, pairs=pairs, at=T0 + timedelta(minutes=at))

    one, two = said("cyc--r1", ("ROLLBACK_COMMIT", "a")), said("cyc--r2")
    for console in range(2):
        journal = Journal(tmp_path / "journal.sqlite")
        ledger = LedgerKeeper(journal)
        if console:
            assert set((await ledger.known("h", "cyc")).reads) == {one, two}
        await ledger.read("h", "cyc", (one, two))
        await ledger.read("h", "cyc", (said("cyc--r1", *one.pairs, at=5),))
        assert len(await journal.ledger("h", "cyc")) == 2
        if console:
            marked = said("cyc--r1", *one.pairs, ("ROLLBACK_BAD", "x"), at=6)
            await ledger.read("h", "cyc", (marked,))
            rows = await journal.ledger("h", "cyc")
            assert len(rows) == 2 and "ROLLBACK_BAD" in rows[0].payload
            await journal._do(lambda db: db.execute("UPDATE ledger SET payload = '{'"))
            lost = LedgerKeeper(journal)
            assert (await lost.known("h", "cyc")).reads == () and not lost.unread, "it is read again"
        await journal.close()


async def test_two_machines_of_one_name_in_two_files_have_ledgers_of_their_own(journal: Journal) -> None:
    """What staging saw, its bad marks and what served there, is nothing that production knows."""
    staging, production = ("dokku@staging", "/x/staging.yaml"), ("dokku@prod", "/x/production.yaml")
    bad = Remark(kind=RemarkKind.BAD, commit=THEIRS, at=T0, reason="left by incident 1")

    def keeper(where: tuple[str, str] | None) -> LedgerKeeper:
        return LedgerKeeper(journal, lambda host: where)

    await keeper(None).saw("h", current())  # an older version wrote it
    first = keeper(staging)
    await first.remark("h", "cyc", bad)
    await first.served("h", Served(app="cyc", way="kept", at=T0, seconds=3.0))
    other = keeper(production)
    assert await other.known("h", "cyc") == Ledger() and await other.times("h") == ()
    await other.saw("h", current(metadata=OURS, at=later(1)))
    await other.saw("h", current(metadata=OTHER, at=later(2)))
    again = await keeper(production).known("h", "cyc")
    assert ([s.commit for s in again.sightings], again.remarks) == ([OURS, OTHER], ())
    for same in (staging, ("dokku@staging", "/x/moved.yaml"), ("dokku@10.0.0.1", "/x/staging.yaml"), None):
        known = await keeper(same).known("h", "cyc")
        assert (len(known.sightings), known.remarks) == (1, (bad,)), same
    assert len(await keeper(staging).times("h")) == 1
    assert [row.kind for row in await journal.ledger("h", "*")].count("machine") == 2, "once a machine"
