"""A console that dies at any entry of its journal: what the messages name afterwards leaves nothing of ours behind.

Every commit of a command's journal is a death of its own, before and after it is on disk, in a child of one prepared
world. Afterwards a person does what a person can know: `resume` where an incident is open, then `unfreeze`, then the
command again where it was a keep. No `--take-over`, and nothing that no message names.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine

import pytest

from tests.simulation.child import in_child, with_world
from tests.simulation.machines import KILLED
from tests.simulation.run import Prepared
from tests.simulation.world import APP, World

STOPS = "scenextras-autocomplete"
Play = Callable[[World], Coroutine[None, None, list[str]]]

FROM_EACH = {
    "freeze": ((), ("freeze", "api", "--yes")),
    "unfreeze": ((("freeze", "api", "--yes"),), ("unfreeze", "api", "--yes")),
    "keep": ((), ("keep", "gateway")),
    "rollback": ((), ("api", "previous", "--yes")),
    "stop first": ((), ("search", "previous", "--yes")),
    "keep first": ((), ("gateway", "previous", "--yes", "--keep-current")),
    "unfrozen after a rollback": ((("api", "previous", "--yes"),), ("unfreeze", "api", "--yes")),
}
LONGEST = 70
"""commits of one command, at most"""
PART = int(os.environ.get("ROLLBACK_KILLS_EVERY", "8"))
"""every so many deaths are tried; 1: all of them"""


def dying(name: str, commit: int, *, on_disk: bool) -> Play:
    """The command dies at that commit; then it is put in order. Returns what is wrong; `["over"]`: it had fewer."""

    async def play(world: World) -> list[str]:
        first, words = FROM_EACH[name]
        for before in first:
            await world.command("bastion", *before)
        world.machines["bastion"].disk.kill_at = (commit, on_disk)
        died = await world.command("bastion", *words)
        world.machines["bastion"].disk.kill_at = None
        if died.code != KILLED:
            return ["over"]
        await asyncio.sleep(180.0)
        said = [f"{died.words} → killed at {commit} ({on_disk})"]
        for _ in range(3):
            listed = await world.command("bastion", "incidents")
            still = [row["incident"] for row in listed.document.get("items", ()) if row["state"] != "closed"]
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

    return play


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


def deaths(prepared: Prepared, name: str) -> tuple[int, list[str]]:
    """How many commits of the command were a death, and what was left after them."""
    ended, wrong = 0, list[str]()
    every = min(PART, 2) if FROM_EACH[name][1][0] in ("freeze", "unfreeze") else PART
    for commit in range(0, LONGEST, every):
        results = [in_child(prepared, dying(name, commit, on_disk=on_disk)) for on_disk in (False, True)]
        if results == [["over"], ["over"]]:
            break
        ended += 1
        wrong.extend(line for result in results for line in result if line != "over")
    return ended, wrong


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", list(FROM_EACH))
def test_what_a_killed_console_left_is_put_in_order(name: str) -> None:
    ended, wrong = with_world(lambda prepared: deaths(prepared, name))
    assert wrong == []
    assert ended > 0
