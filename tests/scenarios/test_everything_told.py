"""One rollback with everything beside the host set up: who is told what, what is measured, and the post-mortem from it.

The hosts are the sandbox's, the vendors the strict stand-ins of tests/vendors, the receiver an HTTP server.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import local_sandbox
from tests.incident.numbers import unexplained
from tests.receivers import Receiver, receiver
from tests.sandboxes import Done, Sandbox
from tests.scenarios.test_postmortem import HERE, counted_before, entries
from tests.vendors import Vendors
from tests.vendors import vendors as vendors
from tests.vendors.linear import TEAM
from tests.vendors.server import Answer
from tui.model.evidence import RateSource

HOOK = "ROLLBACK_TEST_HOOK"
PASSWORD = "Zx81CanaryHook77"
TITLES = {
    "started": "api: rolling back to release:4",
    "verified": "api: back on release:4, verified",
    "watch verdict": "api: watched to the end: recovered",
    "closed": "api: closed: ",
}


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def box(tmp_path: Path, vendors: Vendors, hook: Receiver) -> Iterator[Sandbox]:
    address = f"json://ada:{PASSWORD}@127.0.0.1:{hook.port}/hook?rto=1"
    environ = {**vendors.environ, HOOK: address, "TZ": HERE.key}
    with local_sandbox(tmp_path, scenario="traffic", environ=environ, speed=1) as sandbox:
        services = tmp_path / "services.yaml"
        text = vendors.into(Path(sandbox.services).read_text(), "api")
        services.write_text(f"{text}notify: [{HOOK}]\n")
        sandbox.services = str(services)
        yield sandbox


def use_linear(box: Sandbox, vendors: Vendors) -> None:
    """Tickets go there instead."""
    file = Path(box.services)
    before = f'ticket: {{github: acme/api, labels: [incident], url: "{vendors.urls["github"]}"}}'
    text = file.read_text()
    assert text.count(before) == 1
    after = f'ticket: {{linear: {TEAM}, labels: [incident], url: "{vendors.urls["linear"]}"}}'
    file.write_text(text.replace(before, after))


def tickets(vendors: Vendors) -> tuple[list[str], list[str]]:
    """What all tickets say, and what all comments say."""
    made = [one["body"] for one in vendors.github.issues]
    made += [one["description"] for one in vendors.linear.issues.values()]
    said = [one["body"] for every in vendors.github.comments.values() for one in every]
    return made, said + [one["body"] for one in vendors.linear.comments.values()]


def told(box: Sandbox, incident: str) -> dict[str, list[str]]:
    """What each channel was told, in order, as the journal has it."""
    found: dict[str, list[str]] = {}
    for kind, payload in entries(box, incident):
        said = json.loads(payload)
        if kind == "event" and said["type"] == "Told" and said["delivery"]["delivered"]:
            found.setdefault(said["delivery"]["channel"], []).append(said["delivery"]["milestone"])
    return found


def outbox(box: Sandbox) -> dict[str, int]:
    with contextlib.closing(sqlite3.connect(box.state / "journal.sqlite")) as db, db:
        return dict(db.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())


def no_token(box: Sandbox, vendors: Vendors, hook: Receiver, *said: Done) -> None:
    """Nothing that was written, printed or said to others holds a credential of anybody."""
    secrets = [*vendors.environ.values(), PASSWORD]
    texts = {f"output {n}": done.stdout + done.stderr for n, done in enumerate(said)}
    texts |= {str(f): f.read_bytes().decode("latin-1") for f in box.state.rglob("*") if f.is_file()}
    texts |= {
        f"{one.vendor} {one.method} {one.path}": f"{one.path} {one.query} {one.body}"
        for one in vendors.received
        if one.vendor != "events"  # there the key belongs into the body
    }
    texts["hook"] = json.dumps(hook.bodies)
    assert any(name.endswith("journal.sqlite") for name in texts) and len(vendors.received) > 10
    for where, text in texts.items():
        assert [s for s in secrets if s in text] == [], where
    for one in vendors.received:
        assert PASSWORD not in str(one.headers)


def slack_thread(vendors: Vendors) -> list[str]:
    """The titles in the one thread there is, its parent first."""
    parent, *replies = vendors.slack.posted
    assert "thread_ts" not in parent and {one["thread_ts"] for one in replies} <= {parent["ts"]}
    return [one["text"].split("\n")[0] for one in vendors.slack.posted]


def measured(box: Sandbox, incident: str) -> list[dict[str, Any]]:
    every = [json.loads(payload) for kind, payload in entries(box, incident) if kind == "event"]
    return [one["measurement"] for one in every if one["type"] == "Measured"]


@pytest.mark.parametrize(("tracker", "watch"), [("github", "6s"), ("linear", None)])
def test_everybody_is_told_and_the_post_mortem_is_of_what_is_on_record(
    box: Sandbox, vendors: Vendors, hook: Receiver, tracker: str, watch: str | None
) -> None:
    if tracker == "linear":
        use_linear(box, vendors)
    words = ("--watch", watch) if watch else ()
    done = box.run("api", "previous", "--yes", "--json", "--reason", "orders fail since 14:02", *words)
    assert (done.code, box.serves()) == (0, "v1.4.0"), done.stderr
    incident = done.document["incident"]
    milestones = [one for one in TITLES if watch or one != "watch verdict"]
    assert "NOT DELIVERED" not in done.stderr
    assert told(box, incident) == dict.fromkeys(("thread", "pagerduty", "ticket", HOOK), milestones)
    titles = [TITLES[one] for one in milestones]
    for heard in (slack_thread(vendors), hook.titles):
        assert len(heard) == len(titles) and all(map(str.startswith, heard, titles)), heard

    assert vendors.pagerduty.incidents["PT4KHLK"]["status"] == "acknowledged"
    assert [n["content"].split("\n")[0] for n in vendors.pagerduty.notes["PT4KHLK"]] == slack_thread(vendors)
    changes = [one["payload"]["summary"] for one in vendors.events.changes]
    assert [any(map(one.startswith, (titles[0], titles[-1]))) for one in changes] == [True, True]

    made, comments = tickets(vendors)
    assert len(made) == 1 and "Why: orders fail since 14:02" in made[0]
    assert len(comments) == len(milestones) - 1

    found = measured(box, incident)
    sources = {rate["source"] for one in found for rate in one["rates"] if rate["failed"] is not None}
    if watch:
        assert sources == {source.value for source in RateSource}
        assert [one["phase"] for one in found][:2] == ["before", "switch"] and found[-1]["phase"] == "after"
        assert "healthy to the end of the watch; access log: 0 of " in comments[-1], "the ticket has the evidence"

    level = box.run("postmortem", incident, "--set", "severity", "P1", "--attach", "--json")
    assert level.code == 0, level.stderr
    document = level.document
    (attached,) = document["attached"]
    assert (attached["channel"], attached["delivered"]) == ("ticket", True) and attached["link"]
    assert f"attached: ticket: {attached['link']}" in level.stderr
    assert document["required"] and document["written_at"] is not None, "in the ticket is written"
    made, comments = tickets(vendors)
    assert len(made) == 1 and len(comments) == len(milestones), "one ticket; the document is a comment of it"
    assert comments[-1].startswith(document["markdown"].rstrip("\n").replace("@", "@\u200b")[:40])
    assert "### Root Cause" in comments[-1] and "#### Who was told" in comments[-1]
    assert unexplained(document["markdown"], entries(box, incident), HERE, ["Immediate"]) == []
    if watch:
        rates = [fact["text"] for fact in document["record"]["error_rates"]]
        assert any("7 of 512 users with an exception, PostHog" in text for text in rates), rates
        assert any("errors of an unknown number of requests, Sentry" in text for text in rates), rates
        best = counted_before(box, incident)[0]
        assert document["impact"]["error_rate"]["source"].startswith(f"{best}, Wilson interval (journal entry ")

    again = box.run("postmortem", incident, "--attach", "--json")
    assert (again.code, again.document["error"]["code"]) == (9, "already-there")
    assert attached["link"] in again.document["error"]["message"]
    assert tickets(vendors)[1] == comments
    no_token(box, vendors, hook, done, level, again)


def test_what_fails_beside_it_never_changes_the_rollback_and_is_told_later(
    box: Sandbox, vendors: Vendors, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down = Answer(status=429, body={"ok": False, "error": "ratelimited"}, headers={"Retry-After": "1"})
    monkeypatch.setattr(vendors.slack, "limited", lambda: slow_down)
    vendors.fault("slack", "limited", on="chat.postMessage")
    vendors.fault("slack", "internal", times=9, on="verified")  # 200, ok: false
    vendors.fault("pagerduty", "html", times=9)
    vendors.fault("events", "limited", times=9)
    vendors.fault("github", "lost", on="POST /repos/acme/api/issues")  # made, but nobody hears of it
    vendors.fault("github", "html", times=9, on="comments")
    vendors.fault("sentry", "hang", times=2, on="events-timeseries")  # eight seconds: the watch has to last longer
    vendors.fault("posthog", "html-ok", times=9)
    hook.hang = True
    done = box.run("api", "previous", "--yes", "--watch", "12s", "--json")
    assert (done.code, done.document["verdict"], box.serves()) == (0, "passed", "v1.4.0"), done.stderr
    incident = done.document["incident"]
    for channel in ("thread", "pagerduty", "ticket", HOOK):
        assert any(f"{channel}: " in line for line in done.stderr.split("\n") if "NOT DELIVERED" in line), channel
    assert "not delivered yet: the next rollback command or console sends them" in done.stderr
    assert outbox(box)["pending"] >= 4 and "dropped" not in outbox(box)
    assert len(vendors.slack.posted) <= 1 and not hook.bodies and not vendors.pagerduty.notes
    silent = {(one["phase"], r["source"]): r for one in measured(box, incident) for r in one["rates"]}
    assert "no answer within" in silent["before", RateSource.SENTRY.value]["note"]
    for phase, source in (("before", RateSource.SENTRY), ("before", RateSource.POSTHOG), ("after", RateSource.POSTHOG)):
        rate = silent[phase, source.value]
        assert rate["failed"] is None and rate["note"], "an answer that is no answer is no number"

    early = box.run("postmortem", incident, "--attach", "--json")
    assert early.code == 0 and "waits in the outbox" in early.stderr, early.stderr
    assert early.document["written_at"] is None

    for waiting in vendors.server._faults.values():
        waiting.clear()
    hook.hang = False
    later = box.run("incidents", "--json")
    assert later.code == 0, later.stderr
    milestones = [*TITLES]
    assert told(box, incident) == {
        **dict.fromkeys(("thread", "pagerduty", HOOK), milestones), "ticket": [*milestones, "post-mortem"]
    }  # fmt: skip
    assert [s.split(": ")[1][:4] for s in slack_thread(vendors)] == ["roll", "back", "watc", "clos"]
    assert [t.split(": ")[1][:4] for t in hook.titles] == ["roll", "back", "watc", "clos"]
    made, comments = tickets(vendors)
    assert (len(made), len(comments)) == (1, 4), "what was made unheard is found again"
    assert len(vendors.pagerduty.notes["PT4KHLK"]) == 4 and len(vendors.events.changes) == 2
    assert outbox(box) == {"delivered": 17}
    after = box.run("incidents", "--json")
    assert after.document["items"][0]["postmortem"]["written_at"] is not None
    no_token(box, vendors, hook, done, early, later, after)
