"""Every fix that a refusal prints is accepted when it is typed: driven into the refusal, the command is run."""

import re
import shlex
from collections.abc import Awaitable, Callable

import pytest

from tests.fixes import fixes
from tests.simulation.child import in_child, with_world
from tests.simulation.machines import Process
from tests.simulation.run import Prepared
from tests.simulation.world import APP, World
from tui.sandbox.armed_faults import Fault, When

RECORD = f"{APP}--incident"
Drive = Callable[[World], Awaitable[Process]]
COMMAND = re.compile(r"rollback ((?:[^\s;,:(`]|:(?=\S))+(?: (?:[^\s;,:(`]|:(?=\S))+)*)")


def arm(world: World, prefix: str, **more: object) -> None:
    fault = Fault(kind="fail_command", when=When(command_prefix=prefix), **more)  # type: ignore[arg-type]
    world.host.faults.arm(fault)


async def run(world: World, *words: str, on: str = "bastion") -> Process:
    return await world.command(on, *words)


async def colleague(world: World, line: str) -> None:
    await world.on_host(world.colleague.command(line))


async def frozen_by_hand(world: World) -> Process:
    await run(world, "freeze", "api", "--yes")
    return await run(world, "freeze", "api", "--yes")


async def record_left(world: World) -> Process:
    await run(world, "freeze", "api", "--yes")
    await colleague(world, f"git:set {APP} deploy-branch main")
    return await run(world, "freeze", "api", "--yes")


async def unsigned(world: World) -> Process:
    await colleague(world, f"apps:create {RECORD}")
    return await run(world, "api", "previous", "--yes")


async def freeze_beside(world: World) -> Process:
    await colleague(world, f"apps:create {RECORD}")
    return await run(world, "freeze", "api", "--yes")


async def freeze_half(world: World) -> Process:
    arm(world, f"git:set {APP}")
    arm(world, f"apps:destroy {RECORD}")
    return await run(world, "freeze", "api", "--yes")


async def keep_half(world: World) -> Process:
    arm(world, f"git-receive-pack '{APP}--r")
    arm(world, f"apps:destroy {APP}--r")
    return await run(world, "keep", "api")


async def unfreeze_half(world: World) -> Process:
    await run(world, "freeze", "api", "--yes")
    arm(world, f"apps:destroy {RECORD}")
    return await run(world, "unfreeze", "api", "--yes")


async def branch_unknown(world: World) -> Process:
    await run(world, "api", "previous", "--yes")
    world.host.machine.destroy_app(world.host.machine.app(RECORD))
    return await run(world, "unfreeze", "api", "--yes", on="laptop")


async def branch_other(world: World) -> Process:
    await run(world, "freeze", "api", "--yes")
    return await run(world, "unfreeze", "api", "--yes", "--branch", "master")


async def theirs(world: World) -> Process:
    await colleague(world, f"apps:create {RECORD}")
    words = "ROLLBACK_INCIDENT=x1 ROLLBACK_BY=ann@desk ROLLBACK_STATE=executing"
    await colleague(world, f"config:set --no-restart {RECORD} {words}")
    return await run(world, "unfreeze", "api", "--yes")


async def failed(world: World) -> None:
    """The target's image is gone: exit 4, the incident is open."""
    holder = next(name for name in world.host.machine.apps if name.startswith(f"{APP}--r4--"))
    images = world.host.machine.images
    image = images.find(world.host.machine.app(holder).image)
    images.untag(world.host.machine.app(holder).image)
    if image is not None:
        images.images.pop(image.id, None)
    await run(world, "api", "previous", "--yes")


async def open_here(world: World) -> Process:
    await failed(world)
    return await run(world, "unfreeze", "api", "--yes")


async def remove_open(world: World) -> Process:
    await failed(world)
    return await run(world, "keep", "api", "--remove-all", "--yes")


async def previous_in_open(world: World) -> Process:
    await failed(world)
    return await run(world, "api", "previous", "--yes")


async def remove_frozen(world: World) -> Process:
    await run(world, "freeze", "api", "--yes")
    return await run(world, "keep", "api", "--remove-all", "--yes")


async def nothing_open(world: World) -> Process:
    return await run(world, "resume")


async def no_incident(world: World) -> Process:
    return await run(world, "resume", "nope")


async def resume_closed(world: World) -> Process:
    done = await run(world, "api", "previous", "--yes")
    return await run(world, "resume", done.document["journal"])


async def undo_nothing(world: World) -> Process:
    return await run(world, "undo", "--yes")


async def undo_replaced(world: World) -> Process:
    done = await run(world, "api", "previous", "--yes", "--no-freeze")
    pushed = {"app": APP, "version": "v1.9.0", "wait": True, "force": True, "behaviour": {}}
    await world.on_host(world.colleague.push(pushed))
    return await run(world, "undo", done.document["journal"], "--yes")


async def nothing_kept(world: World) -> Process:
    for name in [name for name in world.host.machine.apps if name.startswith(f"{APP}--r")]:
        world.host.machine.destroy_app(world.host.machine.app(name))
    return await run(world, "api", "previous", "--yes")


async def further(world: World) -> Process:
    await run(world, "api", "previous", "--yes")
    return await run(world, "api", "previous", "--yes")


WALKED: dict[str, tuple[Drive, tuple[tuple[str, str], ...]]] = {
    "frozen already": (frozen_by_hand, (("engine/releases/freeze.py", "rollback unfreeze {}"),)),
    "a record is left": (
        record_left,
        (("engine/releases/freeze.py", "rollback unfreeze {}: removes it; then freeze again"),),
    ),
    "nobody signed it": (
        unsigned,
        (("engine/hosts/incident_record.py", "rollback unfreeze {}: removes its record where nobody signs it"),),
    ),
    "freeze beside a record": (
        freeze_beside,
        (("engine/releases/freeze.py", "rollback unfreeze {}: says what can be done about it"),),
    ),
    "half a freeze": (freeze_half, (("engine/releases/freeze.py", "rollback unfreeze {}"),)),
    "branch unknown": (branch_unknown, (("engine/releases/freeze.py", "rollback unfreeze {} --branch {}"),)),
    "another branch": (branch_other, (("engine/releases/freeze.py", "rollback unfreeze {}"),)),
    "theirs": (
        theirs,
        (("engine/releases/freeze.py", "ask them; where nobody is at it any more: {}"),),
    ),
    "a keep that is left half-way": (keep_half, (("engine/releases/keeper.py", "rollback keep {}"),)),
    "an unfreeze that is left half-way": (unfreeze_half, (("engine/releases/freeze.py", "rollback unfreeze {}"),)),
    "open here": (open_here, (("engine/releases/freeze.py", "rollback resume {}"),)),
    "open at removal": (remove_open, (("engine/engine.py", "rollback resume {}"),)),
    "previous inside": (previous_in_open, (("engine/engine.py", "{}; to go further back name the release"),)),
    "removal while frozen": (remove_frozen, (("engine/releases/removal.py", "rollback unfreeze {}"),)),
    "nothing open": (nothing_open, (("cli/commands/start.py", "rollback incidents"),)),
    "no such incident": (no_incident, (("engine/store.py", "rollback incidents"),)),
    "nothing to undo": (undo_nothing, (("incident/undo.py", "rollback incidents"),)),
    "undo over another deploy": (undo_replaced, (("incident/undo.py", "rollback {} --list: shows what there is"),)),
    "nothing kept": (
        nothing_kept,
        (("releases/choose_release.py", "{} | rollback keep {}: keeps what runs | deploy it again as usual"),),
    ),
    "further back": (further, (("ways/previous_twice.py", "to go further back: rollback {} {}, or {}"),)),
    "closed already": (resume_closed, (("engine/engine.py", "rollback incidents"),)),
}
NOT_WALKED = {
    ("bootstrap.py", "the script must not call rollback itself"): "names no command",
    ("engine/releases/freeze.py", "rollback status"): "a race of two consoles",
    ("engine/branch_tip.py", "rollback unfreeze {}: says whose it is"): "a race: unfreeze came before it",
    ("engine/branch_tip.py", "rollback unfreeze {}"): "a race: unfreeze came before it",
    ("console/jobs.py", "rollback incidents"): "the console's",
    ("console/jobs.py", "rollback guard {}"): "the console's; it guards what runs",
    ("engine/guard_offers.py", "rollback status {}"): "a read",
    ("cli/naming.py", "{}services: {}; `rollback --help` lists the commands"): "tests/cli/test_explaining.py",
    (
        "cli/naming.py",
        "did you mean `rollback {}`? Else: {} | did you mean `rollback {}`?",
    ): "tests/cli/test_explaining.py",
    ("console/terminal.py", "rollback status, rollback SERVICE previous; rollback --help lists everything"): "help",
    ("cli/main.py", "rollback status, rollback SERVICE previous; rollback --help lists everything"): "help",
    (
        "config/reading.py",
        "`rollback init dokku@HOST` writes one, --services FILE names one; `rollback sandbox` needs none",
    ): "help",
    ("cli/commands/init.py", "rollback init dokku@host.example"): "usage",
    ("cli/commands/keep.py", "rollback keep api, or rollback keep --all"): "usage",
    ("cli/commands/all_services.py", "rollback SERVICE --list, or rollback status"): "usage",
    ("cli/commands/all_services.py", "rollback all previous"): "usage",
    ("cli/commands/all_services.py", "rollback {} previous; or one part: {}"): "test_parts.py",
    ("cli/commands/all_services.py", "to go back all the same, on a terminal: rollback {} {}"): "test_parts.py",
    (
        "cli/commands/all_services.py",
        "rollback resume {} --close aborted: closes what was not started",
    ): "test_fleet.py",
    ("engine/all_services.py", "rollback resume {}"): "test_fleet.py",
    ("engine/all_services.py", "look again, then rollback resume {}"): "test_fleet.py",
    ("cli/commands/postmortem.py", "rollback postmortem ID"): "usage",
    ("cli/commands/postmortem.py", "rollback postmortem ID (rollback incidents)"): "usage",
    (
        "drivers/proposals.py",
        "ask for a new plan; `rollback confirm` alone lists those that wait",
    ): "test_agents.py",
    ("cli/commands/mcp.py", "rollback help mcp"): "help",
    ("cli/commands/init.py", "`rollback help services` says what a services.yaml needs"): "help",
    (
        "engine/releases/keep_content.py",
        "another way back: --list; `rollback help builders` says what can be kept",
    ): "help",
    ("cli/commands/handover.py", "rollback handover ID (rollback incidents)"): "usage",
    ("cli/commands/rollback.py", "rollback {} --list"): "a read",
    ("engine/notify/postmortem.py", "rollback incidents"): "a read",
    ("engine/notify/outbox.py", "rollback resume {}"): "the post-mortem of an open incident",
    ("cli/commands/unfreeze.py", "rollback unfreeze {}"): "a person said no",
    ("engine/undo.py", "{} builds it again, which is slow: rollback undo {} --way {}"): "test_undo.py",
    ("incident/undo.py", "rollback resume {}, then undo it"): "test_undo.py",
    ("incident/undo.py", "rollback {} --list"): "test_undo.py",
    ("ways/redeploy_current.py", "rollback {} {}"): "test_never_live.py",
    ("cli/guard_options.py", "rollback guard api -- git push dokku main"): "usage",
    ("engine/guard.py", "rollback resume {}"): "test_guard.py",
    ("cli/commands/drill.py", "rollback drill dokku@host.example"): "usage",
    ("engine/drill/ground.py", "rollback resume {}"): "test_drill.py",
    ("engine/drill/ground.py", "rollback status; the drill can wait"): "a read",
    ("engine/drill/ground.py", "rollback resume, on the machine that began it"): "test_drill.py",
    ("engine/engine.py", "rollback resume {}: takes its app away"): "test_drill.py",
    ("engine/hosts/guard_claim.py", "rollback unfreeze {}"): "test_guard.py",
    ("engine/hosts/guard_claim.py", "rollback abort {}"): "test_guard.py",
    ("engine/hosts/guard_claim.py", "rollback status {}"): "test_guard.py",
    ("engine/hosts/guard_claim.py", "rollback status"): "a race of two guards",
    ("engine/hosts/guard_claim.py", "ask them; where nobody is at it any more: {}"): "test_left_locks.py",
}


def error(done: Process) -> dict[str, str]:
    """What a command was refused for."""
    items = done.document.get("items", ())
    found: dict[str, str] = done.document.get("error") or next((i["error"] for i in items if i.get("error")), {})
    return found


def wrong(prepared: Prepared, name: str) -> list[str]:
    """Why the printed fix was not accepted; empty: it was."""
    drive, _ = WALKED[name]

    async def play(world: World) -> list[str]:
        refused = await drive(world)
        said = error(refused)
        typed = [c.group(1).replace("TEXT", "why") for c in COMMAND.finditer(said.get("fix", ""))]
        if not typed:
            return [f"{refused.words} → {refused.code}: {said}: names no command"]
        words = shlex.split(typed[0])
        changes = words[0] in ("unfreeze", "freeze")
        done = await run(world, *words, *(("--yes",) if changes else ()), on=refused.machine.name)
        again = error(done)
        if done.code == 2 or (again and again["message"] == said["message"]):
            return [f"{refused.words} → {said}", f"{done.words} → {done.code}: {again} {done.stderr.getvalue()[-300:]}"]
        return []

    return in_child(prepared, play)


@pytest.mark.timeout(240)
def test_each_printed_fix_is_accepted() -> None:
    """In one test: each process that had one of them would prepare the world and play them all."""
    refused = with_world(lambda prepared: {name: wrong(prepared, name) for name in WALKED})
    assert {name: why for name, why in refused.items() if why} == {}


def test_every_fix_that_names_a_command_is_in_the_table() -> None:
    walked = [site for _, sites in WALKED.values() for site in sites]

    def known(where: str, text: str) -> bool:
        return (where, text) in NOT_WALKED or any(where == w and text.startswith(t) for w, t in walked)

    assert [site for site in fixes() if not known(*site)] == []
