"""Ways back other than `kept`, on the sandbox, through the command line that a person types."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandboxes import Sandbox, running_sandbox

APP = "scenextras"
OWN = f"/home/dokku/{APP}"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path) as sandbox:
        yield sandbox


def listed(box: Sandbox, service: str = "api") -> list[dict[str, Any]]:
    done = box.run(service, "--list", "--json")
    assert done.code == 0, done.stderr
    items: list[dict[str, Any]] = done.document["items"]
    return items


def unkept(box: Sandbox) -> str:
    """The commit of v1.0.0, which nobody kept."""
    (found,) = (i["commit"] for i in listed(box) if i["subject"] == "Serve scenes over the API")
    return str(found)


def test_one_list_from_every_source_newest_first(box: Sandbox) -> None:
    done = box.run("api", "--list", "--json")
    items = done.document["items"]
    assert [i["subject"] for i in items] == [
        "Store thumbnails by key",
        "Faster scene lists",
        "Page comments by cursor",
        "Thumbnails for scenes",
        "Search by mood",
        "Serve scenes over the API",
    ]
    assert [(i["running"], i["kept"], i["number"]) for i in items][:2] == [(True, False, None), (False, True, 4)]
    assert [i["origin"] for i in items] == ["ledger", "holder", "holder", "holder", "holder", "repository"]
    assert items[1]["author"] == "Ana Ruiz"
    assert items[1]["told"]["subject"] == "repository"
    assert next((w["way"], w["available"]) for w in items[1]["ways"]) == ("kept", True)
    git = next(w for w in items[5]["ways"] if w["way"] == "git")
    assert (git["available"], git["seconds"], git["reason"]) == (True, 29.0, "builds from source: slow")
    assert {s["source"]: s["trouble"] for s in done.document["sources"]} == {
        "holder": None,
        "ledger": None,
        "repository": None,
    }
    table = box.run("api", "--list").stdout
    assert "RUNNING" in table
    assert "not by kept: not kept" in table


def test_another_way_is_named_and_only_taken_when_it_is_asked_for(box: Sandbox) -> None:
    commit = unkept(box)
    refused = box.run("api", f"sha:{commit}", "--yes", "--json")
    assert refused.code == 3
    assert "kept: not kept" in refused.document["error"]["message"]
    assert f"add --way git and sha:{commit[:10]}" in refused.document["error"]["fix"]
    assert box.sent("git:sync") == []
    done = box.run("api", f"sha:{commit}", "--way", "git", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert (done.document["way"], box.serves()) == ("git", "v1.0.0")
    assert box.sent("git:sync") == [f"git:sync --build {APP} {OWN} {commit}"]
    assert box.app()["metadata"] == f"{OWN}#{commit}"
    after = listed(box)
    assert [i["commit"] for i in after if i["running"]] == [commit]
    assert [i["subject"] for i in after if i["bad"]] == ["Store thumbnails by key"]
    again = box.run("api", f"sha:{commit}", "--way", "git", "--yes")
    assert again.code == 9


def test_a_build_from_source_leaves_the_teams_branch_alone(box: Sandbox) -> None:
    tip = dict(box.app()["refs"])["refs/heads/main"]
    assert box.run("api", "previous", "--way", "git", "--yes").code == 0
    assert box.serves() == "v1.4.0"
    assert dict(box.app()["refs"])["refs/heads/main"] == tip
    assert box.run("unfreeze", "api").code == 0
    assert box.pull("command", command=f"git:report {APP} --git-deploy-branch")["stdout"].strip() == "main"


def test_a_failed_check_is_known_to_have_failed_although_the_branch_moved(box: Sandbox) -> None:
    commit = unkept(box)
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    done = box.run("api", f"sha:{commit}", "--way", "git", "--no-freeze", "--yes", "--json")
    assert done.code == 4, done.stderr
    assert "health check" in done.document["error"]["message"]
    assert box.serves() == "v1.5.0"
    assert dict(box.app()["refs"])["refs/heads/main"] == commit
    assert box.run("resume", "--close", "aborted").code in (3, 4)
    assert f"{APP}--incident" not in box.look()["apps"]
    assert [i["commit"] for i in listed(box) if i["failed"]] == [commit]
    refused = box.run("api", f"sha:{commit}", "--way", "git", "--plan", "--json")
    assert "did not succeed" in str(refused.document["warnings"])


def test_a_commit_nobody_knows_changes_nothing(box: Sandbox) -> None:
    done = box.run("api", f"sha:{'1' * 40}", "--way", "git", "--yes", "--json")
    assert done.code == 4, done.stderr
    assert "not a valid SHA1" in done.document["error"]["message"]
    assert box.serves() == "v1.5.0"


def test_a_build_dies_with_its_console_and_is_not_sent_again(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, pace="0.25") as box:
        running = box.begin("api", "previous", "--way", "git", "--yes")
        while not box.sent("git:sync"):
            assert running.poll() is None
        box.await_that(lambda app: bool(app["lock_held"]))
        running.kill()
        running.communicate(timeout=10)
        done = box.run("resume", "--json")
        assert done.code == 4, done.stderr
        assert (box.serves(), len(box.sent("git:sync"))) == ("v1.5.0", 1)


def test_what_has_to_stop_first_is_not_built_over_what_runs(box: Sandbox) -> None:
    refused = box.run("search", "previous", "--way", "git", "--yes", "--json")
    assert refused.code == 3
    assert "has to stop before it starts" in refused.document["error"]["message"]
    assert "kept leads to" in refused.document["error"]["fix"]
