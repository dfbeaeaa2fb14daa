"""The happy path end to end: look, freeze, go back, see the old content, unfreeze; keep and seal; both versions."""

from __future__ import annotations

import json
import re

import pytest

from tests.sandbox.guest import Guest, go_back, keeping, source

BOTH = pytest.mark.parametrize("world", ["0.35.15", "0.38.27"], indirect=True)
HOLDER = r"scenextras--r4--pre-deploy-\d{8}-\d{6}"


async def holder(guest: Guest, number: int = 4) -> str:
    names = (await guest.ok("apps:list")).splitlines()
    return next(name for name in names if name.startswith(f"scenextras--r{number}--pre-deploy-"))


async def test_wakes_up_with_a_bad_release_on_api_and_three_healthy_services(guest: Guest) -> None:
    ready = await guest.get("api", "/healthcheck/ready")
    assert (ready.status_code, ready.json(), ready.headers["x-release"]) == (503, {"status": "unready"}, "v1.5.0")
    for service, word in (("gateway", "ok"), ("search", "healthy"), ("transcription", "ok")):
        health = await guest.get(service, "/health")
        assert (health.status_code, health.json()) == (200, {"status": word})
        assert (await guest.get(service, "/ping")).text == "pong"
    await guest.control("/traffic", app="scenextras", per_second=0)
    statuses = [(await guest.get("api", "/api/scenes")).status_code for _ in range(20)]
    assert statuses.count(500) == 4
    assert "UndefinedColumnError" in await guest.ok("logs scenextras")


async def test_every_app_has_four_sealed_holders_with_their_facts(guest: Guest) -> None:
    names = (await guest.ok("apps:list")).splitlines()[1:]
    for app in ("scenextras", "scenextras-gateway", "scenextras-autocomplete", "scenextras-transcription"):
        holders = [name for name in names if re.fullmatch(rf"{app}--r\d--pre-deploy-\d{{8}}-\d{{6}}", name)]
        assert len(holders) == 4
        for name in holders:
            config = json.loads(await guest.ok(f"config:export --format json {name}"))
            assert config["ROLLBACK_SCHEMA"] == "1"
            assert config["ROLLBACK_RELEASE"] == name.partition("--r")[2][0]
            assert config["ROLLBACK_KEPT_AT"][:10].replace("-", "") in name
            assert (await guest.ok(f"git:report {name} --git-deploy-branch")).strip() == "kept-do-not-build"
            assert (await guest.run(f"ps:rebuild {name}")).exit == 1


@BOTH
async def test_freeze_go_back_unfreeze(guest: Guest) -> None:
    target = await holder(guest)
    original = json.loads(await guest.ok(f"config:export --format json {target}"))["ROLLBACK_COMMIT"]
    before = await guest.refs()
    assert (await guest.ok("git:set scenextras deploy-branch frozen-by-inc")) == (
        "=====> Setting deploy-branch to frozen-by-inc\n"
    )
    pushed = await guest.push("scenextras", go_back(target), "frozen-by-inc", parent=before["refs/heads/main"])
    assert pushed.report == ["unpack ok", "ok refs/heads/frozen-by-inc"]
    assert pushed.exit == 0
    assert "=====> Application deployed:" in pushed.progress

    ready = await guest.get("api", "/healthcheck/ready")
    assert (ready.status_code, ready.headers["x-release"], ready.headers["x-commit"]) == (200, "v1.4.0", original)
    report = json.loads(await guest.ok("apps:report scenextras --format json"))
    assert report["app-deploy-source-metadata"] == pushed.commit
    (container,) = json.loads(await guest.ok("ps:inspect scenextras"))
    assert container["Config"]["Labels"]["rollback.attempt"] == "inc.1"
    assert container["State"]["Status"] == "running"
    # The team's branch was never touched, and CI's push deploys nothing while frozen.
    assert (await guest.refs())["refs/heads/main"] == before["refs/heads/main"]
    fix = await guest.push("scenextras", source("v1.6.0"))
    assert fix.report == ["unpack ok", "ok refs/heads/main"]
    assert "deploy did not complete, you must push to frozen-by-inc." in fix.progress
    assert (await guest.get("api")).headers["x-release"] == "v1.4.0"

    await guest.ok("git:set scenextras deploy-branch main")
    assert (await guest.run("git:sync --build scenextras /home/dokku/scenextras main")).exit == 0
    assert (await guest.get("api")).headers["x-release"] == "v1.6.0"
    assert (await guest.ok("apps:report scenextras --app-deploy-source-metadata")).strip() == (
        f"/home/dokku/scenextras#{fix.commit}"
    )


@BOTH
async def test_unfreeze_and_rebuild_brings_the_bad_release_back(guest: Guest) -> None:
    await guest.ok("git:set scenextras deploy-branch frozen")
    await guest.push("scenextras", go_back(await holder(guest)), "frozen")
    await guest.ok("git:set scenextras deploy-branch main")
    assert (await guest.get("api")).headers["x-release"] == "v1.4.0"
    assert (await guest.run("ps:rebuild scenextras")).exit == 0
    assert (await guest.get("api")).headers["x-release"] == "v1.5.0"


async def make_holder(guest: Guest, name: str, version: str) -> None:
    await guest.ok(f"apps:create {name}")
    if version == "0.35.15":
        await guest.ok(f"config:set --no-restart {name} DOKKU_SKIP_DEPLOY=true ROLLBACK_SCHEMA=1")
    else:
        await guest.ok(f"ps:set {name} skip-deploy true")


@pytest.mark.parametrize("world", ["0.35.15", "0.38.27"], indirect=True)
async def test_keep_seal_and_go_back_twice(guest: Guest, request: pytest.FixtureRequest) -> None:
    version = (await guest.ok("version")).split()[-1]
    name = "scenextras--r5--pre-deploy-20261123-231005"
    await make_holder(guest, name, version)
    kept = await guest.push(name, keeping("scenextras"))
    assert kept.report == ["unpack ok", "ok refs/heads/main"]
    assert "Set main as deploy-branch" in kept.progress
    assert "-----> Skipping deployment" in kept.progress
    assert (await guest.ok(f"ps:report {name} --running")).strip() == "false"
    assert (await guest.ok(f"ps:report {name} --deployed")).strip() == "false"
    await guest.ok(f"git:set {name} deploy-branch kept-do-not-build")
    await guest.ok(f"builder:set {name} selected null")

    for version_pushed, attempt in (("v1.6.0", "a.1"), ("v1.7.0", "a.2")):
        await guest.push("scenextras", source(version_pushed))
        assert (await guest.get("api")).headers["x-release"] == version_pushed
        await guest.control("/retire", force=True)
        await guest.push("scenextras", go_back(name, attempt))
        assert (await guest.get("api")).headers["x-release"] == "v1.5.0"


async def test_a_first_push_creates_the_app_and_its_site(guest: Guest) -> None:
    pushed = await guest.push("newcomer", source("v0.1.0", "/ping"))
    assert pushed.report[-1] == "ok refs/heads/main"
    found = await guest.app("newcomer")
    assert found["properties"]["git-deploy-branch"] == "main"
    answer = await guest.http.get(f"http://127.0.0.1:{found['port']}/")
    assert answer.json()["version"] == "v0.1.0"
    # Dokku runs a first deploy's own task check only once.
    assert "first deploy postdeploy" in pushed.progress
    assert "first deploy postdeploy" not in (await guest.push("newcomer", source("v0.2.0", "/ping"))).progress
