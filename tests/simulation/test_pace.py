"""How long people wait where each of a host's commands takes 0.4 s, in simulated seconds: computing costs none of them.

What is counted is hence the waves of commands, one after the other, that an answer needs: nine go at once. And the
commands themselves, which on a live host cost 0.2-0.4 seconds of its processors each.
"""

from functools import partial
from typing import Any, NamedTuple

import pytest

from tests.simulation.child import in_child, with_world
from tests.simulation.invariants import Journals
from tests.simulation.world import APP, World
from tui.incident import events as ev
from tui.sandbox.armed_faults import Fault, When
from tui.sandbox.pace import Pace

EACH = 0.4
"""seconds that a command of the host takes, whichever it is"""


def slow(world: World) -> None:
    world.host.pace = Pace(factor=0.0)
    world.host.faults.arm(Fault(kind="slow_command", when=When(), times=10_000, seconds=EACH))


class Told(NamedTuple):
    """One command line."""

    seconds: float
    code: int | None
    commands: int
    """that the host carried out for it, those of Git included"""


async def timed(world: World, *words: str, on: str = "bastion") -> Told:
    """Plays one command line."""
    (fault,) = world.host.faults.armed
    began, left = world.loop.time(), fault.times
    done = await world.command(on, *words)
    return Told(world.loop.time() - began, done.code, left - fault.times)


async def played(world: World) -> dict[str, Any]:
    slow(world)
    found: dict[str, Any] = {"plan": await timed(world, "api", "previous", "--plan")}
    found["status"] = await timed(world, "status")
    found["first status"] = await timed(world, "status", on="laptop")
    found["check"] = await timed(world, "check")
    found["rollback"] = await timed(world, "api", "previous", "--yes")
    (events,) = (made for made in Journals(world).events.values() if any(isinstance(e, ev.Confirmed) for e in made))
    word = next(e.at for e in events if isinstance(e, ev.Confirmed))
    pack = next(e.at for e in events if isinstance(e, ev.StepStarted) and e.step == "push")
    found["word to push"] = (pack - word).total_seconds()
    pushed = next(e.at for e in events if isinstance(e, ev.StepEnded) and e.step == "push")
    proven = next(e.at for e in events if isinstance(e, ev.ChecksDone))
    end = next(e.at for e in events if isinstance(e, ev.Settled))
    found["push to proof"] = (proven - pushed).total_seconds()
    found["proof to end"] = (end - proven).total_seconds()
    return found


async def listed(holders: int, world: World) -> Told:
    """`--list` of one app where the host has so many holders."""
    slow(world)
    machine = world.host.machine
    own = [name for name in machine.apps if name.startswith(f"{APP}--r")]
    for name in [name for name in machine.apps if "--r" in name and name not in own]:
        del machine.apps[name]
    like = machine.apps[own[-1]]
    for number in range(holders - len(own)):
        app, at = divmod(number, 5)
        made = machine.create_app(f"app{app}--r{at + 1}--pre-deploy-20260901-1200{at:02}", created_at=like.created_at)
        made.config |= like.config
        made.properties |= like.properties
    return await timed(world, "api", "--list")


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return with_world(lambda prepared: in_child(prepared, played))


def test_the_push_is_begun_three_commands_after_the_word(found: dict[str, Any]) -> None:
    assert found["rollback"].code == 0
    assert 3 * EACH <= found["word to push"] <= 1.5


def test_the_proof_takes_as_long_as_the_healthy_answers_and_the_end_two_commands(found: dict[str, Any]) -> None:
    """What runs is read and the releases are marked while the service answers."""
    assert 2.0 <= found["push to proof"] <= 2.1
    assert 2 * EACH <= found["proof to end"] <= 2 * EACH + 0.1


def test_a_row_of_status_costs_four_commands_and_one_is_for_all(found: dict[str, Any]) -> None:
    seconds, code, commands = found["status"]
    assert code == 0 and commands == 1 + 1 + 4 * 4  # the greeting, and of each app ps:inspect, git, and its variables
    assert 2 * EACH <= seconds <= 2 * EACH + 0.1


def test_the_first_row_on_a_machine_reads_each_holder_once(found: dict[str, Any]) -> None:
    seconds, code, commands = found["first status"]
    assert code == 0 and commands == found["status"].commands + 16
    assert 4 * EACH <= seconds <= 4 * EACH + 0.15


def test_check_asks_nothing_twice(found: dict[str, Any]) -> None:
    """Beside the greeting: three for the host, five reports of all apps, the global names, 16 holders; of each service
    three on what runs, five on its build and its log, two before the look at its image."""
    seconds, code, commands = found["check"]
    assert code == 3 and commands == 1 + 3 + 5 + 1 + 16 + 4 * (3 + 5 + 2)
    assert 8 * EACH <= seconds <= 8 * EACH + 0.2


def test_a_plan_waits_for_five_commands_one_after_the_other(found: dict[str, Any]) -> None:
    seconds, code, commands = found["plan"]
    assert code == 0 and commands == 33
    assert 5 * EACH <= seconds <= 5 * EACH + 0.15


def test_other_apps_holders_cost_a_list_nothing() -> None:
    few, many = (with_world(lambda prepared, n=n: in_child(prepared, partial(listed, n))) for n in (5, 1_000))  # type: ignore[misc]
    assert few.code == many.code == 0 and few.commands == many.commands
    assert many.seconds <= few.seconds + 0.1
