"""A deploy is guarded: clean, breached, undone; and what must never happen."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import LocalSandbox, local_sandbox
from tests.sandboxes import Done

APP = "scenextras"
RECORD = f"{APP}--incident"
POST = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], sys.argv[2].encode(), timeout=60).read()"
WELL = {"health": "ok", "check": "", "error_rate": 0.0}
FAILS = {**WELL, "error_rate": 0.3}
USERS = 8
"""requests a second: enough to be judged, few enough to be computed ten times as fast"""
KEPT = "v1.5.0"
"""what runs before, and is kept"""


@pytest.fixture(params=["0.35.15", "0.38.27"])
def both(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LocalSandbox]:
    with local_sandbox(tmp_path, dokku=request.param, scenario="healthy") as sandbox:
        sandbox.pull("traffic", app=APP, per_second=USERS)
        yield sandbox


@pytest.fixture(params=["0.35.15", "0.38.27"])
def calm(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LocalSandbox]:
    """What ends well has to be seen nearly whole, on a busy machine too: time goes twice as fast only."""
    with local_sandbox(tmp_path, dokku=request.param, scenario="healthy", speed=2) as sandbox:
        sandbox.pull("traffic", app=APP, per_second=USERS)
        yield sandbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LocalSandbox]:
    with local_sandbox(tmp_path, scenario="healthy") as sandbox:
        sandbox.pull("traffic", app=APP, per_second=USERS)
        yield sandbox


def allow(box: LocalSandbox, what: str) -> None:
    """What services.yaml lets guards of api do."""
    file, line = Path(box.services), f"    app: {APP}\n"
    text = file.read_text()
    assert text.count(line) == 1
    file.write_text(text.replace(line, f"{line}    guard: {{on_breach: {what}}}\n"))


def deploys(box: LocalSandbox, version: str, behaviour: dict[str, Any], then: str = "") -> tuple[str, ...]:
    """A command that CI might run: it deploys that version."""
    told = json.dumps({"app": APP, "version": version, "wait": True, "behaviour": behaviour})
    return (sys.executable, "-c", f"{POST}{then}", f"{box.world.control.url}/deploy", told)


def guard(box: LocalSandbox, length: str, *words: str) -> Done:
    return box.run("guard", "api", "--for", length, "--json", *words)


def left(box: LocalSandbox) -> list[str]:
    """Records and locks that are there."""
    return [name for name in box.look()["apps"] if name.endswith(("--incident", "--takeover"))]


def pushes(box: LocalSandbox) -> int:
    return sum("git-receive-pack" in c["command"] and f"'{APP}'" in c["command"] for c in box.look()["commands"])


def watching(box: LocalSandbox, length: str, *words: str) -> Any:
    """A guard that watches."""
    running = box.begin("guard", "api", "--for", length, "--json", *words)
    for line in running.stderr:
        if line.startswith("guarding api"):
            return running
    raise AssertionError("it never watched")


def ended(running: Any) -> Done:
    out, err = running.communicate()
    return Done(code=running.returncode, stdout=out, stderr=err)


def test_a_clean_deploy_ends_complete_and_leaves_nothing(calm: LocalSandbox) -> None:
    """Where the command says that it failed, although its release is well, the end is no success."""
    fails = calm.world.host.machine.old
    done = guard(calm, "30s", "--", *deploys(calm, "v1.6.0", WELL, then="; raise SystemExit(9)" if fails else ""))
    assert done.document["closing"] == "deployment complete", done.stderr
    assert (done.code, done.document["command"]["exit"]) == ((7, 9) if fails else (0, 0))
    assert done.document["verdict"] == ("inconclusive" if fails else "clean")
    assert "deployment complete: healthy to the end; access log: 0 of " in done.document["close_reason"]
    assert (calm.serves(), left(calm)) == ("v1.6.0", [])


def test_a_lock_that_somebody_left_is_said_with_what_removes_it(calm: LocalSandbox) -> None:
    calm.pull("command", command=f"apps:create {APP}--takeover")
    done = guard(calm, "30s")
    assert done.code == 0 and done.document["left_over"], "the deploy is well all the same"
    assert "where nobody is at it any more, `rollback unfreeze api` removes it" in done.stderr
    assert sorted(left(calm)) == [RECORD, f"{APP}--takeover"]
    assert calm.run("unfreeze", "api", "--yes").code == 0
    assert left(calm) == []


def test_a_breach_is_told_and_nothing_is_changed(both: LocalSandbox) -> None:
    done = guard(both, "60s", "--", *deploys(both, "v1.6.0", FAILS))
    assert done.code == 6, done.stderr
    assert done.document["verdict"] == "breached"
    assert "failing: access log: " in done.document["error"]["message"]
    assert "at two looks in a row" in done.document["error"]["message"]
    assert done.document["error"]["fix"] == "rollback api previous"
    assert (both.serves(), left(both)) == ("v1.6.0", [])


def test_a_breach_is_rolled_back_once_and_proven(both: LocalSandbox) -> None:
    allow(both, "roll-back")
    assert both.run("keep", "api").code == 0
    done = guard(both, "60s", "--", *deploys(both, "v1.6.0", FAILS))
    assert (done.code, both.serves()) == (6, KEPT), done.stderr
    assert (done.document["verdict"], done.document["checked"]) == ("rolled-back", "passed")
    said = done.document["error"]["message"]
    assert "rolled back to " in said and "deploys are frozen until `rollback unfreeze api`" in said
    assert left(both) == [RECORD], "it holds the team's branch"
    before = pushes(both)
    again = guard(both, "60s")
    assert (again.code, pushes(both)) == (3, before), again.stderr
    assert "frozen" in again.document["error"]["message"]
    assert both.run("unfreeze", "api", "--yes").code == 0
    assert left(both) == []
    if both.world.host.machine.old:  # what it came back to fails as well: it was not the release, and nothing is tried
        both.pull("behaviour", app=APP, error_rate=0.3)
        twice = guard(both, "60s")
        assert (twice.code, twice.document["verdict"], both.serves()) == (6, "breached", KEPT), twice.stderr
        assert pushes(both) == before and "it was not rolled back by itself" in twice.document["error"]["message"]


@pytest.mark.parametrize("what", ["tell", "ask"])
def test_on_breach_only_lowers_what_services_yaml_allows(box: LocalSandbox, what: str) -> None:
    allow(box, what)
    before = len(box.look()["commands"])
    done = guard(box, "60s", "--on-breach", "roll-back", "--", "false")
    assert (done.code, len(box.look()["commands"])) == (2, before), done.stderr
    assert f"allows for api: {what}" in done.document["error"]["message"]


def test_without_a_terminal_ask_tells(box: LocalSandbox) -> None:
    allow(box, "roll-back")
    done = guard(box, "60s", "--on-breach", "ask", "--", *deploys(box, "v1.6.0", FAILS))
    assert (done.code, box.serves(), done.document["verdict"]) == (6, "v1.6.0", "breached"), done.stderr
    assert "this is no terminal" in done.document["error"]["message"]


def test_what_is_not_known_is_never_rolled_back(box: LocalSandbox) -> None:
    """What ran before is not kept, and what is kept was never seen healthy from here."""
    allow(box, "roll-back")
    done = guard(box, "60s", "--", *deploys(box, "v1.6.0", FAILS))
    assert (done.code, box.serves(), done.document["verdict"]) == (6, "v1.6.0", "breached"), done.stderr
    assert "it was not rolled back by itself: " in done.document["error"]["message"]
    assert left(box) == []


def test_too_few_requests_are_never_clean(box: LocalSandbox) -> None:
    box.pull("traffic", app=APP, per_second=0)
    done = guard(box, "60s", "--", *deploys(box, "v1.6.0", WELL))
    assert (done.code, done.document["verdict"]) == (7, "inconclusive"), done.stderr
    assert "60 are the least" in done.document["error"]["message"]


def test_measurements_that_all_failed_are_not_a_success(box: LocalSandbox) -> None:
    """The access log is off and the service cannot be asked: nothing is known, and nothing is sent."""
    allow(box, "roll-back")
    running = watching(box, "60s", "--", *deploys(box, "v1.6.0", WELL))
    box.pull("ssh", listening=False)
    box.pull("cut")
    done = ended(running)
    assert (done.code, done.document["verdict"], box.serves()) == (7, "inconclusive", "v1.6.0"), done.stderr
    assert "the host was not put in order" in done.document["left_over"][0], "the claim goes stale by itself"


def test_a_command_that_fails_or_deploys_nothing_is_said(box: LocalSandbox) -> None:
    failed = guard(box, "60s", "--", sys.executable, "-c", "raise SystemExit(3)")
    assert (failed.code, failed.document["command"]["exit"]) == (4, 3), failed.stderr
    assert "nothing went live: the old release serves" in failed.document["error"]["message"]
    nothing = guard(box, "60s", "--", "true")
    assert (nothing.code, nothing.document["verdict"]) == (7, "inconclusive"), nothing.stderr
    assert "there is nothing to guard" in nothing.document["error"]["message"]
    assert nothing.document["error"]["fix"] == "rollback status api"
    told = json.dumps({"command": f"config:set {APP} FLAG=1"})
    config = guard(box, "60s", "--", sys.executable, "-c", POST, f"{box.world.control.url}/command", told)
    assert (config.code, config.document["verdict"]) == (7, "inconclusive"), config.stderr
    assert "started web.1 anew" in config.document["error"]["message"]
    assert config.document["error"]["fix"] == "rollback guard api"
    missing = guard(box, "60s", "--", "no-such-program-here")
    assert (missing.code, missing.document["command"]["exit"]) == (4, None), missing.stderr
    assert left(box) == []


def test_what_the_command_prints_is_in_ci_s_log(box: LocalSandbox) -> None:
    """Line by line as it comes, without secrets; its last line counts without an end as well."""
    words = "import sys; print('remote: build failed', flush=True); sys.stderr.write('API_TOKEN=abcdef0123456789'); "
    words += "sys.exit(1)"
    done = guard(box, "60s", "--", sys.executable, "-c", words)
    assert done.code == 4, done.stderr
    lines = done.stderr.splitlines()
    assert lines.index("    | remote: build failed") < lines.index("the command: exit 1")
    assert any(line.startswith("    | API_TOKEN=") for line in lines) and "abcdef0123456789" not in done.stderr
    quiet = box.run("guard", "api", "--for", "60s", "-q", "--", sys.executable, "-c", words)
    assert quiet.code == 4 and "build failed" not in quiet.stderr


def test_another_deploy_ends_it_without_a_word_on_either(box: LocalSandbox) -> None:
    allow(box, "roll-back")
    running = watching(box, "10m", "--", *deploys(box, "v1.6.0", WELL))
    box.pull("deploy", app=APP, version="v1.7.0", behaviour=FAILS, wait=True)
    done = ended(running)
    assert (done.code, box.serves(), done.document["verdict"]) == (7, "v1.7.0", "inconclusive"), done.stderr
    assert "not what was being watched any more" in done.document["error"]["message"]


def test_two_guards_of_one_deploy(box: LocalSandbox) -> None:
    running = watching(box, "10m")
    second = guard(box, "60s")
    assert second.code == 8, second.stderr
    assert "another guard follows this deploy" in second.document["error"]["message"]
    assert box.run("abort", "api").code == 3, "nobody can be asked"
    stopped = box.run("abort", "api", "--yes", "--json")
    assert stopped.code == 0, stopped.stderr
    done = ended(running)
    assert (done.code, left(box)) == (7, []), done.stderr
    assert "ended from outside" in done.document["error"]["message"]
    assert box.run("abort", "api", "--yes").code == 3


def test_a_person_goes_before_a_guard(box: LocalSandbox) -> None:
    """Neither another machine's person nor this one's needs --take-over, and the guard gives way."""
    assert box.run("keep", "api").code == 0
    allow(box, "roll-back")
    running = watching(box, "10m", "--", *deploys(box, "v1.6.0", WELL))
    back = box.run("api", "previous", "--yes", "--json")
    assert (back.code, box.serves()) == (0, KEPT), back.stderr
    done = ended(running)
    assert done.code == 7, done.stderr
    assert pushes(box) == 2, "one deploy of the team, one of the person"
    assert box.look()["apps"][RECORD]["config"]["ROLLBACK_DEPLOY"] == "-", "nobody can abort a person's incident"
    assert box.run("abort", "api", "--yes").code == 3


def test_an_interrupt_ends_the_guard_and_leaves_nothing(box: LocalSandbox) -> None:
    running = watching(box, "10m")
    running.send_signal(signal.SIGINT)
    done = ended(running)
    assert (done.code, left(box), done.document["closing"]) == (7, [], "aborted"), done.stderr
    assert "stopped before its end" in done.document["error"]["message"]


def test_a_guard_that_died_is_taken_up_where_it_was(box: LocalSandbox) -> None:
    """Its claim stays, and `resume` watches on; what was counted before is known still."""
    running = watching(box, "10m", "--", *deploys(box, "v1.6.0", FAILS))
    running.stop()
    assert left(box) == [RECORD]
    found = box.run("check", "api", "--json").document["items"]
    assert [i["result"] for i in found if i["topic"] == "guard"] == ["note"]
    assert "GUARDED " in box.run("status", "api").stdout
    resumed = box.run("resume", "--json")
    assert (resumed.code, resumed.document["verdict"], left(box)) == (6, "breached", []), resumed.stderr
    assert box.serves() == "v1.6.0"


def test_a_guard_inside_somebodys_incident_names_a_way_on(box: LocalSandbox) -> None:
    """A guard takes nothing over, so it does not say that it could."""
    box.pull("command", command=f"apps:create {RECORD}")
    keys = "ROLLBACK_SCHEMA=1 ROLLBACK_INCIDENT=other-1 ROLLBACK_BY=ann@laptop ROLLBACK_STATE=executing"
    box.pull("command", command=f"config:set --no-restart {RECORD} {keys} ROLLBACK_SINCE=2026-11-23T22:00:00Z")
    done = guard(box, "60s", "--", "true")
    assert done.code == 8, done.stderr
    assert "ann@laptop has incident other-1" in done.document["error"]["message"]
    assert done.document["error"]["fix"] == "rollback status api"
    assert box.run("status", "api").code == 0


def test_a_health_url_that_another_app_answers_well_is_no_health(box: LocalSandbox) -> None:
    """gateway and transcription say the same when they are well; our looks are missing in gateway's access log."""
    gateway = f"{APP}-gateway"
    box.pull("traffic", app=gateway, per_second=USERS)
    running = box.begin("guard", "gateway", "--for", "3m", "--json")
    for line in running.stderr:
        if "own probes" in line:
            break
    box.pull("fault", kind="wrong_app", app=gateway, by=f"{APP}-transcription")
    done = ended(running)
    assert (done.code, done.document["verdict"]) == (7, "inconclusive"), done.stderr
    assert "another site answers the health URL" in done.document["error"]["message"]
