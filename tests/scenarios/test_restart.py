"""A host that restarts: what runs afterwards is known by its image, its attempt label and Dokku's word for it."""

from pathlib import Path

import pytest

from tests.harness import LocalSandbox, local_sandbox

APP = "scenextras"


@pytest.fixture
def box(local: LocalSandbox) -> LocalSandbox:
    return local


@pytest.mark.parametrize("ids", ["keep", "change"])
def test_after_a_restart_what_was_brought_back_is_still_that(box: LocalSandbox, ids: str) -> None:
    box.pull("scenario", name="healthy")
    assert box.run("keep", "api").code == 0
    done = box.run("api", "previous", "--yes", "--json")
    assert (done.code, box.serves()) == (0, "v1.4.0"), done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith("uncertain")]
    assert sum(line.startswith("executing") for line in done.stderr.splitlines()) == 1
    box.pull("restart_host", ids=ids)
    undone = box.run("undo", "--yes", "--json")
    assert undone.code == 0, undone.stderr
    assert box.serves() == "v1.5.0"
    box.pull("restart_host", ids=ids)
    back = box.run("api", "release:4", "--yes", "--json")
    assert (back.code, box.serves()) == (0, "v1.4.0"), back.stderr


@pytest.mark.parametrize("dokku", ["0.35.15", "0.38.27"])
@pytest.mark.parametrize("phase", ["build", "release", "checking"])
def test_a_host_that_restarts_in_the_middle_of_a_push(tmp_path: Path, dokku: str, phase: str) -> None:
    with local_sandbox(tmp_path, dokku=dokku) as box:
        box.pull("fault", kind="restart_host", when={"command_prefix": "git-receive-pack", "after_phase": phase})
        done = box.run("api", "previous", "--yes", "--json")
        assert done.code == 4, done.stderr
        assert "did not land: the host restarted in the middle of it" in done.document["error"]["message"]
        app = box.app()
        assert app["lock_file"], "it stays for good"
        assert app["serves"] == "v1.5.0"
        closed = box.run("resume", done.document["incident"], "--close", "not-recovered", "--json")
        assert closed.code == 4, closed.stderr
        assert box.app()["properties"]["git-deploy-branch"] == "main"
        assert f"{APP}--incident" not in box.look()["apps"]
        again = box.run("api", "previous", "--yes", "--json")
        assert (again.code, box.serves()) == (0, "v1.4.0"), again.stderr


@pytest.mark.parametrize("dokku", ["0.35.15", "0.38.27"])
def test_a_deploy_of_somebody_else_that_died_after_the_switch_is_not_taken_for_the_release_before(
    tmp_path: Path, dokku: str
) -> None:
    """Dokku names what was deployed before, and another image serves, under its interim name."""
    with local_sandbox(tmp_path, dokku=dokku) as box:
        assert box.run("api", "release:3", "--yes", "--no-freeze", "--json").code == 0
        box.pull("fault", kind="restart_host", when={"command_prefix": "git-receive-pack", "after_phase": "renaming"})
        box.pull("deploy", app=APP, version="v1.74.0")
        box.await_that(lambda app: app["serves"] == "v1.74.0" and not app["lock_held"])
        (row,) = box.run("status", "api", "--json").document["items"]
        assert (row["release"], row["running"]["commit"]) == ("half-way", None), row
        assert (row["half_way"], row["restart_risk"]) == (True, None)
        for words in (("status", "api"), ("api", "--list")):
            said = box.run(*words)
            assert "Dokku still names the release before" in said.stdout + said.stderr, words
        if dokku == "0.35.15":  # it cannot tell a stale lock from a live one
            assert box.run("api", "previous", "--plan").code == 3
            box.pull("command", command=f"apps:unlock {APP}")
        kept = box.run("keep", "api", "--json")
        assert kept.code == 3, kept.stdout
        assert "what runs is not what Dokku names" in kept.stdout
        back = box.run("api", "previous", "--yes", "--json")
        assert (back.code, box.serves()) == (0, "v1.3.0"), back.stderr


def test_a_container_that_only_restarts_is_not_said_to_run(box: LocalSandbox) -> None:
    box.pull("restart_container", app=APP, loop=True)
    listed = box.run("api", "--list", "-v").stdout
    assert "RESTARTING" in box.run("api", "--list").stdout
    assert "RESTARTING: it does not stay up" in listed
    assert "RUNNING" not in listed
    assert "RESTARTING" in box.run("status", "api").stdout


@pytest.mark.parametrize("dokku", ["0.35.15", "0.38.27"])
def test_a_host_that_restarts_after_the_switch(tmp_path: Path, dokku: str) -> None:
    with local_sandbox(tmp_path, dokku=dokku) as box:
        box.pull("fault", kind="restart_host", when={"command_prefix": "git-receive-pack", "after_phase": "renaming"})
        done = box.run("api", "previous", "--yes", "--json")
        assert done.code == 5, done.stderr
        message = done.document["error"]["message"]
        assert "web.1 is release:4, and Dokku names the old release still: the deploy died" in message
        closed = box.run("resume", done.document["incident"], "--close", "not-recovered", "--json")
        assert f"{APP}--incident" in box.look()["apps"], "it holds the branch of the freeze"
        assert "unfreeze" in closed.stderr
        again = box.run("api", "release:4", "--yes", "--json")
        assert again.code == 7, "the service says the same as before: it served already"
        assert (box.serves(), box.app()["metadata"][:8] in again.stdout) == ("v1.4.0", True), again.stderr


def test_a_host_that_restarts_during_the_watch_is_named_and_no_alarm(tmp_path: Path) -> None:
    with local_sandbox(tmp_path) as box:
        running = box.begin("api", "previous", "--yes", "--watch", "60s", "--json")
        while running.stderr.readline().strip() != "watching":
            assert running.poll() is None
        box.pull("restart_host", ids="change")
        out, err = running.communicate(timeout=60)
        assert running.returncode == 0, err + out
        assert err.count("the host restarted: web.1 was restarted at") == 1, err
        assert "somebody touched it" not in err
