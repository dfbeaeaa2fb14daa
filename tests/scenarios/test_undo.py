"""Going forward again after a rollback, on the sandbox: forth and back, and every reason why not."""

import contextlib
import signal
import sqlite3

from tests.harness import LocalSandbox
from tests.sandboxes import Sandbox

APP = "scenextras"


def rolled_back(box: Sandbox, *words: str) -> str:
    """v1.5.0, now healthy and kept, was left for v1.4.0; the incident's id."""
    box.pull("scenario", name="healthy")
    assert box.run("keep", "api").code == 0
    done = box.run("api", "previous", "--yes", "--json", *words)
    assert done.code == 0, done.stderr
    assert box.serves() == "v1.4.0"
    incident: str = done.document["incident"]
    return incident


def bad(box: Sandbox) -> set[str]:
    """The releases that are marked bad."""
    return {i["name"] for i in box.run("api", "--list", "--json").document["items"] if i["bad"]}


def test_forth_and_back_and_forth(local: Sandbox) -> None:
    first = rolled_back(local)
    assert bad(local) == {"release:5"}
    for _ in range(2):
        undone = local.run("undo", "--yes", "--json")
        assert undone.code == 0, undone.stderr
        assert undone.document["verdict"] == "passed"
        written = local.run("postmortem", undone.document["incident"]).stdout
        assert " went forward again to " in written and "rolled back to" not in written.split("### Timeline")[0]
        assert (local.serves(), bad(local)) == ("v1.5.0", set()), "nothing is bad any more, neither side"
        again = local.run("api", "previous", "--yes", "--json")
        assert again.code == 0, again.stderr
        assert (local.serves(), bad(local)) == ("v1.4.0", {"release:5"})
    noted = local.run("undo", first, "--yes", "--json")
    assert noted.code == 3, "another incident put there what runs now"
    assert "does not run any more" in noted.document["error"]["message"]


def test_the_decision_stands_on_the_incident_that_is_undone(local: Sandbox) -> None:
    first = rolled_back(local)
    done = local.run("undo", first, "--yes", "--reason", "it was the database", "--json")
    assert done.code == 0, done.stderr
    undoing = done.document["incident"]
    assert undoing != first
    again = local.run("undo", first, "--yes", "--json")
    assert (again.code, again.document["error"]["code"]) == (9, "already-there")
    with contextlib.closing(sqlite3.connect(local.state / "journal.sqlite")) as db, db:
        told = [p for (p,) in db.execute("SELECT payload FROM entry WHERE incident = ?", (first,)) if "undo" in p]
    assert any(undoing in text and "it was the database" in text for text in told)


def test_without_a_word_nothing_is_sent(local: Sandbox) -> None:
    rolled_back(local)
    before = len(local.sent("git-receive-pack"))
    assert local.run("undo", "--json").code == 3
    plan = local.run("undo", "--plan", "--json")
    assert (plan.code, plan.document["to"]["number"]) == (0, 5)
    assert "FORWARD AGAIN api" in plan.stderr
    assert local.run("undo", "--yes", "--expect-current", "release:2").code == 3
    assert len(local.sent("git-receive-pack")) == before
    assert local.serves() == "v1.4.0"


def test_what_was_not_kept_is_built_again_only_where_that_is_asked_for(local: Sandbox) -> None:
    local.pull("scenario", name="healthy")
    left = local.app()["metadata"]
    assert local.run("api", "previous", "--yes").code == 0
    refused = local.run("undo", "--yes", "--json")
    assert refused.code == 3
    assert "was not kept" in refused.document["error"]["message"]
    assert "--way git" in refused.document["error"]["fix"]
    assert local.serves() == "v1.4.0"
    assert left[:10] in str(local.run("api", "--list", "--json").document["items"])
    local.pull("deploy", app=APP, version="v1.5.1", wait=True)  # frozen: deploys nothing
    done = local.run("undo", "--yes", "--way", "git", "--json")
    assert done.code in (0, 6), done.stderr
    assert done.document["to"]["commit"] == left
    assert local.app()["metadata"].endswith(left)
    assert bad(local) == set()


def test_nothing_to_undo_is_said(local: Sandbox) -> None:
    nothing = local.run("undo", "--yes", "--json")
    assert (nothing.code, nothing.document["error"]["code"]) == (3, "refused")
    local.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    failed = local.run("api", "previous", "--yes", "--json")
    assert failed.code == 4
    named = local.run("undo", failed.document["incident"], "--yes", "--json")
    assert named.code == 3
    assert "nothing to undo" in named.document["error"]["message"]


def test_a_deploy_since_then_is_nobodys_to_undo(local: Sandbox) -> None:
    rolled_back(local, "--no-freeze")
    local.pull("deploy", app=APP, version="v1.6.0", wait=True, force=True)
    assert local.serves() == "v1.6.0"
    refused = local.run("undo", "--yes", "--json")
    assert refused.code == 3
    assert "somebody else's deploy" in refused.document["error"]["message"]


def test_an_open_incident_is_undone_within_itself(slow: LocalSandbox) -> None:
    slow.pull("scenario", name="healthy")
    assert slow.run("keep", "api").code == 0
    running = slow.process("api", "previous", "--yes", "--watch", "10m", "--json")
    assert running.stderr is not None
    while running.stderr.readline().strip() != "watching":
        assert running.poll() is None
    incident = slow.run("incidents", "--json").document["items"][0]["incident"]
    held = slow.run("undo", "--yes", "--json")
    assert held.code == 8, "another console of this machine is watching it"
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=10)
    done = slow.run("undo", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert (done.document["incident"], done.document["closing"]) == (incident, "unwatched")
    assert slow.serves() == "v1.5.0"
    assert len(slow.run("incidents", "--json").document["items"]) == 1


def test_one_service_of_a_run_is_undone_by_itself(local: Sandbox) -> None:
    local.pull("scenario", name="healthy")
    done = local.run("all", "previous", "--confirm", "all previous", "--except", "api", "--json")
    assert done.code == 0, done.stderr
    whole = local.run("undo", done.document["incident"], "--yes", "--json")
    assert whole.code == 3
    part = done.document["items"][0]["journal"]
    assert part in whole.document["error"]["fix"]
    back = local.run("undo", part, "--yes", "--json")
    assert back.code == 0, back.stderr
    assert back.document["service"] == "search"
    assert local.serves("search") == "v1.2.0"
