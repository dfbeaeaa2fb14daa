"""Standard streams that are closed, full or read by nobody, and a folder that takes nothing: no command ends with a
traceback or a code that is not documented, and what was done to a host keeps its own code."""

import json
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.forks import Broken, Popen, on_terminal, run_broken, run_described
from tests.harness import LocalSandbox, local_sandbox
from tests.sandboxes import Done, Sandbox
from tui.cli.exits import Exit
from tui.model.command_words import COMMANDS

BROKEN: dict[str, Broken] = {
    "0</dev/full 2>/dev/full": {0: "/dev/full", 2: "/dev/full"},
    "1>/dev/full": {1: "/dev/full"},
    "0<&- 1>&- 2>&-": {0: None, 1: None, 2: None},
}
"""what a shell makes of the streams"""
READS = {
    "status": ["status"],
    "logs": ["logs", "api", "-n", "3"],
    "evidence": ["evidence", "api", "--for", "1s"],
    "check": ["check", "api"],
    "incidents": ["incidents"],
    "list": ["api", "--list"],
    "plan": ["api", "previous", "--plan"],
    "help": ["--help"],
    "usage": ["--nonsense"],
    "console": [],
    "sandbox": ["sandbox", "--scenario", "no-such"],
    "resume": ["resume"],
    "undo": ["undo"],
    "postmortem": ["postmortem"],
    "freeze": ["freeze", "api"],
    "unfreeze": ["unfreeze", "api"],
    "keep": ["keep", "search"],
    "init": ["init", "nobody@127.0.0.1:9", "--yes"],
    "config": ["config", "show"],
    "page": ["help", "quick"],
    "completion": ["completion", "bash"],
    "info": ["--info"],
    "handover": ["handover"],
    "guard": ["guard", "api", "--for", "1s"],
    "abort": ["abort", "api"],
    "replay": ["replay", "none"],
    "stats": ["stats"],
    "drill": ["drill", "nowhere"],
    "serve": ["serve", "--bind", "0.0.0.0"],
    "mcp": ["mcp"],
    "confirm": ["confirm"],
}
"""a command line of each kind that ends soon, and what it does is done already or is not done"""
CODES = {int(code) for code in Exit}


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSandbox]:
    """One sandbox for all that change nothing."""
    with local_sandbox(tmp_path_factory.mktemp("streams"), speed=1) as sandbox:
        yield sandbox


def forked(box: Sandbox, broken: Broken, *words: str) -> Done:
    """A command line with streams of its own."""
    code, (stdout, stderr) = run_broken(box.argv(*words), box.env(), broken)
    return Done(code=code, stdout=stdout, stderr=stderr)


def shell(box: Sandbox, redirected: str, *words: str) -> Done:
    return bash(box, f"{shlex.join(box.argv(*words))} {redirected}")


def bash(box: Sandbox, line: str) -> Done:
    done = subprocess.run(
        ["bash", "-c", line], env=box.env(), capture_output=True, text=True, timeout=110, stdin=subprocess.DEVNULL
    )
    return Done(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def test_every_command_is_tried() -> None:
    assert set(COMMANDS) <= {words[0] for words in READS.values() if words}


@pytest.mark.parametrize("redirected", ["", *BROKEN])
def test_a_fork_has_the_streams_of_a_process_that_starts(still: LocalSandbox, redirected: str) -> None:
    told = "import json, os; from tests.forks import described; os.write(9, json.dumps(described()).encode())"
    started = bash(still, f"exec 9>&1; {shlex.join([sys.executable, '-c', told])} {redirected}")
    assert (started.code, started.stderr) == (0, "")
    assert run_described(still.env(), BROKEN.get(redirected, {})) == json.loads(started.stdout)


@pytest.mark.parametrize("redirected", BROKEN)
def test_a_process_that_starts_so_ends_as_a_fork_does(still: LocalSandbox, redirected: str) -> None:
    assert shell(still, redirected, *READS["status"]).code == forked(still, BROKEN[redirected], *READS["status"]).code


@pytest.mark.parametrize("name", READS)
def test_whatever_is_wrong_with_streams_it_ends_with_one_line_and_its_own_code(still: LocalSandbox, name: str) -> None:
    whole = forked(still, {}, *READS[name])
    assert whole.code in CODES and "Traceback" not in whole.stderr
    for redirected, broken in BROKEN.items():
        done = forked(still, broken, *READS[name])
        assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, (redirected, done.stderr)
        told = bool(whole.stdout.strip()) and redirected == "1>/dev/full"
        wanted = Exit.REFUSED if told and whole.code == Exit.DONE else whole.code
        if name == "keep":  # the first one keeps; every other finds it kept
            wanted = Exit.ALREADY
        assert done.code == wanted, (redirected, done.stderr)
        if told:
            assert "the result could not be written to stdout: No space left on device" in done.stderr


@pytest.mark.parametrize("broken", ["1>/dev/full 2>/dev/full", "0<&- 1>&- 2>&-"])
def test_a_rollback_goes_on_whatever_becomes_of_its_words(box: LocalSandbox, broken: str) -> None:
    done = shell(box, broken, "api", "previous", "--yes")
    assert done.code == 0, done.stderr
    assert box.serves() == "v1.4.0"
    (incident,) = box.run("incidents", "--json").document["items"]
    assert incident["closing"] == "unwatched"


def test_a_rollback_whose_narration_nobody_reads_any_more_goes_on(slow: LocalSandbox) -> None:
    with slow.process("api", "previous", "--yes") as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.stderr.close()
        assert process.wait(60) == 0
    assert slow.serves() == "v1.4.0"


def test_a_terminal_that_was_stopped_holds_nothing_up(slow: LocalSandbox) -> None:
    """Ctrl-S, or a full pipe whose reader sleeps: narration waits for nobody."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 65536)
    except BlockingIOError:
        os.set_blocking(writing, True)
    with Popen(
        slow.argv("api", "previous", "--yes"), env=slow.env(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=writing,
    ) as process:  # fmt: skip
        assert process.wait(60) == 0
    os.close(reading)
    os.close(writing)
    assert slow.serves() == "v1.4.0"


def test_a_pipe_that_has_seen_enough_changes_no_code(still: LocalSandbox) -> None:
    for words in (["check"], ["status"]):
        whole = still.run(*words)
        piped = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {shlex.join(still.argv(*words))} | true"],
            env=still.env(), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert (piped.returncode, "Traceback" in piped.stderr) == (whole.code, False)


# ── the state folder ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", ["status", "incidents", "keep"])
def test_a_state_folder_that_cannot_be_used_is_one_line_and_a_documented_code(
    still: LocalSandbox, tmp_path: Path, command: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    for folder, code in (("file", 2), ("link", 2), ("file/below", 3), ("/proc/no/such", 3)):
        box = still.with_state(tmp_path / folder)
        done = box.run(*READS[command])
        assert (done.code, "Traceback" in done.stderr) == (code, False), (folder, done.stderr)
        assert "ROLLBACK_STATE_DIR" in done.stderr
        assert len(done.stderr.splitlines()) <= 3


def test_a_folder_that_was_open_to_others_is_closed_and_that_is_said(still: LocalSandbox, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    box = still.with_state(tmp_path / "open")
    assert "was open to others (mode 0755): it is 0700 now" in box.run("incidents").stderr
    assert "was open" not in box.run("incidents").stderr


def full_at(box: LocalSandbox, limit: int, *words: str) -> Done:
    """A command line whose files cannot grow beyond so many bytes: a disk that is full then."""
    done = subprocess.run(
        box.argv(*words), env=box.env(), capture_output=True, text=True, timeout=110, stdin=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    return Done(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def test_a_journal_without_room_is_said_and_nothing_is_sent(box: LocalSandbox) -> None:
    assert box.run("incidents").code == 0
    before = len(box.sent("apps:create"))
    done = full_at(box, 1024, "api", "previous", "--yes", "--json")
    assert (done.code, "Traceback" in done.stderr) == (3, False), done.stderr
    assert "journal" in done.document["error"]["message"]
    assert len(box.sent("apps:create")) == before
    assert box.serves() == "v1.5.0"


def test_a_disk_that_fills_while_the_push_runs_leaves_an_unknown_outcome_and_an_incomplete_record(
    slow: LocalSandbox,
) -> None:
    process = slow.process("api", "previous", "--yes", "--json")
    slow.await_that(lambda app: app["lock_file"])
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1024, 1024))
    stdout, stderr = process.communicate(timeout=90)
    assert (process.returncode, "Traceback" in stderr) == (5, False), stderr
    error = json.loads(stdout)["error"]
    assert error["code"] == "outcome-unknown"
    assert "the record on this machine is incomplete" in error["message"]
    slow.await_that(lambda app: not app["lock_file"])
    (incident,) = slow.run("incidents", "--json").document["items"]
    assert f"rollback resume {incident['incident']}" in error["fix"]
    resumed = slow.run("resume", incident["incident"])
    assert resumed.code == 0, resumed.stderr
    assert slow.serves() == "v1.4.0"


# ── signals ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("after", [0.12, 0.25, 0.4, 0.6])
def test_ctrl_c_at_the_very_beginning_ends_quietly(still: LocalSandbox, after: float) -> None:
    process = subprocess.Popen(
        still.argv("status", "--json"), env=still.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    sleep(after)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    beyond = re.findall(r"/tui/(?!__init__|__main__)\S+", stderr)
    assert beyond == [], "until `__main__` runs it is the interpreter that starts, and says what it says"
    if "Traceback" not in stderr:
        assert process.returncode in (0, 130, -signal.SIGINT)


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_in_a_running_rollback_says_what_goes_on_and_how_to_take_it_up(slow: LocalSandbox, times: int) -> None:
    process = slow.process("api", "previous", "--yes", "--json")
    slow.await_that(lambda app: app["lock_file"])
    for _ in range(times):
        process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    (incident, *_) = slow.run("incidents", "--json").document["items"]
    assert process.returncode == 5 == json.loads(stdout)["exit_code"]
    assert "goes on at the host" in stderr
    for words in (
        f"open: incident {incident['incident']}",
        "frozen: deploys of scenextras",
    ):
        assert words in stderr, stderr
    assert f"next: rollback resume {incident['incident']}" in stderr
    slow.await_that(lambda app: not app["lock_file"])
    assert slow.run("resume", incident["incident"]).code == 0


def test_ctrl_c_at_a_question_sends_nothing(box: LocalSandbox) -> None:
    child, terminal = on_terminal(box.argv("api", "previous"), box.env())
    seen, until = b"", monotonic() + 60
    while b"not said]" not in seen:
        assert monotonic() < until, seen
        seen += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 130
    assert box.sent("apps:create scenextras--incident") == []


def test_ctrl_c_while_counting_keeps_what_was_counted(still: LocalSandbox) -> None:
    process = still.process("evidence", "api", "--for", "60s")
    assert process.stderr is not None
    while "counting for" not in process.stderr.readline():
        pass
    sleep(4)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 0, stderr
    assert "interrupted: counted for" in stderr
    assert "our own probes" in stdout or "probes" in stdout
