"""Ways back other than `kept`, on the sandbox, through the command line that a person types."""

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import LocalSandbox, local_sandbox
from tests.registries import released, running_registry
from tests.sandboxes import Sandbox
from tests.sshd import free_port

APP = "scenextras"
OWN = f"/home/dokku/{APP}"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path) as sandbox:
        yield sandbox


def listed(box: Sandbox, service: str = "api") -> list[dict[str, Any]]:
    done = box.run(service, "--list", "--json")
    assert done.code == 0, done.stderr
    items: list[dict[str, Any]] = done.document["items"]
    return items


def unkept(box: Sandbox) -> str:
    """The commit of v1.0.0, which nobody kept."""
    (found,) = (i["commit"] for i in listed(box) if i["subject"] == "Serve scenes over the API")
    return str(found)


def test_one_list_from_every_source_newest_first(box: Sandbox) -> None:
    done = box.run("api", "--list", "--json")
    items = done.document["items"]
    assert [i["subject"] for i in items] == [
        "Store thumbnails by key",
        "Faster scene lists",
        "Page comments by cursor",
        "Thumbnails for scenes",
        "Search by mood",
        "Serve scenes over the API",
    ]
    assert [(i["running"], i["kept"], i["number"]) for i in items][:2] == [(True, False, None), (False, True, 4)]
    assert [i["origin"] for i in items] == ["ledger", "holder", "holder", "holder", "holder", "repository"]
    assert items[1]["author"] == "Ana Ruiz"
    assert items[1]["told"]["subject"] == "repository"
    assert next((w["way"], w["available"]) for w in items[1]["ways"]) == ("kept", True)
    git = next(w for w in items[5]["ways"] if w["way"] == "git")
    assert (git["available"], git["seconds"], git["reason"]) == (True, 29.0, "builds from source: slow")
    assert {s["source"]: s["trouble"] for s in done.document["sources"]} == {
        "holder": None,
        "ledger": None,
        "repository": None,
    }
    table = box.run("api", "--list", "-v").stdout
    assert "RUNNING" in table
    assert "not by kept: not kept" in table


def test_another_way_is_named_and_only_taken_when_it_is_asked_for(box: Sandbox) -> None:
    commit = unkept(box)
    refused = box.run("api", f"sha:{commit}", "--yes", "--json")
    assert refused.code == 3
    assert "by kept to sha:" in refused.document["error"]["message"]
    assert refused.document["error"]["fix"].endswith("add --way git")
    assert box.sent("git:sync") == []
    done = box.run("api", f"sha:{commit}", "--way", "git", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert (done.document["way"], box.serves()) == ("git", "v1.0.0")
    assert box.sent("git:sync") == [f"git:sync --build {APP} {OWN} {commit}"]
    assert box.app()["metadata"] == f"{OWN}#{commit}"
    after = listed(box)
    assert [i["commit"] for i in after if i["running"]] == [commit]
    assert [i["subject"] for i in after if i["bad"]] == ["Store thumbnails by key"]
    again = box.run("api", f"sha:{commit}", "--way", "git", "--yes")
    assert again.code == 9


def test_a_build_from_source_leaves_the_teams_branch_alone(box: Sandbox) -> None:
    tip = dict(box.app()["refs"])["refs/heads/main"]
    assert box.run("api", "previous", "--way", "git", "--yes").code == 0
    assert box.serves() == "v1.4.0"
    assert dict(box.app()["refs"])["refs/heads/main"] == tip
    assert box.run("unfreeze", "api", "--yes").code == 0
    assert box.pull("command", command=f"git:report {APP} --git-deploy-branch")["stdout"].strip() == "main"


def test_a_failed_check_is_known_to_have_failed_although_the_branch_moved(box: Sandbox) -> None:
    commit = unkept(box)
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    done = box.run("api", f"sha:{commit}", "--way", "git", "--no-freeze", "--yes", "--json")
    assert done.code == 4, done.stderr
    assert "health check" in done.document["error"]["message"]
    assert box.serves() == "v1.5.0"
    assert dict(box.app()["refs"])["refs/heads/main"] == commit
    assert box.run("resume", "--close", "aborted").code in (3, 4)
    assert f"{APP}--incident" not in box.look()["apps"]
    assert [i["commit"] for i in listed(box) if i["failed"]] == [commit]
    refused = box.run("api", f"sha:{commit}", "--way", "git", "--plan", "--json")
    assert "did not succeed" in str(refused.document["warnings"])


def test_a_build_from_source_on_the_newer_dokku_and_why_one_failed(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, dokku="0.38.27") as box:
        box.pull("fault", kind="fail_next_deploy", mode="build", app=APP)
        failed = box.run("api", "previous", "--way", "git", "--yes", "--json")
        assert (failed.code, box.serves()) == (4, "v1.5.0"), failed.stderr
        assert "the build failed" in failed.document["error"]["message"]
        assert [i["failed"] for i in listed(box) if i["number"] == 4] == [None]
        done = box.run("api", "release:4", "--way", "git", "--yes", "--expect-current", unsettled(box), "--json")
        assert (done.code, box.serves()) == (0, "v1.4.0"), done.stderr


def unsettled(box: Sandbox) -> str:
    """What runs, as `--expect-current` wants it inside an open incident."""
    return next(str(i["name"]) for i in listed(box) if i["running"])


def test_a_commit_nobody_knows_changes_nothing(box: Sandbox) -> None:
    done = box.run("api", f"sha:{'1' * 40}", "--way", "git", "--yes", "--json")
    assert done.code == 4, done.stderr
    assert "not a valid SHA1" in done.document["error"]["message"]
    assert box.serves() == "v1.5.0"


def test_a_build_dies_with_its_console_and_is_not_sent_again(slow: LocalSandbox) -> None:
    box = slow
    running = box.process("api", "previous", "--way", "git", "--yes")
    box.await_sent("git:sync", running)
    box.await_that(lambda app: bool(app["lock_held"]))
    running.kill()
    running.communicate(timeout=10)
    done = box.run("resume", "--json")
    assert done.code == 4, done.stderr
    assert (box.serves(), len(box.sent("git:sync"))) == ("v1.5.0", 1)


@pytest.mark.parametrize("dokku", ["0.35.15", "0.38.27"])
def test_a_build_that_is_cut_after_the_switch_is_not_said_to_have_failed(tmp_path: Path, dokku: str) -> None:
    """Dokku then names the old release everywhere, and the new one answers: only the service itself can tell."""
    with local_sandbox(tmp_path, dokku=dokku) as box:
        box.pull("fault", kind="drop_connection", when={"command_prefix": "git:sync", "after_phase": "renaming"})
        running = box.begin("api", "previous", "--way", "git", "--yes", "--json")
        if dokku == "0.35.15":  # 0.38 says that the deploy is dead; here its lock says that it goes on
            assert any("uncertain" in line for line in running.stderr), "it ended without a word of that"
            with pytest.raises(subprocess.TimeoutExpired):
                running.communicate(timeout=4)  # two equal looks ten seconds apart were made, and prove nothing
            running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
        assert (running.returncode, "uncertain" in err) == (5, True), err
        assert (box.serves(), "#" in box.app()["metadata"]) == ("v1.4.0", False)
        assert box.run("keep", "api").code == 3


@pytest.mark.parametrize("dokku", ["0.35.15", "0.38.27"])
def test_a_lock_that_nobody_holds_forbids_nothing_for_ever(tmp_path: Path, dokku: str) -> None:
    """0.38 knows that no build runs; 0.35 does not, so the way out is named instead."""
    with local_sandbox(tmp_path, dokku=dokku) as box:
        assert box.pull("command", command=f"apps:lock {APP}")["exit"] == 0
        done = box.run("api", "previous", "--yes", "--json")
        if dokku == "0.35.15":
            assert done.code == 3
            assert f"apps:unlock {APP}" in done.document["error"]["message"]
            assert box.pull("command", command=f"apps:unlock {APP}")["exit"] == 0
            done = box.run("api", "previous", "--yes", "--json")
        else:
            assert "TYPE" not in done.stderr
            assert "is locked and no build runs" in done.stderr
        assert (done.code, box.serves()) == (0, "v1.4.0"), done.stderr


def test_a_build_that_dies_leaves_a_lock_that_does_not_hold_anybody_up(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, dokku="0.38.27") as box:
        box.pull("fault", kind="drop_connection", when={"command_prefix": "git:sync", "after_phase": "build"})
        done = box.run("api", "previous", "--way", "git", "--yes", "--json")
        assert (done.code, box.app()["lock_file"]) == (4, True), done.document["error"]
        assert "the old release serves" in done.document["error"]["message"]
        items = {i["topic"]: i for i in box.run("check", "api", "--json").document["items"] if i["subject"] == "api"}
        assert "apps:unlock" in items["deploy"]["fix"]


def test_one_interrupt_does_not_abort_a_deploy_that_would_die_with_us(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, pace="0.25", speed=5) as box:
        running = box.begin("api", "previous", "--way", "git", "--yes")
        box.await_that(lambda app: bool(app["lock_held"]))
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=100)
        assert running.returncode == 0, err
        assert "once more to let go" in err
        assert box.serves() == "v1.4.0"


def test_a_second_interrupt_lets_go_and_says_what_that_does(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, pace="0.5", speed=5) as box:
        running = box.begin("api", "previous", "--way", "git", "--yes", "--json")
        box.await_that(lambda app: bool(app["lock_held"]))
        running.send_signal(signal.SIGINT)
        assert running.stderr is not None
        for line in running.stderr:
            if "once more to let go" in line:
                break
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
        assert running.returncode == 5
        assert "aborted, perhaps half-way" in out


def test_what_has_to_stop_first_stops_by_every_way(box: Sandbox) -> None:
    ids = [s["id"] for s in box.run("search", "previous", "--way", "git", "--plan", "--json").document["steps"]]
    done = box.run("search", "previous", "--way", "git", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert ids.index("checks-off") == ids.index("deploy") - 1
    assert ids.index("checks-on") == ids.index("deploy") + 1
    assert box.app("scenextras-autocomplete")["checks_disabled"] == "none"


# ── ways that prove nothing ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def plugins(tmp_path: Path) -> Iterator[Sandbox]:
    """A host that has the runbook's commands by plugin."""
    with local_sandbox(tmp_path, dokku="plugins") as sandbox:
        yield sandbox


def change(box: Sandbox, folder: Path, **values: Any) -> None:
    """The api of services.yaml with these keys; None takes one out."""
    document = yaml.safe_load(Path(box.services).read_text())
    api = document["services"]["api"]
    api.update(values)
    document["services"]["api"] = {key: value for key, value in api.items() if value is not None}
    path = folder / "changed.yaml"
    path.write_text(yaml.safe_dump(document))
    box.services = str(path)


def test_a_stock_host_has_no_way_by_the_runbook(box: Sandbox) -> None:
    (newest,) = (i for i in listed(box) if i["number"] == 4)
    (way,) = (w for w in newest["ways"] if w["way"] == "runbook")
    assert (way["available"], way["reason"]) == (False, "this host has no tags:deploy")
    assert box.run("api", "release:4", "--way", "runbook", "--yes").code == 3
    assert box.sent("tags") == box.sent("ps:rollback") == []


def test_a_tag_is_deployed_and_only_the_service_can_say_so(plugins: Sandbox, tmp_path: Path) -> None:
    items = listed(plugins)
    tag = next(i["tag"] for i in items if i["tag"] and not i["running"])
    (way,) = (w for i in items if i["tag"] == tag for w in i["ways"] if w["way"] == "runbook")
    assert (way["available"], way["reason"]) == (True, "proves nothing")
    done = plugins.run("api", f"tag:{tag}", "--way", "runbook", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert plugins.serves() == "v1.4.0"
    assert plugins.sent("tags:deploy") == [f"tags:deploy {APP} {tag}"]
    assert "v1.4.0" in next(c["evidence"] for c in done.document["checks"] if c["name"] == "identity: answer")


def test_without_a_service_that_says_what_it_is_it_stays_unproven(plugins: Sandbox, tmp_path: Path) -> None:
    change(plugins, tmp_path, identity=None)
    done = plugins.run("api", "previous", "--way", "runbook", "--yes", "--json")
    assert done.code == 7, done.stderr
    assert plugins.serves() == "v1.4.0"
    assert plugins.sent("ps:rollback") == [f"ps:rollback {APP}"]
    evidence = next(c["evidence"] for c in done.document["checks"] if c["name"] == "identity: answer")
    assert "proves nothing" in evidence
    # Dokku wrote no metadata: the release that is left must not be remembered as healthy for it
    before = next(i for i in listed(plugins) if i["subject"] == "Store thumbnails by key")
    assert before["last_healthy"] is None


def script(folder: Path, body: str) -> list[str]:
    path = folder / "rollback.py"
    path.write_text(f"import json, os, subprocess, sys, urllib.request\n{body}\n")
    return [sys.executable, str(path), "api"]


def test_the_teams_own_script_is_run_with_the_persons_words(box: Sandbox, tmp_path: Path) -> None:
    commit = next(i["commit"] for i in listed(box) if i["number"] == 3)
    sync = f"git:sync --build {APP} {OWN} {commit}"
    body = (
        "print('going back to', sys.argv[1:], flush=True)\n"
        f"data = json.dumps({{'command': {sync!r}}}).encode()\n"
        f"request = urllib.request.Request({box.told['control'] + '/command'!r}, data)\n"
        "sys.exit(json.load(urllib.request.urlopen(request))['exit'])"
    )
    change(box, tmp_path, script=script(tmp_path, body))
    done = box.run("-v", "api", "release:3", "--way", "script", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert "going back to ['api', 'release:3']" in done.stderr
    assert box.serves() == "v1.3.0"
    assert [s["where"] for s in done.document["steps"] if "release:3" in s["argv"]] == ["local"]
    change(box, tmp_path, identity=None)


def test_a_script_that_fails_or_calls_us_again_changes_nothing(box: Sandbox, tmp_path: Path) -> None:
    body = (
        f"again = subprocess.run({box.argv('api', 'previous', '--yes')!r}, capture_output=True, text=True)\n"
        "print(again.returncode, again.stderr, flush=True)\n"
        "sys.exit(9)"
    )
    change(box, tmp_path, script=script(tmp_path, body))
    done = box.run("api", "previous", "--way", "script", "--yes", "--json")
    assert done.code == 4, done.stderr
    assert "must not call rollback itself" in done.stderr
    assert "exit 9" in done.document["error"]["message"]
    assert (box.serves(), box.sent("git-receive-pack")) == ("v1.5.0", [])


def test_a_script_that_is_not_there_is_refused_and_leaves_nothing_behind(box: Sandbox, tmp_path: Path) -> None:
    change(box, tmp_path, script=[str(tmp_path / "missing.sh")])
    done = box.run("api", "previous", "--way", "script", "--yes", "--json")
    assert done.code == 3, done.stderr
    assert f"{APP}--incident" not in box.look()["apps"]


# ── a registry ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_numbered_image_is_gone_back_to_by_its_digest(box: Sandbox, tmp_path: Path) -> None:
    with running_registry() as registry:
        repository = released(box, registry, APP, ("v1.6.0", "v1.7.0"))
        images = registry.images[f"dokku/{APP}"]
        change(box, tmp_path, image_repository=repository)
        box.pull("retire", force=True)
        items = listed(box)
        assert [(i["name"], i["image"], i["running"]) for i in items[:2]] == [
            (items[0]["name"], f"{repository}:2", True),
            (items[1]["name"], f"{repository}:1", False),
        ]
        assert items[1]["commit"] is not None
        done = box.run("api", "image:1", "--way", "registry", "--yes", "--json")
        assert done.code == 0, done.stderr
        assert box.serves() == "v1.6.0"
        assert box.app()["metadata"] == f"{repository}@{images['1']}"
        refused = box.run("api", "image:9", "--way", "registry", "--yes", "--json")
        assert (refused.code, "not known" in refused.document["error"]["message"]) == (3, True)


def test_a_registry_that_does_not_answer_is_said_and_the_rest_is_listed(box: Sandbox, tmp_path: Path) -> None:
    change(box, tmp_path, image_repository=f"127.0.0.1:{free_port()}/dokku/{APP}")
    document = box.run("api", "--list", "--json").document
    (trouble,) = (s["trouble"] for s in document["sources"] if s["source"] == "registry")
    assert "nothing listens on that port" in trouble
    assert len(document["items"]) == 6
    (way,) = (w for w in document["items"][1]["ways"] if w["way"] == "registry")
    assert not way["available"]


# ── all of them, forth and back ──────────────────────────────────────────────────────────────────────────────────


def agreed(box: Sandbox, way: str, number: int, version: str, commit: str, document: dict[str, Any]) -> None:
    """Dokku's metadata, the containers, the service itself and this machine's ledger say the same."""
    app = box.app()
    (serving,) = (c for c in app["containers"] if c["id"] in app["current"].values())
    assert (serving["version"], serving["status"], box.serves()) == (version, "running", version)
    with contextlib.closing(sqlite3.connect(box.state / "journal.sqlite")) as journal:
        rows = journal.execute("SELECT payload FROM ledger WHERE app = ? AND kind = 'sighting' ORDER BY seq", (APP,))
        seen = json.loads(rows.fetchall()[-1][0])
    assert seen["images"] == [serving["image"]], (way, "the ledger saw another image")
    if way == "kept":
        attempt = f"{document['incident']}.1"
        assert (serving["labels"]["rollback.release"], serving["labels"]["rollback.attempt"]) == (str(number), attempt)
        assert seen["attempt"] == attempt
        assert (seen["metadata"], app["deploy_source"]) == (app["metadata"], "git-push")
        assert dict(app["refs"])[f"refs/heads/frozen-by-{document['incident']}"] == app["metadata"]
    elif way in ("git", "script"):
        assert "rollback.attempt" not in serving["labels"]
        assert (app["deploy_source"], app["metadata"].rpartition("#")[2]) == ("git-sync", commit)
        assert (seen["metadata"], seen["commit"], seen["certain"]) == (app["metadata"], commit, True)
    else:  # a tag's deploy: Dokku names what was deployed before it, and the ledger does not believe that
        assert (seen["metadata"], seen["certain"]) == (app["metadata"], False)


def test_ten_rollbacks_by_every_way_end_where_everybody_says_they_do(plugins: Sandbox, tmp_path: Path) -> None:
    box = plugins
    commits = {i["number"]: i["commit"] for i in listed(box) if i["number"]}
    versions = {1: "v1.1.0", 2: "v1.2.0", 3: "v1.3.0", 4: "v1.4.0"}
    sync = [f"git:sync --build {APP} {OWN} {commits[number]}" for number in (2, 3)]
    body = (
        f"line = {dict(zip(('release:2', 'release:3'), sync, strict=True))!r}[sys.argv[2]]\n"
        "data = json.dumps({'command': line}).encode()\n"
        f"request = urllib.request.Request({box.told['control'] + '/command'!r}, data)\n"
        "sys.exit(json.load(urllib.request.urlopen(request))['exit'])"
    )
    change(box, tmp_path, script=script(tmp_path, body))
    tags = {i["number"]: i["tag"] for i in listed(box) if i["number"]}
    session = [
        ("runbook", f"tag:{tags[4]}", 4), ("kept", "release:3", 3), ("git", "release:1", 1), ("kept", "release:4", 4),
        ("script", "release:2", 2), ("git", f"sha:{commits[4]}", 4), ("kept", f"tag:{tags[2]}", 2),
        ("script", "release:3", 3), ("kept", "release:1", 1), ("git", "release:2", 2),
    ]  # fmt: skip
    for way, target, number in session:
        done = box.run("api", target, "--way", way, "--yes", "--json")
        assert done.code == 0, (way, target, done.stderr)
        assert box.serves() == versions[number], (way, target)
        (running,) = (i for i in listed(box) if i["running"])
        if way == "runbook":  # it writes no metadata: Dokku goes on naming what was deployed before it
            assert running["subject"] == "Store thumbnails by key"
            assert running["last_healthy"] is None
        else:
            assert (running["number"], running["commit"]) == (number, commits[number]), (way, target)
            assert running["last_healthy"] is not None
        agreed(box, way, number, versions[number], commits[number], done.document)
    assert all(i["last_served"] for i in listed(box) if i["number"])
    assert (len(box.sent(f"git-receive-pack '{APP}'")), len(box.sent("git:sync"))) == (4, 5)
