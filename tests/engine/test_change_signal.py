"""News carry nothing, reach everybody, and whoever looks on cannot harm the owner."""

import asyncio
from typing import Any

import pytest

from tests.stage import settled
from tui.engine.change_signal import Signal


async def test_a_listener_that_fails_harms_neither_the_owner_nor_the_next() -> None:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    news, heard = Signal(), []
    news.subscribe(lambda: (_ for _ in ()).throw(BrokenPipeError("stderr")))
    end = news.subscribe(lambda: heard.append(1))
    news.tell()
    assert heard == [1] and isinstance(faults[0]["exception"], BrokenPipeError)
    end()
    end()
    news.tell()
    assert heard == [1]


async def test_a_listener_may_end_its_subscription_while_it_is_told() -> None:
    news, heard = Signal(), []

    def once() -> None:
        heard.append(1)
        end()

    end = news.subscribe(once)
    news.subscribe(lambda: heard.append(2))
    news.tell()
    news.tell()
    assert heard == [1, 2, 2]


async def test_what_is_waited_for_is_asked_at_once_and_after_every_change() -> None:
    news, came = Signal(), list[int]()
    await news.until(lambda: True)
    waiting = asyncio.create_task(news.until(lambda: len(came) == 2))
    for number in (1, 2):
        await settled()
        assert not waiting.done()
        came.append(number)
        news.tell()
    await waiting


async def test_what_the_condition_raises_is_raised_to_whoever_waits() -> None:
    news = Signal()

    def broken() -> bool:
        raise RuntimeError("the loop has ended")

    with pytest.raises(RuntimeError, match="the loop has ended"):
        await news.until(broken)


async def test_whoever_gives_up_waiting_is_forgotten() -> None:
    news = Signal()
    waiting = asyncio.create_task(news.until(lambda: False))
    await settled()
    waiting.cancel()
    await asyncio.wait({waiting})
    news.tell()
    assert waiting.cancelled()
