"""Keeping what runs before it is left, because somebody asked for it: never by default, and never half."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox

APP = "scenextras"


@pytest.fixture(params=["0.35.15", "0.38.27"])
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, dokku=request.param) as sandbox:
        yield sandbox


def ids(box: Sandbox, *words: str) -> list[str]:
    return [s["id"] for s in box.run("api", "previous", "--plan", "--json", *words).document["steps"]]


@pytest.mark.parametrize("way", ["kept", "git"])
def test_it_is_kept_marked_bad_and_can_be_come_back_to(box: Sandbox, way: str) -> None:
    assert "keep" not in ids(box)
    plain = box.run("api", "previous", "--plan", "--json", "--way", way).document["expected_seconds"]
    asked = box.run("api", "previous", "--plan", "--json", "--way", way, "--keep-current").document
    assert asked["expected_seconds"] == plain + 7
    order = [s["id"] for s in asked["steps"]]
    assert order.index("keep") < order.index("compare")
    assert any("4-7 s more" in w["text"] for w in asked["warnings"])
    done = box.run("api", "previous", "--yes", "--keep-current", "--way", way, "--json")
    assert (done.code, box.serves()) == (0, "v1.4.0"), done.stderr
    listed = box.run("api", "--list", "--json").document["items"]
    (left,) = (i for i in listed if i["subject"] == "Store thumbnails by key")
    assert left["kept"]
    holder = box.look()["apps"][left["holder"]]
    assert "ROLLBACK_BAD" in holder["config"], "it says so itself, whatever becomes of the target's holder"
    further = box.run("api", "previous", "--plan", "--expect-current", "release:4", "--json").document
    assert further["to"]["number"] == 3
    back = box.run("api", left["name"], "--yes", "--json")
    assert (back.code, box.serves()) == (6, "v1.5.0"), "it is as sick as it was when it was left"


def test_what_cannot_be_kept_is_refused_before_anybody_confirms(box: Sandbox) -> None:
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    box.pull("deploy", app=APP, version="v1.6.0", wait=True)
    done = box.run("api", "previous", "--keep-current", "--yes", "--json")
    assert done.code == 3
    assert "cannot be kept first" in done.document["error"]["message"]
    assert f"{APP}--incident" not in box.look()["apps"]
    assert box.run("api", "previous", "--yes").code == 0


def test_a_keep_that_fails_leaves_everything_as_it_was(box: Sandbox) -> None:
    box.pull("fault", kind="fail_command", when={"command_prefix": f"git-receive-pack '{APP}--r5"}, times=1)
    before = box.app()["metadata"]
    done = box.run("api", "previous", "--keep-current", "--yes", "--json")
    assert done.code in (3, 4), done.stderr
    assert "it was not left" in done.document["error"]["message"]
    state = box.look()["apps"]
    assert (state[APP]["metadata"], box.serves()) == (before, "v1.5.0")
    assert not [name for name in state if name.startswith(f"{APP}--r5") or name.endswith("--incident")]


def test_what_is_kept_already_is_not_kept_again(box: Sandbox) -> None:
    assert box.run("keep", "api").code == 0
    assert "keep" not in ids(box, "--keep-current")
