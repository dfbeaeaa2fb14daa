"""Apps whose CI deploys from a private repository: Dokku then names the credential wherever it names the deploy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import LocalSandbox, local_sandbox

APP = "scenextras"
TOKEN = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LocalSandbox]:
    with local_sandbox(tmp_path, pace="0.25", speed=1) as sandbox:
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
    running = box.process("api", "previous", "--yes")
    box.await_sent("git-receive-pack", running)
    box.await_that(lambda app: bool(app["lock_held"]))
    running.kill()
    running.communicate(timeout=10)
    done = box.run("resume", "--json")
    assert done.code == 4, (done.stderr, done.document)
    shown = box.run("api", "--list", "--json").stdout + box.run("status", "api", "--json").stdout
    assert TOKEN not in done.stdout + done.stderr + shown
    assert TOKEN.encode() not in said_or_kept(box)
    assert TOKEN not in str(box.look()["commands"])
