"""Kept releases whose image a host has deleted: seen, named, kept again, passed over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox

APP = "scenextras-gateway"


@pytest.fixture(params=["0.35.15", "0.38.27"])
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, dokku=request.param) as sandbox:
        yield sandbox


def holders(box: Sandbox) -> list[str]:
    return sorted(name for name in box.look()["apps"] if name.startswith(f"{APP}--r"))


def kept(box: Sandbox) -> str:
    done = box.run("keep", "gateway", "--json")
    assert done.code == 0, done.stderr
    holder: str = done.document["items"][0]["release"]["holder"]
    return holder


def test_a_kept_release_whose_image_is_gone_is_kept_again_or_passed_over(box: Sandbox) -> None:
    first = kept(box)
    again = box.run("keep", "gateway", "--json")
    assert (again.code, box.sent("run ")) == (9, [f"run {first} /rollback-looks-only"])
    assert "not known" not in again.document["items"][0]["error"]["message"]

    box.pull("remove_image", app=first)
    second = kept(box)
    assert first not in holders(box), "what was known of it is in the new holder"
    assert box.app(second)["config"]["ROLLBACK_COMMIT"] == box.app(APP)["metadata"]

    version = box.serves("gateway")
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    third = kept(box)
    box.pull("deploy", app=APP, version="v3.0.0", wait=True)
    box.pull("remove_image", app=third)
    check = box.run("check", "gateway", "--json").document["items"]
    (image,) = (line for line in check if line["topic"] == "image")
    assert image["result"] == "finding" and "IMAGE GONE" in image["text"]
    (row,) = box.run("status", "gateway", "--json").document["items"]
    assert (row["kept_image"]["holder"], row["kept_image"]["state"]) == (third, "gone")
    assert "IMAGE GONE" in box.run("status", "gateway").stdout

    back = box.run("gateway", "previous", "--yes", "--json")
    assert (back.code, box.serves("gateway")) == (0, version), back.stderr
    assert "its image is gone from the host" in back.stderr
    assert {line.split()[1] for line in box.sent("run ")} <= {first, second, third}


def test_the_list_says_what_was_seen_and_asks_when_told_to(box: Sandbox) -> None:
    gone = kept(box)
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    box.pull("remove_image", app=gone)
    unseen = {r["holder"]: r["holder_image"] for r in box.run("gateway", "--list", "--json").document["items"]}
    assert unseen[gone] is None
    assert box.sent("run ") == []
    done = box.run("gateway", "--list", "--look", "--json")
    seen = {r["holder"]: r["holder_image"]["state"] for r in done.document["items"] if r["holder"]}
    assert seen.pop(gone) == "gone"
    assert set(seen.values()) == {"there"}, "keep has allowed to look at those of older consoles"
    later = {r["holder"]: r for r in box.run("gateway", "--list", "--json").document["items"]}
    assert later[gone]["holder_image"]["state"] == "gone"
    assert [w["reason"] for w in later[gone]["ways"] if w["way"] == "kept"] != [""]
    assert "IMAGE GONE" in box.run("gateway", "--list").stdout
    assert "IMAGE GONE from the host (seen " in box.run("gateway", "--list", "-v").stdout
    assert box.run("gateway", "previous", "--look").code == 2


def test_a_lost_image_that_cannot_be_kept_again_is_named(box: Sandbox) -> None:
    lost = kept(box)
    box.pull("remove_image", app=lost)
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    done = box.run("keep", "gateway", "--json")
    assert done.code == 3, done.stderr
    assert f"the image of {lost} is gone from the host" in done.document["items"][0]["error"]["message"]
