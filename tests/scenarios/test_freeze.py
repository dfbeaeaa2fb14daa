"""Letting deploys through again after an incident: what was pushed, what a rebuild would do, the tip on purpose."""

import subprocess
from pathlib import Path

from tests.harness import LocalSandbox
from tests.sandboxes import Sandbox

APP = "scenextras"


def command(box: Sandbox, line: str) -> int:
    """What a colleague types."""
    code: int = box.pull("command", command=line)["exit"]
    return code


def status(box: Sandbox) -> dict[str, object]:
    found: dict[str, object] = box.run("status", "api", "--json").document["items"][0]
    return found


def watched(box: Sandbox, watch: str = "5m") -> "subprocess.Popen[str]":
    """A rollback whose watch has begun, and has looked once: the later looks are measured by that."""
    running = box.begin("api", "previous", "--yes", "--watch", watch, "--json")
    assert running.stderr is not None
    while running.stderr.readline().strip() != "watching":
        assert running.poll() is None
    looks = len(box.sent(f"ps:inspect {APP}"))
    box.await_sent(f"ps:inspect {APP}", running, times=looks + 1)
    return running


def test_unfreezing_lists_what_was_pushed_and_says_what_a_rebuild_would_do(local: Sandbox) -> None:
    bad = local.app()["metadata"]
    assert local.run("api", "previous", "--yes").code == 0
    fix = local.pull("deploy", app=APP, version="v1.5.1", message="Fix the thumbnails", wait=True)["commit"]
    assert local.serves() == "v1.4.0", "frozen"
    done = local.run("unfreeze", "api", "--yes", "--json")
    assert done.code == 0, done.stderr
    document = done.document
    assert (document["settled"], document["tip"], document["branch"]) == (False, fix, "main")
    assert [c["commit"] for c in document["pushed"]] == [fix, bad], "newest first, down to what runs"
    assert [bool(c["bad"]) for c in document["pushed"]] == [False, True]
    assert document["pushed"][0]["subject"] == "Fix the thumbnails"
    assert document["push"].endswith(f"{APP} HEAD:main")
    assert "UNSETTLED" in done.stderr
    assert "MARKED BAD: left by incident" in done.stderr
    assert "next normal deploy" in done.stderr
    assert f"{APP}--incident" not in local.look()["apps"]
    assert status(local)["settled"] is False


def test_unfreezing_and_rebuilding_never_silently_returns_to_the_bad_release(local: Sandbox) -> None:
    bad = local.app()["metadata"]
    assert local.run("api", "previous", "--yes").code == 0
    assert command(local, f"ps:rebuild {APP}") == 0
    assert local.serves() == "v1.4.0", "while it is frozen a rebuild builds what we sent"
    assert status(local)["settled"] is True
    undone = local.run("unfreeze", "api", "--yes", "--json")
    assert undone.document["settled"] is False
    assert f"stands at {bad[:10]}: a rebuild would deploy that" in undone.stderr
    assert status(local)["settled"] is False
    check = local.run("check", "api", "--json").document
    assert any(i["topic"] == "settled" and "UNSETTLED" in i["text"] for i in check["items"])
    assert command(local, f"ps:rebuild {APP}") == 0
    assert local.serves() == "v1.5.0", "as real hosts do"
    seen = status(local)
    assert (seen["rebuilt"], seen["release"], seen["settled"]) == (True, "rebuilt", None)
    assert "NOT WHAT WAS DEPLOYED LAST" in local.run("status", "api").stdout
    check = local.run("check", "api", "--json").document
    assert [i["topic"] for i in check["items"] if "NOT WHAT WAS DEPLOYED LAST" in i["text"]] == ["rebuilt"]
    back = local.run("api", "previous", "--yes", "--json")
    assert (back.code, back.document["to"]["number"]) == (0, 4), "not one further back"
    assert local.serves() == "v1.4.0"


def test_a_rebuild_by_a_colleague_during_the_watch_is_an_alarm_that_names_it(local: Sandbox) -> None:
    running = watched(local)
    command(local, f"git:set {APP} deploy-branch main")
    command(local, f"ps:rebuild {APP}")
    out, err = running.communicate(timeout=60)
    assert running.returncode == 6, err
    assert "not ours any more" in out or "somebody touched it" in out
    assert "deploy branch was frozen-by-" in out or "deployed was" in out


def test_a_restart_of_our_own_release_during_the_watch_is_named_and_no_alarm(local: Sandbox) -> None:
    running = watched(local, "2m")
    command(local, f"ps:restart {APP}")
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err + out
    assert "restarted" in err


def test_a_record_that_is_removed_under_a_watch_is_put_back_at_its_end(local: LocalSandbox, tmp_path: Path) -> None:
    """Without it another machine could not let deploys through again: it tells the team's branch."""
    running = watched(local, "1m")
    command(local, f"apps:destroy {APP}--incident --force")
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err + out
    done = local.with_state(tmp_path / "elsewhere").run("unfreeze", "api", "--yes")
    assert done.code == 0, done.stderr
    assert status(local)["frozen"] is False
    assert f"{APP}--incident" not in local.look()["apps"]


def test_the_tip_is_deployed_on_purpose_and_proven(local: Sandbox) -> None:
    assert local.run("api", "previous", "--yes").code == 0
    fix = local.pull("deploy", app=APP, version="v1.5.1", wait=True)["commit"]
    refused = local.run("unfreeze", "api", "--deploy-tip", "--json")
    assert (refused.code, refused.document["error"]["fix"]) == (3, "add --yes")
    assert f"{APP}--incident" in local.look()["apps"], "nothing was unfrozen"
    done = local.run("unfreeze", "api", "--deploy-tip", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert done.document["deploy"]["verdict"] == "passed"
    assert (local.serves(), local.app()["metadata"].endswith(fix)) == ("v1.5.1", True)
    assert f"{APP}--incident" not in local.look()["apps"]
    assert status(local)["settled"] is True
    marked = {i["commit"] for i in local.run("api", "--list", "--json").document["items"] if i["bad"]}
    assert fix not in marked
    kept = [i for i in local.run("api", "--list", "--json").document["items"] if i["number"] == 4]
    assert kept[0]["bad"] is None, "what was left for the fix is no worse for that"
    assert local.run("unfreeze", "api", "--deploy-tip", "--yes").code == 9


def test_a_tip_that_is_marked_bad_is_named_before_it_is_deployed(local: Sandbox) -> None:
    assert local.run("api", "previous", "--yes").code == 0
    done = local.run("unfreeze", "api", "--deploy-tip", "--yes", "--json")
    assert "is marked bad: left by incident" in done.stderr
    assert done.code == 6, "v1.5.0 is ill still, and that is said"


def test_at_a_terminal_unfreezing_is_asked_and_anything_else_leaves_it_frozen(box: Sandbox) -> None:
    assert box.run("api", "previous", "--yes").code == 0
    kept = box.typed("no\n", "unfreeze", "api")
    assert kept.code == 3
    assert "stays frozen" in kept.stdout
    assert f"{APP}--incident" in box.look()["apps"]
    unfrozen = box.typed("unfreeze\n", "unfreeze", "api")
    assert unfrozen.code == 0, unfrozen.stdout
    assert f"{APP}--incident" not in box.look()["apps"]


def test_at_the_end_of_a_watched_rollback_a_person_is_asked_about_the_freeze(box: Sandbox) -> None:
    done = box.typed("\ny\ny\n", "api", "previous", "--watch", "6s")
    assert done.code == 0, done.stdout
    assert "let deploys of api through? [y/N" in done.stdout
    assert "next normal deploy" in done.stdout
    assert f"{APP}--incident" not in box.look()["apps"]


def test_yes_asks_nothing_on_a_terminal_neither(box: Sandbox) -> None:
    done = box.typed("", "api", "previous", "--yes", "--watch", "6s")
    assert done.code == 0, done.stdout
    assert "[y/N" not in done.stdout
    assert "api stays frozen until: rollback unfreeze api" in done.stdout


def test_whatever_changes_a_host_is_asked_on_a_terminal_and_needs_a_word_without_one(box: Sandbox) -> None:
    assert (box.run("keep", "gateway").code, box.run("api", "previous", "--plan").code) == (0, 0), "these never ask"
    commands: tuple[tuple[str, ...], ...] = (("freeze", "api"), ("api", "previous"))
    for words in commands:
        refused = box.run(*words, "--json")
        assert refused.code == 3 and "add --yes" in refused.document["error"]["fix"]
        for said in ("\n", "no\n"):
            assert box.typed(said, *words).code == 3
    assert not box.sent("apps:create scenextras--incident"), "nothing was sent"
    assert box.typed("\n\nY\n", "api", "previous").code == 0
    for words in (("unfreeze", "api"), ("undo", "--way", "git")):
        refused = box.run(*words, "--json")
        assert refused.code == 3 and "add --yes" in refused.document["error"]["fix"]
    assert box.typed("yes\n", "unfreeze", "api").code == 0
    assert box.typed("y\n", "freeze", "api").code == 0


def test_who_holds_a_service_since_when_and_the_way_on_is_in_status_and_check(local: Sandbox) -> None:
    assert local.run("api", "previous", "--yes").code == 0
    record = f"{APP}-gateway--incident"
    assert command(local, f"apps:create {record}") == 0
    words = "ROLLBACK_INCIDENT=x1 ROLLBACK_BY=ann@desk ROLLBACK_SINCE=2026-11-23T21:00:00Z ROLLBACK_STATE=executing"
    assert command(local, f"config:set --no-restart {record} {words}") == 0
    frozen = local.run("freeze", "search", "--yes", "--reason", "\x1b[31mthe 'database'\nmoves", "--json")
    assert (frozen.code, frozen.document["reason"]) == (0, "the 'database' moves"), frozen.stderr
    told = local.run("status").stdout
    assert "FROZEN by " in told and " (the 'database' moves): rollback unfreeze search" in told
    assert ": rollback unfreeze api" in told
    assert "INCIDENT x1 of ann@desk since 2026-11-23T21:00:00Z" in told
    items = {i["service"]: i for i in local.run("status", "--json").document["items"]}
    assert (items["api"]["frozen"], items["api"]["incident"]) == (True, None)
    assert (items["gateway"]["frozen"], items["gateway"]["incident"]) == (False, "x1")
    assert [i["frozen_reason"] for i in items.values()].count("the 'database' moves") == 1
    lines = local.run("check", "--json").document["items"]
    assert any("(the 'database' moves)" in i["text"] for i in lines if i["subject"] == "search")
    check = {i["topic"]: i for i in lines if i["subject"] != "search"}
    assert check["frozen"]["fix"] == "rollback unfreeze api"
    assert check["incident"]["text"].startswith("incident x1 of ann@desk since 2026-11-23T21:00:00Z (")


def test_without_a_terminal_the_exact_command_is_said(calm: Sandbox) -> None:
    done = calm.run("api", "previous", "--yes", "--watch", "12s")
    assert done.code == 0, done.stderr
    assert "rollback unfreeze api" in done.stderr
    assert f"{APP}--incident" in calm.look()["apps"]


def test_what_is_back_where_the_branch_stands_is_settled(local: Sandbox) -> None:
    local.pull("scenario", name="healthy")
    assert local.run("keep", "api").code == 0
    assert local.run("api", "previous", "--yes").code == 0
    assert local.run("undo", "--yes").code == 0
    done = local.run("unfreeze", "api", "--yes", "--json")
    assert (done.code, done.document["settled"], done.document["pushed"]) == (0, True, []), done.stderr


def test_a_deploy_branch_with_quotes_in_its_name_stops_the_plan_before_anything_is_sent(local: Sandbox) -> None:
    """As `git:set APP deploy-branch "'main'"` leaves it: the way back would go well, and no unfreeze could end it."""
    assert command(local, f"git:set {APP} deploy-branch 'main'") == 0
    refused = local.run("api", "previous", "--yes")
    assert refused.code == 3 and "a freeze could not give it back" in refused.stderr
    assert not local.sent("git-receive-pack") and not local.sent("apps:create")
    assert local.run("check", "api").code == 3, "and what names that branch is no fault of this program"
    assert command(local, f"git:set {APP} deploy-branch main") == 0
    assert local.run("api", "previous", "--yes").code == 0
    assert local.run("unfreeze", "api", "--yes").code == 0
