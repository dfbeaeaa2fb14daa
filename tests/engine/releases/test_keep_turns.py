"""Whose turn it is to be kept: hosts side by side, on each as many as it allows."""

import asyncio

from tui.engine.releases.keep_turns import Turns


async def test_each_host_has_turns_of_its_own_and_tells_whether_they_were_waited_for() -> None:
    turns, told = Turns({"one": 1, "two": 2}.__getitem__), list[tuple[str, bool]]()
    go = asyncio.Event()

    async def keep(host: str) -> None:
        async with turns.of(host) as waited:
            told.append((host, waited))
            await go.wait()

    keeping = [asyncio.create_task(keep(host)) for host in ("one", "one", "two", "two", "two")]
    while len(told) < 3:
        await asyncio.sleep(0)
    assert told == [("one", False), ("two", False), ("two", False)]
    go.set()
    await asyncio.gather(*keeping)
    assert told[3:] == [("one", True), ("two", True)]


async def test_whoever_gives_up_waiting_takes_nobodys_turn() -> None:
    turns = Turns(lambda _: 1)

    async def keep() -> None:
        async with turns.of("one"):
            raise AssertionError("its turn never came")

    async with turns.of("one"):
        waiting = asyncio.create_task(keep())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with turns.of("one") as waited:
        assert not waited
