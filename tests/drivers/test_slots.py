"""Places on a connection: as many as the server takes."""

import asyncio

from tui.drivers.ssh.slots import FEWEST, Slots


async def taken(slots: Slots) -> int:
    """How many can be had at once."""
    count = 0
    try:
        while True:
            async with asyncio.timeout(0):
                await slots.acquire()
            count += 1
    except TimeoutError:
        return count


async def test_a_refusal_costs_a_place_for_good() -> None:
    slots = Slots(9)
    assert (await taken(slots), slots.free) == (9, 0)
    slots.refused()
    for _ in range(9):
        slots.release()
    assert (slots.most, slots.free, await taken(slots)) == (8, 8, 8)


async def test_some_places_are_left_whatever_a_server_refuses() -> None:
    slots = Slots(6)
    for _ in range(20):
        await slots.acquire()
        slots.refused()
        slots.release()
        if slots.most == FEWEST:
            break
    slots.refused()
    assert (slots.most, await taken(slots)) == (FEWEST, FEWEST)
