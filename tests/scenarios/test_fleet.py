"""`rollback all previous` on the sandbox: one phrase, one service after the other, stopped by the first that fails."""

import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import LocalSandbox
from tests.sandboxes import Done, Sandbox

APPS = {
    "search": "scenextras-autocomplete",
    "transcription": "scenextras-transcription",
    "api": "scenextras",
    "gateway": "scenextras-gateway",
}
ORDER = list(APPS)
NOW = {"search": "v1.2.0", "transcription": "v1.3.0", "api": "v1.5.0", "gateway": "v1.2.1"}
PREVIOUS = {"search": "v1.1.0", "transcription": "v1.2.1", "api": "v1.4.0", "gateway": "v1.2.0"}
SAID = ("--confirm", "all previous")


def pushed(box: Sandbox) -> list[str]:
    """The apps that were pushed to, in order."""
    return [command.split("'")[1] for command in box.sent("git-receive-pack")]


def serving(box: Sandbox) -> dict[str, str]:
    return {name: box.serves(name) for name in APPS}


def stages(done: Done) -> dict[str, str]:
    found: dict[str, str] = done.document["stages"]
    return found


def written(box: Sandbox) -> list[str]:
    """Everything sent that changes a host, but for what belongs to nobody's rollback."""
    writes = ("apps:create", "config:set", "git:set", "git-receive-pack", "checks:", "git:sync", "apps:destroy")
    asked = ("checks:report",)
    sent = [c["command"] for c in box.look()["commands"]]
    return [c for c in sent if c.startswith(writes) and not c.startswith(asked)]


def test_one_app_under_two_names_does_not_go_back_twice(local: LocalSandbox) -> None:
    """A host by its name and by its address cannot be told to be one by services.yaml; what runs there shows it."""
    file = Path(local.services)
    read = yaml.safe_load(file.read_text())
    (name,) = read["hosts"]
    read["hosts"]["again"] = read["hosts"][name] | {"ssh": read["hosts"][name]["ssh"].replace("127.0.0.1", "localhost")}
    read["services"]["twin"] = read["services"]["api"] | {"host": "again", "order": 35}
    file.write_text(yaml.safe_dump(read))
    refused = local.run("all", "previous", *SAID)
    assert refused.code == 3, refused.stderr
    assert f"twin: its app is that of api: the same containers run as scenextras on {name}" in refused.stderr
    assert "--except twin" in refused.stderr
    assert serving(local) == NOW
    done = local.run("all", "previous", *SAID, "--except", "twin", "--no-watch")
    assert (done.code, serving(local)) == (0, PREVIOUS), done.stderr


def test_all_four_go_back_in_order_under_one_id(local: Sandbox) -> None:
    assert serving(local) == NOW
    done = local.run("all", "previous", *SAID, "--severity", "P2", "--json")
    assert done.code == 0, done.stderr
    document = done.document
    assert {item["severity"] for item in document["items"]} == {"P2"}
    assert (document["kind"], document["order"], document["error"]) == ("fleet", ORDER, None)
    assert stages(done) == dict.fromkeys(ORDER, "done")
    assert [item["service"] for item in document["items"]] == ORDER
    assert {item["verdict"] for item in document["items"]} == {"passed"}
    assert {item["incident"] for item in document["items"]} == {document["incident"]}
    assert serving(local) == PREVIOUS
    assert pushed(local)[-4:] == list(APPS.values()), "each once, in order"
    apps = local.look()["apps"]
    records = {name: apps[f"{app}--incident"]["config"] for name, app in APPS.items()}
    assert {r["ROLLBACK_INCIDENT"] for r in records.values()} == {document["incident"]}
    attempts = {
        a["labels"]["rollback.attempt"]
        for app in APPS.values()
        for a in apps[app]["containers"]
        if a["labels"].get("rollback.attempt")
    }
    assert {a.rpartition(".")[0] for a in attempts} == {document["incident"]}
    for name in ORDER:
        assert f"rollback unfreeze {name}" in done.stderr
    listed = local.run("incidents", "--json").document["items"]
    assert {i["group"] for i in listed} == {document["incident"]}
    parts = [i["incident"] for i in reversed(listed)]
    assert len(set(parts)) == 4
    whole = local.run("postmortem", document["incident"], "--json")
    assert (whole.code, whole.document["error"]["code"]) == (3, "refused"), "each has its own"
    assert whole.document["error"]["fix"] == " · ".join(f"rollback postmortem {part}" for part in parts)
    assert local.run("postmortem", parts[0], "--json").document["service"] == ORDER[0]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--confirm", "all  previous"), 3),
        (("--confirm", "yes"), 3),
        (("--yes",), 3),
        ((), 3),
        ((*SAID, "--read-only"), 3),
        ((*SAID, "--expect-current", "release:1"), 2),
        ((*SAID, "--parallel", "2"), 2),
    ],
)
def test_without_the_phrase_nothing_is_sent(local: Sandbox, words: tuple[str, ...], code: int) -> None:
    done = local.run("all", "previous", *words, "--json")
    assert done.code == code, done.stderr
    assert written(local) == []
    assert local.run("incidents", "--json").document["items"] == []


def test_only_previous_is_a_target_for_all(local: Sandbox) -> None:
    assert local.run("all", "release:3", *SAID).code == 2
    assert local.run("api", "previous", *SAID).code == 2
    assert written(local) == []


def test_a_wrong_phrase_at_the_terminal_sends_nothing_and_the_downtime_is_named(box: Sandbox) -> None:
    done = box.typed("all\n", "all", "previous", "--yes")
    assert done.code == 3
    assert "does not answer meanwhile: search for 10-30 s" in done.stdout
    assert "not confirmed ('all')" in done.stdout and "how severe is it?" not in done.stdout
    assert written(box) == []
    done = box.typed("p9\np1\ny\nall of them\n", "all", "previous")
    assert done.code == 3 and "'P9' is none of them" in done.stdout
    assert done.stdout.count("how severe is it? [P1/P2/P3/P4, Enter: not said]") == 2
    assert "watch all 4 for 15 min afterwards?" in done.stdout and "not confirmed ('all of them')" in done.stdout
    assert written(box) == []


def test_a_plan_for_all_shows_every_plan_and_sends_nothing(local: Sandbox) -> None:
    done = local.run("all", "previous", "--plan", "--keep-current", "--json")
    assert done.code == 0, done.stderr
    assert [item["kind"] for item in done.document["items"]] == ["plan"] * 4
    assert len({item["incident"] for item in done.document["items"]}) == 1
    keeping = [item["service"] for item in done.document["items"] if "keep" in [s["id"] for s in item["steps"]]]
    assert "api" in keeping, "its release was never kept"
    assert written(local) == []


def test_one_that_is_back_already_is_named_and_can_be_left_out(local: Sandbox) -> None:
    assert local.run("api", "previous", "--yes").code == 0
    before = written(local)
    refused = local.run("all", "previous", *SAID, "--json")
    assert refused.code == 3
    message = refused.document["error"]["message"]
    assert "api came back to release:4 by a rollback of " in message
    assert "one release further" in message
    assert "--except api" in refused.document["error"]["fix"]
    assert written(local) == before
    done = local.run("all", "previous", *SAID, "--except", "api", "--json")
    assert done.code == 0, done.stderr
    assert serving(local) == PREVIOUS


def test_it_stops_at_the_second_and_goes_on_when_that_is_settled(local: Sandbox) -> None:
    local.pull("fault", kind="fail_next_deploy", mode="check", app=APPS["transcription"])
    done = local.run("all", "previous", *SAID, "--json")
    assert done.code == 4, done.stderr
    assert stages(done) == {
        "search": "done",
        "transcription": "stopped",
        "api": "not started",
        "gateway": "not started",
    }
    assert done.document["error"]["message"].startswith("stopped at transcription")
    assert [item["exit_code"] for item in done.document["items"]] == [0, 4, 3, 3]
    for line in ("search           DONE", "transcription    STOPPED", "gateway          NOT STARTED"):
        assert line in done.stderr
    assert serving(local) == {**NOW, "search": "v1.1.0"}
    run = done.document["incident"]

    again = local.run("resume", run, *SAID, "--json")
    assert (again.code, stages(again)) == (4, stages(done)), "a person has to settle what failed"
    other = local.run("transcription", "previous", "--yes", "--json")
    assert other.code == 3
    assert f"rollback resume {run}" in other.document["error"]["fix"]
    part = done.document["items"][1]["journal"]
    closed = local.run("resume", part, "--close", "not-recovered", "--reason", "by hand", "--json")
    assert closed.code == 4, closed.stderr

    unasked = local.run("resume", run, "--json")
    assert (unasked.code, serving(local)["api"]) == (3, "v1.5.0")
    assert '--confirm "all previous"' in unasked.document["error"]["fix"]
    done = local.run("resume", "--json", *SAID)
    assert done.code == 4, "one of them is not back"
    assert stages(done) == dict.fromkeys(ORDER, "done")
    assert serving(local) == {**PREVIOUS, "transcription": NOW["transcription"]}
    assert len(pushed(local)) == len(set(pushed(local)))
    assert local.run("resume").code == 3


def test_somebody_deploys_in_between_and_that_service_is_not_touched(local_slow: Sandbox) -> None:
    running = local_slow.begin("all", "previous", *SAID, "--json")
    local_slow.await_that(lambda app: bool(app["lock_held"]), APPS["search"])
    local_slow.pull("deploy", app=APPS["gateway"], version="v1.3.0", wait=True)
    out, err = running.communicate(timeout=110)
    done = Done(code=running.returncode, stdout=out, stderr=err)
    assert done.code == 3, err
    assert stages(done) == {"search": "done", "transcription": "done", "api": "done", "gateway": "stopped"}
    assert "not as confirmed any more" in done.document["error"]["message"]
    assert local_slow.serves("gateway") == "v1.3.0"
    assert f"{APPS['gateway']}--incident" not in local_slow.look()["apps"]
    # what runs now is shown and confirmed anew
    run = done.document["incident"]
    again = local_slow.run("resume", run, "--json", *SAID)
    assert again.code == 0, again.stderr
    assert again.document["items"][3]["from"]["commit"] != done.document["items"][3]["from"]["commit"]
    assert local_slow.serves("gateway") in ("v1.2.1", "v1.2.0")


def test_killed_in_the_middle_and_resumed_nothing_is_sent_twice(slow: LocalSandbox) -> None:
    running = slow.process("all", "previous", *SAID)
    slow.await_that(lambda app: bool(app["lock_held"]), APPS["transcription"])
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=10)
    done = slow.run("resume", "--json", *SAID)
    assert done.code == 0, done.stderr
    assert stages(done) == dict.fromkeys(ORDER, "done")
    assert serving(slow) == PREVIOUS
    ours = [app for app in pushed(slow) if app in APPS.values()]
    assert ours == list(APPS.values()), "each exactly once"


def test_an_interrupt_in_the_middle_means_unknown_and_a_second_console_waits(local_slow: Sandbox) -> None:
    running = local_slow.begin("all", "previous", *SAID, "--json")
    local_slow.await_that(lambda app: bool(app["lock_held"]), APPS["transcription"])
    run = local_slow.look()["apps"][f"{APPS['search']}--incident"]["config"]["ROLLBACK_INCIDENT"]
    other = local_slow.run("resume", run, *SAID, "--json")
    assert (other.code, other.document["error"]["code"]) == (8, "taken-by-other")
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 5, err
    assert f"rollback resume {run}" in out
    closed = local_slow.run("resume", run, "--close", "aborted", "--reason", "enough", "--json")
    assert stages(closed) == dict.fromkeys(ORDER, "done")
    assert serving(local_slow)["api"] == "v1.5.0"
    assert local_slow.run("incidents", "--json").document["items"][0]["state"] == "closed"


def test_a_record_of_somebody_else_blocks_all_unless_it_is_taken_over(local: Sandbox) -> None:
    record = f"{APPS['gateway']}--incident"
    local.pull("command", command=f"apps:create {record}")
    local.pull("command", command=f"config:set --no-restart {record} ROLLBACK_INCIDENT=x1 ROLLBACK_BY=ann@desk")
    before = len(local.look()["commands"])
    refused = local.run("all", "previous", *SAID, "--json")
    assert refused.code == 3
    assert "ann@desk has incident x1" in refused.document["error"]["message"]
    assert not pushed(local)
    assert len(local.look()["commands"]) > before
    done = local.run("all", "previous", *SAID, "--no-freeze", "--take-over", "--reason", "Ann is asleep", "--json")
    assert done.code == 0, done.stderr
    assert serving(local) == PREVIOUS
    apps: dict[str, Any] = local.look()["apps"]
    assert not [name for name in apps if name.endswith("--incident")], "without a freeze no record stays"


def test_several_at_once_where_the_host_allows_it(slow: Sandbox, tmp_path: Path) -> None:
    text = Path(slow.services).read_text()
    more = tmp_path / "services.yaml"
    more.write_text(text.replace("sandbox: true", "sandbox: true\n    max_parallel: 4"))
    assert "max_parallel" in more.read_text()
    slow.services = str(more)
    done = slow.run("all", "previous", *SAID, "--parallel", "4", "--json")
    assert done.code == 0, done.stderr
    assert serving(slow) == PREVIOUS
    began = [item["steps"][0]["started_at"] for item in done.document["items"]]
    ended = [item["steps"][-1]["started_at"] for item in done.document["items"]]
    assert max(began) <= min(ended), "they were under way together"


def test_the_next_begins_when_one_is_proven_and_all_are_watched(calm: Sandbox) -> None:
    done = calm.run("all", "previous", *SAID, "--watch", "12s", "--json")
    assert done.code == 0, done.stderr
    assert {item["closing"] for item in done.document["items"]} == {"recovered"}
