"""Telling people, through the command line, with a real receiver: once each, after failures, after a death, never in
the way of the rollback."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.harness import LocalSandbox, local_sandbox
from tests.receivers import Receiver, receiver
from tests.sandboxes import Sandbox
from tests.sshd import free_port

HOOK = "ROLLBACK_TEST_HOOK"
TITLES = ["api: rolling back to release:4", "api: back on release:4, verified", "api: closed: unwatched"]


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path) as sandbox:
        told(sandbox, tmp_path)
        yield sandbox


@pytest.fixture
def real(tmp_path: Path) -> Iterator[LocalSandbox]:
    """For consoles that are processes."""
    with local_sandbox(tmp_path, speed=1) as sandbox:
        told(sandbox, tmp_path)
        yield sandbox


def told(sandbox: Sandbox, folder: Path, port: int | None = None) -> None:
    """The sandbox's services, with a channel."""
    services = folder / "services.yaml"
    services.write_text(Path(sandbox.services).read_text() + f"notify: [{HOOK}]\n")
    sandbox.services = str(services)
    if port is not None:
        sandbox.environ[HOOK] = f"json://127.0.0.1:{port}/hook"


def outbox(box: Sandbox) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(box.state / "journal.sqlite")) as db, db:
        rows = db.execute("SELECT milestone, state FROM outbox ORDER BY seq").fetchall()
    db.close()
    return rows


def test_a_whole_rollback_is_told_once_each_and_recorded(box: Sandbox, hook: Receiver) -> None:
    box.environ[HOOK] = f"json://127.0.0.1:{hook.port}/hook"
    done = box.run("api", "previous", "--yes", "--json", "--reason", "orders fail since 14:02")
    assert done.code == 0, done.stderr
    assert hook.titles == TITLES
    assert "Why: orders fail since 14:02" in hook.bodies[0]["message"]
    assert f"will be told to {HOOK}" in done.stderr and "rolling back to release:4" in done.stderr
    assert outbox(box) == [("started", "delivered"), ("verified", "delivered"), ("closed", "delivered")]
    assert box.run("incidents").code == 0
    assert hook.titles == TITLES, "the next command tells nothing twice"


def test_no_notify_posts_nothing_and_so_does_an_unset_variable(box: Sandbox, hook: Receiver) -> None:
    unset = box.run("api", "previous", "--yes")
    assert unset.code == 0 and "will be told" not in unset.stderr
    box.environ[HOOK] = f"json://127.0.0.1:{hook.port}/hook"
    assert box.run("unfreeze", "api", "--yes").code == 0
    done = box.run("api", "release:3", "--yes", "--no-notify")
    assert done.code == 0 and "will be told" not in done.stderr
    assert hook.requests == 0 and outbox(box) == []


def attempts(box: Sandbox) -> list[int]:
    with contextlib.closing(sqlite3.connect(box.state / "journal.sqlite")) as db, db:
        rows = db.execute("SELECT attempts FROM outbox ORDER BY seq").fetchall()
    db.close()
    return [n for (n,) in rows]


def test_a_receiver_that_fails_for_a_while_is_told_by_the_next_command(box: Sandbox, hook: Receiver) -> None:
    box.environ[HOOK] = f"json://127.0.0.1:{hook.port}/hook"
    hook.answers = [500] * 99
    done = box.run("api", "previous", "--yes")
    assert done.code == 0, done.stderr
    assert "NOT DELIVERED" in done.stderr and "HTTP 500" in done.stderr
    assert "3 messages not delivered yet" in done.stderr
    assert attempts(box) == [hook.requests, 0, 0], "what comes later waits for the first"
    hook.answers.clear()
    assert box.run("incidents").code == 0
    assert hook.titles == TITLES


def test_a_receiver_that_is_down_changes_nothing_of_the_rollback(box: Sandbox) -> None:
    port = free_port()
    box.environ[HOOK] = f"json://127.0.0.1:{port}/hook"
    done = box.run("api", "previous", "--yes", "--json")
    assert (done.code, box.serves()) == (0, "v1.4.0"), done.stderr
    assert [state for _, state in outbox(box)] == ["pending"] * 3
    with receiver(port) as hook:
        again = box.run("incidents", "--json")
        assert again.code == 0 and hook.titles == TITLES
    assert [state for _, state in outbox(box)] == ["delivered"] * 3


def test_a_receiver_that_hangs_costs_the_grace_and_no_more(box: Sandbox, hook: Receiver) -> None:
    box.environ[HOOK] = f"json://127.0.0.1:{hook.port}/hook?rto=60"
    hook.hang = True
    done = box.run("api", "previous", "--yes", "--json")
    assert (done.code, done.document["verdict"]) == (0, "passed")
    assert "not delivered yet" in done.stderr


def test_a_console_that_dies_between_outbox_and_delivery_is_followed_by_one_that_tells(
    real: LocalSandbox, hook: Receiver, tmp_path: Path
) -> None:
    box = real
    box.environ[HOOK] = f"json://127.0.0.1:{hook.port}/hook"
    script = tmp_path / "dies.py"
    script.write_text(
        "import os, signal, sys\n"
        "from tui.drivers.journal import Journal\n"
        "put = Journal.outbox_put\n"
        "async def dies(self, *words):\n"
        "    await put(self, *words)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "Journal.outbox_put = dies\n"
        "from tui.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    argv = [sys.executable, str(script), "--services", box.services, "api", "previous", "--yes"]
    env = {**box.env(), "PYTHONPATH": str(Path.cwd())}
    died = subprocess.run(argv, env=env, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    assert (hook.requests, outbox(box)) == (0, [("started", "pending")])
    assert box.run("resume", "--close", "aborted", "--reason", "the console died").code in (0, 3)
    assert hook.titles[0] == TITLES[0] and hook.titles.count(TITLES[0]) == 1
    assert box.run("incidents").code == 0
    assert hook.titles.count(TITLES[0]) == 1


def test_check_sends_a_test_message_and_says_what_came_back(box: Sandbox, hook: Receiver) -> None:
    unset = box.run("check", "--notify", "--yes")
    assert unset.code == 3 and f"{HOOK} is not set" in unset.stderr
    box.environ[HOOK] = f"json://127.0.0.1:{hook.port}/hook"
    asked = box.run("check", "--notify")
    assert (asked.code, hook.requests) == (3, 0) and "--yes" in asked.stderr
    done = box.run("check", "--notify", "--yes", "--json")
    assert (done.code, hook.titles) == (0, ["rollback: a test message"])
    assert [(i["channel"], i["delivered"]) for i in done.document["items"]] == [(HOOK, True)]
    hook.answers = [404]
    refused = box.run("check", "--notify", "--yes")
    assert refused.code == 3 and "NOT DELIVERED" in refused.stdout and "404" in refused.stdout


def test_two_commands_at_once_tell_once(real: LocalSandbox, hook: Receiver) -> None:
    box = real
    box.environ[HOOK] = f"json://127.0.0.1:{free_port()}/hook"
    assert box.run("api", "previous", "--yes").code == 0
    box.environ[HOOK] = f"json://127.0.0.1:{hook.port}/hook"
    both = [box.process("incidents") for _ in range(2)]
    for one in both:
        one.communicate(timeout=60)
        assert one.returncode == 0
    until = monotonic() + 30
    while len(hook.titles) < 3 and monotonic() < until:
        sleep(0.05)
    assert sorted(hook.titles) == sorted(TITLES)
