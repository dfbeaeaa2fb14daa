"""How long `keep --all` takes against one keep, in simulated seconds: at the recorded pace, computing costs nothing."""

import asyncio
import signal
from typing import Any, NamedTuple

import pytest

from tests.simulation.child import in_child, with_world
from tests.simulation.world import World

AT_ONCE = 4
"""services of one host at a time, in the machine's services.yaml"""


class Told(NamedTuple):
    """One command line."""

    seconds: float
    code: int | None


async def ready(world: World, at_once: int) -> None:
    """Four services of one host, none of them kept as it runs now."""
    machine = world.machines["bastion"]
    text = machine.services.read_text()
    machine.services = machine.services.with_name(f"{at_once}.yaml")
    machine.services.write_text(text.replace("{ssh:", f"{{max_parallel: {at_once}, ssh:"))
    deployed = {"app": "scenextras-autocomplete", "version": "v9.0.0", "wait": True, "force": True}
    assert (await world.on_host(world.colleague.push(deployed)))["status"] == "ok"


async def timed(world: World, *words: str) -> Told:
    """Plays one command line."""
    began = world.loop.time()
    done = await world.command("bastion", *words)
    return Told(world.loop.time() - began, done.code)


async def one(world: World) -> Told:
    await ready(world, AT_ONCE)
    return await timed(world, "keep", "api")


async def four(world: World) -> Told:
    await ready(world, AT_ONCE)
    return await timed(world, "keep", "--all")


async def four_in_turn(world: World) -> Told:
    await ready(world, 1)
    return await timed(world, "keep", "--all")


def played() -> dict[str, Told]:
    return with_world(lambda prepared: {work.__name__: in_child(prepared, work) for work in (one, four, four_in_turn)})


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return played()


def test_all_of_a_host_that_may_be_kept_at_once_take_no_two_keeps(found: dict[str, Told]) -> None:
    assert [told.code for told in found.values()] == [0, 0, 0]
    assert found["four"].seconds <= 2 * found["one"].seconds


def test_where_they_have_to_wait_for_their_turn_what_they_read_does_not(found: dict[str, Told]) -> None:
    assert found["four"].seconds < found["four_in_turn"].seconds < 4 * found["one"].seconds


async def interrupted(world: World) -> list[set[str]]:
    """The apps that are left of a `keep --all` that Ctrl-C ends, for one moment after the other."""
    await ready(world, AT_ONCE)
    left, before = [], set(world.host.machine.apps)
    for moment in (2.5, 4.0, 5.5, 7.0):
        process = world.begin("bastion", "keep", "--all")
        await asyncio.sleep(moment)
        assert set(world.host.machine.apps) > before
        process.signal(signal.SIGINT)
        await process.over.wait()
        left.append(set(world.host.machine.apps) - before)
    return left


def test_an_interrupt_takes_back_whatever_each_of_them_began() -> None:
    assert with_world(lambda prepared: in_child(prepared, interrupted)) == [set(), set(), set(), set()]
