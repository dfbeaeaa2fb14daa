"""Apps that something else than a Dockerfile builds, or that are deployed from images and archives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox

APP = "scenextras-gateway"


@pytest.fixture(params=["0.35.15", "0.38.27"])
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, dokku=request.param) as sandbox:
        yield sandbox


def command(box: Sandbox, line: str) -> str:
    done = box.pull("command", command=line)
    assert done["exit"] == 0, done
    return str(done["stdout"])


def selected(box: Sandbox) -> str:
    return command(box, f"builder:report {APP} --builder-selected").strip()


def deploy(box: Sandbox, version: str, **told: Any) -> None:
    done = box.pull("deploy", app=APP, version=version, wait=True, **told)
    assert "ok" in str(done["status"]), done


def test_a_builder_that_has_to_be_selected_otherwise_is_given_back(box: Sandbox) -> None:
    command(box, f"config:set --no-restart {APP} BUILDPACK_URL=https://example.com/bp.git")
    command(box, f"builder:set {APP} selected herokuish")
    plan = box.run("gateway", "release:4", "--plan", "--json")
    assert "builder" in [step["id"] for step in plan.document["steps"]], plan.stderr
    done = box.run("gateway", "release:4", "--yes", "--json")
    assert (done.code, selected(box)) == (0, "dockerfile"), done.stderr
    config = box.app(f"{APP}--incident")["config"]
    assert config["ROLLBACK_RESTORE"] == "builder-selected=herokuish"
    undone = box.run("unfreeze", "gateway", "--yes", "--json")
    assert (undone.code, selected(box)) == (0, "herokuish"), undone.stderr


def test_without_a_freeze_the_builder_is_given_back_at_once(box: Sandbox) -> None:
    command(box, f"builder:set {APP} selected nixpacks")
    done = box.run("gateway", "release:4", "--yes", "--no-freeze", "--json")
    assert (done.code, selected(box)) == (0, "nixpacks"), done.stderr


def test_a_push_that_fails_gives_the_builder_back(box: Sandbox) -> None:
    command(box, f"builder:set {APP} selected pack")
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    done = box.run("gateway", "release:4", "--yes", "--json")
    assert (done.code, selected(box)) == (4, "pack"), done.stderr


def test_a_setting_that_changed_since_the_plan_stops_it_before_anything_is_touched(box: Sandbox) -> None:
    if box.look()["dokku"] == "0.35.15":
        command(box, f"config:set --no-restart {APP} DOKKU_CNB_EXPERIMENTAL=1")
        done = box.run("gateway", "release:4", "--yes", "--json")
        assert (done.code, "DOKKU_CNB_EXPERIMENTAL" in done.stderr) == (3, True), done.stderr
    else:
        command(box, f"config:set --no-restart {APP} DOKKU_CNB_EXPERIMENTAL=1")
        assert box.run("gateway", "release:4", "--plan", "--json").code == 0
