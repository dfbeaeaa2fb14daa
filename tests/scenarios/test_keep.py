"""Keeping releases on the sandbox: what is retained, what is refused, what is destroyed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandboxes import Sandbox, running_sandbox

APP = "scenextras-gateway"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path) as sandbox:
        yield sandbox


def holders(box: Sandbox, app: str = APP) -> list[str]:
    return sorted(name for name in box.look()["apps"] if name.startswith(f"{app}--r"))


def test_only_the_newest_stay_and_never_what_previous_would_take(box: Sandbox) -> None:
    box.run("keep", "gateway")
    oldest = holders(box)[0]
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    done = box.run("keep", "gateway", "--json")
    assert done.code == 0, done.stderr
    assert len(holders(box)) == 5
    assert oldest not in holders(box)
    assert box.sent("apps:destroy") == [f"apps:destroy {oldest} --force"]


def test_a_sealed_holder_holds_what_its_name_says_after_everything(box: Sandbox) -> None:
    kept = box.run("keep", "gateway", "--json").document["items"][0]["release"]
    version = box.serves("gateway")
    for number in range(6):
        box.pull("deploy", app=APP, version=f"v9.0.{number}", wait=True)
    box.pull("command", command="ps:rebuild --all")
    box.pull("retire", force=True)
    box.pull("restart_host")
    done = box.run("gateway", f"tag:{kept['tag']}", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert box.serves("gateway") == version


def test_what_is_not_known_to_run_is_not_kept(box: Sandbox) -> None:
    before = holders(box)
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    done = box.run("keep", "gateway", "--json")
    assert done.code == 3, done.stderr
    assert "was tried after it" in done.document["items"][0]["error"]["message"]
    assert holders(box) == before


def test_an_app_whose_deploy_is_running_is_not_kept(box: Sandbox) -> None:
    before = holders(box)
    box.pull("fault", kind="hold_lock", app=APP)
    done = box.run("keep", "gateway")
    assert done.code == 3
    assert "a deploy" in done.stderr
    assert holders(box) == before


def test_a_deploy_in_the_middle_of_a_keep_leaves_no_holder(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, pace="0.25") as box:
        before = holders(box)
        running = box.begin("keep", "gateway")
        while not box.sent(f"config:set --no-restart {APP}--r"):
            assert running.poll() is None
        box.pull("deploy", app=APP, version="v2.0.0", wait=False)
        _, err = running.communicate(timeout=100)
        assert running.returncode == 3, err
        assert "changed while it was kept" in err or "a deploy is running" in err
        assert holders(box) == before


def test_keep_and_back_on_the_newer_dokku(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, dokku="0.38.27") as box:
        assert box.run("api", "previous", "--yes").code == 0
        assert box.serves() == "v1.4.0"
        kept = box.run("keep", "gateway", "--json")
        assert kept.code == 0, kept.stderr
        version = box.serves("gateway")
        box.pull("deploy", app=APP, version="v2.0.0", wait=True)
        back = box.run("gateway", "previous", "--yes", "--json")
        assert back.code == 0, back.stderr
        assert box.serves("gateway") == version
        assert box.run("check").code in (0, 3)
