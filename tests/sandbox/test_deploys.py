"""What deploys leave behind when they fail, collide or replace something: the traps, one by one."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from tests.sandbox.guest import Guest, go_back, keeping, source

BOTH = pytest.mark.parametrize("world", ["0.35.15", "0.38.27"], indirect=True)
DECLINED = ["unpack ok", "ng refs/heads/main pre-receive hook declined"]


async def holder(guest: Guest, number: int = 4, app: str = "scenextras") -> str:
    names = (await guest.ok("apps:list")).splitlines()
    return next(name for name in names if name.startswith(f"{app}--r{number}--pre-deploy-"))


# --- failed deploys


@BOTH
async def test_a_failed_check_leaves_the_bad_image_behind_the_old_release(guest: Guest) -> None:
    before = await guest.app()
    pushed = await guest.push("scenextras", source("v1.6.0", health="503"))
    assert (pushed.report, pushed.exit) == (DECLINED, 0)
    after = await guest.app()
    assert (after["serves"], after["image_version"]) == ("v1.5.0", "v1.6.0")
    assert after["metadata"] == before["metadata"]  # the one field that stays true
    assert after["config"]["GIT_REV"] == pushed.commit  # names what was attempted
    assert after["refs"] == before["refs"]
    assert not after["lock_file"]
    assert (await guest.run("ps:restart scenextras")).exit == 1
    assert (await guest.get("api")).headers["x-release"] == "v1.5.0"


@BOTH
async def test_a_failed_build_gives_the_old_image_its_tag_back(guest: Guest) -> None:
    before = await guest.app()
    pushed = await guest.push("scenextras", source("v1.6.0", build_fails=True))
    assert pushed.report == DECLINED
    after = await guest.app()
    assert (after["image"], after["image_version"], after["serves"]) == (before["image"], "v1.5.0", "v1.5.0")
    assert after["config"]["GIT_REV"] == pushed.commit
    assert (await guest.run("ps:restart scenextras")).exit == 0


@pytest.mark.parametrize("world", ["0.38.27"], indirect=True)
async def test_a_failed_build_leaves_lock_and_record_as_they_were_recorded(guest: Guest) -> None:
    async def builds() -> list[tuple[str, str, int | None]]:
        listed = json.loads(await guest.ok("builds:list scenextras --format json"))
        return [(build["status"], build["display_status"], build.get("exit_code")) for build in listed]

    assert (await guest.push("scenextras", source("v1.6.0"), "other")).report[-1] == "ok refs/heads/other"
    assert (await builds())[0] == ("running", "abandoned", None)  # a push to another branch is written down too
    await guest.push("scenextras", source("v1.6.0", build_fails=True))
    assert (await guest.run("apps:locked scenextras")).exit == 0
    assert (await builds())[:2] == [("running", "abandoned", None)] * 2
    assert (await guest.push("scenextras", source("v1.7.0", health="503"))).report == DECLINED
    assert (await guest.run("apps:locked scenextras")).exit == 1
    assert (await builds())[:3] == [("failed", "failed", 1), ("failed", "failed", -1), ("failed", "failed", -1)]


@pytest.mark.parametrize("world", ["0.38.27"], indirect=True)
async def test_an_image_that_cannot_be_pulled_is_named_once_more(guest: Guest) -> None:
    done = await guest.run("git:from-image scenextras lab/scenextras:9.9.9")
    assert done.exit == 1
    assert "\n !     Failed to pull image: lab/scenextras:9.9.9\n" in done.out


@BOTH
async def test_the_time_of_the_branch_is_that_of_its_file(guest: Guest) -> None:
    async def updated() -> int | None:
        told = await guest.ok("git:report scenextras --git-last-updated-at")
        return int(told) if told.strip() else None

    before = await updated()
    assert before is not None
    await guest.ok("git:set scenextras deploy-branch frozen-by-x")
    told = await guest.ok("git:report scenextras")
    assert re.search(r"Git last updated at: +\n", told)  # recorded: the branch of a fresh freeze has no file
    await guest.push("scenextras", source("v1.6.0"))  # deploys nothing, and moves the branch
    await guest.ok("git:set scenextras deploy-branch main")
    after = await updated()
    assert after is not None and after > before


@BOTH
async def test_an_image_that_fails_its_check_moves_the_branch_back(guest: Guest) -> None:
    await guest.control("/app", name="shop", builder="image")
    before = (await guest.refs("shop"))["refs/heads/master"]
    done = await guest.control("/deploy", app="shop", version="v2.0.0", behaviour={"health": "503"}, wait=True)
    assert done["exit"] == 1
    assert (await guest.refs("shop"))["refs/heads/master"] == before
    found = await guest.app("shop")
    assert (found["serves"], found["image_version"]) == ("v1.0.0", "v2.0.0")
    again = await guest.run("git:from-image shop team/shop:v2.0.0")
    assert "No changes detected" not in again.out + again.err


async def test_objects_of_a_refused_push_never_arrive(guest: Guest) -> None:
    pushed = await guest.push("scenextras", source("v1.6.0", build_fails=True))
    done = await guest.run(f"git:sync --build scenextras /home/dokku/scenextras {pushed.commit}")
    assert (done.exit, done.err) == (128, f"fatal: {pushed.commit}^{{commit}}: not a valid SHA1\n")


@BOTH
async def test_a_crash_and_a_failing_release_task(guest: Guest) -> None:
    crash = await guest.push("scenextras", source("v1.6.0", crash=True))
    assert crash.report == DECLINED
    assert "Could not start due to 2 failed checks (web.1)" in crash.progress
    task = source("v1.7.0", release_fails=True) | {"Procfile": "web: /app/server\nrelease: ./migrate\n"}
    failed = await guest.push("scenextras", task)
    assert failed.report == DECLINED
    assert "Execution of release task failed: ./migrate" in failed.progress
    assert (await guest.app())["serves"] == "v1.5.0"


async def test_tasks_of_the_source_run_again_on_the_way_back(guest: Guest) -> None:
    tasks = json.dumps({"scripts": {"dokku": {"predeploy": "./before", "postdeploy": "./after"}}})
    files = go_back(await holder(guest)) | {"app.json": tasks, "Procfile": "web: x\nrelease: ./migrate\n"}
    progress = (await guest.push("scenextras", files)).progress
    for name, command in (("predeploy", "./before"), ("release", "./migrate"), ("postdeploy", "./after")):
        assert f"Executing {name} task" in progress
        assert f"{command}: done" in progress


@BOTH
async def test_a_missing_holder_leaves_the_old_release(guest: Guest) -> None:
    before = await guest.app()
    pushed = await guest.push("scenextras", go_back("scenextras--r9--pre-deploy-20260101-000000"))
    assert pushed.report == DECLINED
    assert "no such host" in pushed.progress
    after = await guest.app()
    assert (after["image"], after["serves"]) == (before["image"], "v1.5.0")


@BOTH
async def test_stopping_first_and_failing_is_an_outage_until_a_kept_release_is_pushed(guest: Guest) -> None:
    await guest.ok("ps:stop scenextras")
    assert (await guest.get("api")).status_code == 502
    assert "x-release" not in (await guest.get("api")).headers
    pushed = await guest.push("scenextras", go_back("scenextras--r9--pre-deploy-20260101-000000"))
    assert pushed.report == DECLINED
    assert "Removing invalid image tag dokku/scenextras:latest" in pushed.progress
    started = await guest.run("ps:start scenextras")
    assert started.exit == 1
    assert "App image (dokku/scenextras:latest) not found" in started.out + started.err
    assert json.loads(await guest.ok("ps:report scenextras --format json"))["status-web.1"].startswith("missing")
    inspected = await guest.run("ps:inspect scenextras")
    assert (inspected.exit, inspected.out) == (1, "[]\n")
    assert (await guest.push("scenextras", go_back(await holder(guest)))).report[-1] == "ok refs/heads/main"
    assert (await guest.get("api")).headers["x-release"] == "v1.4.0"


# --- holders


@BOTH
async def test_keeping_an_app_that_was_never_deployed_fails(guest: Guest) -> None:
    await guest.ok("apps:create never")
    await guest.ok("apps:create never--r1--pre-deploy-20261123-223004")
    pushed = await guest.push("never--r1--pre-deploy-20261123-223004", keeping("never"))
    assert pushed.report == DECLINED
    assert "Removing invalid image tag dokku/never--r1--pre-deploy-20261123-223004:latest" in pushed.progress


async def test_each_version_has_its_own_way_never_to_deploy(guest: Guest) -> None:
    await guest.ok("apps:create kept")
    assert (await guest.run("ps:set kept skip-deploy true")).exit == 1
    await guest.ok("config:set --no-restart kept DOKKU_SKIP_DEPLOY=1")
    await guest.push("kept", keeping("scenextras"))
    assert await guest.ok("ps:report kept --running") == "true\n"  # only the word true counts


@pytest.mark.parametrize("world", ["0.38.27"], indirect=True)
async def test_the_newer_version_ignores_the_variable(guest: Guest) -> None:
    await guest.ok("apps:create kept")
    await guest.ok("config:set --no-restart kept DOKKU_SKIP_DEPLOY=true")
    await guest.push("kept", keeping("scenextras"))
    assert await guest.ok("ps:report kept --running") == "true\n"


async def unsealed(guest: Guest) -> str:
    name = "scenextras--r5--pre-deploy-20261123-231005"
    await guest.ok(f"apps:create {name}")
    await guest.ok(f"config:set --no-restart {name} DOKKU_SKIP_DEPLOY=true")
    await guest.push(name, keeping("scenextras"))
    return name


async def test_rebuilding_an_unsealed_holder_silently_takes_what_runs_now(guest: Guest) -> None:
    name = await unsealed(guest)
    assert (await guest.app(name))["image_version"] == "v1.5.0"
    await guest.push("scenextras", source("v1.6.0"))
    assert (await guest.run(f"ps:rebuild {name}")).exit == 0
    assert (await guest.app(name))["image_version"] == "v1.6.0"


async def test_a_second_push_to_a_holder_loses_its_image(guest: Guest) -> None:
    name = await unsealed(guest)
    pushed = await guest.push(name, {"Dockerfile": f"FROM dokku/{name}:latest\n"})
    assert pushed.report == DECLINED
    assert (await guest.app(name))["image"] is None


async def test_cleanup_takes_a_holders_image_and_nothing_shows_it(guest: Guest) -> None:
    name = await holder(guest)
    report = await guest.ok(f"ps:report {name}")
    await guest.ok(f"cleanup {name}")
    assert await guest.ok(f"ps:report {name}") == report
    assert (await guest.push("scenextras", go_back(name))).report == DECLINED


async def test_builder_null_with_skipped_cleanup_survives_a_rebuild_on_the_right_branch(guest: Guest) -> None:
    name = await holder(guest)
    image = (await guest.app(name))["image"]
    await guest.ok(f"git:set {name} deploy-branch main")
    assert (await guest.run(f"ps:rebuild {name}")).exit == 0
    assert (await guest.app(name))["image"] == image
    assert await guest.ok(f"ps:report {name} --running") == "false\n"


async def test_the_apps_own_settings_apply_to_our_dockerfile(guest: Guest) -> None:
    name = await holder(guest)
    await guest.ok("docker-options:add scenextras build '--target prod'")
    pushed = await guest.push("scenextras", go_back(name))
    assert 'target stage "prod" could not be found' in pushed.progress
    await guest.ok("docker-options:remove scenextras build '--target prod'")
    await guest.ok("builder-dockerfile:set scenextras dockerfile-path deploy/Dockerfile")
    pushed = await guest.push("scenextras", go_back(name))
    assert "Invalid dockerfile-path specified" in pushed.progress
    assert pushed.report == DECLINED


# --- retention


async def test_the_replaced_image_is_gone_after_the_timer_struck(guest: Guest) -> None:
    first = await guest.push("scenextras", source("v1.6.0"))
    image = (await guest.app())["image"]
    await guest.push("scenextras", source("v1.7.0"))
    assert image in (await guest.state())["images"]
    retired = await guest.control("/retire", force=True)
    assert retired == {}
    assert image not in (await guest.state())["images"]
    # The commit is still there, so it can be built again.
    assert (await guest.run(f"git:sync --build scenextras /home/dokku/scenextras {first.commit[:8]}")).exit == 0
    assert (await guest.get("api")).headers["x-release"] == "v1.6.0"


async def test_an_image_with_two_tags_survives(guest: Guest) -> None:
    await guest.push("scenextras", source("v1.6.0"))
    image = (await guest.app())["image"]
    await guest.ok("apps:create hold")
    await guest.ok("config:set --no-restart hold DOKKU_SKIP_DEPLOY=true")
    await guest.push("scenextras", source("v1.7.0"))
    state = await guest.state()
    assert image in state["dead_images"]
    assert state["images"][image]["tags"] == []
    await guest.control("/tag", image=image, tags=["lab/keep:1", "lab/keep:2"])
    await guest.control("/retire", force=True)
    assert image in (await guest.state())["images"]


async def test_a_source_image_of_from_image_dies_with_the_release_it_made(guest: Guest) -> None:
    name = await holder(guest)
    assert (await guest.run(f"git:from-image scenextras dokku/{name}:latest")).exit == 0
    assert (await guest.get("api")).headers["x-release"] == "v1.4.0"
    assert (await guest.app())["metadata"] == f"dokku/{name}:latest"
    assert (await guest.run(f"git:from-image scenextras dokku/{name}:latest")).exit == 1  # no changes detected
    await guest.push("scenextras", source("v1.6.0"))
    await guest.control("/retire", force=True)
    assert (await guest.app(name))["image"] is None
    gone = await guest.run(f"git:from-image scenextras dokku/{name}:latest")
    assert gone.exit == 1
    assert "no such host" in gone.err


async def test_going_back_by_push_switches_that_label_off(guest: Guest) -> None:
    name = await holder(guest)
    await guest.push("scenextras", go_back(name))
    await guest.push("scenextras", source("v1.6.0"))
    await guest.control("/retire", force=True)
    assert (await guest.app(name))["image_version"] == "v1.4.0"


# --- at the same time


@BOTH
async def test_while_a_push_deploys_others_are_refused_and_some_have_already_moved_things(guest: Guest) -> None:
    await guest.control("/fault", kind="slow_deploy", factor=12, when={"command_prefix": "git-receive-pack"})
    other = await guest.connect()
    tip = (await guest.refs())["refs/heads/main"]
    slow = asyncio.ensure_future(guest.push("scenextras", source("v1.6.0"), connection=other))
    await guest.until(lock_held=True)
    assert await guest.ok("apps:locked scenextras") == "Deploy lock exists\n"
    second = await guest.push("scenextras", source("v1.7.0"))
    assert second.report == DECLINED
    assert "currently has a deploy lock in place. Exiting..." in second.progress
    assert (await guest.run("ps:rebuild scenextras")).exit == 1
    sync = await guest.run("git:sync --build scenextras /home/dokku/scenextras v1.2.0")
    assert sync.exit == 1
    moved = (await guest.refs())["refs/heads/main"]
    assert moved != tip
    assert (await guest.run("git:set scenextras deploy-branch main")).exit == 0
    first = await slow
    # Went live, and was answered by a refusal with exit status 0.
    assert (first.report, first.exit) == (["unpack ok", "ng refs/heads/main failed to update ref"], 0)
    assert f"cannot lock ref 'refs/heads/main': is at {moved} but expected {tip}" in first.progress
    found = await guest.app()
    assert (found["serves"], found["metadata"]) == ("v1.6.0", first.commit)
    if builds := {(build["source"], build["status"]) for build in found["builds"]}:  # 0.38 records the refused ones too
        assert builds & {("ps:rebuild", "failed"), ("ps:rebuild", "abandoned")}


async def test_config_set_and_restart_look_at_no_lock(guest: Guest) -> None:
    await guest.control("/fault", kind="hold_lock", app="scenextras")
    assert (await guest.run("config:set scenextras X=1")).exit == 0
    assert (await guest.run("ps:restart scenextras")).exit == 0
    assert (await guest.push("scenextras", source("v1.6.0"))).report == DECLINED


@BOTH
async def test_apps_lock_blocks_nothing_and_is_removed_by_a_deploy(guest: Guest) -> None:
    await guest.ok("apps:lock scenextras")
    assert await guest.ok("apps:report scenextras --app-locked") == "true\n"
    await guest.ok("ps:restart scenextras")
    assert (await guest.app())["lock_file"]
    assert (await guest.push("scenextras", source("v1.6.0"))).report[-1] == "ok refs/heads/main"
    assert (await guest.run("apps:locked scenextras")).exit == 1


async def test_of_five_creates_at_once_one_wins(guest: Guest) -> None:
    done = await asyncio.gather(*(guest.run("apps:create scenextras--incident") for _ in range(5)))
    assert sorted(result.exit or 0 for result in done) == [0, 1, 1, 1, 1]


async def test_a_push_with_a_wrong_old_id_is_deployed_and_then_refused(guest: Guest) -> None:
    tip = (await guest.refs())["refs/heads/main"]
    stale = (await guest.refs())["refs/tags/v1.4.0"]
    pushed = await guest.push("scenextras", source("v1.6.0"), old=stale)
    assert (pushed.report, pushed.exit) == (["unpack ok", "ng refs/heads/main failed to update ref"], 0)
    found = await guest.app()
    assert (found["serves"], found["metadata"]) == ("v1.6.0", pushed.commit)
    assert found["refs"]["refs/heads/main"] == tip


# --- processes and traffic


async def test_containers_and_start_times_change_with_every_restart(guest: Guest) -> None:
    def facts(text: str) -> tuple[str, str]:
        (container,) = json.loads(text)
        return container["Id"], container["State"]["StartedAt"]

    before = facts(await guest.ok("ps:inspect scenextras"))
    await guest.ok("ps:restart scenextras")
    after = facts(await guest.ok("ps:inspect scenextras"))
    assert before[0] != after[0]
    assert before[1] < after[1]


async def test_process_types_follow_procfile_and_scale(guest: Guest) -> None:
    report = json.loads(await guest.ok("ps:report scenextras-transcription --format json"))
    assert report["processes"] == "2"
    assert {key for key in report if key.startswith("status-")} == {"status-web.1", "status-worker.1"}
    await guest.ok("ps:scale scenextras-transcription web=2 worker=0")
    names = {container["Name"] for container in json.loads(await guest.ok("ps:inspect scenextras-transcription"))}
    assert names == {"/scenextras-transcription.web.1", "/scenextras-transcription.web.2"}


async def test_no_request_fails_across_a_deploy(guest: Guest) -> None:
    await guest.control("/scenario", name="healthy")
    pushing = asyncio.ensure_future(guest.push("scenextras", source("v1.6.0")))
    seen: list[tuple[int, str]] = []
    while not pushing.done():
        answer = await guest.get("api", "/healthcheck/ready")
        seen.append((answer.status_code, answer.headers["x-release"]))
    assert {status for status, _ in seen} == {200}
    releases = [release for _, release in seen]
    assert releases == sorted(releases)
    assert (await guest.get("api")).headers["x-release"] == "v1.6.0"


async def test_without_checks_there_is_a_gap(guest: Guest) -> None:
    await guest.control("/scenario", name="healthy")
    await guest.ok("checks:disable scenextras")
    assert "_all_" in await guest.ok("checks:report scenextras")
    await guest.control("/fault", kind="slow_deploy", factor=10, when={"command_prefix": "git-receive-pack"})
    pushing = asyncio.ensure_future(guest.push("scenextras", source("v1.6.0")))
    statuses: list[int] = []
    while not pushing.done():
        statuses.append((await guest.get("api", "/healthcheck/ready")).status_code)
    assert set(statuses) == {200, 502}
    # Nobody looks at a release's health before it takes the traffic.
    await guest.push("scenextras", source("v1.7.0", health="503"))
    assert (await guest.get("api", "/healthcheck/ready")).status_code == 503


async def test_deploy_with_a_tag_is_not_sticky_and_without_one_changes_nothing(guest: Guest) -> None:
    image = (await guest.app(await holder(guest)))["image"]
    await guest.control("/tag", image=image, tags=["dokku/scenextras:rb-140"])
    metadata = (await guest.app())["metadata"]
    assert (await guest.run("deploy scenextras rb-140")).exit == 0
    assert (await guest.app())["serves"] == "v1.4.0"
    assert (await guest.app())["metadata"] == metadata
    await guest.ok("ps:restart scenextras")
    assert (await guest.app())["serves"] == "v1.5.0"
    assert (await guest.run("deploy scenextras nope")).exit == 1
    count = len((await guest.app())["containers"])
    assert (await guest.run("deploy scenextras")).exit == 0
    after = await guest.app()
    assert after["serves"] == "v1.5.0"
    assert len(after["containers"]) == count + 1


async def test_releases_in_a_registry_can_be_gone_back_to(guest: Guest) -> None:
    await guest.ok("registry:set scenextras server 127.0.0.1:5055")
    await guest.ok("registry:set scenextras push-on-release true")
    for number, version in enumerate(("v1.6.0", "v1.7.0"), 1):
        await guest.push("scenextras", source(version))
        assert await guest.ok("registry:report scenextras --registry-tag-version") == f"{number}\n"
    await guest.control("/retire", force=True)
    first = "127.0.0.1:5055/dokku/scenextras:1"
    assert (await guest.run(f"git:from-image scenextras {first}")).exit == 0
    assert (await guest.app())["serves"] == "v1.6.0"
    assert (await guest.app())["metadata"] == first
    assert await guest.ok("registry:report scenextras --registry-tag-version") == "3\n"
    missing = await guest.run("git:from-image scenextras 127.0.0.1:5055/dokku/scenextras:99")
    assert (missing.exit, "manifest unknown" in missing.err) == (1, True)
