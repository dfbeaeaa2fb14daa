"""A deploy that failed its check never went live: what runs is the old release, and only a restart is in danger."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox

APP = "scenextras-gateway"
BOTH = ["0.35.15", "0.38.27"]


@pytest.fixture(params=BOTH)
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, dokku=request.param) as sandbox:
        yield sandbox


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path) as sandbox:
        yield sandbox


def fails(box: Sandbox) -> str:
    """A deploy of the team's that fails its check; returns what serves on."""
    serves = box.serves("gateway")
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    box.pull("deploy", app=APP, version="v9.9.9", wait=True)
    assert box.serves("gateway") == serves
    assert box.app(APP)["image_version"] != serves, "the trap is there"
    return serves


def row(box: Sandbox) -> dict[str, Any]:
    (found,) = box.run("status", "gateway", "--json").document["items"]
    return dict(found)


def bad(box: Sandbox) -> list[str]:
    return [str(i["name"]) for i in box.run("gateway", "--list", "--json").document["items"] if i["bad"]]


def pushes(box: Sandbox) -> int:
    return len(box.sent(f"git-receive-pack '{APP}'"))


def test_status_check_and_list_name_what_makes_a_restart_safe(one: Sandbox) -> None:
    assert one.run("keep", "gateway").code == 0
    fails(one)
    assert row(one)["restart_fix"] == "rollback gateway current"
    assert "DO NOT RESTART: the last deploy failed: rollback gateway current" in one.run("status", "gateway").stdout
    items = one.run("check", "gateway", "--json").document["items"]
    assert [i["fix"] for i in items if i["topic"] == "attempt"] == ["rollback gateway current"]
    assert "deploy a good release first: rollback gateway current" in one.run("gateway", "--list").stderr


def test_current_makes_a_restart_safe_and_changes_nothing_else(box: Sandbox) -> None:
    assert box.run("keep", "gateway").code == 0
    serves = fails(box)
    done = box.run("gateway", "current", "--yes", "--json")
    assert (done.code, done.document["verdict"]) == (0, "passed"), done.stderr
    assert done.document["from"]["number"] == done.document["to"]["number"] == 5
    assert box.app(APP)["image_version"] == box.serves("gateway") == serves
    assert bad(box) == []
    assert row(box)["restart_risk"] is None
    box.pull("command", command=f"ps:restart {APP}")
    assert box.serves("gateway") == serves


def test_what_was_deployed_anew_is_left_by_previous_as_ever(one: Sandbox) -> None:
    assert one.run("keep", "gateway").code == 0
    fails(one)
    assert one.run("gateway", "current", "--yes").code == 0
    back = one.run("gateway", "previous", "--yes", "--json")
    assert (back.code, back.document["to"]["number"]) == (0, 4), back.stderr


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Sandbox]:
    """For what is typed on a terminal."""
    with local_sandbox(tmp_path, speed=1) as sandbox:
        yield sandbox


def test_previous_says_that_what_runs_is_healthy_and_leaves_it_only_at_a_word(process: Sandbox) -> None:
    one = process
    assert one.run("keep", "gateway").code == 0
    serves, sent = fails(one), pushes(one)
    refused = one.run("gateway", "previous", "--yes", "--json")
    assert (refused.code, pushes(one), one.serves("gateway")) == (3, sent, serves), refused.stderr
    said = refused.document["error"]
    assert "never went live: what runs is the old release, release:5, and it is healthy" in said["message"]
    assert "rollback gateway current" in said["message"]
    assert said["fix"].endswith("rollback gateway previous --expect-current release:5")
    assert bad(one) == []
    everything = one.run("all", "previous", "--confirm", "all previous", "--json")
    assert everything.code == 3
    assert "gateway: the last deploy" in everything.document["error"]["message"]
    unsaid = one.typed("\n\nyes\n", "gateway", "previous")
    assert (unsaid.code, pushes(one)) == (3, sent), unsaid.stdout
    done = one.run("gateway", "previous", "--yes", "--expect-current", "release:5", "--json")
    assert (done.code, done.document["to"]["number"]) == (0, 4), done.stderr
    assert bad(one) == ["release:5"]


def test_what_is_not_kept_cannot_be_deployed_anew_and_what_helps_is_named(one: Sandbox) -> None:
    serves, sent = fails(one), pushes(one)
    refused = one.run("gateway", "current", "--yes", "--json")
    assert (refused.code, pushes(one)) == (3, sent), refused.stderr
    assert "it is not kept" in refused.document["error"]["message"]
    fix = refused.document["error"]["fix"]
    assert f"git:sync --build {APP} /home/dokku/{APP} " in fix
    assert row(one)["restart_fix"] == fix
    command = fix[fix.index("git:sync") : fix.index(" builds it again")].strip("'")
    assert one.pull("command", command=command)["exit"] == 0
    assert one.app(APP)["image_version"] == one.serves("gateway") == serves


def test_a_failed_deploy_over_a_sick_release_needs_no_other_word(one: Sandbox) -> None:
    one.pull("fault", kind="fail_next_deploy", mode="check", app="scenextras")
    one.pull("deploy", app="scenextras", version="v9.9.9", wait=True)
    done = one.run("api", "previous", "--yes", "--json")
    assert (done.code, one.serves()) == (0, "v1.4.0"), done.stderr


@pytest.mark.parametrize("way", ["kept", "git"])
def test_disabled_checks_decide_what_the_plan_promises(one: Sandbox, way: str) -> None:
    words = ("api", "release:4", "--plan", "--json", "--way", way)
    assert one.run(*words).document["downtime_seconds"] is None
    one.pull("command", command="checks:disable scenextras")
    plan = one.run(*words)
    assert plan.document["downtime_seconds"] == [7.0, 11.0]
    assert "its zero-downtime checks are disabled" in plan.stderr
    one.pull("command", command="checks:enable scenextras")
    one.pull("command", command="checks:skip scenextras")
    plan = one.run(*words)
    assert plan.document["downtime_seconds"] is None
    assert "checks of web are skipped" in plan.stderr


def told(box: Sandbox, builder: str) -> None:
    box.pull("app", name="shop", builder=builder)
    assert box.run("keep", "shop").code == 0
    box.pull("deploy", app="shop", version="v2.0.0", behaviour={"health": "503"}, wait=True)
    assert (box.app("shop")["serves"], box.app("shop")["image_version"]) == ("v1.0.0", "v2.0.0")
    (found,) = box.run("status", "shop", "--json").document["items"]
    assert "did not succeed" in (found["restart_risk"] or "")
    assert "DO NOT RESTART" in box.run("status", "shop").stdout
    assert box.run("check", "shop").code == 3


def test_a_failed_image_is_told_and_cured(box: Sandbox) -> None:
    """No commit names what serves there, and a restart would start the image that failed all the same."""
    told(box, "image")
    done = box.run("shop", "current", "--yes", "--no-watch")
    assert done.code == 0, done.stderr
    assert (box.app("shop")["serves"], box.app("shop")["image_version"]) == ("v1.0.0", "v1.0.0")
    (found,) = box.run("status", "shop", "--json").document["items"]
    assert found["restart_risk"] is None


def test_a_failed_archive_is_told(box: Sandbox) -> None:
    """All archives have one name: which of the kept releases runs is told by the second in which Dokku made it."""
    told(box, "archive")
    newest, *_ = box.run("shop", "--list", "--json").document["items"]
    assert (newest["name"], newest["running"]) == ("release:1", True)
    kept = box.run("keep", "shop")
    assert (kept.code, "release:1 is what runs, and it is kept" in kept.stderr) == (9, True), kept.stderr
    done = box.run("shop", "current", "--yes", "--no-watch")
    assert done.code == 0, done.stderr
    assert (box.app("shop")["serves"], box.app("shop")["image_version"]) == ("v1.0.0", "v1.0.0")
    (found,) = box.run("status", "shop", "--json").document["items"]
    assert found["restart_risk"] is None


def test_after_a_failed_archive_a_good_one_ends_it(box: Sandbox) -> None:
    told(box, "archive")
    box.pull("deploy", app="shop", version="v3.0.0", wait=True)
    (found,) = box.run("status", "shop", "--json").document["items"]
    assert found["restart_risk"] is None
