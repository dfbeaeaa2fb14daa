"""Questions asked at once: the failure of one takes the others back."""

import asyncio

import pytest

from tests.stage import endless
from tui.engine.concurrency import all_to_their_end, ended, together


async def test_answers_come_in_the_order_of_the_questions() -> None:
    async def after(turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return turns

    assert await together(after(3), after(1), after(2)) == (3, 1, 2)


async def test_the_first_failure_is_raised_when_nothing_goes_on_any_more() -> None:
    ended: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # a channel that is given back takes its time
            ended.append("slow")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ConnectionResetError("the link")

    with pytest.raises(ConnectionResetError, match="the link"):
        await together(slow(), fails(), slow())
    assert ended == ["slow", "slow"]


async def test_whoever_is_cancelled_takes_the_questions_along() -> None:
    ended = asyncio.Event()
    asking = asyncio.create_task(together(endless(ended), endless(ended)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert ended.is_set()


async def test_works_of_which_one_fails_all_come_to_their_end() -> None:
    ended: list[str] = []

    async def slow() -> None:
        await asyncio.sleep(0.001)
        ended.append("slow")

    async def fails() -> None:
        raise ConnectionResetError("the link")

    with pytest.raises(ConnectionResetError, match="the link"):
        await all_to_their_end([fails(), slow()])
    assert ended == ["slow"]


async def test_works_that_are_interrupted_put_in_order_what_they_began_before_this_ends() -> None:
    undone: list[int] = []

    async def undo(number: int) -> None:
        for _ in range(number):
            await asyncio.sleep(0)
        undone.append(number)

    async def work(number: int) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.shield(undo(number))
            raise

    working = asyncio.create_task(all_to_their_end(work(number) for number in (3, 20, 1)))
    await asyncio.sleep(0.001)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert sorted(undone) == [1, 3, 20]


@pytest.mark.parametrize(("after", "waits_for"), [(OSError(), 2), (asyncio.CancelledError(), 1)])
async def test_what_is_undone_hears_no_first_interrupt_and_never_goes_on_behind(
    after: BaseException, waits_for: int
) -> None:
    over = asyncio.Event()
    undoing = asyncio.create_task(ended(endless(over), after=after))
    for interrupt in range(1, waits_for + 1):
        for _ in range(5):
            await asyncio.sleep(0)
        assert not over.is_set(), f"before interrupt {interrupt}"
        undoing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await undoing
    assert over.is_set()


async def test_an_interrupt_during_an_undoing_is_heard_when_that_has_ended() -> None:
    done: list[str] = []

    async def undo() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        done.append("undone")

    undoing = asyncio.create_task(ended(undo()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    undoing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await undoing
    assert done == ["undone"]
