"""The sandbox as a process: one line of JSON, signals, nothing left behind; and behind a real sshd."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import yaml

from tests.sandbox.guest import Guest, go_back, source, visiting
from tests.sshd import Sshd, real_sshd
from tui.sandbox.sandbox_process import World

START = (sys.executable, "-m", "tui.sandbox", "--pace", "0.005")


@contextlib.asynccontextmanager
async def started(*options: str) -> AsyncIterator[tuple[dict[str, Any], asyncio.subprocess.Process]]:
    process = await asyncio.create_subprocess_exec(
        *START, *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline()), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
async def test_prints_one_line_serves_and_leaves_nothing(name: str) -> None:
    async with started() as (about, process):
        assert about["pid"] == process.pid
        assert set(about["urls"]) == {"search", "transcription", "api", "gateway"}
        services = yaml.safe_load(Path(about["services"]).read_text())
        assert services["environment"] == "sandbox"
        assert services["hosts"]["sandbox"]["ssh"] == f"dokku@{about['ssh']}"
        assert services["hosts"]["sandbox"]["sandbox"] is True
        for service, entry in services["services"].items():
            assert entry["health"]["url"].startswith(about["urls"][service])
        async with visiting(about) as guest:
            assert await guest.ok("version") == "dokku version 0.35.15\n"
            # Somebody is in the middle of something when it ends.
            stream = await (await guest.connect()).create_process("logs scenextras -t")
            await stream.stdout.readline()
            process.send_signal(getattr(signal, name))
            out, err = await process.communicate()
        assert (process.returncode, out, err) == (0, b"", b"")
        assert not Path(about["state"]).exists()


async def test_a_state_directory_of_ones_own_stays(tmp_path: Path) -> None:
    state = tmp_path / "kept"
    async with started("--state", str(state), "--dokku", "0.38.27", "--scenario", "healthy") as (about, process):
        assert about["state"] == str(state)
        async with visiting(about) as guest:
            assert await guest.ok("version") == "dokku version 0.38.27\n"
            assert (await guest.get("api", "/healthcheck/ready")).status_code == 200
        process.terminate()
        await process.communicate()
    assert not (state / "dokku.sock").exists()
    # And it can be used again, with the same key.
    key = (state / "id_ed25519").read_bytes()
    async with started("--state", str(state)) as (about, _), visiting(about) as guest:
        assert (await guest.push("scenextras", source("v1.6.0"))).report[-1] == "ok refs/heads/main"
    assert (state / "id_ed25519").read_bytes() == key


@pytest.mark.parametrize("options", [("--pace", "soon"), ("--dokku", "0.1"), ("--scenario", "utopia")])
async def test_bad_options_are_refused_before_anything_starts(options: tuple[str, str]) -> None:
    done = subprocess.run([*START, *options], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert options[1] in done.stderr


def test_imports_nothing_else_of_tui() -> None:
    code = (
        "import sys, tui.sandbox.__main__\n"
        "print(*(name for name in sys.modules if name.startswith('tui.') and not name.startswith('tui.sandbox')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_shim_needs_the_standard_library_alone() -> None:
    code = "import sys, tui.sandbox.shim\nprint(*sys.modules)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"asyncio", "asyncssh", "dulwich", "json", "argparse"} & set(done.stdout.split()) == set()


# --- behind a real sshd


@pytest.fixture
async def sshd(world: World, tmp_path: Path) -> AsyncIterator[Sshd]:
    root = Path(__file__).parents[2]
    forced = f"cd {root} && exec {sys.executable} -m tui.sandbox.shim {world.about['socket']}"
    context = real_sshd(tmp_path / "sshd", forced)
    server = await asyncio.to_thread(context.__enter__)
    try:
        yield server
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


@pytest.fixture
async def caller(guest: Guest, sshd: Sshd) -> AsyncIterator[asyncssh.SSHClientConnection]:
    async with asyncssh.connect(
        "127.0.0.1",
        sshd.port,
        username=sshd.user,
        client_keys=[sshd.identity],
        known_hosts=sshd.known_hosts,
        config=[],
        agent_path=None,
    ) as connection:
        yield connection


async def test_streams_and_codes_come_through_the_shim(caller: asyncssh.SSHClientConnection) -> None:
    done = await caller.run("apps:exists nope")
    assert (done.exit_status, done.stdout, done.stderr) == (20, "", " !     App nope does not exist\n")
    done = await caller.run("apps:report scenextras --app-deploy-source")
    assert (done.exit_status, done.stdout, done.stderr) == (0, "git-push\n", "")
    assert "Manage apps" in str((await caller.run("", stdin=asyncssh.DEVNULL)).stdout)


async def test_a_push_goes_back_through_the_shim(caller: asyncssh.SSHClientConnection, guest: Guest) -> None:
    holder = next(name for name in (await guest.ok("apps:list")).splitlines() if "scenextras--r2" in name)
    pushed = await guest.push("scenextras", go_back(holder), connection=caller)
    assert (pushed.report, pushed.exit) == (["unpack ok", "ok refs/heads/main"], 0)
    assert (await guest.get("api")).headers["x-release"] == "v1.2.0"


async def test_a_dead_session_is_a_dead_client(caller: asyncssh.SSHClientConnection, guest: Guest) -> None:
    command = "git:sync --build scenextras /home/dokku/scenextras v1.2.0"
    await guest.control("/fault", kind="slow_deploy", factor=40, when={"command_prefix": "git:sync"})
    await caller.create_process(command)
    await guest.until(lock_held=True)
    caller.abort()
    while True:
        (call,) = [call for call in (await guest.state())["commands"] if call["command"] == command]
        if call["ended"]:
            break
        await asyncio.sleep(0.01)
    assert call["aborted"]
    assert (await guest.app())["serves"] == "v1.5.0"


async def test_a_push_outlives_a_dead_session(caller: asyncssh.SSHClientConnection, guest: Guest) -> None:
    await guest.control("/fault", kind="slow_deploy", factor=20, when={"command_prefix": "git-receive-pack"})
    pushing = asyncio.ensure_future(guest.push("scenextras", source("v1.6.0"), connection=caller))
    await guest.until(lock_held=True)
    caller.abort()
    with pytest.raises((asyncssh.Error, asyncio.IncompleteReadError, ConnectionError)):
        await pushing
    await guest.until(serves="v1.6.0", lock_file=False)
