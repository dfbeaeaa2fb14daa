"""A console that dies at any entry of its journal: what the messages name afterwards leaves nothing of ours behind.

Every commit of a command's journal is a death of its own, before and after it is on disk, in a process that is forked
there: the command is played once for all of them. Afterwards a person does what a person can know: `resume` where an
incident is open, then `unfreeze`, then the command again where it was a keep. No `--take-over`, and nothing that no
message names.
"""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.simulation.child import Branches, in_child, with_world
from tests.simulation.machines import KILLED
from tests.simulation.run import Prepared
from tests.simulation.world import APP, World
from tui.cli.exits import Exit
from tui.dokku import holders
from tui.dokku.config_values import stamp

STOPS = "scenextras-autocomplete"


def claimed(world: World) -> None:
    """A guard of another machine has claimed an earlier deploy, and its time is over."""
    machine = world.host.machine
    at = datetime.fromtimestamp(machine.now(), UTC) - timedelta(days=1)
    made = machine.create_app(holders.incident_record(APP), created_at=at.timestamp())
    pairs = holders.record_pairs("theirs", "them@there", at, holders.GUARDING)
    made.config |= dict(pairs) | {holders.WATCH_UNTIL: stamp(at), holders.DEPLOY: "an earlier one"}


FROM_EACH: dict[str, tuple[tuple[Any, ...], tuple[str, ...]]] = {
    "freeze": ((), ("freeze", "api", "--yes")),
    "unfreeze": ((("freeze", "api", "--yes"),), ("unfreeze", "api", "--yes")),
    "keep": ((), ("keep", "gateway")),
    "rollback": ((), ("api", "previous", "--yes")),
    "stop first": ((), ("search", "previous", "--yes")),
    "keep first": ((), ("gateway", "previous", "--yes", "--keep-current")),
    "unfrozen after a rollback": ((("api", "previous", "--yes"),), ("unfreeze", "api", "--yes")),
    "guard": ((), ("guard", "api", "--for", "30s")),
    "guard over a claim": ((claimed,), ("guard", "api", "--for", "30s")),
    "abort": ((claimed,), ("abort", "api", "--yes")),
}
EVERY = {"freeze": 2, "unfreeze": 2, "abort": 2, "guard": 4}
"""of the shorter ones so many more deaths are tried"""
PART = int(os.environ.get("ROLLBACK_KILLS_EVERY", "8"))
"""every so many deaths are tried; 1: all of them"""


async def dying(name: str, world: World) -> list[Any]:
    """What is wrong after each death of the command, which itself is not killed, but forks wherever it could be: there
    the child is the console that dies, and plays what a person does afterwards.
    """
    first, words = FROM_EACH[name]
    for before in first:
        if callable(before):
            before(world)
        else:
            await world.command("bastion", *before)
    every = min(PART, EVERY.get(words[0], PART))
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
    ends = Exit.UNHEALTHY if words[0] == "guard" else Exit.DONE  # what it guards fails requests in this world
    assert process.code == ends, f"{process.words} itself → {process.code}"
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
    if words[0] in ("guard", "abort"):  # of which nothing says that anything is frozen
        if words[0] == "abort":
            again = await world.command("bastion", *words)
            said.append(f"{again.words} → {again.code} {(again.document.get('error') or {}).get('message', '')}")
            if holders.incident_record(APP) in world.host.machine.apps:
                return ["the claim is there still", *said]
        wrong = left(world)
        return [*wrong, *said] if wrong else []
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
    theirs = {name for name, app in apps.items() if app.config.get("ROLLBACK_INCIDENT") == "theirs"}
    found = [name for name in apps if name.endswith(("--incident", "--takeover")) and name not in theirs]
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
