"""A service of two apps goes back as one: planned before the first write, one after the other, stopped by a failure."""

from pathlib import Path

import pytest
import yaml

from tests.sandboxes import Sandbox

PARTS = {"site.scenextras-gateway": "gateway", "site.scenextras-transcription": "transcription"}


@pytest.fixture
def site(local: Sandbox, tmp_path: Path) -> Sandbox:
    """The sandbox with gateway and transcription as the parts of one service."""
    file = yaml.safe_load(Path(local.services).read_text())
    gateway, other = (file["services"].pop(name) for name in ("gateway", "transcription"))
    del gateway["rollback"]
    for one in (gateway, other):
        one["health"]["patience"] = "120s"  # time goes ten times as fast, the machine does not
    gateway["parts"] = [
        {"app": gateway.pop("app")},
        {key: other[key] for key in ("app", "health", "identity") if key in other},
    ]
    file["services"]["site"] = gateway
    own = tmp_path / "parts.yaml"
    own.write_text(yaml.safe_dump(file, sort_keys=False))
    local.services = str(own)
    return local


def test_both_parts_go_back_and_can_be_undone_one_by_one(site: Sandbox) -> None:
    planned = site.run("site", "previous", "--plan", "--json")
    assert planned.code == 0, planned.stderr
    assert (planned.document["whole"], planned.document["order"]) == ("site", list(PARTS))
    assert site.run("site", "previous").code == 3, "nobody was asked"
    assert site.run("keep", "site").code == 0, "so that there is a way forward again"
    done = site.run("site", "previous", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert done.document["stages"] == dict.fromkeys(PARTS, "done")
    undo = done.document["undo"]
    assert len(undo) == 2 and f"rollback undo {undo[0]}" not in done.stderr, (
        "offered where one part did not come through"
    )
    assert {row["service"] for row in site.run("status", "site", "--json").document["items"]} == set(PARTS)
    assert site.run("undo", undo[0], "--yes").code == 0
    assert site.serves("transcription") == "v1.3.0" and site.serves("gateway") == "v1.2.0"


def test_a_part_that_cannot_go_back_keeps_the_others_from_beginning(site: Sandbox) -> None:
    kept = [name for name in site.look()["apps"] if name.startswith("scenextras-transcription--")]
    for name in kept:
        site.pull("remove_app", app=name)
    before = site.look()
    refused = site.run("site", "previous", "--yes", "--json")
    assert refused.code == 3
    assert "site.scenextras-transcription: " in refused.document["error"]["message"]
    assert site.serves("gateway") == "v1.2.1" and site.look()["apps"].keys() == before["apps"].keys()


def test_what_is_for_one_app_names_the_parts(site: Sandbox) -> None:
    for words in (("freeze", "site", "--yes"), ("site", "--list"), ("logs", "site"), ("evidence", "site")):
        refused = site.run(*words, "--json")
        assert refused.code == 2, (words, refused.stderr)
        assert all(name in refused.stderr for name in PARTS), words
    wrong = site.run("site", "release:1", "--yes")
    assert wrong.code == 2 and "go back to previous or to a tag" in wrong.stderr
