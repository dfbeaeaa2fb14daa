"""What a host's surroundings do to a deploy, and one app's trouble among many: each in the words people meet."""

from __future__ import annotations

import pytest

from tests.sandbox.guest import Guest, source

DECLINED = ["unpack ok", "ng refs/heads/main pre-receive hook declined"]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("docker", "Cannot connect to the Docker daemon"),
        ("quota", "disk quota exceeded"),
        ("denied", "pull access denied"),
        ("rate-limit", "429 Too Many Requests"),
        ("port", "port is already allocated"),
        ("platform", "exec format error"),
    ],
)
async def test_a_deploy_fails_in_the_words_of_its_trouble(guest: Guest, mode: str, said: str) -> None:
    await guest.control("/fault", kind="fail_next_deploy", mode=mode, app="scenextras")
    pushed = await guest.push("scenextras", source("v1.6.0"))
    assert (pushed.report, said in pushed.progress) == (DECLINED, True)
    assert (await guest.app())["serves"] == "v1.5.0"
    assert (await guest.push("scenextras", source("v1.6.1"))).report[-1] == "ok refs/heads/main"


async def test_a_registry_refuses_an_image_in_both_directions(guest: Guest) -> None:
    await guest.control("/fault", kind="fail_next_deploy", mode="denied", app="scenextras")
    pulled = await guest.run("git:from-image scenextras team/private:1")
    assert (pulled.exit, "pull access denied for team/private" in pulled.err) == (1, True)
    await guest.ok("registry:set scenextras server 127.0.0.1:5055")
    await guest.ok("registry:set scenextras push-on-release true")
    await guest.control("/fault", kind="fail_next_deploy", mode="push-unauthorized", app="scenextras")
    pushed = await guest.push("scenextras", source("v1.6.0"))
    assert "unauthorized: authentication required" in pushed.progress
    assert "Unable to push image" in pushed.progress
    assert pushed.report == DECLINED


async def test_without_docker_nothing_is_known_and_nothing_is_built(guest: Guest) -> None:
    await guest.control("/fault", kind="docker_down")
    inspected = await guest.run("ps:inspect scenextras")
    assert (inspected.exit, "Is the docker daemon running?" in inspected.err) == (1, True)
    assert "missing" in await guest.ok("ps:report scenextras")
    assert (await guest.push("scenextras", source("v1.6.0"))).report == DECLINED
    assert (await guest.get("api")).headers["x-release"] == "v1.5.0"
    await guest.control("/faults/clear")
    assert (await guest.run("ps:inspect scenextras")).exit == 0


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_warnings_may_come_before_the_data_of_one_app(guest: Guest, stream: str) -> None:
    text = "perl: warning: Setting locale failed."
    when = {"command_prefix": "apps:report scenextras-gateway"}
    await guest.control("/fault", kind="warn", stream=stream, stderr=text, when=when)
    assert text not in await guest.ok("apps:report scenextras --format json")
    done = await guest.run("apps:report scenextras-gateway --format json")
    told = done.out if stream == "stdout" else done.err
    assert (done.exit, told.startswith(f"{text}\n")) == (0, True)
    assert '"app-deploy-source":"git-push"' in done.out
