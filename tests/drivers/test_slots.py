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


async def test_a_refusal_leaves_as_many_places_as_channels_were_open_for_good() -> None:
    slots = Slots(9)
    assert (await taken(slots), slots.free) == (9, 0)
    for _ in range(3):
        slots.opened()
    slots.refused()
    for _ in range(3):
        slots.release()
    for _ in range(6):
        slots.leave()
    assert (slots.most, slots.free, slots.open, await taken(slots)) == (3, 3, 0, 3)


async def test_a_refusal_beside_more_open_ones_than_places_costs_one() -> None:
    slots = Slots(4)
    for _ in range(9):
        slots.opened()
    slots.refused()
    assert slots.most == 3


async def test_one_place_is_left_whatever_a_server_refuses() -> None:
    slots = Slots(6)
    for _ in range(20):
        await slots.acquire()
        slots.refused()
        slots.leave()
    assert (slots.most, await taken(slots)) == (FEWEST, FEWEST)
