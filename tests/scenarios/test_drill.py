"""`rollback drill`: the whole way on a throw-away app, nothing left behind, and what happens where it cannot be so."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import LocalSandbox, local_sandbox
from tests.sandboxes import Done, Sandbox, running_sandbox
from tui.model.drill import MARKER, is_drill

DRILL = ("drill", "sandbox", "--yes", "--json")


def apps(box: Sandbox) -> dict[str, object]:
    """What runs in each app of the host, drills and what belongs to them included."""
    found = box.look()["apps"]
    return {name: [one["id"] for one in app["containers"]] for name, app in found.items()}


def ours(box: Sandbox) -> list[str]:
    """The drill's own app, where it is there."""
    return [name for name in box.look()["apps"] if is_drill(name)]


def untouched(box: Sandbox, before: dict[str, object]) -> bool:
    return apps(box) == before


@pytest.mark.parametrize("dokku", ["0.35.15", "0.38.27"])
def test_a_drill_goes_back_proves_it_and_leaves_nothing(tmp_path: Path, dokku: str) -> None:
    with local_sandbox(tmp_path, dokku=dokku) as box:
        before = apps(box)
        done = box.run(*DRILL)
        told = done.document
        assert (done.code, told["kind"], told["verdict"], told["left"]) == (0, "drill", "proven", []), done.stderr
        assert untouched(box, before), "no app is there that was not, and each runs what it ran"
        assert {c["verdict"] for c in told["checks"]} == {"passed"} and len(told["checks"]) == 4
        assert [one["name"] for one in told["steps"]] == [
            "app made", "first deploy", "kept", "bad deploy", "planned", "back and proven", "unfrozen", "taken away",
        ]  # fmt: skip
        first = next(n for n, c in enumerate(box.sent("")) if c.startswith("git-receive-pack"))
        prepared = [c.split()[0] for c in box.sent("")[:first]]
        assert {"domains:disable", "ps:scale", "config:set"} <= set(prepared), "before its first deploy"
        assert not box.sent("ports:set") and told["dokku"] == dokku

        items = box.run("check", "api", "--json").document["items"]
        (note,) = [one for one in items if one["topic"] == "drill"]
        assert (note["result"], note["fix"]) == ("note", "") and "proven, back and proven" in note["text"]
        figures = box.run("stats", "--json").document
        assert (figures["together"]["incidents"], figures["drills"][0]["proven"]) == (0, 1)
        undo = box.run("undo", "--plan", "--json").document
        assert undo["exit_code"] == 3 and "changed what serves" in undo["error"]["message"], "it is nobody's to undo"


def test_it_is_asked_for_and_refused_beside_an_incident_or_a_deploy(local: Sandbox) -> None:
    before = apps(local)

    def refused(*words: str) -> Done:
        done = local.run("drill", "sandbox", "--json", *words)
        assert untouched(local, before) and not local.sent("domains:disable")
        return done

    assert (refused().code, refused().document["error"]["fix"]) == (3, "add --yes")
    assert refused("--yes", "--read-only").code == 3
    local.pull("command", command="apps:lock scenextras")
    locked = refused("--yes").document
    assert locked["exit_code"] == 3 and "deploy of scenextras is running" in locked["error"]["message"]
    local.pull("command", command="apps:unlock scenextras")
    for command in ("apps:create scenextras-gateway--incident", "config:set --no-restart scenextras-gateway--incident"):
        local.pull("command", command=f"{command} ROLLBACK_INCIDENT=x ROLLBACK_BY=eve@box"[: len(command) + 99])
    before = apps(local)
    taken = refused("--yes").document
    assert taken["exit_code"] == 8 and "has an incident" in taken["error"]["message"]


def test_the_lock_of_a_build_that_failed_holds_no_drill_up(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, dokku="0.38.27") as box:
        box.pull("fault", kind="fail_next_deploy", mode="build", app="scenextras-gateway")
        box.pull("deploy", app="scenextras-gateway", version="v9.9.9", wait=True)
        assert box.app("scenextras-gateway")["lock_file"]
        done = box.run(*DRILL)
        assert done.code == 0, done.stderr


def test_an_app_that_is_gone_or_unreadable_holds_no_drill_up(local: Sandbox) -> None:
    gone = " !     App scenextras-gateway does not exist"
    local.pull(
        "fault", kind="fail_command", when={"command_prefix": "apps:report scenextras-gateway"}, exit=20, stderr=gone
    )
    for holder in [name for name in local.look()["apps"] if "--r" in name]:
        local.pull("remove_app", app=holder)
    local.pull("fault", kind="garbage", when={"command_prefix": "ps:report scenextras "}, exit=0)
    done = local.run(*DRILL)
    assert done.code == 0, done.stderr


def test_a_host_is_named_as_services_yaml_does_or_by_its_address(local: Sandbox) -> None:
    wrong = local.run("drill", "sandbx", "--yes", "--json").document
    assert wrong["exit_code"] == 2 and "sandbox" in wrong["error"]["fix"]


def test_a_host_by_its_address_needs_no_services_yaml(tmp_path: Path) -> None:
    """As on a machine that was just set up: nothing but `~/.ssh` says how to come in."""
    with running_sandbox(tmp_path / "box") as box:
        home, (name, port) = tmp_path / "home", box.told["ssh"].split(":")
        (home / ".ssh").mkdir(parents=True)
        (home / ".ssh" / "config").write_text(
            f"Host {name}\n  IdentityFile {box.told['identity_file']}\n"
            f"  UserKnownHostsFile {box.told['known_hosts']}\n",
            encoding="utf-8",
        )
        before = apps(box)
        environ = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(
            [sys.executable, "-m", "tui", "drill", f"dokku@{name}:{port}", "--yes", "--json"],
            cwd=home, env=environ, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        told = json.loads(done.stdout)
        assert (done.returncode, told["verdict"], told["left"]) == (0, "proven", []), done.stderr
        assert untouched(box, before)


def test_what_the_host_declines_is_tried_from_another_image_and_then_taken_away(local: Sandbox) -> None:
    before = apps(local)
    local.pull("fault", kind="fail_next_deploy", mode="crash", times=9)
    done = local.run(*DRILL)
    assert (done.code, done.document["verdict"], done.document["left"]) == (3, "failed", []), done.stderr
    assert done.stderr.count("the next image is tried") == 2 and untouched(local, before)
    local.pull("faults/clear")
    assert local.run("stats", "--json").document["drills"][0]["last_end"] == "failed"


def test_interrupted_it_takes_away_what_it_had_made(local_slow: LocalSandbox) -> None:
    before = apps(local_slow)
    running = local_slow.begin(*DRILL)
    local_slow.await_that(lambda _: bool(ours(local_slow)) and bool(local_slow.sent("git-receive-pack")))
    running.send_signal(signal.SIGINT)
    stdout, stderr = running.communicate()
    assert running.returncode == 3, stderr
    assert untouched(local_slow, before) and "interrupted" in stdout


def test_without_its_marker_the_app_stays_and_resume_goes_on(local_slow: LocalSandbox) -> None:
    running = local_slow.begin(*DRILL)
    local_slow.await_that(lambda _: any("--incident" in name and is_drill(name[:24]) for name in apps(local_slow)))
    (app,) = ours(local_slow)
    marker = local_slow.app(app)["config"][MARKER]
    local_slow.pull("command", command=f"config:unset --no-restart {app} {MARKER}")
    stdout, stderr = running.communicate()
    assert running.returncode == 5, stderr
    assert ours(local_slow) == [app] and MARKER in stdout
    again = local_slow.run("resume", "--json")
    assert again.code == 5 and ours(local_slow) == [app]
    local_slow.pull("command", command=f"config:set --no-restart {app} {MARKER}={marker}")
    assert local_slow.run("resume", "--json").code == 0
    assert ours(local_slow) == []
    assert local_slow.run("resume").code == 3, "nothing is open"


def test_killed_half_way_it_is_taken_away_by_resume(box: LocalSandbox) -> None:
    before = apps(box)
    running = box.process(*DRILL)
    box.await_that(lambda _: any(name.endswith("--incident") for name in apps(box)))
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert ours(box), "it was half-way"
    assert box.run("drill", "sandbox", "--yes").code == 8, "no second one beside what is left"
    done = box.run("resume", "--json")
    assert (done.code, done.document["kind"], done.document["left"]) == (0, "drill", []), done.stderr
    assert untouched(box, before)
    assert [one["closing"] for one in box.run("incidents", "--json").document["items"]] != [None]
