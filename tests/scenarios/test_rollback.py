"""Whole incidents on the sandbox, through the command line that a person types."""

import base64
import signal
import subprocess
from pathlib import Path

import pytest

from tests.sandboxes import Sandbox

APP = "scenextras"


def pushes(box: Sandbox) -> int:
    return len(box.sent(f"git-receive-pack '{APP}'"))


def deploy_branch(box: Sandbox) -> str:
    told: str = box.pull("command", command=f"git:report {APP} --git-deploy-branch")["stdout"]
    return told.strip()


def test_the_bad_release_is_rolled_back_and_proven(box: Sandbox) -> None:
    assert box.serves() == "v1.5.0"
    done = box.run("api", "previous", "--yes", "--json")
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
    assert box.serves() == "v1.4.0"
    app = box.app()
    assert app["metadata"] == document["checks"][0]["evidence"].rsplit(" ", 1)[1]
    assert "verified, not watched" in done.stderr
    assert "rollback unfreeze api" in done.stderr
    record = box.look()["apps"][f"{APP}--incident"]["config"]
    assert record["ROLLBACK_STATE"] == "frozen"
    assert record["ROLLBACK_DEPLOY_BRANCH"] == "main"


def test_previous_goes_one_further_back_each_time_and_never_to_a_bad_one(box: Sandbox) -> None:
    seen = []
    for words in ((), ("--expect-current", "release:4"), ("--expect-current", "release:3")):
        assert box.run("api", "previous", "--yes", *words).code == 0
        seen.append(box.serves())
    assert seen == ["v1.4.0", "v1.3.0", "v1.2.0"]
    listed = box.run("api", "--list", "--json").document["items"]
    assert {i["number"] for i in listed if i["bad"]} == {4, 3, None}
    assert [i["subject"] for i in listed if i["bad"] and not i["kept"]] == ["Store thumbnails by key"]
    assert [i["number"] for i in listed if i["running"]] == [2]
    back = box.run("api", "release:4", "--yes", "--json")
    assert (back.code, box.serves()) == (0, "v1.4.0")


def test_going_where_one_is_already_is_said_and_nothing_is_sent(box: Sandbox) -> None:
    assert box.run("api", "release:4", "--yes").code == 0
    before = pushes(box)
    again = box.run("api", "release:4", "--yes", "--json")
    assert (again.code, again.document["error"]["code"]) == (9, "already-there")
    assert pushes(box) == before


def test_a_plan_sends_nothing_and_shows_every_command(box: Sandbox) -> None:
    done = box.run("api", "previous", "--plan", "--json")
    assert done.code == 0
    steps = done.document["steps"]
    assert [s["id"] for s in steps] == ["record", "sign", "compare", "freeze", "push", "mark"]
    assert all("ssh" in s["paste"] for s in steps)
    writes = ("apps:create", "config:set", "git:set", "git-receive-pack")
    assert not [c for c in box.look()["commands"] if c["command"].startswith(writes)]


def test_nobody_is_asked_without_a_terminal_and_read_only_sends_nothing(box: Sandbox) -> None:
    refused = box.run("api", "previous")
    assert (refused.code, pushes(box)) == (3, 0)
    assert "--yes" in refused.stderr
    assert box.run("--read-only", "api", "previous", "--yes").code == 3
    assert pushes(box) == 0


def test_expect_current_refuses_when_something_else_runs(box: Sandbox) -> None:
    refused = box.run("api", "previous", "--yes", "--expect-current", "release:4", "--json")
    assert (refused.code, pushes(box)) == (3, 0)
    commit = box.app()["metadata"]
    assert box.run("api", "previous", "--yes", "--expect-current", f"sha:{commit[:10]}").code == 0


def test_somebody_deploys_between_plan_and_push(slow: Sandbox) -> None:
    slow.pull(
        "fault", kind="slow_command", when={"command_prefix": f"config:set --no-restart {APP}--incident"}, seconds=4
    )
    running = slow.begin("api", "previous", "--yes", "--json")
    while not slow.sent(f"apps:create {APP}--incident"):
        assert running.poll() is None
    slow.pull("deploy", app=APP, version="v1.6.0", wait=True)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 3, err
    assert "not as planned" in out
    assert slow.serves() == "v1.6.0"
    state = slow.look()["apps"]
    assert f"{APP}--incident" not in state
    assert deploy_branch(slow) == "main"
    assert "git-receive-pack" not in out


def test_the_link_is_cut_in_the_middle_and_the_rollback_goes_on(slow: Sandbox) -> None:
    slow.pull("fault", kind="drop_connection", when={"command_prefix": "git-receive-pack", "after_seconds": 1.5})
    done = slow.run("api", "previous", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert "uncertain" in done.stderr
    assert "link lost" in done.document["steps"][4]["outcome"]
    assert (slow.serves(), pushes(slow)) == ("v1.4.0", 1)


def test_the_console_is_killed_in_the_middle_and_resume_finds_out(slow: Sandbox) -> None:
    running = slow.begin("api", "previous", "--yes")
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


def test_an_interrupt_after_the_first_write_means_unknown_not_cancelled(slow: Sandbox) -> None:
    running = slow.begin("api", "previous", "--yes", "--json")
    while not pushes(slow):
        assert running.poll() is None
    slow.await_that(lambda app: bool(app["lock_held"]))
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 5, err
    assert "rollback resume" in out
    assert slow.run("resume").code == 0
    assert (slow.serves(), pushes(slow)) == ("v1.4.0", 1)


def test_a_holder_without_its_image_fails_into_the_old_release(box: Sandbox) -> None:
    holder = next(name for name in box.look()["apps"] if name.startswith(f"{APP}--r4--"))
    box.pull("remove_image", app=holder)
    done = box.run("api", "previous", "--yes", "--json")
    assert done.code == 4, done.stderr
    assert "image is gone" in done.document["error"]["message"]
    assert "the old release serves" in done.document["error"]["message"]
    assert box.serves() == "v1.5.0"
    again = box.run("api", "previous", "--yes", "--json")
    assert (again.code, pushes(box)) == (3, 1)
    running = box.app()["metadata"][:12]
    other = box.run("api", "release:3", "--yes", "--expect-current", f"sha:{running}", "--json")
    assert other.code == 0, other.stderr
    assert box.serves() == "v1.3.0"


def test_somebody_else_has_the_incident(box: Sandbox) -> None:
    box.pull("command", command=f"apps:create {APP}--incident")
    box.pull("command", command=f"config:set --no-restart {APP}--incident ROLLBACK_INCIDENT=x1 ROLLBACK_BY=ann@desk")
    refused = box.run("api", "previous", "--yes", "--json")
    assert (refused.code, pushes(box)) == (8, 0)
    assert "ann@desk" in refused.document["error"]["message"]
    taken = box.run("api", "previous", "--yes", "--take-over", "--reason", "Ann is asleep")
    assert taken.code == 0, taken.stderr
    assert box.serves() == "v1.4.0"


def test_keep_then_deploy_then_back_to_what_was_kept(box: Sandbox) -> None:
    assert box.run("keep", "gateway").code == 0
    assert box.run("keep", "gateway").code == 9
    box.pull("deploy", app="scenextras-gateway", version="v9.9.9", wait=True)
    good = box.run("gateway", "--list", "--json").document["items"][1]
    assert box.run("gateway", "previous", "--yes").code == 0
    assert box.serves("gateway") != "v9.9.9"
    assert good["number"] == 5


def test_freeze_holds_deploys_back_and_unfreeze_says_what_is_left(box: Sandbox) -> None:
    assert box.run("api", "previous", "--yes").code == 0
    box.pull("deploy", app=APP, version="v1.6.0", wait=True)
    assert box.serves() == "v1.4.0"
    undone = box.run("unfreeze", "api", "--yes", "--json")
    assert undone.code == 0, undone.stderr
    assert undone.document["settled"] is False
    assert "git:sync --build scenextras /home/dokku/scenextras main" in undone.document["next_deploy"]
    assert f"{APP}--incident" not in box.look()["apps"]
    assert box.run("unfreeze", "api", "--yes").code == 9


def test_a_watch_to_its_end(box: Sandbox) -> None:
    done = box.run("api", "previous", "--yes", "--watch", "6s", "--json")
    assert (done.code, done.document["closing"]) == (0, "recovered"), done.stderr


def test_a_deploy_during_the_watch_is_an_alarm(box: Sandbox) -> None:
    running = box.begin("api", "previous", "--yes", "--watch", "60s", "--json")
    assert running.stderr is not None
    while running.stderr.readline().strip() != "watching":
        assert running.poll() is None
    box.pull(
        "deploy",
        app=APP,
        version="v1.6.0",
        branch=deploy_branch(box),
        force=True,
        wait=True,
    )
    out, err = running.communicate(timeout=60)
    assert running.returncode == 6, err
    assert "not ours" in out


def test_nothing_serves_the_journal_to_others(box: Sandbox) -> None:
    box.run("api", "previous", "--yes")
    assert (box.state / "journal.sqlite").stat().st_mode & 0o777 == 0o600
    assert box.state.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("words", [("status",), ("check",), ("incidents",), ("api", "--list")])
def test_reads_give_one_document(box: Sandbox, words: tuple[str, ...]) -> None:
    done = box.run(*words, "--json")
    assert done.document["schema"] == 1
    assert done.document["exit_code"] == done.code


def test_a_wrong_file_reports_everything_before_anything_is_touched(tmp_path: Path) -> None:
    wrong = tmp_path / "services.yaml"
    wrong.write_text("version: 1\nhosts: {h: {shh: x}}\nservices: {all: {host: q, app: API}}\n")
    box = Sandbox(told={}, state=tmp_path / "state", services=str(wrong))
    done = box.run("status", "--json")
    assert done.code == 2
    for part in (f"{wrong}:2", "did you mean 'ssh'", "'all' is a word", "'API' is no Dokku app"):
        assert part in done.stderr
    assert isinstance(done.document["error"]["message"], str)
    assert not (tmp_path / "state" / "journal.sqlite").exists()


def test_a_stopped_reader_is_no_error(box: Sandbox) -> None:
    argv = box.argv("logs", "api", "-n", "100")
    with subprocess.Popen(argv, env=box.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(30) == 0


def test_a_terminal_that_knows_only_ascii(box: Sandbox) -> None:
    box.environ["PYTHONIOENCODING"] = "ascii"
    done = box.run("api", "previous", "--yes", "--json")
    assert (done.code, done.document["verdict"]) == (0, "passed"), done.stderr


def test_a_record_that_nobody_signed_is_not_overrun(box: Sandbox) -> None:
    box.pull("command", command=f"apps:create {APP}--incident")
    refused = box.run("api", "previous", "--yes", "--json")
    assert (refused.code, pushes(box)) == (8, 0)
    assert "just opening it" in refused.document["error"]["message"]
    assert "since 20" in refused.document["error"]["message"]


def test_what_a_holder_says_cannot_reach_the_terminal(box: Sandbox) -> None:
    holder = next(name for name in box.look()["apps"] if name.startswith(f"{APP}--r4--"))
    evil = base64.b64encode(b"\x1b]52;c;ZXZpbA==\x07\x1b[2J[/foo]").decode()
    box.pull("command", command=f"config:set --no-restart {holder} ROLLBACK_BAD={evil}")
    box.pull("log", app=APP, lines=["\x1b]0;owned\x07 \x9b2J [/foo] \u202e"])
    for words in (("api", "--list"), ("api", "previous", "--plan"), ("logs", "api", "-n", "100")):
        done = box.run(*words)
        assert done.code == 0, done.stderr
        for text in (done.stdout, done.stderr):
            assert not any(c in text for c in "\x1b\x07\x9b\u202e")
    assert "[/foo]" in box.run("api", "--list").stdout


def test_a_followed_log_goes_on(box: Sandbox) -> None:
    with box.begin("logs", "api", "-t", "-n", "1") as running:
        assert running.stdout is not None
        seen = [running.stdout.readline() for _ in range(8)]
        running.terminate()
        running.communicate(timeout=20)
    assert all("app[web.1]" in line for line in seen)
