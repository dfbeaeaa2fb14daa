"""An incident that this console cannot read holds up its own service, and no other; a person's word sets it aside."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.sandboxes import Sandbox

TORN = '{"type":"PlanMa'
NEWER = '{"type":"SomethingOfNextYear","at":"2027-11-24T00:00:00Z"}'
ILLEGAL = '{"type":"Settled","at":"2026-11-24T00:00:00Z"}'


@pytest.fixture
def box(local: Sandbox) -> Sandbox:
    return local


def damaged(box: Sandbox, payload: str) -> str:
    """An incident of a rollback that is verified and open still, whose journal then got such an entry."""
    assert box.run("api", "previous", "--yes").code == 0
    (item,) = box.run("incidents", "--json").document["items"]
    with contextlib.closing(sqlite3.connect(Path(box.state) / "journal.sqlite")) as db, db:
        db.execute(
            "INSERT INTO entry (incident, at, kind, payload) VALUES (?, '2026', 'event', ?)",
            (item["incident"], payload),
        )
        db.execute("UPDATE incident SET state = 'watching'")
    db.close()
    return str(item["incident"])


@pytest.mark.parametrize("payload", [TORN, NEWER, ILLEGAL])
def test_others_go_on_and_its_own_service_has_a_way_on_that_works(box: Sandbox, payload: str) -> None:
    incident = damaged(box, payload)
    status = box.run("status", "--json")
    assert status.code == 0, status.stderr
    (told,) = status.document["illegible"]
    assert (told["incident"], told["service"]) == (incident, "api")
    assert f"incident {incident} cannot be read" in told["reason"]
    listed = box.run("incidents")
    assert listed.code == 0 and incident in listed.stdout and "UNREADABLE" in listed.stdout
    checked = box.run("check", "--json")
    assert checked.code == 3
    (found,) = [i for i in checked.document["items"] if i["topic"] == "incident"]
    assert "cannot be read" in found["text"]
    assert box.run("search", "previous", "--plan").code in (0, 3)
    assert "cannot be read" not in box.run("search", "previous", "--plan").stderr
    assert box.run("resume", incident).code == 3
    assert box.run("postmortem", incident).code == 3

    refused = box.run("api", "previous", "--plan", "--json")
    assert refused.code == 3
    error = refused.document["error"]
    assert "cannot be read" in error["message"]
    fix = error["fix"].partition("or: rollback ")[2].split()
    aside = box.run(*fix)
    assert aside.code == 0, aside.stderr
    assert box.run("status", "--json").document["illegible"] == []
    again = box.run("api", "release:4", "--plan", "--json")
    assert "cannot be read" not in again.stderr
    assert "UNREADABLE" in box.run("incidents").stdout, "it is not forgotten"


def test_what_it_holds_on_its_host_is_let_go(box: Sandbox) -> None:
    incident = damaged(box, NEWER)
    assert box.run("resume", incident, "--close", "recovered", "--reason", "seen by hand").code == 0
    done = box.run("unfreeze", "api", "--yes")
    assert done.code == 0, done.stderr
    assert "scenextras--incident" not in box.look()["apps"]


def test_what_was_seen_of_an_app_counts_without_the_entry_that_cannot_be_read(box: Sandbox) -> None:
    assert box.run("status").code == 0
    with contextlib.closing(sqlite3.connect(Path(box.state) / "journal.sqlite")) as db, db:
        db.execute("UPDATE ledger SET payload = '{' WHERE app = 'scenextras'")
    db.close()
    listed = box.run("api", "--list")
    assert listed.code == 0
    assert "cannot be read" in listed.stderr
    assert box.run("api", "previous", "--yes").code == 0
