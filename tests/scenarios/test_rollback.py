"""Whole incidents on the sandbox, through the command line that a person types."""

import base64
import signal
import subprocess
from pathlib import Path

import pytest

from tests.forks import Popen
from tests.harness import LocalSandbox
from tests.sandboxes import Sandbox

APP = "scenextras"


def pushes(box: Sandbox) -> int:
    return len(box.sent(f"git-receive-pack '{APP}'"))


def deploy_branch(box: Sandbox) -> str:
    told: str = box.pull("command", command=f"git:report {APP} --git-deploy-branch")["stdout"]
    return told.strip()


def test_the_bad_release_is_rolled_back_and_proven(local: Sandbox) -> None:
    assert local.serves() == "v1.5.0"
    done = local.run("api", "previous", "--yes", "--json")
    assert done.code == 0, done.stderr
    document = done.document
    assert (document["kind"], document["verdict"], document["exit_code"], document["error"]) == (
        "rollback",
        "passed",
        0,
        None,
    )
    assert document["to"]["number"] == 4
    assert [s["outcome"] for s in document["steps"]] == ["exit 0"] * len(document["steps"])
    assert {c["verdict"] for c in document["checks"]} == {"passed"}
    assert local.serves() == "v1.4.0"
    app = local.app()
    assert app["metadata"] == document["checks"][0]["evidence"].rsplit(" ", 1)[1]
    assert "verified, not watched" in done.stderr
    assert "rollback unfreeze api" in done.stderr
    record = local.look()["apps"][f"{APP}--incident"]["config"]
    assert record["ROLLBACK_STATE"] == "frozen"
    assert record["ROLLBACK_DEPLOY_BRANCH"] == "main"


def test_previous_goes_one_further_back_each_time_and_never_to_a_bad_one(local: Sandbox) -> None:
    seen = []
    for words in ((), ("--expect-current", "release:4"), ("--expect-current", "release:3")):
        assert local.run("api", "previous", "--yes", *words).code == 0
        seen.append(local.serves())
    assert seen == ["v1.4.0", "v1.3.0", "v1.2.0"]
    listed = local.run("api", "--list", "--json").document["items"]
    assert {i["number"] for i in listed if i["bad"]} == {4, 3, None}
    assert [i["subject"] for i in listed if i["bad"] and not i["kept"]] == ["Store thumbnails by key"]
    assert [i["number"] for i in listed if i["running"]] == [2]
    back = local.run("api", "release:4", "--yes", "--json")
    assert (back.code, local.serves()) == (0, "v1.4.0")


def test_going_where_one_is_already_is_said_and_nothing_is_sent(local: Sandbox) -> None:
    assert local.run("api", "release:4", "--yes").code == 0
    before = pushes(local)
    again = local.run("api", "release:4", "--yes", "--json")
    assert (again.code, again.document["error"]["code"]) == (9, "already-there")
    assert pushes(local) == before


def test_a_plan_sends_nothing_and_shows_every_command(local: Sandbox) -> None:
    done = local.run("api", "previous", "--plan", "--json")
    assert done.code == 0
    steps = done.document["steps"]
    assert [s["id"] for s in steps] == ["record", "sign", "compare", "freeze", "push", "mark"]
    assert all("ssh" in s["paste"] for s in steps)
    writes = ("apps:create", "config:set", "git:set", "git-receive-pack")
    assert not [c for c in local.look()["commands"] if c["command"].startswith(writes)]


def test_nobody_is_asked_without_a_terminal_and_read_only_sends_nothing(local: Sandbox) -> None:
    refused = local.run("api", "previous")
    assert (refused.code, pushes(local)) == (3, 0)
    assert "--yes" in refused.stderr
    assert local.run("--read-only", "api", "previous", "--yes").code == 3
    assert pushes(local) == 0


def test_expect_current_refuses_when_something_else_runs(local: Sandbox) -> None:
    refused = local.run("api", "previous", "--yes", "--expect-current", "release:4", "--json")
    assert (refused.code, pushes(local)) == (3, 0)
    commit = local.app()["metadata"]
    assert local.run("api", "previous", "--yes", "--expect-current", f"sha:{commit[:10]}").code == 0


def test_somebody_deploys_between_plan_and_push(local_slow: Sandbox) -> None:
    local_slow.pull(
        "fault", kind="slow_command", when={"command_prefix": f"config:set --no-restart {APP}--incident"}, seconds=4
    )
    running = local_slow.begin("api", "previous", "--yes", "--json")
    local_slow.await_sent(f"apps:create {APP}--incident", running)
    local_slow.pull("deploy", app=APP, version="v1.6.0", wait=True)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 3, err
    assert "not as planned" in out
    assert local_slow.serves() == "v1.6.0"
    state = local_slow.look()["apps"]
    assert f"{APP}--incident" not in state
    assert deploy_branch(local_slow) == "main"
    assert "git-receive-pack" not in out


def test_the_link_is_cut_in_the_middle_and_the_rollback_goes_on(local_slow: Sandbox) -> None:
    local_slow.pull("fault", kind="drop_connection", when={"command_prefix": "git-receive-pack", "after_seconds": 1.5})
    done = local_slow.run("api", "previous", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert "uncertain" in done.stderr
    assert "link lost" in done.document["steps"][4]["outcome"]
    assert (local_slow.serves(), pushes(local_slow)) == ("v1.4.0", 1)


def test_the_console_is_killed_in_the_middle_and_resume_finds_out(slow: LocalSandbox) -> None:
    running = slow.process("api", "previous", "--yes")
    while not pushes(slow):
        assert running.poll() is None
    slow.await_that(lambda app: bool(app["lock_held"]))
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=10)
    refused = slow.run("api", "previous", "--yes", "--json")
    assert (refused.code, refused.document["error"]["code"]) in ((3, "refused"), (8, "taken-by-other"))
    done = slow.run("resume", "--json")
    assert done.code == 0, done.stderr
    assert done.document["verdict"] == "passed"
    assert (slow.serves(), pushes(slow)) == ("v1.4.0", 1)


def test_an_interrupt_after_the_first_write_means_unknown_not_cancelled(slow: LocalSandbox) -> None:
    running = slow.process("api", "previous", "--yes", "--json")
    while not pushes(slow):
        assert running.poll() is None
    slow.await_that(lambda app: bool(app["lock_held"]))
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 5, err
    assert "rollback resume" in out
    assert slow.run("resume").code == 0
    assert (slow.serves(), pushes(slow)) == ("v1.4.0", 1)


def test_a_holder_without_its_image_fails_into_the_old_release(local: Sandbox) -> None:
    holder = next(name for name in local.look()["apps"] if name.startswith(f"{APP}--r4--"))
    local.pull("remove_image", app=holder)
    done = local.run("api", "previous", "--yes", "--json")
    assert done.code == 4, done.stderr
    assert "image is gone" in done.document["error"]["message"]
    assert "the old release serves" in done.document["error"]["message"]
    assert local.serves() == "v1.5.0"
    again = local.run("api", "previous", "--yes", "--json")
    assert (again.code, pushes(local)) == (3, 1)
    running = local.app()["metadata"][:12]
    other = local.run("api", "release:3", "--yes", "--expect-current", f"sha:{running}", "--json")
    assert other.code == 0, other.stderr
    assert local.serves() == "v1.3.0"


def test_somebody_else_has_the_incident(local: Sandbox) -> None:
    local.pull("command", command=f"apps:create {APP}--incident")
    local.pull("command", command=f"config:set --no-restart {APP}--incident ROLLBACK_INCIDENT=x1 ROLLBACK_BY=ann@desk")
    refused = local.run("api", "previous", "--yes", "--json")
    assert (refused.code, pushes(local)) == (8, 0)
    assert "ann@desk" in refused.document["error"]["message"]
    taken = local.run("api", "previous", "--yes", "--take-over", "--reason", "Ann is asleep")
    assert taken.code == 0, taken.stderr
    assert local.serves() == "v1.4.0"


def test_keep_then_deploy_then_back_to_what_was_kept(local: Sandbox) -> None:
    assert local.run("keep", "gateway").code == 0
    assert local.run("keep", "gateway").code == 9
    local.pull("deploy", app="scenextras-gateway", version="v9.9.9", wait=True)
    good = local.run("gateway", "--list", "--json").document["items"][1]
    assert local.run("gateway", "previous", "--yes").code == 0
    assert local.serves("gateway") != "v9.9.9"
    assert good["number"] == 5


def test_freeze_holds_deploys_back_and_unfreeze_says_what_is_left(local: Sandbox) -> None:
    assert local.run("api", "previous", "--yes").code == 0
    local.pull("deploy", app=APP, version="v1.6.0", wait=True)
    assert local.serves() == "v1.4.0"
    undone = local.run("unfreeze", "api", "--yes", "--json")
    assert undone.code == 0, undone.stderr
    assert undone.document["settled"] is False
    assert "git:sync --build scenextras /home/dokku/scenextras main" in undone.document["next_deploy"]
    assert f"{APP}--incident" not in local.look()["apps"]
    assert local.run("unfreeze", "api", "--yes").code == 9


def test_a_watch_to_its_end(calm: Sandbox) -> None:
    done = calm.run("api", "previous", "--yes", "--watch", "12s", "--json")
    assert (done.code, done.document["closing"]) == (0, "recovered"), done.stderr


def test_a_deploy_during_the_watch_is_an_alarm(local: Sandbox) -> None:
    running = local.begin("api", "previous", "--yes", "--watch", "60s", "--json")
    assert running.stderr is not None
    while running.stderr.readline().strip() != "watching":
        assert running.poll() is None
    local.pull(
        "deploy",
        app=APP,
        version="v1.6.0",
        branch=deploy_branch(local),
        force=True,
        wait=True,
    )
    out, err = running.communicate(timeout=60)
    assert running.returncode == 6, err
    assert "not ours" in out


def test_nothing_serves_the_journal_to_others(local: Sandbox) -> None:
    local.run("api", "previous", "--yes")
    assert (local.state / "journal.sqlite").stat().st_mode & 0o777 == 0o600
    assert local.state.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("words", [("status",), ("check",), ("incidents",), ("api", "--list")])
def test_reads_give_one_document(local: Sandbox, words: tuple[str, ...]) -> None:
    done = local.run(*words, "--json")
    assert done.document["schema"] == 1
    assert done.document["exit_code"] == done.code


def test_a_wrong_file_reports_everything_before_anything_is_touched(tmp_path: Path) -> None:
    wrong = tmp_path / "services.yaml"
    wrong.write_text("version: 1\nhosts: {h: {shh: x}}\nservices: {all: {host: q, app: A/PI}}\n")
    box = Sandbox(told={}, state=tmp_path / "state", services=str(wrong))
    done = box.run("status", "--json")
    assert done.code == 2
    for part in (f"{wrong}:2", "did you mean 'ssh'", "'all' is a word", "'A/PI' is no Dokku app"):
        assert part in done.stderr
    assert isinstance(done.document["error"]["message"], str)
    assert not (tmp_path / "state" / "journal.sqlite").exists()


def test_a_stopped_reader_is_no_error(box: Sandbox) -> None:
    argv = box.argv("logs", "api", "-n", "100")
    with Popen(argv, env=box.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(30) == 0


def test_a_terminal_that_knows_only_ascii(box: Sandbox) -> None:
    box.environ["PYTHONIOENCODING"] = "ascii"
    done = Sandbox.run(box, "api", "previous", "--yes", "--json")
    assert (done.code, done.document["verdict"]) == (0, "passed"), done.stderr


def test_a_record_that_nobody_signed_is_not_overrun(local: Sandbox) -> None:
    local.pull("command", command=f"apps:create {APP}--incident")
    refused = local.run("api", "previous", "--yes", "--json")
    assert (refused.code, pushes(local)) == (8, 0)
    assert "just opening it" in refused.document["error"]["message"]
    assert "since 20" in refused.document["error"]["message"]


def test_what_a_holder_says_cannot_reach_the_terminal(local: Sandbox) -> None:
    holder = next(name for name in local.look()["apps"] if name.startswith(f"{APP}--r4--"))
    evil = base64.b64encode(b"\x1b]52;c;ZXZpbA==\x07\x1b[2J[/foo]").decode()
    local.pull("command", command=f"config:set --no-restart {holder} ROLLBACK_BAD={evil}")
    local.pull("log", app=APP, lines=["\x1b]0;owned\x07 \x9b2J [/foo] \u202e"])
    for words in (("api", "--list"), ("api", "previous", "--plan"), ("logs", "api", "-n", "100")):
        done = local.run(*words)
        assert done.code == 0, done.stderr
        for text in (done.stdout, done.stderr):
            assert not any(c in text for c in "\x1b\x07\x9b\u202e")
    assert "[/foo]" in local.run("api", "--list", "-v").stdout


def test_a_followed_log_goes_on(box: LocalSandbox) -> None:
    with box.process("logs", "api", "-t", "-n", "1") as running:
        assert running.stdout is not None
        seen = [running.stdout.readline() for _ in range(8)]
        running.terminate()
        running.communicate(timeout=20)
    assert all("app[web.1]" in line for line in seen)
