"""Apps that something else than a Dockerfile builds, or that are deployed from images and archives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness import PATIENCE, LocalSandbox, local_sandbox
from tests.sandboxes import Sandbox
from tui.engine.hosts.connections import HostConnections
from tui.model.outcome import Answer, Exited

APP = "scenextras-gateway"
GLOBALLY = ("config:get", "--global")


@pytest.fixture(params=["0.35.15", "0.38.27"])
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, dokku=request.param) as sandbox:
        yield sandbox


@pytest.fixture
def box1(tmp_path: Path) -> Iterator[LocalSandbox]:
    with local_sandbox(tmp_path, speed=1) as sandbox:
        yield sandbox


def command(box: Sandbox, line: str) -> str:
    done = box.pull("command", command=line)
    assert done["exit"] == 0, done
    return str(done["stdout"])


def selected(box: Sandbox) -> str:
    return command(box, f"builder:report {APP} --builder-selected").strip()


def deploy(box: Sandbox, version: str, **told: Any) -> None:
    done = box.pull("deploy", app=APP, version=version, wait=True, **told)
    assert "ok" in str(done["status"]), done


def test_a_builder_that_has_to_be_selected_otherwise_is_given_back(box: Sandbox) -> None:
    command(box, f"config:set --no-restart {APP} BUILDPACK_URL=https://example.com/bp.git")
    command(box, f"builder:set {APP} selected herokuish")
    plan = box.run("gateway", "release:4", "--plan", "--json")
    assert "builder" in [step["id"] for step in plan.document["steps"]], plan.stderr
    done = box.run("gateway", "release:4", "--yes", "--json")
    assert (done.code, selected(box)) == (0, "dockerfile"), done.stderr
    config = box.app(f"{APP}--incident")["config"]
    assert config["ROLLBACK_RESTORE"] == "builder-selected=herokuish"
    undone = box.run("unfreeze", "gateway", "--yes", "--json")
    assert (undone.code, selected(box)) == (0, "herokuish"), undone.stderr


def test_without_a_freeze_the_builder_is_given_back_at_once(box: Sandbox) -> None:
    command(box, f"builder:set {APP} selected nixpacks")
    done = box.run("gateway", "release:4", "--yes", "--no-freeze", "--json")
    assert (done.code, selected(box)) == (0, "nixpacks"), done.stderr


def test_a_push_that_fails_gives_the_builder_back(box: Sandbox) -> None:
    command(box, f"builder:set {APP} selected pack")
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    done = box.run("gateway", "release:4", "--yes", "--json")
    assert (done.code, selected(box)) == (4, "pack"), done.stderr


def test_where_pack_would_take_our_commit_it_is_refused(box: Sandbox) -> None:
    old = box.look()["dokku"] == "0.35.15"
    command(box, f"config:set --no-restart {APP} DOKKU_CNB_EXPERIMENTAL=1")
    done = box.run("gateway", "release:4", "--plan", "--json")
    assert (done.code, "DOKKU_CNB_EXPERIMENTAL" in done.stderr) == ((3, True) if old else (0, False)), done.stderr


def test_a_setting_that_changes_after_the_plan_stops_it_before_the_app_is_touched(local: Sandbox) -> None:
    local.pull("fault", kind="slow_command", when={"command_prefix": f"apps:create {APP}--incident"}, seconds=10)
    running = local.begin("gateway", "release:4", "--yes", "--json")
    local.await_sent(f"apps:create {APP}--incident", running)
    command(local, f"builder:set {APP} selected herokuish")
    out, err = running.communicate()
    assert (running.returncode, "builder selected was none, is herokuish" in out) == (3, True), err
    assert (selected(local), local.sent(f"git-receive-pack '{APP}'")) == ("herokuish", [])


def test_a_console_that_is_killed_leaves_a_builder_that_resume_gives_back(box1: LocalSandbox) -> None:
    command(box1, f"builder:set {APP} selected herokuish")
    box1.pull("fault", kind="slow_command", when={"command_prefix": f"builder:set {APP} selected"}, seconds=2)
    running = box1.process("gateway", "release:4", "--yes")
    box1.await_sent(f"builder:set {APP} selected dockerfile", running)
    running.kill()
    running.communicate(timeout=10)
    box1.await_that(lambda app: app["properties"]["builder-selected"] == "dockerfile", APP)
    done = box1.run("resume", "--json")
    assert (done.code, selected(box1)) == (3, "herokuish"), done.stderr
    assert f"{APP}--incident" not in box1.look()["apps"]


def test_what_runs_from_an_image_and_commits_that_dokku_made_are_never_offered(local: Sandbox) -> None:
    made(local, "image")
    assert local.pull("deploy", app="it", version="v2.0.0", wait=True)["status"] == "ok"
    done = local.run("it", "previous", "--yes", "--json")
    assert (done.code, "sha:" in done.document["error"]["fix"]) == (3, False), done.stderr
    listed = local.run("it", "--list", "--json").document["items"]
    offered = [w["way"] for release in listed for w in release["ways"] if w["available"]]
    assert offered == []
    frozen = local.run("freeze", "it", "--yes")
    assert (frozen.code, "CI's next one goes live" in frozen.stderr) == (0, True), frozen.stderr


def test_a_deploy_that_no_freeze_holds_back_is_a_foreign_one_to_the_watch(calm: Sandbox) -> None:
    made(calm, "image")
    assert calm.run("keep", "it").code == 0
    assert calm.pull("deploy", app="it", version="v2.0.0", wait=True)["status"] == "ok"
    running = calm.begin("it", "previous", "--yes", "--watch", "90s", "--json")
    assert running.stderr is not None
    while (line := running.stderr.readline()).strip() != "watching":
        assert line, "it ended without a watch"
    assert calm.pull("deploy", app="it", version="v3.0.0", wait=True)["status"] == "ok"
    out, err = running.communicate()
    assert running.returncode == 6, err
    assert "what runs is not ours any more" in out


def test_a_worker_that_nothing_says_how_to_start_is_not_kept(local: Sandbox) -> None:
    made(local, "nixpacks")
    command(local, "ps:set it procfile-path elsewhere")
    done = local.run("keep", "it", "--json")
    assert (done.code, "no Procfile says how" in done.stdout) == (3, True), done.stderr


EVERY = ("herokuish", "pack", "nixpacks", "railpack", "image", "archive")
CASES = [(dokku, b) for dokku in ("0.35.15", "0.38.27") for b in EVERY if (dokku, b) != ("0.35.15", "railpack")]
NOW = {"GREETING": "new", "NEWONLY": "1"}


def made(box: Sandbox, builder: str, **told: Any) -> None:
    """An app of two processes, its first release live, known to services.yaml."""
    command(box, "config:set --no-restart --global GLOBALVAR=gold")
    config = {"GREETING": "old", "OLDONLY": "yes"}
    box.pull("app", name="it", builder=builder, worker=True, config=config, **told)
    services = Path(box.services)
    services.write_text(services.read_text().replace("patience: 12s", f"patience: {PATIENCE}"))


def config_changes(box: Sandbox) -> None:
    command(box, "config:set --no-restart it GREETING=new NEWONLY=1")
    command(box, "config:unset --no-restart it OLDONLY")
    command(box, "config:unset --no-restart --global GLOBALVAR")


def containers(box: Sandbox) -> dict[str, Any]:
    found = box.app("it")
    return {c["process"]: c for c in found["containers"] if c["id"] in found["current"].values()}


@pytest.mark.parametrize(("dokku", "builder"), CASES)
def test_a_release_of_every_builder_comes_back_with_the_config_of_now(tmp_path: Path, dokku: str, builder: str) -> None:
    with local_sandbox(tmp_path, dokku=dokku) as box:
        made(box, builder, predeploy=builder == "herokuish")
        kept = box.run("keep", "it", "--json")
        assert kept.code == 0, kept.stderr
        assert ("secrets too" in kept.stderr) == (builder == "herokuish")
        config = box.app(kept.document["items"][0]["release"]["holder"])["config"]
        assert config["ROLLBACK_BUILDER"] == {"image": "dockerfile", "archive": "dockerfile"}.get(builder, builder)
        assert {"GLOBALVAR", "GREETING", "OLDONLY"} <= set(config["ROLLBACK_CONFIG_KEYS"].split(","))
        config_changes(box)
        sick = box.pull("deploy", app="it", version="v2.0.0", behaviour={"error_rate": 1.0}, wait=True)
        assert sick["status"] == "ok", sick
        built = command(box, "builder:report it --builder-selected")

        done = box.run("it", "previous", "--yes", "--json")
        assert (done.code, box.app("it")["serves"]) == (0, "v1.0.0"), done.stderr
        assert [c["runs"] for _, c in sorted(containers(box).items())] == ["web", "worker"]
        for container in containers(box).values():
            sees = container["sees"]
            assert {key: sees.get(key) for key in NOW} == NOW
            assert not {"OLDONLY", "GLOBALVAR"} & sees.keys()
        brought = builder in ("image", "archive")
        assert ("CI's next one goes live" in done.stderr) == brought
        assert ("CI's next one goes live" in box.run("status", "it").stdout) == brought

        undone = box.run("unfreeze", "it", "--yes")
        assert undone.code == 0, undone.stderr
        (onward,) = [line for line in (undone.stdout + undone.stderr).splitlines() if "next normal deploy:" in line]
        assert {"image": "git:from-image it IMAGE:TAG", "archive": "git:from-archive it --"}.get(
            builder, "git push"
        ) in (onward)
        assert command(box, "builder:report it --builder-selected") == built
        assert box.pull("deploy", app="it", version="v3.0.0", wait=True)["status"] == "ok"
        web = containers(box)["web.1"]
        assert (box.app("it")["serves"], web["sees"]["GREETING"]) == ("v3.0.0", "new")
        asked = "config:get it DOKKU_APP_TYPE" if dokku == "0.35.15" else "builder:report it --builder-detected"
        told = command(box, asked)
        assert told.strip() == {"image": "dockerfile", "archive": "dockerfile"}.get(builder, builder)


MORE = ("builder", "buildpacks", "docker-options", "checks", "scheduler")
"""plugins whose reports say more than a rollback of a plain app needs"""


def test_a_plain_app_goes_back_and_is_kept_where_the_host_lets_nobody_read_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with an access plugin that allows few commands: what cannot be asked is said, and refuses nothing."""
    ask = HostConnections.ask

    async def deny(links: HostConnections, name: str, argv: tuple[str, ...], **told: Any) -> Answer:
        answer = await ask(links, name, argv, **told)
        if argv[0] not in {"config:keys", *(f"{plugin}:report" for plugin in MORE)} and argv[:2] != GLOBALLY:
            return answer
        words = f" !     User default does not have permissions to run {argv[0]}\n".encode()
        return replace(answer, outcome=Exited(code=1), stdout=b"", stderr=words)

    monkeypatch.setattr(HostConnections, "ask", deny)
    with local_sandbox(tmp_path, dokku="0.35.15") as box:
        plan = box.run("gateway", "previous", "--plan", "--json")
        words = "does not tell the builder, buildpacks, docker-options, config keys of scenextras-gateway"
        assert words in plan.stderr, plan.stderr
        done = box.run("gateway", "previous", "--yes", "--json")
        assert done.code == 0, done.stderr
        kept = box.run("keep", "transcription", "--json")
        assert kept.code == 0, kept.stderr


def test_an_archive_of_another_type_is_kept_and_gone_back_to(tmp_path: Path) -> None:
    """Dokku names the type of an archive as the source of the app."""
    with local_sandbox(tmp_path) as box:
        box.pull("app", name="shop", builder="archive")
        box.pull("deploy", app="shop", version="v1.5.0", archive_type="tar.gz", wait=True)
        assert "tar.gz" in box.pull("command", command="apps:report shop")["stdout"]
        done = box.run("keep", "shop")
        assert done.code == 0, done.stderr
        box.pull("deploy", app="shop", version="v2.0.0", archive_type="tar.gz", wait=True)
        back = box.run("shop", "previous", "--yes", "--no-watch")
        assert back.code == 0, back.stderr
        assert box.app("shop")["serves"] == "v1.5.0"
