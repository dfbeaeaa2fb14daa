"""What Dokku does that nobody expects, and what this console says then. What the host itself does: tests/sandbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import local_sandbox
from tests.registries import released, running_registry
from tests.sandboxes import Sandbox

APP = "scenextras"
BOTH = ["0.35.15", "0.38.27"]


@pytest.fixture(params=BOTH)
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, dokku=request.param) as sandbox:
        yield sandbox


def running(box: Sandbox, service: str = "api") -> str:
    """What runs, as `--expect-current` wants it."""
    items: list[dict[str, Any]] = box.run(service, "--list", "--json").document["items"]
    return next(str(i["name"]) for i in items if i["running"])


def warned(box: Sandbox, service: str = "api") -> tuple[bool, bool, bool]:
    """Whether list, status and check say that a restart would start a failed image."""
    listed = box.run(service, "--list", "--json")
    (row,) = box.run("status", service, "--json").document["items"]
    found = {i["topic"] for i in box.run("check", service, "--json").document["items"] if i["result"] == "finding"}
    return bool(listed.document["restart_risk"]), bool(row["restart_risk"]), "attempt" in found


def test_a_failed_check_says_that_a_restart_would_start_the_failed_image_until_something_was_deployed(
    box: Sandbox,
) -> None:
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    failed = box.run("api", "previous", "--yes", "--json")
    assert failed.code == 4, failed.stderr
    message = failed.document["error"]["message"]
    assert "the old release serves" in message
    assert f"do not restart: ps:restart, config:set or ps:scale of {APP}" in message
    assert box.app()["image_version"] != box.serves() == "v1.5.0", "the trap is there"
    assert warned(box) == (True, True, True)
    assert "DO NOT RESTART" in box.run("status", "api").stdout
    assert "would start the failed image" in box.run("api", "--list").stderr
    again = box.run("api", "previous", "--yes", "--expect-current", running(box), "--json")
    assert (again.code, box.serves()) == (0, "v1.4.0"), again.stderr
    assert warned(box)[:2] == (False, False)


def test_a_failed_build_gives_the_image_back_and_is_not_called_a_danger(box: Sandbox) -> None:
    box.pull("fault", kind="fail_next_deploy", mode="build", app=APP)
    failed = box.run("api", "previous", "--yes", "--json")
    assert (failed.code, box.serves()) == (4, "v1.5.0"), failed.stderr
    assert "the build failed; the old release serves" in failed.document["error"]["message"]
    assert "do not restart" not in failed.document["error"]["message"]


def test_no_changes_detected_is_a_failure_that_changed_nothing(tmp_path: Path) -> None:
    """A `git:from-image` that died with its client left its commit: the same again exits 1 and does nothing."""
    with local_sandbox(tmp_path) as box, running_registry() as registry:
        repository = released(box, registry, APP, ("v1.6.0", "v1.7.0"))
        document = yaml.safe_load(Path(box.services).read_text())
        document["services"]["api"]["image_repository"] = repository
        box.services = str(tmp_path / "changed.yaml")
        Path(box.services).write_text(yaml.safe_dump(document))
        box.pull("fault", kind="drop_connection", when={"command_prefix": "git:from-image", "after_phase": "preflight"})
        cut = box.run("api", "image:1", "--way", "registry", "--no-freeze", "--yes", "--json")
        assert (cut.code, box.serves()) == (4, "v1.7.0"), cut.stderr
        words = ("--way", "registry", "--no-freeze", "--yes", "--expect-current", running(box), "--json")
        again = box.run("api", "image:1", *words)
        assert (again.code, box.serves()) == (4, "v1.7.0"), again.stderr
        assert "Dokku sees no change and did nothing" in again.document["error"]["message"]


def test_a_deploy_that_takes_the_lock_before_our_push_wins_and_ours_changed_nothing(box: Sandbox) -> None:
    """Side effects before the lock is checked are ours alone: the incident's own branch, which goes again."""
    box.pull("fault", kind="slow_command", when={"command_prefix": f"git-receive-pack '{APP}'"}, seconds=20)
    begun = box.begin("api", "previous", "--yes", "--json")
    box.await_sent(f"git:set {APP} deploy-branch frozen-by", begun)
    box.pull("fault", kind="hold_lock", app=APP, seconds=40)
    out, err = begun.communicate(timeout=100)
    assert begun.returncode == 4, err
    assert "another deploy of this app is running" in out
    assert box.serves() == "v1.5.0"
    assert box.run("resume", "--close", "aborted").code == 3
    assert f"{APP}--incident" not in box.look()["apps"]
    assert box.app()["properties"].get("git-deploy-branch", "main") == "main"


def test_another_app_that_answers_is_not_taken_for_the_target(box: Sandbox) -> None:
    box.pull("fault", kind="wrong_app", app=APP, by="scenextras-gateway")
    done = box.run("api", "previous", "--yes", "--json")
    assert (done.code, done.document["verdict"]) == (6, "failed"), done.stderr
    assert [c["verdict"] for c in done.document["checks"] if c["name"] == "identity: running"] == ["passed"]
    assert any(i["topic"] == "url" and "answered by another app" in i["text"]
               for i in box.run("check", "api", "--json").document["items"])  # fmt: skip


@pytest.mark.parametrize("health", ["html", "not_ready"])
def test_a_200_that_is_no_healthy_answer_is_unhealthy(tmp_path: Path, health: str) -> None:
    with local_sandbox(tmp_path) as box:
        box.pull("deploy", app=APP, version="v1.6.0", wait=True, behaviour={"health": health, "check": "ok"})
        assert box.run("keep", "api").code == 0
        kept = running(box)
        box.pull("deploy", app=APP, version="v1.7.0", wait=True)
        done = box.run("api", kept, "--yes", "--json")
        assert (done.code, box.serves()) == (6, "v1.6.0"), done.stderr
        assert [c["verdict"] for c in done.document["checks"] if c["name"] == "health"] == ["failed"]
        (row,) = box.run("status", "api", "--json").document["items"]
        assert (row["health"], row["http_status"]) == ("unhealthy", 200)


def test_a_sync_that_moves_our_branch_under_our_push_is_found_out_to_have_landed(tmp_path: Path) -> None:
    """The push is answered by a refusal (`cannot lock ref`), and its release went live all the same."""
    with local_sandbox(tmp_path, pace="0.25", speed=5) as box:
        begun = box.begin("-v", "api", "previous", "--yes", "--json")
        box.await_that(lambda app: bool(app["lock_held"]))
        sync = box.pull("command", command=f"git:sync --build {APP} /home/dokku/{APP} v1.2.0")
        assert sync["exit"] == 1
        _, err = begun.communicate(timeout=100)
        assert "cannot lock ref" in err
        assert (begun.returncode, box.serves()) == (0, "v1.4.0"), err


def test_a_restart_beside_our_push_is_seen_in_the_end(tmp_path: Path) -> None:
    """`ps:restart` and `config:set` look at no lock: they interleave, and only what runs afterwards counts."""
    with local_sandbox(tmp_path, pace="0.25", speed=5) as box:
        begun = box.begin("api", "previous", "--yes", "--json")
        box.await_that(lambda app: bool(app["lock_held"]))
        box.pull("command", command=f"config:set {APP} LOG_LEVEL=debug")
        _, err = begun.communicate(timeout=110)
        assert begun.returncode in (0, 5, 6), err
        serves = box.serves()
        assert (begun.returncode == 0) == (serves == "v1.4.0"), err


def test_a_service_of_which_nothing_runs_is_said_to_run_nothing(tmp_path: Path) -> None:
    with local_sandbox(tmp_path) as box:
        (row,) = box.run("status", "gateway", "--json").document["items"]
        assert row["serves"] is True
        assert box.pull("command", command="ps:stop scenextras-gateway")["exit"] == 0
        done = box.run("status", "gateway")
        assert "NOTHING RUNS" in done.stdout, done.stdout
        kept = box.run("keep", "gateway")
        assert kept.code == 3 and "ps:start scenextras-gateway" in kept.stderr + kept.stdout
