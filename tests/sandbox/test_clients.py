"""Who may come in, how many at a time, and what becomes of a command whose client dies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncssh
import pytest

from tests.sandbox.guest import Guest, go_back, source

BOTH = pytest.mark.parametrize("world", ["0.35.15", "0.38.27"], indirect=True)
DROP = "drop_connection"


async def refused(guest: Guest, **changed: object) -> None:
    options = {
        "username": "dokku",
        "client_keys": [guest.about["identity_file"]],
        "known_hosts": guest.about["known_hosts"],
        "config": [],
        "agent_path": None,
        **changed,
    }
    with pytest.raises(asyncssh.DisconnectError):
        await asyncssh.connect("127.0.0.1", guest.port, **options)


async def test_one_key_one_user_one_host_key(guest: Guest, tmp_path: Path) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    await refused(guest, client_keys=[stranger])
    await refused(guest, username="deploy")
    await refused(guest, client_keys=[], password="dokku")
    elsewhere = tmp_path / "known_hosts"
    elsewhere.write_text(f"[127.0.0.1]:{guest.port} {stranger.export_public_key().decode()}")
    await refused(guest, known_hosts=str(elsewhere))


async def test_the_eleventh_channel_of_a_connection_is_refused(guest: Guest) -> None:
    connection = await guest.connect()
    streams = [await connection.create_process("logs scenextras -t", encoding=None) for _ in range(10)]
    with pytest.raises(asyncssh.ChannelOpenError, match="open failed"):
        await connection.create_process("version")
    streams.pop().close()
    await asyncio.sleep(0.05)
    assert (await connection.run("version")).stdout == "dokku version 0.35.15\n"
    assert (await (await guest.connect()).run("version")).exit_status == 0


async def test_no_files_and_no_forwarding(guest: Guest) -> None:
    connection = await guest.connection()
    with pytest.raises(asyncssh.Error):
        await connection.start_sftp_client()
    with pytest.raises(asyncssh.ChannelOpenError):
        await connection.open_connection("127.0.0.1", 80)


async def test_a_terminal_merges_the_streams_and_ends_lines_with_crlf(guest: Guest) -> None:
    connection = await guest.connection()
    done = await connection.run("apps:exists nope", term_type="xterm", encoding=None)
    assert (done.exit_status, done.stdout, done.stderr) == (20, b" !     App nope does not exist\r\n", b"")


@BOTH
async def test_a_push_outlives_its_client(guest: Guest) -> None:
    await guest.control("/fault", kind=DROP, when={"command_prefix": "git-receive-pack", "after_phase": "preflight"})
    with pytest.raises((asyncssh.Error, asyncio.IncompleteReadError, ConnectionError)):
        await guest.push("scenextras", source("v1.6.0"))
    found = await guest.until(serves="v1.6.0", lock_file=False)
    (push,) = (await guest.state())["pushes"]
    assert push["status"] == "ok"
    assert found["metadata"] == push["new"] == found["refs"]["refs/heads/main"]


async def test_a_pack_that_never_arrived_deploys_nothing(guest: Guest) -> None:
    before = await guest.app()
    prefix = "git-receive-pack 'scenextras'"
    await guest.control("/fault", kind=DROP, when={"command_prefix": prefix, "after_bytes": 150})
    with pytest.raises((asyncssh.Error, asyncio.IncompleteReadError, ConnectionError)):
        # A pack big enough to come in more than one piece.
        await guest.push("scenextras", source("v1.6.0") | {"server": "x" * 10, "noise": random_text(400_000)})
    state = await guest.state()
    call = next(call for call in state["commands"] if call["command"].startswith(prefix))
    assert call["client_gone"]
    while (call := (await guest.state())["commands"][call["number"] - 1])["exit"] is None:
        await asyncio.sleep(0.01)
    after = await guest.app()
    assert (after["refs"], after["metadata"], after["lock_file"]) == (before["refs"], before["metadata"], False)
    assert (await guest.state())["pushes"] == []


def random_text(length: int) -> str:
    """Does not shrink much in a pack."""
    import hashlib

    blocks = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(length // 64))
    return "".join(blocks)


async def abandoned(guest: Guest, command: str, phase: str, *, tty: bool = False) -> None:
    """Runs a command whose client dies as soon as it has come to a phase, and waits until the command is dead too."""
    await guest.control("/fault", kind=DROP, when={"command_prefix": command, "after_phase": phase})
    connection = await guest.connect()
    done = await connection.run(command, term_type="xterm" if tty else None)
    assert done.exit_status is None
    while not any(call["aborted"] for call in (await guest.state())["commands"]):
        await asyncio.sleep(0.01)


SYNC = "git:sync --build scenextras /home/dokku/scenextras v1.3.0"


@pytest.mark.parametrize(("world", "stale"), [("0.35.15", False), ("0.38.27", True)], indirect=["world"])
async def test_a_sync_dies_with_its_client_in_the_build(guest: Guest, stale: bool) -> None:
    before = await guest.app()
    await abandoned(guest, SYNC, "build")
    after = await guest.app()
    assert after["serves"] == "v1.5.0"
    assert after["metadata"] == before["metadata"]
    # The branch has moved all the same, and the file of the lock may stay, which is not a lock.
    assert after["refs"]["refs/heads/main"] == after["refs"]["refs/tags/v1.3.0"]
    assert (after["lock_file"], after["lock_held"]) == (stale, False)
    assert (await guest.run(SYNC)).exit == 0
    assert (await guest.app())["lock_file"] is False


async def test_with_a_terminal_the_lock_file_stays(guest: Guest) -> None:
    await abandoned(guest, SYNC, "build", tty=True)
    assert (await guest.app())["lock_file"]
    assert await guest.ok("apps:locked scenextras") == "Deploy lock exists\n"
    assert (await guest.run("apps:unlock scenextras")).exit == 0


async def test_killed_in_the_checks_the_new_container_is_stopped_and_stays(guest: Guest) -> None:
    await abandoned(guest, SYNC, "checking")
    after = await guest.app()
    states = {
        container["name"].rpartition("-")[0] or "current": container["status"] for container in after["containers"]
    }
    assert states == {"current": "running", "scenextras.web.1.upcoming": "exited"}
    assert after["serves"] == "v1.5.0"


async def test_killed_before_the_switch_an_orphan_keeps_running(guest: Guest) -> None:
    await abandoned(guest, SYNC, "nginx")
    after = await guest.app()
    assert [container["status"] for container in after["containers"]] == ["running", "running"]
    assert after["serves"] == "v1.5.0"


async def test_killed_while_renaming_the_traffic_is_half_switched(guest: Guest) -> None:
    before = await guest.app()
    await abandoned(guest, SYNC, "renaming")
    after = await guest.app()
    assert after["serves"] == "v1.3.0"
    assert after["metadata"] == before["metadata"]  # and so says the wrong thing
    names = {container["version"]: container["name"] for container in after["containers"]}
    assert names["v1.5.0"] == "scenextras.web.1"
    assert names["v1.3.0"].startswith("scenextras.web.1.upcoming-")
    assert (await guest.get("api")).headers["x-release"] == "v1.3.0"


async def test_killed_from_an_image_the_deploy_branch_is_written_back_to_the_commit_before(guest: Guest) -> None:
    """Recorded on 0.35.15: `git:report` names the second of the kill as that of the branch, with a terminal and
    without, and a `ps:rebuild` afterwards deployed an earlier image."""
    await guest.control("/app", name="im", builder="image", version="v1.0.0")
    await guest.ok("git:set im deploy-branch frozen-by-1")
    before = (await guest.app("im"))["refs"]
    first = (await guest.app("im"))["source_image"]
    await guest.control("/deploy", app="im", version="v2.0.0", wait=True)
    await guest.control("/tag", image=(await guest.app("im"))["image"], tags=["aside:1"])
    served = (await guest.app("im"))["refs"]
    assert served["refs/heads/frozen-by-1"] != before.get("refs/heads/frozen-by-1")
    await abandoned(guest, f"git:from-image im {first}", "renaming")
    after = await guest.app("im")
    assert (after["serves"], after["source_image"]) == ("v1.0.0", first)
    assert after["refs"]["refs/heads/frozen-by-1"] == served["refs/heads/frozen-by-1"]
    assert after["refs"][after["head"]] != served["refs/heads/frozen-by-1"]  # HEAD's branch stays at the new one
    assert "No changes detected" in (await guest.run(f"git:from-image im {first}")).err


async def test_silence_stops_nothing(guest: Guest) -> None:
    await guest.control("/fault", kind="stall", when={"command_prefix": "git:sync", "after_phase": "build"})
    connection = await guest.connect()
    running = asyncio.ensure_future(connection.run(SYNC))
    await guest.until(serves="v1.3.0", lock_file=False)
    assert not running.done()
    # Not even keepalives are answered meanwhile.
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(connection.run("version"), 0.2)
    await guest.control("/faults/clear")
    assert (await running).exit_status == 0


async def test_go_back_over_a_dropped_connection_is_proven_by_metadata_and_label(guest: Guest) -> None:
    holder = next(name for name in (await guest.ok("apps:list")).splitlines() if "scenextras--r3" in name)
    await guest.control("/fault", kind=DROP, when={"command_prefix": "git-receive-pack", "after_phase": "build"})
    with pytest.raises((asyncssh.Error, asyncio.IncompleteReadError, ConnectionError)):
        await guest.push("scenextras", go_back(holder, "inc.7"))
    await guest.until(serves="v1.3.0", lock_file=False)
    assert '"rollback.attempt": "inc.7"' in await guest.ok("ps:inspect scenextras")
