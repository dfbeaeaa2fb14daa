"""A console that dies at any entry of its journal: what the messages name afterwards leaves nothing of ours behind.

Every commit of a command's journal is a death of its own, before and after it is on disk, in a process that is forked
there: the command is played once for all of them. Afterwards a person does what a person can know: `resume` where an
incident is open, then `unfreeze`, then the command again where it was a keep. No `--take-over`, and nothing that no
message names.
"""

import asyncio
import os
from functools import partial
from typing import Any

import pytest

from tests.simulation.child import Branches, in_child, with_world
from tests.simulation.machines import KILLED
from tests.simulation.run import Prepared
from tests.simulation.world import APP, World

STOPS = "scenextras-autocomplete"

FROM_EACH = {
    "freeze": ((), ("freeze", "api", "--yes")),
    "unfreeze": ((("freeze", "api", "--yes"),), ("unfreeze", "api", "--yes")),
    "keep": ((), ("keep", "gateway")),
    "rollback": ((), ("api", "previous", "--yes")),
    "stop first": ((), ("search", "previous", "--yes")),
    "keep first": ((), ("gateway", "previous", "--yes", "--keep-current")),
    "unfrozen after a rollback": ((("api", "previous", "--yes"),), ("unfreeze", "api", "--yes")),
}
PART = int(os.environ.get("ROLLBACK_KILLS_EVERY", "8"))
"""every so many deaths are tried; 1: all of them"""


async def dying(name: str, world: World) -> list[Any]:
    """What is wrong after each death of the command, which itself is not killed, but forks wherever it could be: there
    the child is the console that dies, and plays what a person does afterwards.
    """
    first, words = FROM_EACH[name]
    for before in first:
        await world.command("bastion", *before)
    every = min(PART, 2) if words[0] in ("freeze", "unfreeze") else PART
    disk, branches = world.machines["bastion"].disk, Branches(world)
    began, dead = disk.commits, list[str]()

    def dies(on_disk: bool) -> bool:
        commit = disk.commits - began - on_disk
        if commit % every or not branches.begin():
            return False
        disk.dies = lambda on_disk: False
        dead.append(f"{words} → killed at {commit} ({on_disk})")
        return True

    disk.dies = dies
    process = await world.command("bastion", *words)
    if dead:
        assert process.code == KILLED, f"{dead} and went on to {process.code}"
        return await put_in_order(world, words, dead)
    assert process.code == 0, f"{process.words} itself → {process.code}"
    return branches.came


async def put_in_order(world: World, words: tuple[str, ...], said: list[str]) -> list[str]:
    """A person does what the messages name. Returns what is wrong then."""
    await asyncio.sleep(180.0)
    for _ in range(3):
        listed = await world.command("bastion", "incidents")
        still = [row["incident"] for row in listed.document.get("items", ()) if row["state"] != "closed"]
        if not still:
            break
        for incident in still:
            for how in ((), ("--close", "not-recovered", "--reason", "enough")):
                done = await world.command("bastion", "resume", incident, *how)
                said.append(f"{done.words} → {done.code} {(done.document.get('error') or {}).get('message', '')}")
                if done.document.get("state") == "closed":
                    break
    service = words[0] if words[0] not in ("freeze", "unfreeze", "keep") else words[1]
    thawed = await world.command("bastion", "unfreeze", service, "--yes")
    said.append(f"{thawed.words} → {thawed.code} {(thawed.document.get('error') or {}).get('message', '')}")
    if words[0] == "keep":
        again = await world.command("bastion", *words)
        said.append(f"{again.words} → {again.code} {(again.document.get('items') or '')}")
    wrong = left(world)
    return [*wrong, *said] if wrong else []


def left(world: World) -> list[str]:
    """What of ours is on the host although everything is closed."""
    apps = world.host.machine.apps
    found = [name for name in apps if name.endswith(("--incident", "--takeover"))]
    found += [
        f"{name} is not sealed"
        for name, app in apps.items()
        if "--pre-deploy-" in name and app.properties.get("git-deploy-branch") != "kept-do-not-build"
    ]
    for app in apps.values():
        branch = app.properties.get("git-deploy-branch", "")
        if branch.startswith("frozen-by-"):
            found.append(f"{app.name} is frozen: {branch}")
    stops = apps[STOPS]
    if stops.checks_disabled != "none":
        found.append(f"checks of {STOPS} are {stops.checks_disabled}")
    assert APP in apps
    return found


def deaths(prepared: Prepared) -> dict[str, list[list[str]]]:
    """For each command: what is wrong after each of its deaths."""
    return {name: in_child(prepared, partial(dying, name)) for name in FROM_EACH}


@pytest.mark.timeout(300)
def test_what_a_killed_console_left_is_put_in_order() -> None:
    after = with_world(deaths)
    wrong = {name: [said for said in each if said] for name, each in after.items()}
    assert wrong == {name: [] for name in FROM_EACH}
    assert all(len(each) >= 2 for each in after.values())
