"""Tasks that nobody waits for: their errors are heard at once, and none is left at the end."""

import asyncio

from tests.stage import settled
from tui.engine.supervisor import Supervisor


async def _raises(error: Exception) -> None:
    raise error


async def test_an_error_of_a_task_is_heard_without_anybody_asking() -> None:
    heard: list[BaseException] = []
    work = Supervisor(heard.append)
    error = RuntimeError("ours")
    work.begin(_raises(error))
    await settled()
    assert heard == [error]
    await work.end()
    assert heard == [error], "and once"


async def test_whoever_waits_for_the_task_finds_the_error_heard_already() -> None:
    heard: list[BaseException] = []
    task = Supervisor(heard.append).begin(_raises(RuntimeError("ours")))
    await asyncio.wait({task})
    assert len(heard) == 1


async def test_a_round_that_fails_is_heard_and_does_not_end_what_goes_on() -> None:
    heard: list[BaseException] = []
    work = Supervisor(heard.append)

    async def fine() -> None: ...

    assert await work.survived(fine()) and not await work.survived(_raises(OSError("gone")))
    assert [str(error) for error in heard] == ["gone"]


async def test_the_end_cancels_waits_and_hears_what_breaks_while_it_ends() -> None:
    heard: list[BaseException] = []
    work = Supervisor(heard.append)

    async def quiet() -> None:
        await asyncio.Event().wait()

    async def loud() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("while it let go")

    tasks = [work.begin(quiet()), work.begin(loud())]
    await settled()
    await work.end()
    assert all(task.done() for task in tasks) and tasks[0].cancelled()
    assert [str(error) for error in heard] == ["while it let go"]
