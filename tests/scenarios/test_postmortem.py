"""A whole incident on the sandbox, and the post-mortem that its journal gives."""

import contextlib
import json
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.harness import local_sandbox
from tests.incident.numbers import unexplained
from tests.sandboxes import Sandbox
from tui.incident.postmortem.looking_back import QUESTIONS
from tui.incident.postmortem.record import read
from tui.model.evidence import RateSource

HERE = ZoneInfo("Europe/Kyiv")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, speed=1, environ={"TZ": HERE.key}) as sandbox:
        yield sandbox


def entries(box: Sandbox, incident: str) -> list[tuple[str, str]]:
    """The journal's own rows."""
    with contextlib.closing(sqlite3.connect(box.state / "journal.sqlite")) as db, db:
        rows = db.execute("SELECT kind, payload FROM entry WHERE incident = ? ORDER BY seq", (incident,))
        return [(kind, payload) for kind, payload in rows]


def counted_before(box: Sandbox, incident: str) -> list[str]:
    """Who had counted requests when the rollback began, the users' own first: a log that is just followed may have had
    no line yet.
    """
    events = [json.loads(payload) for kind, payload in entries(box, incident) if kind == "event"]
    found = [e["measurement"] for e in events if e["type"] == "Measured" and e["measurement"]["phase"] == "before"]
    counted = {r["source"] for one in found for r in one["rates"] if r["failed"] is not None and r["total"]}
    return [
        s.value
        for s in (RateSource.ACCESS_LOG, RateSource.SENTRY, RateSource.PROBES, RateSource.POSTHOG)
        if s.value in counted
    ]


def test_every_number_of_the_post_mortem_is_in_the_journal(box: Sandbox, tmp_path: Path) -> None:
    done = box.run("api", "previous", "--yes", "--watch", "12s", "--json")
    assert done.code == 0, done.stderr
    incident = done.document["incident"]

    assert box.run("postmortem", "--json").document["error"]["code"] == "refused"  # nobody chose a severity yet
    assert box.run("postmortem", incident, "--set", "severity", "P1").code == 0
    listed = box.run("incidents", "--json").document["items"][0]["postmortem"]
    assert listed["required"] and listed["due_at"] and listed["written_at"] is None
    assert "POST-MORTEM due" in box.run("incidents").stdout

    told = box.run("postmortem", "--json")
    assert told.code == 0, told.stderr
    document = told.document
    assert (document["schema"], document["kind"], document["incident"]) == (1, "postmortem", incident)
    assert (document["exit_code"], document["error"], document["closing"]) == (0, None, "recovered")
    record = read(entries(box, incident))
    restored = next(m for m in document["timeline"] if m["name"] == "Service restored")
    assert restored["at"] and "verification passed" in restored["source"]
    assert document["duration"]["value"] > 0 and document["duration"]["source"]
    assert [m["name"] for m in document["timeline"][:4]] == [
        "Deployment started", "Issue detected", "Rollback initiated", "Service restored",
    ]  # fmt: skip
    uncounted = set() if counted_before(box, incident) else {"error-rate"}
    asked = {question.field.value for question in QUESTIONS}
    untold = {"actions", "lessons"} | asked | uncounted
    assert {g["set"] for g in document["gaps"]} == {"root-cause", "users", "revenue"} | untold
    commands = [f for f in document["record"]["commands"] if f["command"]]
    sent = [p for kind, p in entries(box, incident) if kind == "command"]
    assert len(commands) * 2 == len(sent)
    assert any("git-receive-pack" in f["command"] for f in commands)
    assert all(f["value"] == "exit 0" for f in commands), commands
    assert unexplained(document["markdown"], entries(box, incident), HERE) == []
    assert "(UTC+0" in document["markdown"]
    assert record.incident.severity == "P1"

    words = ("--set", "root-cause", "the cache kept every page", "--set", "users", "about 40", "--set", "revenue", "$0")
    noted = box.run("postmortem", incident, *words)
    assert (noted.code, noted.stdout) == (0, "on record: root-cause, users, revenue\n"), "the document is not asked for"
    again = box.run("postmortem", incident, "--set", "root-cause", "a cache without bounds", "--json").document
    assert again["root_cause"]["value"] == "a cache without bounds"
    assert again["root_cause"]["source"].startswith("said by ")
    assert again["impact"]["users_affected"]["value"] == "about 40"
    assert {g["set"] for g in again["gaps"]} == untold
    assert "the cache kept every page" in again["record"]["edited"][0]["text"], "both versions are on record"
    assert unexplained(again["markdown"], entries(box, incident), HERE) == []

    file = tmp_path / "post-mortem.md"
    assert box.run("postmortem", "--save", str(file)).code == 0
    said = file.read_text(encoding="utf-8")
    assert "### Root Cause\na cache without bounds\n" in said
    assert said == box.run("postmortem", incident).stdout
    assert stat.S_IMODE(file.stat().st_mode) & 0o022 == 0
    listed = box.run("incidents", "--json").document["items"][0]["postmortem"]
    assert listed["written_at"] is not None
    assert "post-mortem written" in box.run("incidents").stdout
    page = tmp_path / "post-mortem.html"
    assert box.run("postmortem", incident, "--save", str(page)).code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>\n")
    assert box.run("postmortem", incident, "--html").stdout == page.read_text(encoding="utf-8")
    twice = box.run("postmortem", incident, "--save", str(file), "--json")
    assert (twice.code, twice.document["error"]["message"]) == (3, f"{file} exists")
    assert file.read_text(encoding="utf-8") == said

    filled = box.typed("y\na deploy on a Friday\n", "postmortem", incident)
    assert filled.code == 0 and "questions are not answered yet" in filled.stdout
    assert "**Trigger**\n\na deploy on a Friday\n" in filled.stdout and "TODO: who noticed it" in filled.stdout
    again_back = box.typed("\n\nn\n", "api", "release:2")
    assert again_back.code == 3, "not confirmed"
    assert "seen before: same service" in again_back.stdout and "cause: a cache without bounds" in again_back.stdout
    searched = box.run("incidents", "--search", "friday", "API")
    assert "within the last hour: rolled back to release:4, cause: a cache without bounds" in searched.stdout


def test_what_there_is_not_is_refused(box: Sandbox) -> None:
    unknown = box.run("postmortem", "nothing-of-this-name", "--json")
    assert (unknown.code, unknown.document["error"]["code"]) == (3, "refused")
    assert box.run("postmortem", "nothing-of-this-name", "--set", "lessons", "none").code == 3
    field = box.run("postmortem", "x", "--set", "mood", "bad", "--json")
    assert (field.code, field.document["error"]["code"]) == (2, "usage")
    assert "root-cause" in field.document["error"]["fix"]
