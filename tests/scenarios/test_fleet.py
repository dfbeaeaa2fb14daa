"""`rollback all previous` on the sandbox: one phrase, one service after the other, stopped by the first that fails."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandboxes import Done, Sandbox, running_sandbox

APPS = {
    "search": "scenextras-autocomplete",
    "transcription": "scenextras-transcription",
    "api": "scenextras",
    "gateway": "scenextras-gateway",
}
ORDER = list(APPS)
NOW = {"search": "v1.2.0", "transcription": "v1.3.0", "api": "v1.5.0", "gateway": "v1.2.1"}
PREVIOUS = {"search": "v1.1.0", "transcription": "v1.2.1", "api": "v1.4.0", "gateway": "v1.2.0"}
SAID = ("--confirm", "all previous")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Sandbox]:
    """Deploys take some seconds, so that something can happen in their middle."""
    with running_sandbox(tmp_path, pace="0.25") as sandbox:
        yield sandbox


def pushed(box: Sandbox) -> list[str]:
    """The apps that were pushed to, in order."""
    return [command.split("'")[1] for command in box.sent("git-receive-pack")]


def serving(box: Sandbox) -> dict[str, str]:
    return {name: box.serves(name) for name in APPS}


def stages(done: Done) -> dict[str, str]:
    found: dict[str, str] = done.document["stages"]
    return found


def written(box: Sandbox) -> list[str]:
    """Everything sent that changes a host, but for what belongs to nobody's rollback."""
    writes = ("apps:create", "config:set", "git:set", "git-receive-pack", "checks:", "git:sync", "apps:destroy")
    asked = ("checks:report",)
    sent = [c["command"] for c in box.look()["commands"]]
    return [c for c in sent if c.startswith(writes) and not c.startswith(asked)]


def test_all_four_go_back_in_order_under_one_id(box: Sandbox) -> None:
    assert serving(box) == NOW
    done = box.run("all", "previous", *SAID, "--json")
    assert done.code == 0, done.stderr
    document = done.document
    assert (document["kind"], document["order"], document["error"]) == ("fleet", ORDER, None)
    assert stages(done) == dict.fromkeys(ORDER, "done")
    assert [item["service"] for item in document["items"]] == ORDER
    assert {item["verdict"] for item in document["items"]} == {"passed"}
    assert {item["incident"] for item in document["items"]} == {document["incident"]}
    assert serving(box) == PREVIOUS
    assert pushed(box)[-4:] == list(APPS.values()), "each once, in order"
    apps = box.look()["apps"]
    records = {name: apps[f"{app}--incident"]["config"] for name, app in APPS.items()}
    assert {r["ROLLBACK_INCIDENT"] for r in records.values()} == {document["incident"]}
    attempts = {
        a["labels"]["rollback.attempt"]
        for app in APPS.values()
        for a in apps[app]["containers"]
        if a["labels"].get("rollback.attempt")
    }
    assert {a.rpartition(".")[0] for a in attempts} == {document["incident"]}
    for name in ORDER:
        assert f"rollback unfreeze {name}" in done.stderr
    listed = box.run("incidents", "--json").document["items"]
    assert {i["group"] for i in listed} == {document["incident"]}
    assert len({i["incident"] for i in listed}) == 4
