"""Apps whose CI deploys from a private repository: Dokku then names the credential wherever it names the deploy."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import LocalSandbox, local_sandbox

APP = "scenextras"
TOKEN = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LocalSandbox]:
    with local_sandbox(tmp_path, pace="0.25", speed=5) as sandbox:
        yield sandbox


def deployed_with(box: LocalSandbox, login: str) -> None:
    """What runs was deployed by `git:sync --build APP https://LOGIN@…`, as a CI does it."""
    app = box.world.host.machine.apps[APP]
    app.deploy_source, app.metadata = "git-sync", f"https://{login}@git.example/team/app.git#{app.metadata}"


def said_or_kept(box: LocalSandbox) -> bytes:
    return b"".join(file.read_bytes() for file in box.state.rglob("*") if file.is_file())


@pytest.mark.parametrize("login", [f"oauth2:{TOKEN}", f"{TOKEN}:x-oauth-basic", f"{TOKEN}:", TOKEN])
def test_a_credential_in_what_was_deployed_is_not_kept_and_leaves_no_doubt(box: LocalSandbox, login: str) -> None:
    deployed_with(box, login)
    box.pull("fault", kind="fail_next_deploy", mode="build")
    running = box.begin("api", "previous", "--yes")
    box.await_sent("git-receive-pack", running)
    box.await_that(lambda app: bool(app["lock_held"]))
    running.send_signal(signal.SIGINT)
    running.communicate()
    done = box.run("resume", "--json")
    assert done.code == 4, (done.stderr, done.document)
    shown = box.run("api", "--list", "--json").stdout + box.run("status", "api", "--json").stdout
    assert TOKEN not in done.stdout + done.stderr + shown
    assert TOKEN.encode() not in said_or_kept(box)
    assert TOKEN not in str(box.look()["commands"])


def test_a_freeze_does_not_hold_back_what_is_fetched_and_everything_says_so(box: LocalSandbox) -> None:
    """`git:sync --build` moves whatever the deploy branch is called, and deploys it: a freeze renames that branch."""
    deployed_with(box, f"oauth2:{TOKEN}")
    done = box.run("api", "previous", "--yes", "--no-watch")
    assert (done.code, box.serves()) == (0, "v1.4.0"), done.stderr
    assert done.stderr.count("it is deployed by git:sync, and CI's next one goes live") >= 1, done.stderr
    assert "CI's next one goes live" in box.run("status", "api").stdout
    synced = box.pull("command", command=f"git:sync --build {APP} /home/dokku/{APP} main")
    assert (synced["exit"], box.serves()) == (0, "v1.5.0"), "it went live although it is frozen"
    undone = box.run("unfreeze", "api", "--yes")
    assert undone.code == 0, undone.stderr
    (onward,) = [line for line in (undone.stdout + undone.stderr).splitlines() if "next normal deploy:" in line]
    assert f"git:sync --build {APP} REPOSITORY main" in onward


def test_a_freeze_by_hand_says_it_too_and_none_of_it_is_said_of_a_build_of_our_own(box: LocalSandbox) -> None:
    back = box.run("api", "previous", "--way", "git", "--yes", "--no-watch")
    assert (back.code, box.serves()) == (0, "v1.4.0"), back.stderr
    undone = box.run("unfreeze", "api", "--yes")
    assert "git push" in undone.stdout + undone.stderr
    frozen = box.run("freeze", "api", "--yes")
    assert (frozen.code, "goes live" in frozen.stdout + frozen.stderr + back.stderr) == (0, False)
    assert box.run("unfreeze", "api", "--yes").code == 0
    deployed_with(box, "oauth2:x")
    frozen = box.run("freeze", "api", "--yes")
    assert (frozen.code, "it is deployed by git:sync" in frozen.stdout + frozen.stderr) == (0, True), frozen.stderr


def test_the_last_line_of_a_second_rollback_under_the_freeze_says_it_too(box: LocalSandbox) -> None:
    """What runs by then came by this program's own push: only the record knows how the team deploys."""
    deployed_with(box, "oauth2:x")
    words = "it is deployed by git:sync, and CI's next one goes live"
    first = box.run("api", "previous", "--yes", "--no-watch")
    assert (first.code, words in first.stdout) == (0, True), first.stderr
    second = box.run("api", "release:3", "--yes", "--no-watch")
    assert (second.code, words in second.stdout) == (0, True), second.stderr
