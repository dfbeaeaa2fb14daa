"""The real OpenSSH client at the door: who may come in, and what one connection carries."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncssh
import pytest

from tests.sandbox.gitclient import GitClient
from tests.sandbox.guest import Guest
from tui.sandbox.sandbox_process import World

NOT_A_COMMAND = (
    " !     `ps:rollback scenextras` is not a dokku command.\n"
    " !     See `dokku help` for a list of available commands.\n"
)


@pytest.fixture
def client(world: World, tmp_path: Path) -> GitClient:
    return GitClient(world.about, tmp_path / "colleague")


async def test_streams_and_exit_codes_arrive_apart(client: GitClient) -> None:
    for command, exit_code, out, err in (
        ("version", 0, b"dokku version 0.35.15\n", ""),
        ("ps:rollback scenextras", 1, b"", NOT_A_COMMAND),
        ("apps:report nope", 20, b"", " !     App nope does not exist\n"),
        ("apps:locked scenextras", 1, b"", " !     Deploy lock does not exist\n"),
        ("apps:exists scenextras", 0, b"", ""),
    ):
        ran = await client.ssh(command)
        assert (ran.exit, ran.out, ran.err) == (exit_code, out, err)


async def test_a_terminal_merges_the_streams_and_ends_lines_with_crlf(client: GitClient) -> None:
    ran = await client.ssh("-tt", "ps:rollback scenextras")
    assert (ran.exit, ran.out) == (1, NOT_A_COMMAND.replace("\n", "\r\n").encode())
    assert ran.err == "Connection to 127.0.0.1 closed.\r\n"


async def test_no_command_at_all_prints_the_help(client: GitClient) -> None:
    ran = await client.ssh()
    assert ran.exit == 0
    assert ran.out.startswith(b"    app-json                 Manage app-json settings for an app\n")


async def test_strangers_are_refused(client: GitClient, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    stranger = tmp_path / "stranger"
    key.write_private_key(stranger)
    stranger.chmod(0o600)
    options = [str(stranger) if word == client.about["identity_file"] else word for word in client.ssh_options]
    refused = await client.run("ssh", *options, "dokku@127.0.0.1", "version")
    assert (refused.exit, refused.out) == (255, b"")
    assert refused.err == "dokku@127.0.0.1: Permission denied (publickey,password).\r\n"
    other = await client.run("ssh", *client.ssh_options, "deploy@127.0.0.1", "version")
    assert (other.exit, other.err) == (255, "deploy@127.0.0.1: Permission denied (publickey,password).\r\n")


async def test_a_stream_follows_and_ends_with_its_connection(guest: Guest) -> None:
    link = await guest.connect()
    stream = await link.create_process("logs scenextras --num 0 -t -q", encoding=None)
    await guest.control("/log", app="scenextras", lines=["a line of é ✓"])
    while (line := await stream.stdout.readline()) != "a line of é ✓\n".encode():
        assert line
    link.abort()
    await link.wait_closed()
    while (call := (await guest.state())["commands"][0])["ended"] is None:
        await asyncio.sleep(0.01)
    assert (call["command"], call["client_gone"]) == ("logs scenextras --num 0 -t -q", True)


async def test_twenty_commands_at_once_lose_nothing(guest: Guest) -> None:
    links = [await guest.connect(), await guest.connect()]
    ran = await asyncio.gather(*(links[number % 2].run("ps:inspect scenextras") for number in range(20)))
    assert [done.exit_status for done in ran] == [0] * 20
    (found,) = {json.loads(str(done.stdout))[0]["Id"] for done in ran}
    assert found == (await guest.app())["current"]["web.1"]
