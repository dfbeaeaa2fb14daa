"""The same incident through a real OpenSSH server, whose forced command leads to the sandbox."""

import shlex
import sys
from pathlib import Path

import yaml

from tests.sandboxes import Sandbox, running_sandbox
from tests.sshd import Sshd, real_sshd
from tui.sandbox import shim

APP = "scenextras"
ROOT = Path(shim.__file__).parents[2]


def through(box: Sandbox, sshd: Sshd, folder: Path) -> None:
    """Make the console reach the sandbox by that server alone."""
    document = yaml.safe_load(Path(box.services).read_text())
    document["hosts"]["sandbox"].update(ssh=sshd.destination, identity_file=sshd.identity, known_hosts=sshd.known_hosts)
    path = folder / "services.yaml"
    path.write_text(yaml.safe_dump(document))
    box.services = str(path)


def forced(box: Sandbox) -> str:
    return shlex.join(["exec", sys.executable, "-S", shim.__file__, box.told["socket"]])


def by_shell(box: Sandbox, folder: Path) -> str:
    """An unrestricted login: a shell, and in its path a program `dokku` that leads to the sandbox."""
    program = folder / "bin" / "dokku"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable} -S\n"
        "import os, shlex, sys\n"
        "line = sys.argv[1:]\n"
        "os.environ['SSH_ORIGINAL_COMMAND'] = ' '.join(line) if line[0].startswith('git') else shlex.join(line)\n"
        f"sys.argv[1:] = [{box.told['socket']!r}]\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from tui.sandbox import shim\n"
        "sys.exit(shim.main())\n"
    )
    program.chmod(0o755)
    return f'PATH={program.parent}:$PATH exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'


def test_everything_works_by_an_unrestricted_login_too(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as box, real_sshd(tmp_path / "sshd", by_shell(box, tmp_path)) as sshd:
        through(box, sshd, tmp_path)
        told = box.run("check", "gateway").stdout
        assert "accepted, shell command" in told
        lines = box.run("logs", "gateway", "-n", "3")
        assert (lines.code, len(lines.stdout.splitlines())) == (0, 3), lines.stderr
        done = box.run("api", "previous", "--yes", "--json")
        assert done.code == 0, done.stderr
        assert box.serves() == "v1.4.0"
        plan = box.run("api", "release:3", "--plan", "--expect-current", "release:4", "--json").document
        assert "'dokku config:set" in str([s["paste"] for s in plan["steps"]])
        assert box.run("unfreeze", "api", "--yes").code == 0
        back = box.run("api", "release:2", "--way", "git", "--yes", "--json")
        assert (back.code, box.serves()) == (0, "v1.2.0"), back.stderr


def test_the_whole_rollback_through_a_real_sshd(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as box, real_sshd(tmp_path / "sshd", forced(box)) as sshd:
        through(box, sshd, tmp_path)
        done = box.run("api", "previous", "--yes", "--json")
        assert done.code == 0, done.stderr
        assert done.document["verdict"] == "passed"
        assert box.serves() == "v1.4.0"
        assert box.run("api", "release:4", "--yes").code == 9
        assert box.run("keep", "gateway").code in (0, 9)
        assert box.run("unfreeze", "api", "--yes").code == 0


def test_a_killed_console_behind_a_real_sshd_is_resumed(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, pace="0.25") as box, real_sshd(tmp_path / "sshd", forced(box)) as sshd:
        through(box, sshd, tmp_path)
        running = box.begin("api", "previous", "--yes")
        box.await_sent(f"git-receive-pack '{APP}'", running)
        box.await_that(lambda app: bool(app["lock_held"]))
        running.kill()
        running.communicate(timeout=10)
        done = box.run("resume", "--json")
        assert done.code == 0, done.stderr
        assert (box.serves(), len(box.sent(f"git-receive-pack '{APP}'"))) == ("v1.4.0", 1)
