"""What a console that died on another machine left on the host: whoever meets it is told what removes it."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import LocalSandbox, local_sandbox

APP = "scenextras"
RECORD, LOCK = f"{APP}--incident", f"{APP}--takeover"
SIGNED = "ROLLBACK_SCHEMA=1 ROLLBACK_INCIDENT=x1 ROLLBACK_BY=ana@laptop ROLLBACK_SINCE=2026-11-01T00:00:00Z"
GUARD = f"{SIGNED} ROLLBACK_STATE=guarding ROLLBACK_WATCH_UNTIL=2026-11-01T00:10:00Z ROLLBACK_DEPLOY=abc"
INCIDENT = f"{SIGNED} ROLLBACK_STATE=executing ROLLBACK_TO=release:1"
REMOVES = "rollback unfreeze api --take-over --reason TEXT"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LocalSandbox]:
    with local_sandbox(tmp_path) as sandbox:
        yield sandbox


def leave(box: LocalSandbox, signed: str = "", *, lock: bool = False) -> None:
    lines = [f"apps:create {RECORD}"]
    lines += [f"config:set --no-restart {RECORD} {signed}"] if signed else []
    lines += [f"apps:create {LOCK}"] if lock else []
    for line in lines:
        assert box.pull("command", command=line)["exit"] == 0, line


def left(box: LocalSandbox) -> list[str]:
    return [name for name in box.look()["apps"] if name in (RECORD, LOCK)]


def typed(box: LocalSandbox, line: str) -> None:
    """The command as it was printed, which removes all."""
    done = box.run(*shlex.split(line.removeprefix("rollback ").replace("TEXT", "gone")), "--yes")
    assert (done.code, left(box)) == (0, []), done.stderr


@pytest.mark.parametrize(("signed", "more"), [(GUARD, ()), (INCIDENT, ("--take-over", "--reason", "gone"))])
def test_a_rollback_that_meets_a_lock_says_since_when_whose_and_what_removes_it(
    box: LocalSandbox, signed: str, more: tuple[str, ...]
) -> None:
    leave(box, signed, lock=True)
    done = box.run("api", "previous", "--yes", "--json", *more)
    said = done.document["error"]["message"]
    assert done.code == 3, done.stderr
    assert f"{LOCK} is there since 20" in said and f"where nobody is at it any more: {REMOVES}" in said
    assert "on the record of ana@laptop since 2026-11-01T00:00:00Z (" in said
    typed(box, REMOVES)
    assert box.run("api", "previous", "--yes").code == 0


def test_a_guard_and_an_abort_that_meet_it_say_the_same(box: LocalSandbox) -> None:
    leave(box, GUARD, lock=True)
    second = box.run("guard", "api", "--for", "30s", "--json")
    assert (second.code, second.document["error"]["code"]) == (8, "taken-by-other"), second.stderr
    assert REMOVES in second.document["error"]["fix"] and LOCK in second.document["error"]["message"]
    ended = box.run("abort", "api", "--yes")
    assert ended.code == 0 and REMOVES in ended.stdout + ended.stderr, ended.stderr
    assert "is rolling back now" not in ended.stdout + ended.stderr, "nobody knows that"
    typed(box, REMOVES)


def found(box: LocalSandbox) -> dict[str, str]:
    """What each place says that shows who has an app: the words of it, with the way on."""
    lines = [i for i in box.run("check", "api", "--json").document["items"] if i["topic"] in ("incident", "guard")]
    listed = box.run("api", "--list").stderr
    status = box.run("status", "api").stdout
    return {"check": " ".join(f"{i['text']}: {i['fix']}" for i in lines), "--list": listed, "status": status}


@pytest.mark.parametrize(
    ("signed", "way", "whose"),
    [
        ("", "rollback unfreeze api", "a record that nobody has signed is there since 20"),
        (GUARD, "rollback abort api", "x1 of ana@laptop since 2026-11-01T00:00:00Z"),
        (INCIDENT, REMOVES, "x1 of ana@laptop since 2026-11-01T00:00:00Z"),
    ],
    ids=["unsigned", "guard", "incident"],
)
def test_every_place_says_whose_it_is_how_old_and_what_removes_it(
    box: LocalSandbox, signed: str, way: str, whose: str
) -> None:
    leave(box, signed)
    for place, words in found(box).items():
        assert whose in words and f": {way}" in words, f"{place}: {words}"
        assert not signed or " d" in words, f"{place}: {words}"
    typed(box, way)


def test_of_an_incident_that_somebody_is_at_no_place_says_how_to_remove_it(box: LocalSandbox) -> None:
    fresh = INCIDENT.replace("2026-11-01T00:00:00Z", f"{box.clock.now():%Y-%m-%dT%H:%M:%SZ}")
    leave(box, fresh)
    assert all("unfreeze" not in words for words in found(box).values())
    assert "rollback resume, or ask them" in found(box)["check"]


def test_check_finds_a_lock_without_a_record(box: LocalSandbox) -> None:
    """It is in nobody's way until somebody has to take an incident over, and then it is."""
    assert box.pull("command", command=f"apps:create {LOCK}")["exit"] == 0
    (line,) = [i for i in box.run("check", "api", "--json").document["items"] if i["topic"] == "lock"]
    assert line["fix"] == "where nobody is at it any more: rollback unfreeze api"
    assert f"{LOCK} is there since 20" in line["text"] and "record" not in line["text"]
    typed(box, "rollback unfreeze api")
    assert not [i for i in box.run("check", "api", "--json").document["items"] if i["topic"] == "lock"]
