"""What is told of a rollback, to people and to whoever comes next: one incident, looked at from every side."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import LocalSandbox
from tests.sandboxes import Sandbox

CANARY = "canary-4f1e8c2b7a"


def test_a_list_with_nothing_in_it_says_so_in_one_line(local: LocalSandbox) -> None:
    for command, said in (
        ("incidents", "no incident of this machine is on record\n"),
        ("confirm", "no plan waits: no agent has proposed one on this machine\n"),
    ):
        done = local.run(command)
        assert (done.code, done.stdout) == (0, said)
        assert local.run("-q", command).stdout == said, "it is the result"
        assert local.run(command, "--json").document["items"] == []


def test_one_rollback_told_shortly_and_found_again_from_every_side(local: Sandbox, tmp_path: Path) -> None:
    local.environ["ROLLBACK_CANARY_TOKEN"] = CANARY
    done = local.run("api", "previous", "--yes", "--severity", "P1", "--reason", f"orders fail, token={CANARY}")
    assert (done.code, local.serves()) == (0, "v1.4.0"), done.stderr
    assert len(done.stderr.splitlines()) + len(done.stdout.splitlines()) <= 24, done.stderr
    assert done.stdout.startswith("api is back on release:4: verified, not watched")
    assert "#5 DONE" not in done.stderr, "what the host prints is in a file"
    named = next(line for line in done.stderr.splitlines() if "what the host printed: " in line)
    output = Path(named.partition("printed: ")[2])
    assert "#5 DONE" in output.read_text()
    assert "due: its post-mortem, by" in done.stderr

    listed = local.run("api", "--list")
    releases = json.loads(local.run("api", "--list", "--json").stdout)["items"]
    assert len(listed.stdout.splitlines()) == len(releases) + 1, "a line each, and headings"
    one = local.run("api", "--list", "release:3")
    assert one.stdout.startswith("release:3") and "kept 20" in one.stdout and "release:2" not in one.stdout
    assert local.run("api", "--list", "release:99").code == 3

    incident = json.loads(local.run("incidents", "--search", "P1", "RELEASE:4", "--json").stdout)["items"]
    assert [i["service"] for i in incident] == ["api"]
    assert json.loads(local.run("incidents", "--search", "P1", "nowhere", "--json").stdout)["items"] == []
    assert local.run("incidents", "--search", "P1", "nowhere").stdout.splitlines() == [
        "no incident of this machine has all of: P1 nowhere"
    ]
    name = incident[0]["incident"]

    page = local.run("handover", name)
    assert page.code == 0 and len(page.stdout.splitlines()) <= 40
    told = json.loads(local.run("handover", name, "--json").stdout)
    assert told["state"][0].startswith("CLOSED: unwatched") and "severity P1" in told["state"][0]
    assert any("FROZEN" in line for line in told["held"]) and "rollback unfreeze api" in told["next"][0]
    assert local.run("handover").code == 3, "none is open"

    local.run("postmortem", name, "--set", "reason", "the cache held every page")
    record = local.run("postmortem", name).stdout
    closed = next(line for line in record.splitlines() if "Closed as" in line)
    assert "the cache held every page (said by" in closed

    bundle = tmp_path / "bundle.txt"
    assert local.run("--info", "--bundle", str(bundle)).code == 0
    text = bundle.read_text()
    assert all(f"# {part}" in text for part in ("versions", "machine", "config", "commands", "faults"))
    assert "git:set scenextras deploy-branch" in text and "exit 0" in text and "asyncssh 2." in text
    assert "ROLLBACK_CANARY_TOKEN is set" in text
    assert bundle.stat().st_mode & 0o077 == 0
    assert local.run("--info", "--bundle", str(bundle)).code == 2, "never over a file that is there"
    for said in (text, page.stdout, json.dumps(told), done.stderr, output.read_text()):
        assert CANARY not in said


def test_quiet_says_the_result_and_what_is_wrong_and_verbose_what_the_host_prints(local: Sandbox) -> None:
    quiet = local.run("-q", "search", "previous", "--plan")
    assert (quiet.code, quiet.stderr) == (0, "")
    wrong = local.run("-q", "search", "release:99", "--yes")
    assert wrong.code == 3 and "fix:" in wrong.stderr and len(wrong.stderr.splitlines()) == 2
    loud = local.run("-v", "api", "previous", "--yes", "--no-freeze")
    assert loud.code == 0 and "    | -----> Building" in loud.stderr and "will run:" in loud.stderr
    assert local.run("api", "previous", "--watch", "1m", "--no-watch").code == 2


def test_the_status_is_told_again_and_again_until_it_is_left(local: Sandbox) -> None:
    begun: Any = local.begin("status", "api", "--watch", "--every", "1s", "--json")
    first, second = (json.loads(begun.stdout.readline()) for _ in range(2))
    assert first["kind"] == second["kind"] == "status" and first["items"][0]["service"] == "api"
    begun.terminate()
    begun.communicate()
    assert begun.returncode == 0
    lines: Any = local.begin("status", "api", "--watch", "--every", "1s")
    assert "api" in lines.stdout.readline()
    lines.terminate()
    lines.communicate()


@pytest.mark.parametrize(("answers", "level", "watched"), [("P2\n\ny\n", "P2", False), ("maybe\n\n\nn\n", None, None)])
def test_a_person_is_asked_how_severe_it_is_and_whether_to_watch(
    box: LocalSandbox, answers: str, level: str | None, watched: bool | None
) -> None:
    done = box.typed(answers, "api", "previous")
    assert "how severe is it? [P1/P2/P3/P4, Enter: not said]" in done.stdout
    assert "watch api for 15 min afterwards? [y/N]" in done.stdout
    if watched is None:
        assert done.code == 3 and box.sent("git:set") == []
        return
    assert (done.code, box.serves()) == (0, "v1.4.0"), done.stdout
    found = json.loads(box.run("incidents", "--json").stdout)["items"][0]
    assert f"severity {level}" in box.run("handover", found["incident"]).stdout
