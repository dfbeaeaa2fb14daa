"""The sandbox says what real hosts said: reads word for word, deploys line by line."""

from __future__ import annotations

import json
import re

import pytest

from tests.sandbox.guest import Guest, go_back, keeping, source
from tests.sandbox.recordings import Record, neutral, progress_of, record, records, script
from tui.sandbox.fake_teammate import tar_of

VERSIONS = ("0.35.15", "0.38.27")
BOTH = pytest.mark.parametrize(("world", "version"), [(version, version) for version in VERSIONS], indirect=["world"])


def differences(found: Record, done: tuple[int | None, str, str]) -> str:
    said = tuple(neutral(text) if isinstance(text, str) else text for text in done)
    wanted = (found.exit, neutral(found.stdout), neutral(found.stderr))
    return "" if said == wanted else f"{found.command}\n  recorded {wanted}\n  sandbox  {said}"


@BOTH
async def test_reads_answer_word_for_word(guest: Guest, version: str) -> None:
    names = [name for name in (await guest.ok("apps:list")).splitlines() if "--" in name]
    for name in names:
        await guest.control("/remove_app", app=name)
    await guest.ok("ps:scale scenextras-transcription worker=0")
    wrong: list[str] = []
    for found in records("reads", version):
        done = await guest.run(found.command)
        wrong.append(differences(found, (done.exit, done.out, done.err)))
    assert not [text for text in wrong if text], "\n".join(text for text in wrong if text)


# --- deploys, in the order in which they were recorded

LAB = {
    "Dockerfile": (
        "FROM labbase:1\nWORKDIR /app\nCOPY server /app/server\n"
        "COPY Procfile app.json /app/\nCOPY VERSION /app/VERSION\n"
    )
}


def same_push(found: Record, progress: str, app: str, recorded_app: str) -> None:
    assert script(progress, app) == script(progress_of(found.stderr or found.stdout), recorded_app)


async def same_command(guest: Guest, found: Record, command: str, app: str, recorded_app: str) -> None:
    done = await guest.run(command)
    assert done.exit == found.exit, done
    assert script(done.out, app) == script(found.stdout, recorded_app)
    assert script(done.err, app) == script(found.stderr, recorded_app)


@BOTH
async def test_the_whole_default_flow_says_what_was_recorded(guest: Guest, version: str) -> None:
    holder = "fin--r1--pre-deploy-20261123-233001"
    await guest.ok("apps:create fin")

    def flow(name: str) -> Record:
        return record(version, "frozen-flow", name)

    first = await guest.push("fin", source("v1.0.0") | LAB)
    same_push(flow("first deploy"), first.progress.replace("lab\n", "lab:5000\n"), "fin", "fin")
    await guest.ok(f"apps:create {holder}")
    if version == "0.35.15":
        await guest.ok(f"config:set --no-restart {holder} DOKKU_SKIP_DEPLOY=true DOKKU_SKIP_CLEANUP=true")
    else:
        await guest.ok(f"ps:set {holder} skip-deploy true")
        await guest.ok(f"builder:set {holder} skip-cleanup true")
    same_push(flow("keep: push"), (await guest.push(holder, keeping("fin"))).progress, "fin", "fin")
    await guest.ok(f"git:set {holder} deploy-branch kept-do-not-build")
    second = await guest.push("fin", source("v1.1.0") | LAB)
    same_push(flow("the bad deploy"), second.progress, "fin", "fin")
    await guest.ok("git:set fin deploy-branch frozen-by-inc1")
    back = await guest.push("fin", go_back(holder), "frozen-by-inc1")
    same_push(flow("go back: push creates the frozen branch"), back.progress, "fin", "fin")
    fix = await guest.push("fin", source("v1.2.0") | LAB)
    same_push(flow("CI pushes the fix while frozen (plain push)"), fix.progress, "fin", "fin")
    sealed = flow("rebuild of the sealed holder")
    await same_command(guest, sealed, sealed.command, "fin", "fin")
    await guest.ok("git:set fin deploy-branch main")
    tip = flow("deploy the tip: git:sync --build of the own repository")
    await same_command(guest, tip, tip.command, "fin", "fin")


@BOTH
async def test_failures_say_what_was_recorded(guest: Guest, version: str) -> None:
    app = "scenextras"
    await guest.push(app, source("v1.6.0") | LAB)
    broken = await guest.push(app, source("v1.7.0", build_fails=True) | LAB)
    recorded = record(version, "rollback", "git push broken build")
    # The lab's Dockerfile was longer, so its failing line has another number and other neighbours; and its app had
    # left more old images to put the tag back on.
    told = [line for line in script(broken.progress, app)[0] if "|" not in line and "Dockerfile:" not in line]
    wanted = script(progress_of(recorded.stderr), app)[0]
    old_image = [line for line in wanted if line.startswith("<id>")]
    wanted = [line for line in wanted if line not in old_image and "|" not in line and "Dockerfile:" not in line]
    retagged = [line.partition(" as ")[0] for line in wanted]
    assert [line.partition(" as ")[0] for line in told if not line.startswith("<id>")] == retagged
    sick = await guest.push(app, source("v1.8.0", health="503") | LAB)
    assert sick.report == ["unpack ok", "ng refs/heads/main pre-receive hook declined"]
    sick_recorded = record(version, "rollback", "git push sick")
    assert sorted(script(sick.progress, app)[0]) == sorted(script(progress_of(sick_recorded.stderr), app)[0])
    again = record(version, "rollback", "ps:restart after failed deploy")
    done = await guest.run(again.command)
    assert done.exit == again.exit
    assert sorted(script(done.out, app)[0]) == sorted(script(again.stdout, app)[0])
    assert sorted(script(done.err, app)[0]) == sorted(script(again.stderr, app)[0])


@BOTH
async def test_stopping_first_says_what_was_recorded(guest: Guest, version: str) -> None:
    def stop_first(name: str) -> Record:
        return record(version, "stop-first", name)

    await guest.ok("git:set scenextras deploy-branch main")
    holder = next(name for name in (await guest.ok("apps:list")).splitlines() if "scenextras--r4" in name)
    await same_command(guest, stop_first("stop"), "ps:stop scenextras", "scenextras", "cyc")
    pushed = await guest.push("scenextras", go_back(holder))
    told = script(pushed.progress.replace(holder, "HOLDER"), "scenextras")
    recorded_holder = "cyc--r2--pre-deploy-20261123-210002"
    wanted = progress_of(stop_first("push to a stopped app").stderr).replace(recorded_holder, "HOLDER")
    assert told == script(wanted, "cyc")
    await guest.ok("ps:stop scenextras")
    missing = await guest.push("scenextras", go_back("cyc--r9--pre-deploy-20261123-000000"))
    assert missing.report == ["unpack ok", "ng refs/heads/main pre-receive hook declined"]
    told = script(missing.progress.replace("cyc--r9", "HOLDER"), "scenextras")
    wanted = progress_of(stop_first("push to a stopped app, holder missing").stderr).replace("cyc--r9", "HOLDER")
    assert [line for line in told[0] if " | " not in line] == [
        line for line in script(wanted, "cyc")[0] if " | " not in line
    ]
    await same_command(guest, stop_first("way out: ps:start"), "ps:start scenextras", "scenextras", "cyc")


@BOTH
async def test_process_commands_say_what_was_recorded(guest: Guest, version: str) -> None:
    for name in ("ps:restart", "ps:stop", "ps:start", "ps:start twice"):
        found = record(version, "ps", name)
        await same_command(guest, found, found.command, "scenextras", "scenextras")


@BOTH
async def test_apps_never_deployed_and_wrong_arguments(guest: Guest, version: str) -> None:
    await guest.ok("apps:create undeployed-app")
    for found in records("deploys", version):
        if found.group == "logs" and found.name not in ("ps:scale show", "logs:failed"):
            done = await guest.run(found.command)
            assert not differences(found, (done.exit, done.out, done.err))


@BOTH
async def test_records_locks_and_refusals(guest: Guest, version: str) -> None:
    await guest.ok("apps:create cyc")
    await guest.ok("apps:create cyc--r1--pre-deploy-20261123-210001")
    for found in records("deploys", version):
        if found.group == "kept":
            if found.name == "incident record: create" and version == "0.38.27":
                await guest.ok("apps:create cyc--incident")
                continue
            done = await guest.run(found.command)
            assert not differences(found, (done.exit, done.out, done.err))


@BOTH
async def test_the_lock_says_what_was_recorded(guest: Guest, version: str) -> None:
    for name in ("apps:lock", "apps:locked"):
        found = record(version, "lock", name)
        await same_command(guest, found, found.command, "scenextras", "scenextras")
    removed = await guest.run("apps:unlock scenextras")
    recorded = record("0.35.15", "lock", "apps:unlock scenextras-transcription")
    assert (removed.exit, removed.out, removed.err) == (0, recorded.stdout, recorded.stderr)
    found = record(version, "lock", "apps:unlock")
    await same_command(guest, found, found.command, "scenextras", "scenextras")


@pytest.mark.parametrize(("world", "version"), [("0.35.15", "0.35.15")], indirect=["world"])
async def test_checks_disabled_says_what_was_recorded(guest: Guest, version: str) -> None:
    disable = record(version, "zerodowntime", "checks:disable")
    await same_command(guest, disable, disable.command, "scenextras", "scenextras")
    found = record(version, "zerodowntime", "checks disabled: git push -f d35mr v1.2.0^{commit}:refs/heads/main")
    pushed = await guest.push("scenextras", source("v1.6.0") | LAB)
    same_push(found, pushed.progress, "scenextras", "scenextras")


@BOTH
async def test_inspect_has_the_recorded_shape(guest: Guest, version: str) -> None:
    (told,) = json.loads(await guest.ok("ps:inspect scenextras"))
    recorded = json.loads(await guest.ok("ps:inspect scenextras-gateway"))[0]
    assert shape(told) == shape(recorded)
    assert told["Name"] == "/scenextras.web.1"
    assert told["Config"]["Image"] == "dokku/scenextras:latest"
    assert "GIT_REV=XXXXXX" in told["Config"]["Env"]


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: shape(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [shape(inside) for inside in value[:1]]
    return type(value).__name__


# --- other builders


async def made_by(guest: Guest, builder: str, name: str = "b-it") -> None:
    await guest.control("/app", name=name, builder=builder, worker=True)
    await guest.ok(f"apps:create {name}--r1")
    old = "0.35" in await guest.ok("version")
    await guest.ok(
        f"config:set --no-restart {name}--r1 DOKKU_SKIP_DEPLOY=true" if old else f"ps:set {name}--r1 skip-deploy true"
    )
    await guest.push(f"{name}--r1", keeping(name))
    await guest.ok(f"git:set {name} deploy-branch frozen-by-1")


BACK = {
    "Dockerfile": 'FROM dokku/b-it--r1:latest\nLABEL rollback.release="1"\n',
    "Procfile": "web: x\nworker: y\n",
    "app.json": json.dumps({"healthchecks": {"web": [{"type": "startup", "name": "kept-v1", "path": "/health"}]}}),
}


@BOTH
async def test_a_look_at_a_holder_says_what_was_recorded(guest: Guest, version: str) -> None:
    found = {told.name: told for told in records("builders", version)}
    await made_by(guest, "dockerfile")
    await guest.ok("docker-options:add b-it--r1 run --entrypoint=/rollback-looks-only")
    there, gone = found["look: there"], found["look: gone"]
    done = await guest.run("run b-it--r1 x")
    assert (done.exit, done.out, done.err) == (there.exit, there.stdout, there.stderr)
    if "look: report" in found:
        report = found["look: report"]
        assert await guest.ok("docker-options:report b-it--r1") == report.stdout.replace(
            report.command.split()[1], "b-it--r1"
        )
    await guest.control("/prune_images")
    done = await guest.run("run b-it--r1 x")

    stderr = gone.stderr.replace(gone.command.split()[1], "b-it--r1")
    assert (done.exit, done.out, done.err) == (gone.exit, gone.stdout, stderr)


@BOTH
async def test_a_buildpack_that_takes_the_commit_says_what_was_recorded(guest: Guest, version: str) -> None:
    (found,) = [told for told in records("builders", version) if told.name == "a buildpack named"]
    await made_by(guest, "herokuish")
    await guest.ok("config:set --no-restart b-it BUILDPACK_URL=https://example.invalid/bp.git")
    pushed = await guest.push("b-it", BACK, "frozen-by-1")
    told = [line for line in script(pushed.progress, "b-it")[0] if not line.startswith(("<id>", " !     Retagging"))]
    wanted = script(progress_of(found.stderr), "b-hk")[0]
    assert told == [line for line in wanted if not line.startswith(("<id>", " !     Retagging"))]


@pytest.mark.parametrize(("world", "version"), [("0.35.15", "0.35.15")], indirect=["world"])
async def test_going_back_to_herokuish_and_a_refused_option_say_what_was_recorded(guest: Guest, version: str) -> None:
    found = {told.name: told for told in records("builders", version)}
    await made_by(guest, "herokuish")
    await guest.control("/deploy", app="b-it", version="v2.0.0", branch="frozen-by-1", force=True, wait=True)
    pushed = await guest.push("b-it", BACK, "frozen-by-1")
    recorded = script(progress_of(found["back to herokuish"].stderr).replace("/startup", "/health"), "b-hk")
    # the recorded app had a release task until then, and its worker's check was the default one
    wanted = [line.replace("b-hk--r1--v1", "b-it--r1") for line in recorded[0] if "Skipping release" not in line]
    assert script(pushed.progress, "b-it")[0] == wanted
    await guest.ok("docker-options:add b-it build '--env X=1'")
    pushed = await guest.push("b-it", BACK, "frozen-by-1")
    told = [line.partition(" as ")[0] for line in script(pushed.progress, "b-it")[0] if not line.startswith("<id>")]
    wanted = script(progress_of(found["an option of a buildpack build"].stderr), "b-hk")[0]
    assert told == [line.partition(" as ")[0] for line in wanted]


@BOTH
async def test_an_archive_says_what_was_recorded(guest: Guest, version: str) -> None:
    found = {told.name: told for told in records("builders", version)}
    await guest.ok("apps:create b-it")
    files = {"Dockerfile": "FROM lab:1\nCOPY release /app/release\n", "release": "x", "VERSION": "v1.0.0\n"}
    check = {"type": "startup", "name": "ar-1.0.0", "path": "/health"}
    files["app.json"] = json.dumps({"healthchecks": {"web": [check]}})
    data = tar_of({path: text.encode() for path, text in files.items()})
    for name in ("from-archive", "from-archive: the same"):
        recorded = found[name]
        done = await guest.run("git:from-archive b-it --", data)
        assert done.exit == recorded.exit
        for said, wanted in ((done.out, recorded.stdout), (done.err, recorded.stderr)):
            assert plain(said, "b-it") == plain(wanted.replace("/startup", "/health"), "b-ar")


def plain(text: str, app: str) -> list[str]:
    """A deploy's lines without temporary names and the emulated base of the recording."""
    lines = script(re.sub(r"dokku-\d+-trigger-[\w-]+\.\w+", "<scratch>", text), app)[0]
    return [line for line in lines if not line.isdigit()]
