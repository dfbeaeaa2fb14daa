"""Apps by every builder: what recognises them, what a way back to them needs, and the traps on it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.guest import Guest

BOTH = pytest.mark.parametrize("world", ["0.35.15", "0.38.27"], indirect=True)
NEW = pytest.mark.parametrize("world", ["0.38.27"], indirect=True)
DECLINED = ["unpack ok", "ng refs/heads/frozen-by-1 pre-receive hook declined"]
CHECKS = {"web": [{"type": "startup", "name": "kept", "path": "/health"}], "worker": [{"name": "up", "uptime": 1}]}
PROCFILE = "web: /app/server\nworker: /app/server --worker\n"
CURE = """while IFS= read -r -d '' rollback_kv; do
  case "${rollback_kv%%=*}" in PATH|HOME|USER|PWD|SHLVL|_|BASH_*) ;; [a-zA-Z_]*) export "$rollback_kv" ;; esac
done </proc/1/environ
unset rollback_kv
[ -n "${OLDONLY-}" ] || unset OLDONLY
[ -n "${GLOBALVAR-}" ] || unset GLOBALVAR
"""
"""as it was run on 0.35.15 (2026-11-28)"""
CURED = (
    'ENV OLDONLY="" GLOBALVAR=""\nRUN rm -rf /tmp/env/* /app/.profile.d/00-global-env.sh\n'
    "COPY .rollback/config.sh /app/.profile.d/01-app-env.sh\n"
)


async def made(guest: Guest, builder: str, **told: Any) -> str:
    """An app of two processes, one release of it kept, the next one live, its config changed in between."""
    old_config = {"GREETING": "old", "OLDONLY": "yes"}
    await guest.ok("config:set --no-restart --global GLOBALVAR=gold")
    await guest.control("/app", name="it", builder=builder, worker=True, config=old_config, **told)
    await keep(guest)
    await guest.ok("config:set --no-restart it GREETING=new NEWONLY=1")
    await guest.ok("config:unset --no-restart it OLDONLY")
    await guest.ok("config:unset --no-restart --global GLOBALVAR")
    assert (await guest.control("/deploy", app="it", version="v2.0.0", wait=True))["status"] == "ok"
    await guest.ok("git:set it deploy-branch frozen-by-1")
    return "it"


async def keep(guest: Guest, app: str = "it", holder: str = "it--r1--kept") -> None:
    await guest.ok(f"apps:create {holder}")
    old = "0.35" in await guest.ok("version")
    never = "config:set --no-restart {} DOKKU_SKIP_DEPLOY=true" if old else "ps:set {} skip-deploy true"
    await guest.ok(never.format(holder))
    files = {"Dockerfile": f'FROM dokku/{app}:latest\nLABEL com.dokku.docker-image-labeler/alternate-tags=""\n'}
    assert (await guest.push(holder, files)).report[-1] == "ok refs/heads/main"
    await guest.ok(f"docker-options:add {holder} run --entrypoint=/rollback-looks-only")


async def back(guest: Guest, *, dockerfile: str = "", procfile: str = PROCFILE, branch: str = "frozen-by-1") -> Any:
    files = {
        "Dockerfile": f'FROM dokku/it--r1--kept:latest\nLABEL rollback.attempt="1"\n{dockerfile}',
        "app.json": json.dumps({"healthchecks": CHECKS}),
    }
    files |= {"Procfile": procfile} if procfile else {}
    files |= {".rollback/config.sh": CURE} if dockerfile else {}
    return await guest.push("it", files, branch)


async def containers(guest: Guest, app: str = "it") -> dict[str, Any]:
    found = await guest.app(app)
    return {c["process"]: c for c in found["containers"] if c["id"] in found["current"].values()}


async def app_type(guest: Guest) -> str:
    done = await guest.run("config:get it DOKKU_APP_TYPE")
    detected = "" if done.exit == 0 else await guest.ok("builder:report it --builder-detected")
    return (done.out or detected).strip()


# --- recognised by


@BOTH
@pytest.mark.parametrize(
    ("builder", "path", "args"),
    [
        ("herokuish", "/start", ["web"]),
        ("pack", "launcher", ["/app/server"]),
        ("nixpacks", "/usr/local/bin/entrypoint", ["/app/server"]),
        ("railpack", "/app/server", []),
    ],
)
async def test_what_tells_the_builder(guest: Guest, builder: str, path: str, args: list[str]) -> None:
    old = "0.35" in await guest.ok("version")
    if old and builder == "railpack":
        builder, path, args = "herokuish", "/start", ["web"]  # 0.35.15 has no railpack: the default gets it
    await guest.control("/app", name="it", builder=builder, worker=True)
    assert await app_type(guest) == builder
    inspected = json.loads(await guest.ok("ps:inspect it"))
    (web,) = [c for c in inspected if c["Name"] == "/it.web.1"]
    labels = web["Config"]["Labels"]
    assert labels["com.dokku.builder-type"] == ("dockerfile" if old and builder == "nixpacks" else builder)
    assert ("io.buildpacks.stack.id" in labels) == (builder == "pack")
    assert (web["Path"], web["Args"]) == (path, args)
    reported = json.loads(await guest.ok("builder:report it --format json"))
    assert (reported["builder-selected"], reported["builder-computed-selected"]) == ("", "")
    assert (await guest.app("it"))["serves"] == "v1.0.0"
    assert [c["runs"] for c in (await containers(guest)).values()] == ["web", "worker"]


@BOTH
async def test_an_image_and_an_archive_are_known_by_commits_of_dokkus_own(guest: Guest) -> None:
    for builder, source, metadata in (("image", "docker-image", "team/it:v1.0.0"), ("archive", "tar", "--")):
        await guest.control("/app", name="it", builder=builder)
        found = await guest.app("it")
        assert (found["deploy_source"], found["metadata"], found["serves"]) == (source, metadata, "v1.0.0")
        tip = found["refs"]["refs/heads/master"]
        assert await guest.ok("git:report it --git-sha") == f"{tip}\n"
        assert found["source_image"] == ("team/it:v1.0.0" if builder == "image" else "")
        again = await guest.control("/deploy", app="it", version="v1.0.0", wait=True)
        assert (again["exit"], "No changes detected" in again["output"]) == (1, True)
        await guest.ok("apps:destroy it --force")


# --- old config coming back


@BOTH
async def test_config_baked_by_herokuish_comes_back_unless_cured(guest: Guest) -> None:
    await made(guest, "herokuish", predeploy=True)
    assert (await back(guest)).report[-1].startswith("ok ")
    for container in (await containers(guest)).values():
        sees = container["sees"]
        assert (sees["GREETING"], sees["OLDONLY"], sees["GLOBALVAR"], sees["NEWONLY"]) == ("old", "yes", "gold", "1")
    assert (await guest.app("it"))["serves"] == "v1.0.0"
    assert await app_type(guest) == "dockerfile"
    assert (await back(guest, dockerfile=CURED)).report[-1].startswith("ok ")
    for container in (await containers(guest)).values():
        sees = container["sees"]
        assert (sees["GREETING"], sees["NEWONLY"]) == ("new", "1")
        assert "OLDONLY" not in sees
        assert "GLOBALVAR" not in sees
    assert "GREETING=new\n" in await guest.ok("run it env")
    assert "OLDONLY" not in await guest.ok("enter it worker env")


@BOTH
async def test_a_cure_that_bash_cannot_read_cures_nothing(guest: Guest) -> None:
    await made(guest, "herokuish")
    files = {"Dockerfile": f"FROM dokku/it--r1--kept:latest\n{CURED}", "Procfile": PROCFILE}
    assert (await guest.push("it", files | {".rollback/config.sh": "while read"}, "frozen-by-1")).exit == 0
    sees = (await containers(guest))["web.1"]["sees"]
    assert (sees["GREETING"], sees["OLDONLY"]) == ("new", "")  # no script of the release any more, no unset either


@BOTH
async def test_the_label_of_herokuish_makes_the_release_write_the_config(guest: Guest) -> None:
    await made(guest, "herokuish", predeploy=True)
    await guest.ok("docker-options:add it build --label=com.dokku.builder-type=herokuish")
    await back(guest)
    sees = (await containers(guest))["web.1"]["sees"]
    assert (sees["GREETING"], sees["NEWONLY"], sees["OLDONLY"]) == ("new", "1", "yes")


@BOTH
async def test_predeploy_bakes_the_config_of_any_builder(guest: Guest) -> None:
    await made(guest, "dockerfile", predeploy=True)
    await back(guest)
    sees = (await containers(guest))["web.1"]["sees"]
    assert (sees["GREETING"], sees["OLDONLY"]) == ("new", "yes")
    await guest.push("it", {"Dockerfile": 'FROM dokku/it--r1--kept:latest\nENV OLDONLY=""\n'}, "frozen-by-1")
    assert (await containers(guest))["web.1"]["sees"]["OLDONLY"] == ""


# --- processes


@BOTH
async def test_without_a_procfile_a_worker_of_pack_is_a_second_web(guest: Guest) -> None:
    await made(guest, "pack")
    assert (await back(guest, procfile="")).report[-1].startswith("ok ")
    assert {dyno: c["runs"] for dyno, c in (await containers(guest)).items()} == {"web.1": "web", "worker.1": "web"}
    assert (await containers(guest))["web.1"]["path"] == "/cnb/process/web"
    await back(guest)
    assert {dyno: c["runs"] for dyno, c in (await containers(guest)).items()} == {"web.1": "web", "worker.1": "worker"}


@BOTH
@pytest.mark.parametrize("builder", ["nixpacks", "railpack"])
async def test_without_a_procfile_there_is_nothing_to_start(guest: Guest, builder: str) -> None:
    if builder == "railpack" and "0.35" in await guest.ok("version"):
        return
    await made(guest, builder)
    assert (await back(guest, procfile="")).report == DECLINED
    assert (await guest.app("it"))["serves"] == "v2.0.0"
    assert (await back(guest)).report[-1].startswith("ok ")
    assert (await guest.app("it"))["serves"] == "v1.0.0"


@BOTH
async def test_a_process_type_that_is_missing_from_the_procfile_is_said_and_gone(guest: Guest) -> None:
    await made(guest, "dockerfile")
    pushed = await back(guest, procfile="web: /app/server\n")
    assert "Skipping worker as it is missing from the current Procfile" in pushed.progress
    assert list((await guest.app("it"))["current"]) == ["web.1"]


# --- who builds a commit


@BOTH
async def test_a_buildpack_that_is_named_takes_the_commit_and_the_old_release_serves(guest: Guest) -> None:
    await made(guest, "herokuish")
    for command, undone in (
        (
            "config:set --no-restart it BUILDPACK_URL=https://x.invalid/bp.git",
            "config:unset --no-restart it BUILDPACK_URL",
        ),
        ("buildpacks:set it https://x.invalid/bp.git", "buildpacks:clear it"),
    ):
        await guest.ok(command)
        pushed = await back(guest)
        assert pushed.report == DECLINED
        assert "Fetching custom buildpack" in pushed.progress
        assert (await guest.app("it"))["serves"] == "v2.0.0"
        await guest.ok("builder:set it selected dockerfile")
        assert (await back(guest)).report[-1].startswith("ok ")
        await guest.ok("builder:set it selected")
        await guest.ok(undone)
        await guest.ok("git:set it deploy-branch main")
        await guest.control("/deploy", app="it", version="v2.0.0", wait=True, force=True)
        await guest.ok("git:set it deploy-branch frozen-by-1")


async def test_a_failed_herokuish_build_leaves_a_half_built_image(guest: Guest) -> None:
    await made(guest, "herokuish")
    await guest.ok("config:set --no-restart it BUILDPACK_URL=https://x.invalid/bp.git")
    assert (await back(guest)).report == DECLINED
    found = await guest.app("it")
    assert (found["serves"], found["image_version"]) == ("v2.0.0", "half-built")


@BOTH
async def test_the_experimental_variable_deploys_the_tiny_tree_on_the_old_version_alone(guest: Guest) -> None:
    await made(guest, "pack")
    await guest.ok("config:set --no-restart it DOKKU_CNB_EXPERIMENTAL=1")
    await guest.ok("builder:set it selected dockerfile")
    pushed = await back(guest)
    found = await guest.app("it")
    assert (pushed.report[-1], found["metadata"]) == ("ok refs/heads/frozen-by-1", pushed.commit)
    web = (await containers(guest))["web.1"]
    if "0.35" in await guest.ok("version"):
        assert found["serves"] == pushed.commit[:12]
        assert "rollback.attempt" not in web["labels"]
    else:
        assert (found["serves"], web["labels"]["rollback.attempt"]) == ("v1.0.0", "1")


@BOTH
async def test_options_of_a_buildpack_build_fail_a_build_of_a_dockerfile(guest: Guest) -> None:
    await made(guest, "herokuish")
    for option, said in (("--env X=1", "unknown flag: --env"), ("-v /a:/b", "unknown shorthand flag: 'v' in -v")):
        await guest.ok(f"docker-options:add it build '{option}'")
        assert option in await guest.ok("docker-options:report it")
        pushed = await back(guest)
        assert (pushed.report, said in pushed.progress) == (DECLINED, True)
        await guest.ok(f"docker-options:remove it build '{option}'")
    assert (await back(guest)).report[-1].startswith("ok ")


@BOTH
async def test_the_hosts_builder_takes_every_commit_without_its_own(guest: Guest) -> None:
    await guest.ok("builder:set --global selected herokuish")
    reported = json.loads(await guest.ok("builder:report scenextras --format json"))
    assert (reported["builder-global-selected"], reported["builder-computed-selected"]) == ("herokuish", "herokuish")
    await guest.ok("apps:create held")
    tree = {"Dockerfile": "FROM dokku/scenextras:latest\n"}
    assert "Building held from herokuish" in (await guest.push("held", tree)).progress
    await guest.ok("builder:set held selected dockerfile")
    assert "Building held from Dockerfile" in (await guest.push("held", tree)).progress


# --- source image


@BOTH
async def test_a_source_image_that_is_set_gives_the_files_of_the_bad_release(guest: Guest) -> None:
    await guest.control("/app", name="it", builder="image", worker=True)
    await keep(guest)
    bad = {"Procfile": "web: /app/bad\n"}
    await guest.control("/deploy", app="it", version="v2.0.0", files=bad, wait=True)
    assert (await guest.app("it"))["source_image"] == "team/it:v2.0.0"
    await guest.ok("git:set it deploy-branch frozen-by-1")
    assert (await back(guest)).report[-1].startswith("ok ")
    web = (await containers(guest))["web.1"]
    assert (web["path"], web["labels"]["rollback.attempt"]) == ("/app/bad", "1")
    assert (await guest.app("it"))["source_image"] == ""  # used once more, and gone
    again = await guest.control("/deploy", app="it", version="v2.0.0", files=bad, wait=True)
    assert (again["exit"], (await guest.app("it"))["source_image"]) == (1, "team/it:v2.0.0")  # written again
    await guest.ok("git:set it source-image")
    await back(guest)
    assert (await containers(guest))["web.1"]["path"] == "/app/server"


# --- looking at a holder


@BOTH
@pytest.mark.parametrize("builder", ["dockerfile", "herokuish", "pack"])
async def test_whether_a_holders_image_is_there_can_be_seen(guest: Guest, builder: str) -> None:
    await guest.control("/app", name="it", builder=builder)
    await keep(guest)
    old = "0.35" in await guest.ok("version")
    report = await guest.ok("docker-options:report it--r1--kept")
    assert "Docker options run:            --entrypoint=/rollback-looks-only" in report
    there = await guest.run("run it--r1--kept /rollback-looks-only")
    if builder == "pack" and not old:
        assert (there.exit, there.err) == (127, "bash: line 1: /rollback-looks-only: No such file or directory\n")
    else:
        assert (there.exit, there.out) == (1, "")
        assert 'exec: "/rollback-looks-only": stat /rollback-looks-only: no such file or directory' in there.err
    await guest.control("/prune_images")
    gone = await guest.run("run it--r1--kept /rollback-looks-only")
    assert (gone.exit, gone.err) == (
        1,
        " !     App image (dokku/it--r1--kept:latest) not found\nError: No such image: \n"
        " !     Invalid image stage detected: expected 'release', got ''\n"
        " !     Successfully deploy your app to fix dokku run calls\n",
    )
    ran = [entry["kind"] for entry in (await guest.state())["executed"] if entry["app"] == "it--r1--kept"]
    assert ran == (["profile"] if builder == "pack" and not old else [])
    assert (await guest.run("apps:exists it--r1--kept")).exit == 0


@BOTH
async def test_without_the_option_a_look_starts_the_release(guest: Guest) -> None:
    await guest.control("/app", name="it")
    await keep(guest)
    await guest.ok("docker-options:remove it--r1--kept run --entrypoint=/rollback-looks-only")
    assert (await guest.run("run it--r1--kept /rollback-looks-only")).exit != 0
    ran = [entry["kind"] for entry in (await guest.state())["executed"] if entry["app"] == "it--r1--kept"]
    assert ran == ["run"]


# --- checks


@BOTH
async def test_checks_of_a_worker_of_a_time_to_live_and_none(guest: Guest) -> None:
    await guest.control("/app", name="it", worker=True)
    pushed = await guest.control("/deploy", app="it", version="v2.0.0", wait=True)
    assert "Running healthcheck name='default' type='uptime' uptime=10" in pushed["output"]
    await keep(guest)
    await guest.ok("git:set it deploy-branch frozen-by-1")
    progress = (await back(guest)).progress
    assert "Running healthcheck name='up' type='uptime' uptime=1" in progress
    assert "uptime=10" not in progress
    await guest.ok("checks:skip it")
    assert "Zero downtime checks have been skipped (worker.1)" in (await back(guest)).progress
