"""Apps on Dokku's Kubernetes scheduler: what is said of them, and what a failed deploy costs what serves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.guest import Guest, keeping, source
from tests.sandbox.recordings import Record, neutral, progress_of, records

RECORDED = {found.name: found for found in records("k3s", "0.35.15")}


async def made(guest: Guest, **told: Any) -> None:
    await guest.control("/app", name="kub", scheduler="k3s", config={"GREETING": "old"}, **told)


async def pods(guest: Guest) -> list[Any]:
    return sorted((c for c in (await guest.app("kub"))["containers"] if c["pod"]), key=lambda pod: pod["name"])


async def says_the_same(guest: Guest, found: Record) -> None:
    done = await guest.run(found.command)
    said = (done.exit, neutral(done.out), neutral(done.err))
    assert said == (found.exit, neutral(found.stdout), neutral(found.stderr)), found.command


async def test_what_is_recorded_of_a_healthy_app(guest: Guest) -> None:
    await made(guest)
    for name in (
        "ps:report",
        "ps:inspect",
        "access logs",
        "enter: an exit code",
        "enter: a missing command",
        "enter: far past the end",
    ):
        await says_the_same(guest, RECORDED[name])
    ran = await guest.run("run kub env")
    assert (ran.exit, ran.err.split('"')[0]) == (1, RECORDED["run"].stderr.split('"')[0])
    env = await guest.ok("enter kub web.1 env")
    web = next(pod for pod in await pods(guest) if pod["process"] == "web.1")
    assert env.startswith(".")
    assert {f"HOSTNAME={web['name']}", "GREETING=old", "PORT=5000"} <= set(env[1:].splitlines())
    past = await guest.run("enter kub web.2 env")
    assert (past.exit, past.out, past.err.split("\n")[0]) == (
        2,
        "",
        "panic: runtime error: index out of range [1] with length 1",
    )
    logs = await guest.ok("logs kub --num 2")
    assert all(line.startswith(f"app[{web['name']}]: ") for line in logs.splitlines())
    assert await guest.ok("registry:report kub --registry-tag-version") == "1\n"
    reported = json.loads(await guest.ok("ps:report kub --format json"))
    assert not [key for key in reported if key.startswith("status-")]


async def test_a_cluster_out_of_reach(guest: Guest) -> None:
    await made(guest)
    await guest.control("/cluster", down=True)
    for name in ("down: enter", "down: scheduler:report"):
        await says_the_same(guest, RECORDED[name])
    for command in ("ps:report kub", "ps:report kub --format json", "ps:report"):
        done = await guest.run(command)
        assert (done.exit, done.err.split("\n")[0]) == (2, "panic: runtime error: index out of range [1] with length 1")
    assert (await guest.run("logs kub --num 1")).exit == 1
    assert await guest.ok("apps:report kub --app-deploy-source") == "git-push\n"
    pushed = await guest.push("kub", source("v2.0.0", check="/health"))
    assert "Error creating kubernetes namespace for deployment" in pushed.progress
    assert (await guest.app("kub"))["serves"] == "v1.0.0"


@pytest.mark.parametrize("world", ["0.35.15", "0.38.27"], indirect=True)
async def test_a_deploy_switches_the_pods_and_counts_the_number_up(guest: Guest) -> None:
    await made(guest, worker=True)
    pushed = await guest.push("kub", source("v2.0.0", check="/health") | {"Procfile": "web: x\nworker: y\n"})
    assert pushed.report[-1] == "ok refs/heads/main"
    assert "Beginning wait for 6 resources with timeout of 5m0s" in pushed.progress
    found = await guest.app("kub")
    assert (found["serves"], found["metadata"], found["helm"]) == ("v2.0.0", pushed.commit, "deployed")
    assert [pod["process"] for pod in await pods(guest)] == ["web.1", "worker.1"]
    assert await guest.ok("registry:report kub --registry-tag-version") == "2\n"
    assert f"GIT_REV={pushed.commit}" in await guest.ok("enter kub worker.1 env")


async def test_after_a_failed_deploy_the_good_pods_lose_their_config_at_the_next_start(guest: Guest) -> None:
    await made(guest)
    await guest.ok("scheduler-k3s:set kub deploy-timeout 35")
    bad = await guest.push("kub", source("v2.0.0", check="/health", crash=True))
    assert bad.report == ["unpack ok", "ng refs/heads/main pre-receive hook declined"]
    assert "Error deploying: context deadline exceeded" in bad.progress
    found = await guest.app("kub")
    assert (found["serves"], found["image_version"]) == ("v1.0.0", "v2.0.0")
    assert json.loads(await guest.ok("ps:report kub --format json"))["running"] == "true"
    assert sorted(pod["version"] for pod in await pods(guest)) == ["v1.0.0", "v2.0.0"]
    assert {(await guest.run(f"enter kub web.{n} env")).exit for n in (1, 2)} == {0, 1}
    good = next(pod for pod in await pods(guest) if pod["version"] == "v1.0.0")
    assert good["sees"]["GREETING"] == "old"
    await guest.control("/cluster", app="kub", reschedule=True)
    good = next(pod for pod in await pods(guest) if pod["version"] == "v1.0.0")
    assert "GREETING" not in good["sees"]
    assert "GIT_REV" not in good["sees"]
    assert (await guest.app("kub"))["serves"] == "v1.0.0"


async def test_with_rollback_on_failure_helm_puts_it_right(guest: Guest) -> None:
    await made(guest)
    await guest.ok("scheduler-k3s:set kub rollback-on-failure true")
    bad = await guest.push("kub", source("v2.0.0", check="/health", health="503"))
    recorded = progress_of(RECORDED["rolled back: push"].stderr).splitlines()
    assert bad.progress.splitlines()[-1] == recorded[-1]
    assert "rolled back due to atomic" in recorded[-1]
    (pod,) = await pods(guest)
    await guest.control("/cluster", app="kub", reschedule=True)
    (pod,) = await pods(guest)
    assert (pod["version"], pod["sees"]["GREETING"]) == ("v1.0.0", "old")


async def test_a_process_type_that_the_procfile_lacks_is_not_scaled_up(guest: Guest) -> None:
    await guest.ok("apps:create kub")
    await guest.ok("ps:scale --skip-deploy kub web=1 worker=1")  # accepted as long as nothing was built
    await guest.push("kub", source("v1.0.0", check="/health"))
    await says_the_same(guest, RECORDED["scale: not in the Procfile"])
    await guest.ok("ps:scale --skip-deploy kub web=1 worker=0")


async def test_the_registry_of_the_host_takes_every_release_and_every_holder(guest: Guest) -> None:
    await guest.ok("registry:set --global server 127.0.0.1:5055")
    await guest.ok("registry:set --global push-on-release true")
    holder = "kub--r3--pre-deploy-20261128-144600"
    await guest.control("/app", name="kub")
    await guest.ok(f"apps:create {holder}")
    await guest.ok(f"config:set --no-restart {holder} DOKKU_SKIP_DEPLOY=true")
    kept = await guest.push(holder, keeping("kub"))
    recorded = progress_of(RECORDED["global registry: push to a holder"].stderr).splitlines()
    assert {line for line in recorded if "Pushing" in line or " pushed" in line} <= set(kept.progress.splitlines())
    assert await guest.ok(f"registry:report {holder} --registry-tag-version") == "1\n"


async def test_without_probes_a_crash_is_an_outage(guest: Guest) -> None:
    await made(guest)
    files = {key: value for key, value in source("v2.0.0", crash=True).items() if key != "app.json"}
    assert (await guest.push("kub", files)).report[-1].startswith("ng ")
    assert (await guest.app("kub"))["serves"] is None
    assert json.loads(await guest.ok("ps:report kub --format json"))["running"] == "false"


async def test_helm_that_was_killed_blocks_every_later_deploy(guest: Guest) -> None:
    await made(guest)
    before = await guest.app("kub")
    await guest.control("/fault", kind="fail_next_deploy", mode="helm", app="kub")
    killed = await guest.push("kub", source("v2.0.0", check="/health"))
    assert "Killed                  $plugin/$hook" in killed.progress
    found = await guest.app("kub")
    assert (found["serves"], found["metadata"], found["helm"]) == ("v2.0.0", before["metadata"], "pending")
    assert (await guest.run("apps:locked kub")).exit == 1
    again = await guest.push("kub", source("v3.0.0", check="/health"))
    assert "Error deploying: another operation (install/upgrade/rollback) is in progress" in again.progress
    restarted = await guest.run("ps:restart kub")
    assert (restarted.exit, "another operation" in restarted.err) == (1, True)
    done = await guest.run("config:set kub X=1")
    assert (done.exit, "another operation" in done.err) == (0, True)
    await says_the_same(guest, RECORDED["pending: ps:stop"])
    assert (await guest.run("ps:start kub")).exit == 1
    assert (await guest.app("kub"))["serves"] is None
    await guest.ok("scheduler-k3s:set kub namespace other")
    assert (await guest.run("enter kub web.1 env")).err == " !     No pods found for app kub\n"
    assert (await guest.push("kub", source("v3.0.0", check="/health"))).report[-1].startswith("ok ")
    await guest.ok("scheduler-k3s:set kub namespace")
    await guest.control("/cluster", app="kub", release=True)
    assert (await guest.push("kub", source("v3.0.1", check="/health"))).report[-1].startswith("ok ")


async def test_a_client_that_dies_in_the_wait_leaves_the_pods_switched_and_the_metadata_old(guest: Guest) -> None:
    await made(guest)
    await guest.push("kub", source("v2.0.0", check="/health"))
    first = "127.0.0.1:5055/dokku/kub:1"
    await guest.control(
        "/fault", kind="drop_connection", when={"command_prefix": "git:from-image", "after_phase": "checking"}
    )
    cut = await (await guest.connect()).run(f"git:from-image kub {first}")
    assert cut.exit_status is None
    found = await guest.until("kub", serves="v1.0.0")
    assert (found["deploy_source"], found["lock_file"]) == ("git-push", False)
    again = await guest.run(f"git:from-image kub {first}")
    assert (again.exit, "No changes detected" in again.err) == (1, True)


@pytest.mark.parametrize("world", ["0.38.27"], indirect=True)
async def test_one_secret_for_all_releases_on_the_new_version(guest: Guest) -> None:
    await made(guest)
    bad = await guest.push("kub", source("v2.0.0", check="/health", crash=True))
    await guest.control("/cluster", app="kub", reschedule=True)
    good = next(pod for pod in await pods(guest) if pod["version"] == "v1.0.0")
    assert (good["sees"]["GREETING"], good["sees"]["GIT_REV"]) == ("old", bad.commit)
