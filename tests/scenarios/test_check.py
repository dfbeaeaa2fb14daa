"""`rollback check` on the sandbox: per host and service what works, what does not, and the fix."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox
from tests.vendors import running

APP = "scenextras-gateway"


@pytest.fixture(params=["0.35.15", "0.38.27"])
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, dokku=request.param) as sandbox:
        yield sandbox


def findings(box: Sandbox, *services: str) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
    done = box.run("check", *services, "--json")
    items = {(i["subject"], i["topic"]): i for i in done.document["items"] if i["result"] == "finding"}
    assert done.code == (3 if items else 0), done.stdout
    assert all(item["fix"] for item in items.values())
    return done.code, items


def command(box: Sandbox, line: str) -> None:
    assert box.pull("command", command=line)["exit"] == 0


def test_nothing_to_say_about_a_service_that_is_well_and_nothing_is_changed(box: Sandbox) -> None:
    assert findings(box, "gateway") == (0, {})
    writes = ("apps:create", "apps:destroy", "config:set", "git:set", "git-receive-pack", "builder:set", "ps:set")
    assert not [line for prefix in writes for line in box.sent(prefix)]


def test_every_trouble_is_named_with_its_fix(box: Sandbox) -> None:
    command(box, f"docker-options:add {APP} build '--target prod'")
    box.pull("fault", kind="wrong_app", app=APP, by="scenextras")
    _, items = findings(box, "gateway")
    assert items["gateway", "url"]["text"].endswith("is answered by another app: scenextras")
    assert "--target" in items["gateway", "build"]["text"]
    assert "--target" in items["gateway", "way-back"]["text"]


def test_frozen_unsettled_failed_and_unkept_are_said(box: Sandbox) -> None:
    assert box.run("freeze", "gateway", "--yes").code == 0
    _, items = findings(box, "gateway")
    assert items["gateway", "frozen"]["fix"] == "rollback unfreeze gateway"
    assert box.run("gateway", "previous", "--yes").code == 0
    assert box.run("unfreeze", "gateway", "--yes").code == 0
    _, items = findings(box, "gateway")
    assert "git:sync --build" in items["gateway", "settled"]["fix"]
    box.pull("fault", kind="fail_next_deploy", mode="check", app="scenextras-transcription")
    box.pull("deploy", app="scenextras-transcription", version="v3.0.0", wait=True)
    _, items = findings(box, "transcription")
    assert "was tried after it" in items["transcription", "kept-now"]["text"]
    assert "ps:restart" in items["transcription", "attempt"]["text"]


def test_a_key_that_is_not_accepted_is_the_hosts_finding(box: Sandbox) -> None:
    box.pull("fault", kind="refuse_login", times=99)
    done = box.run("check", "gateway", "--json")
    assert done.code == 3
    found = {i["topic"] for i in done.document["items"] if i["subject"] == "sandbox" and i["result"] == "finding"}
    assert found == {"connection"}


def test_what_was_last_proven_is_said_and_a_drill_is_offered(box: Sandbox) -> None:
    def topics(*services: str) -> dict[str, dict[str, Any]]:
        done = box.run("check", *services, "--json")
        return {i["topic"]: i for i in done.document["items"]}

    before = topics("gateway")
    assert "no rollback of this service is on record here" in before["proven"]["text"]
    assert before["drill"]["text"] == "no drill of this host is on record on this machine"
    assert before["drill"]["fix"].startswith("rollback drill sandbox")
    assert "the newest 5 stay" in before["retention"]["text"]
    done = box.run("gateway", "previous", "--yes", "--json")
    assert done.code == 0, done.stderr
    after = topics("gateway")["proven"]["text"]
    assert f"this machine last went back to release:{done.document['to']['number']} in" in after
    assert done.document["incident"] in after


# ── beside the hosts ─────────────────────────────────────────────────────────────────────────────────────────────

OUTSIDE = ("sentry", "posthog", "pagerduty", "ticket", "thread")


def check_outside(box: Sandbox, *services: str) -> tuple[int, list[tuple[str, str, str, str]]]:
    done = box.run("check", *services, "--json")
    for name, token in box.environ.items():
        assert name.endswith("_FILE") or not token or token not in done.stdout + done.stderr
    items = [i for i in done.document["items"] if i["topic"] in OUTSIDE]
    return done.code, [(i["subject"], i["topic"], i["result"], i["text"]) for i in items]


def test_what_is_not_set_up_is_a_note(tmp_path: Path) -> None:
    with local_sandbox(tmp_path) as box:
        code, found = check_outside(box, "gateway")
    assert code == 0
    assert found == [("services", topic, "note", f"{topic} is not set up") for topic in OUTSIDE]


def test_what_is_set_up_is_asked_one_harmless_question(tmp_path: Path) -> None:
    with local_sandbox(tmp_path) as box, running() as vendors:
        file = tmp_path / "services.yaml"
        file.write_text(vendors.into(Path(box.services).read_text(), "gateway"))
        box.services = str(file)
        box.environ |= vendors.environ
        assert check_outside(box, "gateway") == (
            0,
            [
                ("gateway", "sentry", "ok", "sentry: errors of acme/api can be counted"),
                ("gateway", "posthog", "ok", "posthog: project 77 can be asked"),
                (
                    "services", "pagerduty", "ok",
                    "pagerduty: on call now: Tim Wright (Daily Engineering Rotation), "
                    "Earline Greenholt (Daily Engineering Rotation)",
                ),
                ("services", "pagerduty", "ok", "pagerduty: open incidents of its services: 1"),
                (
                    "services", "pagerduty", "note",
                    f"pagerduty: change events go to {vendors.urls['events']}; only sending one would prove the key",
                ),
                ("gateway", "ticket", "ok", "ticket: issues in acme/api"),
                ("services", "thread", "ok", "thread: posts in #incidents as rollback of Acme, if it is invited there"),
            ],
        )  # fmt: skip
        asked = {(r.vendor, r.method) for r in vendors.received}
        reads = {("sentry", "GET"), ("pagerduty", "GET"), ("github", "GET")}
        assert asked == {*reads, ("posthog", "POST"), ("slack", "POST")}  # a query, and auth.test
        assert (vendors.slack.posted, vendors.github.issues, vendors.events.changes) == ([], [], [])
        assert vendors.complaints == []
        box.environ |= {"SLACK_BOT_TOKEN": "", "SENTRY_TOKEN_FILE": str(tmp_path / "absent"), "SENTRY_TOKEN": ""}
        vendors.fault("github", "unauthorized")
        code, found = check_outside(box, "gateway")
        said = {topic: text for _, topic, result, text in found if result == "finding"}
        assert code == 3
        assert said == {
            "sentry": f"SENTRY_TOKEN_FILE names {tmp_path / 'absent'}, which cannot be read: "
            f"[Errno 2] No such file or directory: '{tmp_path / 'absent'}'",
            "ticket": "ticket: refuses the token (HTTP 401): Bad credentials",
            "thread": "thread is set up, but SLACK_BOT_TOKEN is not set: it is left out",
        }
