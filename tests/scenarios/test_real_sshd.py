"""The same incident through a real OpenSSH server, whose forced command leads to the sandbox."""

import shlex
import sys
from pathlib import Path

import yaml

from tests.sandboxes import Sandbox, running_sandbox
from tests.sshd import Sshd, real_sshd
from tui.sandbox import shim

APP = "scenextras"


def through(box: Sandbox, sshd: Sshd, folder: Path) -> None:
    """Make the console reach the sandbox by that server alone."""
    document = yaml.safe_load(Path(box.services).read_text())
    document["hosts"]["sandbox"].update(ssh=sshd.destination, identity_file=sshd.identity, known_hosts=sshd.known_hosts)
    path = folder / "services.yaml"
    path.write_text(yaml.safe_dump(document))
    box.services = str(path)


def forced(box: Sandbox) -> str:
    return shlex.join(["exec", sys.executable, "-S", shim.__file__, box.told["socket"]])


def test_the_whole_rollback_through_a_real_sshd(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as box, real_sshd(tmp_path / "sshd", forced(box)) as sshd:
        through(box, sshd, tmp_path)
        done = box.run("api", "previous", "--yes", "--json")
        assert done.code == 0, done.stderr
        assert done.document["verdict"] == "passed"
        assert box.serves() == "v1.4.0"
        assert box.run("api", "release:4", "--yes").code == 9
        assert box.run("keep", "gateway").code in (0, 9)
        assert box.run("unfreeze", "api").code == 0


def test_a_killed_console_behind_a_real_sshd_is_resumed(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, pace="0.25") as box, real_sshd(tmp_path / "sshd", forced(box)) as sshd:
        through(box, sshd, tmp_path)
        running = box.begin("api", "previous", "--yes")
        while not box.sent(f"git-receive-pack '{APP}'"):
            assert running.poll() is None
        box.await_that(lambda app: bool(app["lock_held"]))
        running.kill()
        running.communicate(timeout=10)
        done = box.run("resume", "--json")
        assert done.code == 0, done.stderr
        assert (box.serves(), len(box.sent(f"git-receive-pack '{APP}'"))) == ("v1.4.0", 1)
