"""The strings behind the stage: every fault, every scenario, and what a colleague does."""

from __future__ import annotations

import asyncio
import json

import asyncssh
import httpx
import pytest

from tests.sandbox.guest import Guest, source
from tests.sandbox.test_deploys import DECLINED
from tui.sandbox.scenario import SCENARIOS

PUSH = {"command_prefix": "git-receive-pack"}


async def test_the_token_is_the_only_way_in(guest: Guest) -> None:
    root = guest.about["control"].rpartition("/")[0]
    assert (await guest.http.get(f"{root}/state")).status_code == 404
    assert (await guest.http.get(f"{root}/guessed/state")).status_code == 404
    known = await guest.http.post(f"{guest.about['control']}/nothing", json={})
    assert (known.status_code, "/fault" in known.json()["error"]) == (404, True)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/fault", {"kind": "earthquake"}),
        ("/fault", {"kind": "hold_lock", "app": "nope"}),
        ("/fault", {"kind": "stall", "when": {"after_moons": 1}}),
        ("/deploy", {"app": "nope"}),
        ("/deploy", {"app": "scenextras", "behaviour": {"mood": "bad"}}),
        ("/behaviour", {"app": "scenextras", "health": "excellent"}),
        ("/scenario", {"name": "utopia"}),
        ("/remove_image", {}),
    ],
)
async def test_mistakes_are_told_and_change_nothing(guest: Guest, path: str, told: dict[str, object]) -> None:
    before = (await guest.state())["apps"]
    answer = await guest.http.post(f"{guest.about['control']}{path}", json=told)
    assert answer.status_code == 400
    assert answer.json()["error"]
    after = await guest.state()
    assert after["apps"].keys() == before.keys()
    assert after["faults"] == []


async def test_commands_are_recorded_with_their_end(guest: Guest) -> None:
    await guest.run("apps:exists nope")
    (call,) = (await guest.state())["commands"]
    assert (call["command"], call["exit"], call["aborted"]) == ("apps:exists nope", 20, False)
    assert call["ended"] >= call["started"]


# --- a colleague


async def test_a_colleague_deploys_through_the_same_door(guest: Guest) -> None:
    done = await guest.control("/deploy", app="scenextras", version="v1.6.0", wait=True)
    assert (done["exit"], done["status"]) == (0, "ok")
    assert "Application deployed" in done["output"]
    found = await guest.app()
    assert (found["serves"], found["metadata"]) == ("v1.6.0", done["commit"])
    state = await guest.state()
    assert state["commands"][-1]["command"] == "git-receive-pack 'scenextras'"
    assert state["pushes"][-1]["new"] == done["commit"]


async def test_a_colleague_is_rejected_like_anybody_without_force(guest: Guest) -> None:
    # Somebody else's commit is the tip; the colleague's has the old tip as its parent.
    await guest.push("scenextras", source("v1.6.0"))
    told = {"app": "scenextras", "version": "v1.7.0", "parent": "elsewhere", "wait": True}
    await guest.push("scenextras", source("v1.0.9"), "elsewhere")
    rejected = await guest.http.post(f"{guest.about['control']}/deploy", json=told)
    assert (rejected.status_code, "fetch first" in rejected.json()["error"]) == (400, True)
    assert (await guest.control("/deploy", **told, force=True))["status"] == "ok"
    assert (await guest.app())["serves"] == "v1.7.0"


async def test_a_colleagues_commands(guest: Guest) -> None:
    done = await guest.control("/command", command="apps:create scenextras--incident")
    assert done["exit"] == 0
    assert (await guest.run("apps:create scenextras--incident")).exit == 1


# --- faults


async def test_a_command_can_be_made_to_fail_or_to_wait(guest: Guest) -> None:
    await guest.control(
        "/fault", kind="fail_command", when={"command_prefix": "ps:inspect"}, exit=1, stderr="daemon is away", times=2
    )
    for _ in range(2):
        done = await guest.run("ps:inspect scenextras")
        assert (done.exit, done.out, done.err) == (1, "", "daemon is away\n")
    assert (await guest.run("ps:inspect scenextras")).exit == 0
    await guest.control("/fault", kind="slow_command", when={"command_prefix": "version"}, seconds=0.3)
    waiting = asyncio.ensure_future(guest.run("version"))
    await guest.run("apps:list")
    assert not waiting.done()
    assert (await waiting).exit == 0


async def test_channels_and_logins_can_be_refused(guest: Guest) -> None:
    connection = await guest.connection()
    await guest.control("/fault", kind="refuse_channel", times=2)
    for _ in range(2):
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.run("version")
    assert (await connection.run("version")).exit_status == 0
    await guest.control("/fault", kind="refuse_login")
    with pytest.raises(asyncssh.PermissionDenied):
        await guest.connect()
    assert await guest.connect()


async def test_the_next_deploy_can_fail_at_each_of_its_stages(guest: Guest) -> None:
    for mode, said in (
        ("build", "npm ERR! boom"),
        ("check", "unexpected status code: 503"),
        ("crash", "container state is not running"),
    ):
        await guest.control("/fault", kind="fail_next_deploy", mode=mode, app="scenextras")
        pushed = await guest.push("scenextras", source("v1.6.0"))
        assert pushed.report == DECLINED
        assert said in pushed.progress
    assert (await guest.push("scenextras", source("v1.6.1"))).report[-1] == "ok refs/heads/main"


async def test_a_full_disk_fails_the_build_or_the_unpacking(guest: Guest) -> None:
    await guest.control("/fault", kind="full_disk", when=PUSH)
    pushed = await guest.push("scenextras", source("v1.6.0"))
    assert (pushed.report, "no space left on device" in pushed.progress) == (DECLINED, True)
    await guest.control("/fault", kind="full_disk", mode="objects", when=PUSH)
    pushed = await guest.push("scenextras", source("v1.6.0"))
    assert pushed.report == ["unpack unpack-objects abnormal exit", "ng refs/heads/main unpacker error"]
    assert (await guest.app())["serves"] == "v1.5.0"


async def test_a_held_lock_refuses_until_it_is_cleared(guest: Guest) -> None:
    await guest.control("/fault", kind="hold_lock", app="scenextras")
    assert (await guest.run("apps:locked scenextras")).exit == 0
    assert (await guest.push("scenextras", source("v1.6.0"))).report == DECLINED
    await guest.control("/faults/clear")
    assert (await guest.push("scenextras", source("v1.6.0"))).report[-1] == "ok refs/heads/main"


async def test_another_app_can_answer(guest: Guest) -> None:
    await guest.control("/fault", kind="wrong_app", app="scenextras-autocomplete", by="scenextras-gateway")
    answer = await guest.get("search")
    assert answer.json()["app"] == "scenextras-gateway"
    await guest.control("/faults/clear")
    assert (await guest.get("search")).json()["app"] == "scenextras-autocomplete"


async def test_the_port_can_close_and_connections_can_be_cut(guest: Guest) -> None:
    connection = await guest.connection()
    await guest.control("/ssh", listening=False)
    with pytest.raises(OSError):
        await guest.connect()
    assert (await connection.run("version")).exit_status == 0
    await guest.control("/ssh", listening=True)
    assert await guest.connect()
    await guest.control("/cut")
    await connection.wait_closed()


# --- the host


async def test_behaviour_of_the_running_release_can_change(guest: Guest) -> None:
    async def status(service: str, path: str) -> int:
        return (await guest.get(service, path)).status_code

    for health, expected in (("503", 503), ("not_ready", 200), ("html", 200), ("ok", 200)):
        await guest.control("/behaviour", app="scenextras-gateway", health=health)
        answer = await guest.get("gateway", "/health")
        assert answer.status_code == expected
        assert ("html" in answer.headers["content-type"]) == (health == "html")
        assert (answer.text == '{"status":"ok"}') == (health == "ok")
    await guest.control("/behaviour", app="scenextras-gateway", health="hang")
    with pytest.raises(httpx.ReadTimeout):
        await guest.http.get(f"{guest.about['urls']['gateway']}/health", timeout=0.1)
    await guest.control("/behaviour", app="scenextras-gateway", health="ok", error_rate=0.03)
    await guest.control("/traffic", app="scenextras-gateway", per_second=0)
    assert [await status("gateway", "/api/x") for _ in range(100)].count(500) == 3


async def test_a_restart_of_the_host_cuts_everybody_and_starts_everything_again(guest: Guest) -> None:
    before = json.loads(await guest.ok("ps:inspect scenextras"))[0]["State"]["StartedAt"]
    await guest.ok("ps:stop scenextras-gateway")
    connection = await guest.connection()
    await guest.control("/restart_host")
    await connection.wait_closed()
    assert json.loads(await guest.ok("ps:inspect scenextras"))[0]["State"]["StartedAt"] > before
    assert (await guest.get("gateway")).status_code == 502  # stopped on purpose, so not restored


async def test_a_process_that_was_killed_shows_it(guest: Guest) -> None:
    await guest.control("/restart_container", app="scenextras", oom=True)
    (container,) = json.loads(await guest.ok("ps:inspect scenextras"))
    assert (container["RestartCount"], container["State"]["OOMKilled"]) == (1, True)


async def test_a_removed_image_and_a_removed_app(guest: Guest) -> None:
    name = next(line for line in (await guest.ok("apps:list")).splitlines() if "scenextras--r4" in line)
    await guest.control("/remove_image", app=name)
    assert (await guest.app(name))["image"] is None
    assert (await guest.run(f"apps:exists {name}")).exit == 0
    await guest.control("/remove_app", app=name)
    assert (await guest.run(f"apps:exists {name}")).exit == 20


@pytest.mark.parametrize("name", sorted(SCENARIOS))
async def test_every_scenario_shows_itself(guest: Guest, name: str) -> None:
    await guest.control("/traffic", app="scenextras", per_second=0)
    await guest.control("/scenario", name=name)
    ready = await guest.get("api", "/healthcheck/ready")
    match name:
        case "healthy":
            assert (ready.status_code, (await guest.get("api")).status_code) == (200, 200)
        case "three-percent-errors":
            assert ready.status_code == 200
            statuses = [(await guest.get("api")).status_code for _ in range(100)]
            assert statuses.count(500) == 3
        case "traffic":
            state = await guest.state()
            assert ready.status_code == 200
            assert state["apps"]["scenextras"]["requests_a_second"] == 60
        case "builders":
            assert guest.about["urls"].keys() >= {"by-herokuish", "by-pack", "by-nixpacks", "by-image", "by-archive"}
        case "k3s":
            assert await guest.ok("ps:inspect on-k3s") == ""
        case "held-lock":
            assert (await guest.run("apps:locked scenextras")).exit == 0
        case "wrong-app":
            assert (await guest.get("search", "/health")).json() == {"status": "unready"}
        case "full-disk":
            assert (await guest.push("scenextras", source("v1.6.0"))).report == DECLINED
        case "dropped-connection":
            with pytest.raises((asyncssh.Error, asyncio.IncompleteReadError, ConnectionError)):
                await guest.push("scenextras", source("v1.6.0"))
            await guest.until(serves="v1.6.0")
        case "slow-deploy":
            (fault,) = (await guest.state())["faults"]
            assert (fault["kind"], fault["factor"]) == ("slow_deploy", 4.0)
        case "bad-release":
            assert ready.status_code == 503
        case _:
            pytest.fail(f"no test for {name}")


@pytest.mark.parametrize("world", ["plugins"], indirect=True)
async def test_a_host_with_the_runbooks_plugins(guest: Guest) -> None:
    tags = (await guest.ok("tags:list scenextras")).splitlines()[1:]
    assert "latest" in tags
    kept = [tag for tag in tags if tag.startswith("pre-deploy-")]
    assert len(kept) == 4
    assert (await guest.run(f"tags:deploy scenextras {kept[0]}")).exit == 0
    assert (await guest.app())["serves"] == "v1.1.0"
    assert (await guest.run("ps:rollback scenextras")).exit == 0
    assert (await guest.app())["serves"] == "v1.4.0"


@pytest.mark.parametrize("world", ["0.38.27"], indirect=True)
async def test_builds_are_recorded_and_can_be_cancelled(guest: Guest) -> None:
    await guest.push("scenextras", source("v1.6.0"))
    await guest.push("scenextras", source("v1.7.0", build_fails=True))
    failed, good, *_ = json.loads(await guest.ok("builds:list scenextras --format json"))
    assert (failed["display_status"], good["display_status"], good["source"]) == ("abandoned", "succeeded", "git-hook")
    assert "npm ERR! boom" in await guest.ok(f"builds:output scenextras {failed['id']}")
    assert f"Build ID:   {good['id']}" in await guest.ok(f"builds:info scenextras {good['id']}")
    assert await guest.ok("builds:cancel scenextras") == "-----> App not currently deploying\n"

    await guest.control("/fault", kind="slow_deploy", factor=20, when={"command_prefix": "git:sync"})
    connection = await guest.connect()
    running = asyncio.ensure_future(connection.run("git:sync --build scenextras /home/dokku/scenextras v1.2.0"))
    await guest.until(lock_held=True)
    assert await guest.ok("builds:cancel scenextras") == "-----> Killing app deploy\n"
    assert (await running).exit_status == 141
    canceled, *_ = json.loads(await guest.ok("builds:list scenextras --format json"))
    assert canceled["display_status"] == "canceled"
    found = await guest.app()
    assert (found["serves"], found["lock_file"]) == ("v1.6.0", False)
