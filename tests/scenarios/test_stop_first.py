"""A service that cannot run twice: it stops before the target starts, and has a way out at every moment."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import LocalSandbox, local_sandbox
from tests.sandboxes import Sandbox

APP = "scenextras-autocomplete"


@pytest.fixture(params=["0.35.15", "0.38.27"])
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, dokku=request.param) as sandbox:
        yield sandbox


def checks(box: Sandbox) -> tuple[str, str]:
    """How the app's checks are set."""
    app = box.app(APP)
    return app["checks_disabled"], app["checks_skipped"]


def bad_release(box: Sandbox) -> str:
    """Somebody deploys a release that nobody kept; its commit."""
    box.pull("deploy", app=APP, version="v1.3.0", wait=True, behaviour={"health": "503", "check": "ok"})
    commit: str = box.app(APP)["metadata"]
    return commit


def test_it_is_kept_stopped_started_and_its_setting_is_given_back(local_slow: Sandbox) -> None:
    box = local_slow
    left = bad_release(box)
    box.pull("command", command=f"checks:skip {APP} worker")
    done = box.run("search", "previous", "--yes", "--json")
    assert done.code == 0, done.stderr
    document = done.document
    ids = [s["argv"][0] for s in document["steps"]]
    order = ["keep", "apps:report", "git:set", "checks:disable", "git-receive-pack", "checks:enable", "checks:skip"]
    assert [i for i in ids if i in order] == order
    assert checks(box) == ("none", "worker")
    listed = box.run("search", "--list", "--json").document["items"]
    assert [i["kept"] for i in listed if i["commit"] == left] == [True], "what was left has a way out"
    down = document["downtime"]
    assert down["since"] is not None
    assert down["seconds"] is not None
    assert "stopped: the service does not answer" in done.stderr
    assert "it was down for" in done.stderr
    told = done.stderr.splitlines()
    assert not [line for line in told if line.startswith("uncertain")], "nothing was in doubt"
    assert sum(line.startswith("executing") for line in told) == 1


def test_a_failed_build_stops_nothing(box: Sandbox) -> None:
    before = box.serves("search")
    holder = next(i["holder"] for i in box.run("search", "--list", "--json").document["items"] if i["number"] == 3)
    box.pull("remove_image", app=holder)
    failed = box.run("search", "release:3", "--yes", "--json")
    assert failed.code == 4, failed.stderr
    assert failed.document["downtime"] is None
    assert box.serves("search") == before
    assert checks(box) == ("none", "none"), "given back although the push failed"


def test_a_start_that_fails_ends_in_an_outage_that_says_so_and_has_a_way_out(box: Sandbox) -> None:
    left: str = box.app(APP)["metadata"]
    box.pull("fault", kind="fail_next_deploy", mode="crash", app=APP)
    failed = box.run("search", "previous", "--yes", "--json")
    assert (failed.code, failed.document["state"]) == (11, "failed"), failed.stderr
    assert "nothing serves" in failed.document["error"]["message"]
    assert failed.document["downtime"]["until"] is None
    back = box.run("search", f"sha:{left[:10]}", "--yes", "--json", "--expect-current", running(box))
    assert back.code == 0, back.stderr
    assert box.serves("search") == "v1.2.0"
    assert checks(box) == ("none", "none")
    assert back.document["downtime"]["seconds"] is not None


def running(box: Sandbox) -> str:
    items: list[dict[str, Any]] = box.run("search", "--list", "--json").document["items"]
    name: str = next(i["name"] for i in items if i["running"])
    return name


def test_a_console_that_dies_while_it_is_stopped_is_resumed_and_gives_the_setting_back(slow: LocalSandbox) -> None:
    box = slow
    with box.process("search", "previous", "--yes", "--json") as running_console:
        box.await_that(lambda app: app["lock_held"] and app["checks_disabled"] == "_all_", APP)
        box.await_that(lambda app: not any(c["status"] == "running" for c in app["containers"]), APP)
        running_console.kill()
        running_console.wait(20)
    done = box.run("resume", "--json")
    assert done.code == 0, done.stderr
    assert len(box.sent(f"git-receive-pack '{APP}'")) == 1
    assert box.serves("search") == "v1.1.0"
    assert checks(box) == ("none", "none")


def test_what_cannot_be_kept_has_no_way_out_and_that_is_said(box: Sandbox) -> None:
    bad_release(box)
    box.pull("fault", kind="fail_next_deploy", mode="build", app=APP)
    box.pull("deploy", app=APP, version="v1.4.0", wait=True)
    plan = box.run("search", "previous", "--plan", "--json").document
    assert "keep" not in [s["id"] for s in plan["steps"]]
    assert any(w["severity"] == "type" and "no way out" in w["text"] for w in plan["warnings"])


def test_checks_that_were_off_before_stay_off(box: Sandbox) -> None:
    box.pull("command", command=f"checks:disable {APP}")
    plan = box.run("search", "previous", "--plan", "--json").document
    assert not [s for s in plan["steps"] if s["id"].startswith("checks")]
    assert box.run("search", "previous", "--yes").code == 0
    assert checks(box) == ("_all_", "none")


def test_the_name_has_to_be_typed(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, speed=1) as box:
        done = box.typed("\n\nyes\n", "search", "previous")
        assert done.code == 3
        assert "not confirmed" in done.stdout
        assert not box.sent(f"git-receive-pack '{APP}'")
