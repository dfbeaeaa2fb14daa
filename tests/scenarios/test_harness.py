"""The harness itself: what runs in this process behaves as what is started."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.harness import console, local_sandbox, world
from tests.sandboxes import running_sandbox
from tui.model.release import Target, TargetKind
from tui.ways.facts import Options


def same(said: str) -> str:
    """Without what differs between two sandboxes: their commits."""
    return re.sub(r"sha:[0-9a-f]+", "sha:…", said)


def test_a_command_says_and_returns_the_same_as_a_process(tmp_path: Path) -> None:
    with local_sandbox(tmp_path / "here") as here, running_sandbox(tmp_path / "there") as there:
        for words in (("api", "release:99", "--yes", "--json"), ("api", "nonsense"), ("--help",), ("incidents",)):
            ours, theirs = here.run(*words), there.run(*words)
            assert (ours.code, same(ours.stdout)) == (theirs.code, same(theirs.stdout))
            assert same(ours.stderr).replace(here.services, there.services) == same(theirs.stderr)


def test_each_of_two_at_once_has_its_own_streams_and_the_process_gets_its_own_back(tmp_path: Path) -> None:
    before = (sys.stdout, sys.stderr, sys.stdin, dict(os.environ), time.tzname)
    with local_sandbox(tmp_path, environ={"TZ": "Asia/Tokyo"}) as box:
        followed = box.begin("logs", "api", "-t", "-n", "1")
        assert "app[web.1]" in followed.stdout.readline()
        done = box.run("incidents", "--json")
        assert done.document["items"] == []
        assert "app[web.1]" not in done.stdout + done.stderr
        assert followed.poll() is None
    assert (sys.stdout, sys.stderr, sys.stdin, dict(os.environ), time.tzname) == before


def test_a_begun_command_hears_the_signals_that_it_handles(tmp_path: Path) -> None:
    with local_sandbox(tmp_path) as box:
        running = box.begin("api", "previous", "--yes", "--watch", "10m", "--json")
        while running.stderr.readline().strip() != "watching":
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
        assert (running.returncode, "rollback resume" in out) == (5, True), err


def test_what_no_command_should_let_out_reaches_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tui.bootstrap.fleet", faulty)
    with local_sandbox(tmp_path) as box:
        with pytest.raises(ZeroDivisionError):
            box.run("status")
        with pytest.raises(ZeroDivisionError):
            box.begin("status").communicate()


def test_the_host_s_clock_and_the_console_s_are_one(tmp_path: Path) -> None:
    with local_sandbox(tmp_path) as box:
        before = box.clock.now()
        box.pull("deploy", app="scenextras", version="v1.6.0", wait=True)
        (container,) = (c for c in box.app()["containers"] if c["id"] == box.app()["current"]["web.1"])
        assert before.timestamp() < container["started"] < box.clock.now().timestamp()


async def test_the_engine_runs_in_the_test_s_own_loop(tmp_path: Path) -> None:
    async with world(tmp_path) as made, console(made, tmp_path) as engine:
        plan = await engine.plan(engine.service("api"), Target(kind=TargetKind.PREVIOUS), Options())
        assert (plan.target.number, plan.blocked) == (4, ())
        sent = [call.line for call in made.host.calls]
        assert sent and not [line for line in sent if line.startswith(("apps:create", "git-receive-pack"))]
