"""What a console leaves behind when it fails, is cut off or dies half-way: named, and put in order by what is named."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forks import Popen
from tests.harness import LocalSandbox, local_sandbox
from tests.sandboxes import Done, Sandbox

APP = "scenextras"
RECORD = f"{APP}--incident"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[LocalSandbox]:
    """In this process, under a clock that does not wait."""
    with local_sandbox(tmp_path) as sandbox:
        yield sandbox


def branch(box: Sandbox) -> str:
    told: str = box.pull("command", command=f"git:report {APP} --git-deploy-branch")["stdout"]
    return told.strip()


def in_order(box: Sandbox) -> None:
    """Nothing of ours is on the host but finished kept releases."""
    apps = box.look()["apps"]
    assert not [name for name in apps if name.endswith(("--incident", "--takeover"))]
    assert branch(box) == "main"


def slow_command(box: Sandbox, prefix: str, seconds: float = 20) -> None:
    box.pull("fault", kind="slow_command", when={"command_prefix": prefix}, seconds=seconds)


def until_all_ended(box: Sandbox) -> None:
    """The host carries on with what it was told."""
    box.await_that(lambda _: all(call["ended"] is not None for call in box.look()["commands"]))


def killed_at(box: LocalSandbox, prefix: str, *words: str) -> None:
    """A console that dies while the host carries this command out."""
    slow_command(box, prefix, 1)
    running = box.process(*words)
    box.await_sent(prefix, running)
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=20)
    until_all_ended(box)


# ── freeze by hand ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_freeze_that_fails_half_way_is_undone(here: Sandbox) -> None:
    here.pull("fault", kind="fail_command", when={"command_prefix": "git:set " + APP}, stderr=" !     the disk is full")
    failed = here.run("freeze", "api", "--yes", "--json")
    assert failed.code == 3, failed.stderr
    assert "the disk is full" in failed.document["error"]["message"]
    in_order(here)
    assert here.run("freeze", "api", "--yes").code == 0
    assert branch(here).startswith("frozen-by-")


def test_a_freeze_that_cannot_be_undone_says_so_and_what_does_it(here: Sandbox) -> None:
    here.pull("fault", kind="fail_command", when={"command_prefix": f"git:set {APP}"})
    here.pull("fault", kind="fail_command", when={"command_prefix": f"apps:destroy {RECORD}"})
    failed = here.run("freeze", "api", "--yes", "--json")
    assert failed.code == 5, failed.stderr
    assert failed.document["error"]["fix"] == "rollback unfreeze api"
    assert here.run("unfreeze", "api", "--yes").code == 0
    in_order(here)


def test_a_freeze_whose_console_was_killed_is_put_in_order_by_unfreeze(box: LocalSandbox) -> None:
    killed_at(box, f"git:set {APP} deploy-branch", "freeze", "api", "--yes")
    done = box.run("unfreeze", "api", "--yes", "--json")
    assert done.code in (0, 9), done.stderr
    in_order(box)
    assert box.run("freeze", "api", "--yes").code == 0


def test_what_was_cut_off_and_arrives_late_is_undone_as_well(here: Sandbox) -> None:
    prefix = f"apps:create {RECORD}"
    here.pull("fault", kind="drop_connection", when={"command_prefix": prefix})
    slow_command(here, prefix, 2)
    failed = here.run("freeze", "api", "--yes", "--json")
    assert failed.code == 3, failed.stderr
    in_order(here)


def test_an_unfreeze_that_is_cut_off_is_not_said_to_have_changed_nothing(here: Sandbox) -> None:
    assert here.run("freeze", "api", "--yes").code == 0
    here.pull("fault", kind="drop_connection", when={"command_prefix": f"git:set {APP} deploy-branch"})
    cut = here.run("unfreeze", "api", "--yes", "--json")
    assert (cut.code, cut.document["error"]["fix"]) == (5, "rollback unfreeze api"), cut.stderr
    assert here.run("unfreeze", "api", "--yes").code in (0, 9)
    in_order(here)


def test_an_unfreeze_whose_tip_cannot_be_deployed_has_changed_something(here: Sandbox) -> None:
    assert here.run("freeze", "api", "--yes").code == 0
    here.pull("deploy", app=APP, version="v1.6.0", wait=True)
    here.pull("fault", kind="hold_lock", app=APP)
    done = here.run("unfreeze", "api", "--deploy-tip", "--yes", "--json")
    assert done.code == 4, done.stderr
    assert "deploys go through again" in done.stderr
    in_order(here)


# ── an incident ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_console_killed_before_the_deploy_leaves_nothing_that_resume_does_not_remove(box: LocalSandbox) -> None:
    killed_at(box, f"git:set {APP} deploy-branch", "api", "previous", "--yes")
    done = box.run("resume", "--json")
    assert done.code == 3, done.stderr
    in_order(box)
    assert box.run("api", "previous", "--yes").code == 0
    assert box.serves() == "v1.4.0"


def test_a_host_that_restarts_while_the_record_is_created_ends_as_refused(here: Sandbox) -> None:
    slow_command(here, f"apps:create {RECORD}", 2)
    running = here.begin("api", "previous", "--yes", "--json")
    here.await_sent(f"apps:create {RECORD}", running)
    here.pull("restart_host")
    out, err = running.communicate(timeout=60)
    assert running.returncode == 3, err
    assert "died half-way" not in out + err
    in_order(here)
    assert here.run("api", "previous", "--yes").code == 0


def port_closed_before_the_pack(box: Sandbox) -> Done:
    box.pull("fault", kind="stall", when={"command_prefix": "git-receive-pack", "after_seconds": 0})
    running = box.begin("api", "previous", "--yes", "--json")
    box.await_sent(f"git-receive-pack '{APP}'", running)
    box.pull("ssh", listening=False)
    box.pull("cut")
    out, err = running.communicate(timeout=150)
    return Done(code=running.returncode, stdout=out, stderr=err)


@pytest.mark.parametrize("way_on", ["resume", "unfreeze"])
def test_what_is_left_behind_by_a_closed_port_is_said_and_put_in_order(here: Sandbox, way_on: str) -> None:
    done = port_closed_before_the_pack(here)
    assert done.code in (4, 5), done.stderr
    assert "rollback resume" in done.document["error"]["fix"]
    assert branch(here).startswith("frozen-by-")
    here.pull("ssh", listening=True)
    here.pull("faults/clear")
    if way_on == "unfreeze":
        refused = here.run("unfreeze", "api", "--yes", "--json")
        assert (refused.code, refused.document["error"]["fix"].split()[:2]) == (3, ["rollback", "resume"])
        assert here.run(*refused.document["error"]["fix"].split()[1:]).code in (3, 4)
    else:
        assert here.run("resume").code in (3, 4)
    in_order(here)
    assert here.run("api", "previous", "--yes").code == 0


def test_what_was_given_up_unreachable_is_put_in_order_by_unfreeze(here: Sandbox) -> None:
    port_closed_before_the_pack(here)
    done = here.run("resume", "--close", "aborted", "--json")
    assert done.code == 4, done.stderr
    assert any("rollback unfreeze api" in left for left in done.document["left_over"])
    here.pull("ssh", listening=True)
    here.pull("faults/clear")
    assert here.run("unfreeze", "api", "--yes").code == 0
    in_order(here)


# ── a record that is gone ────────────────────────────────────────────────────────────────────────────────────────


def lost(box: Sandbox) -> None:
    """Frozen, and the record was destroyed by hand."""
    assert box.run("api", "previous", "--yes").code == 0
    box.pull("remove_app", app=RECORD)


def forgotten(box: Sandbox) -> None:
    """Another machine, whose journal knows nothing of it."""
    box.state = box.state.with_name("other")


def test_a_freeze_whose_record_is_gone_is_shown_and_undone_from_the_journal(here: Sandbox) -> None:
    lost(here)
    assert here.run("status", "api", "--json").document["items"][0]["frozen"] is True
    assert "FROZEN" in here.run("status", "api").stdout
    assert any(i["topic"] == "frozen" for i in here.run("check", "api", "--json").document["items"])
    assert here.run("unfreeze", "api", "--yes").code == 0
    in_order(here)


def test_where_nobody_knows_the_branch_it_is_asked_for_and_a_frozen_one_is_never_taken(here: Sandbox) -> None:
    lost(here)
    forgotten(here)
    assert here.run("freeze", "api", "--yes").code == 9
    asked = here.run("unfreeze", "api", "--yes", "--json")
    assert (asked.code, asked.document["error"]["fix"]) == (3, "rollback unfreeze api --branch main")
    further = here.run("api", "release:3", "--yes", "--json")
    assert further.code == 0, further.stderr
    assert "which branch the team deploys" in further.stderr
    still = here.run("unfreeze", "api", "--yes", "--json")
    assert (still.code, still.document["error"]["fix"]) == (3, "rollback unfreeze api --branch main")
    wrong = here.run("unfreeze", "api", "--yes", "--branch", "mian")
    assert wrong.code == 3
    assert here.run("unfreeze", "api", "--yes", "--branch", "main").code == 0
    in_order(here)


# ── a record that is not ours ────────────────────────────────────────────────────────────────────────────────────


def test_a_record_that_nobody_signs_goes_at_unfreeze_and_a_signed_one_only_by_a_word(here: Sandbox) -> None:
    here.pull("command", command=f"apps:create {RECORD}")
    assert here.run("unfreeze", "api", "--yes").code == 0
    in_order(here)
    here.pull("command", command=f"apps:create {RECORD}")
    signed = "ROLLBACK_INCIDENT=x1 ROLLBACK_BY=ann@desk ROLLBACK_STATE=executing"
    here.pull("command", command=f"config:set --no-restart {RECORD} {signed}")
    refused = here.run("unfreeze", "api", "--yes", "--json")
    assert (refused.code, "ann@desk" in refused.document["error"]["message"]) == (8, True)
    assert here.run("unfreeze", "api", "--yes", "--take-over", "--reason", "Ann is away").code == 0
    in_order(here)


def test_a_record_is_never_taken_from_a_console_that_signs_it_meanwhile(slow: Sandbox) -> None:
    slow.pull("command", command=f"apps:create {RECORD}")
    other = Popen(slow.argv("unfreeze", "api", "--yes", "--json"), env=slow.env(), stdout=subprocess.PIPE)
    slow.await_sent(f"config:export --format json {RECORD}", other)
    slow.pull("command", command=f"config:set --no-restart {RECORD} ROLLBACK_INCIDENT=x1 ROLLBACK_BY=ann@desk")
    other.communicate(timeout=30)
    assert other.returncode == 8
    assert slow.app(RECORD)["config"]["ROLLBACK_INCIDENT"] == "x1"


def test_a_record_that_changes_hands_under_the_lock_leaves_no_lock(here: Sandbox) -> None:
    assert here.run("freeze", "api", "--yes").code == 0
    slow_command(here, f"apps:create {APP}--takeover", 1)
    running = here.begin("api", "previous", "--yes", "--json")
    here.await_sent(f"apps:create {APP}--takeover", running)
    here.pull("command", command=f"config:set --no-restart {RECORD} ROLLBACK_INCIDENT=another")
    out, err = running.communicate(timeout=60)
    assert running.returncode == 3, err
    assert "changed hands" in out
    assert f"{APP}--takeover" not in here.look()["apps"]


def test_what_was_kept_on_the_way_out_is_no_nothing_changed(here: Sandbox) -> None:
    slow_command(here, f"builder:set {APP}--r5", 1)
    running = here.begin("api", "previous", "--yes", "--keep-current", "--json")
    here.await_sent(f"builder:set {APP}--r5", running, times=2)  # the second one seals it
    here.pull("command", command=f"git:set {APP} deploy-branch other")
    out, err = running.communicate(timeout=60)
    assert running.returncode == 4, err
    assert "not as planned any more" in out
    assert f"kept as {APP}--r5" in out
    here.pull("command", command=f"git:set {APP} deploy-branch main")
    in_order(here)


def test_status_names_a_record_that_nobody_signed(here: Sandbox) -> None:
    here.pull("command", command=f"apps:create {RECORD}")
    told = here.run("status", "api").stdout
    assert "a record that nobody has signed" in told
    assert "rollback unfreeze api" in told
    assert here.run("unfreeze", "api", "--yes").code == 0
    in_order(here)
