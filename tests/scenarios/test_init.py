"""`rollback init` on the sandbox: one file is written from what the host and its apps say, and can be used at once."""

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import LocalSandbox, local_sandbox
from tests.sandboxes import Done
from tui.cli.commands import check
from tui.model.finding import Finding
from tui.sandbox import seed, stories

APPS = ("scenextras", "scenextras-autocomplete", "scenextras-gateway", "scenextras-transcription")
WRITES = (
    "apps:create", "apps:destroy", "config:set", "git:set", "git-receive-pack", "builder:set", "ps:set", "ps:stop",
    "docker-options:add", "checks:set", "checks:disable",
)  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LocalSandbox]:
    """A host on which all is well and nothing was ever kept, and no services.yaml yet."""
    with local_sandbox(tmp_path, scenario="healthy") as sandbox:
        for app in sandbox.look()["apps"]:
            if "--" in app:
                sandbox.pull("remove_app", app=app)
        (tmp_path / "new").mkdir()
        sandbox.services = str(tmp_path / "new" / "services.yaml")
        yield sandbox


def init(box: LocalSandbox, *words: str) -> Done:
    """The command line that the sandbox itself names, and more words."""
    return box.run(*shlex.split(box.told["init"])[1:], *words)


def file(box: LocalSandbox) -> Path:
    return Path(box.services)


def findings(document: dict[str, Any], key: str) -> set[tuple[str, str]]:
    return {(one["subject"], one["topic"]) for one in document[key] if one["result"] == "finding"}


def test_the_first_night(box: LocalSandbox) -> None:
    done = init(box, "--json")
    assert done.code == 0, done.stderr
    assert {one["app"] for one in done.document["services"]} == set(APPS)
    assert findings(done.document, "check") == {(app, "never-kept") for app in APPS}
    assert "NO WAY BACK" not in done.stdout
    assert file(box).stat().st_mode & 0o777 == 0o644
    assert [found.name for found in file(box).parent.iterdir()] == ["services.yaml"]
    assert not [line for prefix in WRITES for line in box.sent(prefix)], "nothing on the host changed"
    text = file(box).read_text()
    assert "expect: {status: 200, json: {status: ready}}" in text and "text: pong" in text
    for command in ("status", "check"):
        told = box.run(command, "--json")
        assert set(told.document["never_kept"]) == set(APPS)
        assert "NO WAY BACK" in told.stderr and "rollback keep --all" in told.stderr
    assert box.run("keep", "--all").code == 0
    assert findings(box.run("check", "--json").document, "items") == set()
    assert "NO WAY BACK" not in box.run("status").stderr


def test_paths_below_the_home_directory_are_used_whole_and_written_short(
    box: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(box.told["init"])
    key, known = (words[words.index(option) + 1] for option in ("--identity-file", "--known-hosts"))
    monkeypatch.setenv("HOME", str(Path(key).parent))
    done = init(box)
    assert done.code == 0, done.stderr
    for name in (Path(key).name, Path(known).name):
        assert f"~/{name}" in file(box).read_text()
    assert box.run("status").code == 0


def test_a_file_that_is_there_is_not_touched_and_nobody_is_asked(box: LocalSandbox) -> None:
    file(box).write_text("mine\n")
    before = len(box.look()["commands"])
    done = init(box, "--json")
    assert (done.code, file(box).read_text(), len(box.look()["commands"])) == (9, "mine\n", before)
    assert "--add" in done.document["error"]["fix"]


def test_new_apps_are_added_and_no_comment_is_lost(box: LocalSandbox) -> None:
    box.pull("remove_app", app="scenextras-gateway")
    assert init(box).code == 0
    mine = file(box).read_text().replace("  scenextras:\n", "  scenextras:   # the API, ask Ana\n") + "\n# the end\n"
    file(box).write_text(mine)
    deploy(box, "another")
    unsure = box.run("init", "--add")
    assert (unsure.code, file(box).read_text()) == (3, mine)
    assert "+  another:" in unsure.stderr and "--yes" in unsure.stderr
    done = box.run("init", "--add", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert [one["app"] for one in done.document["services"]] == ["another"]
    after = file(box).read_text()
    lines = iter(after.splitlines())
    assert all(line in lines for line in mine.splitlines())
    assert box.run("status", "another").code == 0
    again = box.run("init", "--add", "--yes")
    assert (again.code, file(box).read_text()) == (9, after)


def deploy(box: LocalSandbox, *apps: str) -> None:
    """Apps that run, without their users."""

    async def tell() -> None:
        for app in apps:
            box.world.host.sites.traffic[app] = 0
            release = stories.release("v1", stories.ANA, "One", days=1)
            await seed.tell(box.world.host, stories.Story(app=app, check="/health", releases=(release,), kept=()))

    asyncio.run_coroutine_threadsafe(tell(), box.loop).result(60)


def test_forty_apps_of_which_one_is_broken_and_one_was_never_deployed(
    box: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> list[Finding]:
        return []  # 40 of these checks would say nothing new

    monkeypatch.setattr(check, "findings", nothing)
    deploy(box, *(f"app-{number:02}" for number in range(36)))
    assert box.pull("command", command="apps:create empty")["exit"] == 0
    broken = {"command_prefix": "ps:report app-07"}
    box.pull("fault", kind="fail_command", when=broken, exit=2, stderr="panic: no", times=9)
    box.pull("fault", kind="garbage", when={"command_prefix": "domains:report"}, exit=1)
    done = init(box, "--json")
    assert done.code == 0, done.stderr
    assert len(done.document["services"]) == 40
    assert done.document["left_out"] == [{"app": "empty", "reason": "never deployed"}]
    text = file(box).read_text()
    assert "ps:report could not be read" in text and "No service, never deployed: empty" in text
    assert text.count("    health:\n") == 40


def test_an_address_that_another_app_answers_is_not_taken(box: LocalSandbox) -> None:
    box.pull("fault", kind="wrong_app", app="scenextras-gateway", by="scenextras")
    box.pull("traffic", app="scenextras", per_second=0)  # its log shows 20 lines, and time is 10 times as fast
    done = init(box, "--json")
    assert done.code == 0, done.stderr
    text = file(box).read_text().split("  scenextras-gateway:\n")[1]
    assert "is answered by another app: scenextras" in text and "no health URL" in text


def test_a_host_without_apps_has_no_file(box: LocalSandbox) -> None:
    for app in APPS:
        box.pull("remove_app", app=app)
    done = init(box, "--json")
    assert (done.code, file(box).exists()) == (3, False)
    assert "has no app" in done.document["error"]["message"]
    assert box.pull("command", command="apps:create empty")["exit"] == 0
    done = init(box, "--json")
    assert (done.code, file(box).exists()) == (3, False)
    assert "was ever deployed: empty" in done.document["error"]["message"]


def test_what_is_refused_before_anything_is_asked(box: LocalSandbox) -> None:
    for words, code, said in (
        (("init",), 2, "where the host is"),
        (("init", "-x@y"), 2, ""),
        (("init", "ftp://a"), 2, "no ssh destination"),
        (("init", "--add"), 2, "to add to"),
        (("init", "dokku@127.0.0.1:1"), 10, ""),
    ):
        done = box.run(*words)
        assert (done.code, file(box).exists()) == (code, False), words
        assert said in done.stderr


def test_the_lines_of_ci_are_written_once(box: LocalSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = file(box).parent
    (top / ".git").mkdir()
    (top / ".woodpecker").mkdir()
    monkeypatch.chdir(top)
    box.services = "services.yaml"
    shown = init(box)
    assert shown.code == 0 and "rollback --services services.yaml keep --all || test $? -eq 9" in shown.stdout
    assert "Woodpecker" in shown.stdout and not list((top / ".woodpecker").iterdir())
    assert box.run("init", "--ci", "woodpecker").code == 0
    written = (top / ".woodpecker/rollback-keep.yaml").read_text()
    assert "keep --all" in written and box.told["identity_file"] in written
    assert box.run("init", "--ci", "woodpecker").code == 9
    assert (top / ".woodpecker/rollback-keep.yaml").read_text() == written
