"""Two people in one incident: the second `previous` does not go one release too far, on any machine."""

import pytest

from tests.harness import LocalSandbox
from tests.sandboxes import Sandbox

APP = "scenextras"


@pytest.fixture
def box(local: LocalSandbox) -> LocalSandbox:
    return local


@pytest.fixture
def other(box: LocalSandbox) -> Sandbox:
    """A console on another machine: it knows nothing of the first one but what the host says."""
    return box.with_state(box.state.with_name("other-state"))


def pushes(box: Sandbox) -> int:
    return len(box.sent(f"git-receive-pack '{APP}'"))


def bad(box: Sandbox) -> list[str]:
    """The releases that are marked bad on the host."""
    items = box.run("api", "--list", "--json").document["items"]
    return [str(i["name"]) for i in items if i["bad"]]


@pytest.mark.parametrize("way", ["kept", "git"])
def test_a_second_previous_from_another_machine_is_refused_and_names_who_when_and_to_what(
    box: Sandbox, other: Sandbox, way: str
) -> None:
    assert box.run("api", "previous", "--yes", "--way", way).code == 0
    marked, sent = bad(other), len(box.sent("git:sync")) + pushes(box)
    refused = other.run("api", "previous", "--yes", "--json")
    assert (refused.code, box.serves()) == (3, "v1.4.0"), refused.stderr
    assert len(box.sent("git:sync")) + pushes(box) == sent
    assert bad(other) == marked
    said = refused.document["error"]
    incident = box.run("incidents", "--json").document["items"][0]["incident"]
    assert "came back to release:4 by a rollback of " in said["message"]
    assert f"incident {incident}" in said["message"]
    assert "deploys are frozen by it still" in said["message"]
    assert "rollback api release:3" in said["fix"]
    assert "rollback api previous --expect-current release:4" in said["fix"]


@pytest.mark.parametrize("words", [("release:3",), ("previous", "--expect-current", "release:4")])
def test_what_the_refusal_names_goes_further_back(box: Sandbox, other: Sandbox, words: tuple[str, ...]) -> None:
    assert box.run("api", "previous", "--yes").code == 0
    assert other.run("api", "previous", "--yes").code == 3
    done = other.run("api", *words, "--yes", "--json")
    assert (done.code, box.serves()) == (0, "v1.3.0"), done.stderr


def test_unfrozen_it_is_refused_still_within_the_longest_watch(box: Sandbox, other: Sandbox) -> None:
    assert box.run("api", "previous", "--yes").code == 0
    assert box.run("unfreeze", "api", "--yes").code == 0
    refused = other.run("api", "previous", "--yes", "--json")
    assert (refused.code, box.serves()) == (3, "v1.4.0"), refused.stderr
    message = refused.document["error"]["message"]
    assert "came back to release:4 by a rollback of " in message
    assert "frozen" not in message


def test_all_previous_names_the_service_that_somebody_has_brought_back_already(box: Sandbox, other: Sandbox) -> None:
    assert box.run("api", "previous", "--yes").code == 0
    refused = other.run("all", "previous", "--confirm", "all previous", "--json")
    assert refused.code == 3
    assert "api came back to release:4 by a rollback" in refused.document["error"]["message"]
    assert "--except api" in refused.document["error"]["fix"]
    assert box.serves() == "v1.4.0"


def test_an_undone_rollback_may_be_done_again_by_previous(box: Sandbox, other: Sandbox) -> None:
    box.pull("scenario", name="healthy")
    assert box.run("keep", "api").code == 0
    assert box.run("api", "previous", "--yes").code == 0
    assert box.run("undo", "--yes").code == 0
    left = box.serves()
    done = other.run("api", "previous", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert box.serves() != left


def test_a_deploy_after_the_rollback_is_left_by_previous_as_ever(box: Sandbox, other: Sandbox) -> None:
    assert box.run("api", "previous", "--yes").code == 0
    assert box.run("unfreeze", "api", "--yes").code == 0
    box.pull("deploy", app=APP, version="v1.6.0", wait=True)
    done = other.run("api", "previous", "--yes", "--json")
    assert (done.code, box.serves()) == (0, "v1.4.0"), done.stderr
