"""A host that restarts in the middle of a push, as it was measured on 0.35.15 and 0.38.27 (2026-11-28).

Container ids stay and StartedAt changes; metadata and branch stay old, GIT_REV is the new sha, `:latest` the image that
was never deployed; the lock's file stays; on 0.38 the build is `abandoned` in the first answer, its raw status running.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.sandbox.guest import Guest, source

BOTH = pytest.mark.parametrize("world", ["0.35.15", "0.38.27"], indirect=True)
APP = "scenextras"


async def cut_in_mid_push(guest: Guest, phase: str, ids: str = "keep") -> None:
    """A colleague's push of v1.6.0, and the host that restarts under it."""
    when = {"command_prefix": "git-receive-pack", "after_phase": phase}
    await guest.control("/fault", kind="restart_host", ids=ids, when=when)
    with pytest.raises(Exception):  # noqa: B017 - how a client learns of it is the client's
        await guest.push(APP, source("v1.6.0"))
    await guest.until(lock_held=False)


async def shown(guest: Guest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(await guest.ok(f"ps:inspect {APP}"))
    return found


@BOTH
@pytest.mark.parametrize("phase", ["build", "release", "checking"])
async def test_before_the_switch_the_old_release_serves_again(guest: Guest, phase: str) -> None:
    (before,), was = await shown(guest), await guest.app()
    await cut_in_mid_push(guest, phase)
    (after,), now = await shown(guest), await guest.app()
    assert (after["Id"], after["Image"], after["Created"]) == (before["Id"], before["Image"], before["Created"])
    assert after["State"]["StartedAt"] > before["State"]["StartedAt"]
    assert after["RestartCount"] == before["RestartCount"]
    assert (now["serves"], now["metadata"], now["refs"]) == (was["serves"], was["metadata"], was["refs"])
    assert now["config"]["GIT_REV"] != was["metadata"]
    assert (now["image"] != was["image"]) is (phase != "build"), "the image that was never deployed has the name"
    assert await guest.ok(f"apps:locked {APP}") == "Deploy lock exists\n"
    pushed = await guest.push(APP, source("v1.6.1"))
    assert pushed.report == ["unpack ok", "ok refs/heads/main"], "the file blocks nobody"
    assert not (await guest.app())["lock_file"]


@pytest.mark.parametrize("world", ["0.38.27"], indirect=True)
async def test_the_build_is_abandoned_at_once_and_failed_after_the_next(guest: Guest) -> None:
    await cut_in_mid_push(guest, "checking")
    newest = json.loads(await guest.ok(f"builds:list {APP} --format json"))[0]
    assert (newest["display_status"], newest["status"]) == ("abandoned", "running")
    await guest.push(APP, source("v1.6.1"))
    listed = json.loads(await guest.ok(f"builds:list {APP} --format json"))
    assert [b["display_status"] for b in listed[:2]] == ["succeeded", "failed"]


@BOTH
async def test_after_the_switch_the_new_container_serves_under_its_interim_name(guest: Guest) -> None:
    was = await guest.app()
    await cut_in_mid_push(guest, "renaming")
    (after,), now = await shown(guest), await guest.app()
    assert ".upcoming-" in after["Name"]
    assert (now["serves"], now["metadata"], now["lock_file"]) == ("v1.6.0", was["metadata"], True)


@BOTH
async def test_a_container_of_a_push_that_was_cut_goes_on_where_dokku_does_not_show_it(guest: Guest) -> None:
    await cut_in_mid_push(guest, "checking")
    running = [c["name"] for c in (await guest.app())["containers"] if c["status"] == "running"]
    assert sorted(".upcoming-" in name for name in running) == [False, True]
    assert len(await shown(guest)) == 1


@BOTH
async def test_a_restore_may_release_the_latest_image_anew(guest: Guest) -> None:
    (before,) = await shown(guest)
    connection = await guest.connection()
    await guest.control("/restart_host", ids="change")
    await connection.wait_closed()
    (after,) = await shown(guest)
    assert after["Id"] != before["Id"]
    assert after["Image"] == before["Image"]
    await cut_in_mid_push(guest, "checking", ids="change")
    assert (await guest.app())["serves"] == "v1.6.0", "and with it an image that was never deployed"


async def test_everybody_else_is_cut_as_well_and_nothing_complains(guest: Guest) -> None:
    other = await guest.connect()
    reading = asyncio.ensure_future(other.run(f"logs {APP} -t"))
    await guest.control("/restart_host")
    await other.wait_closed()
    await asyncio.wait({reading}, timeout=10)
    assert reading.done()
    assert not any(call["exit"] is None and not call["aborted"] for call in (await guest.state())["commands"])
