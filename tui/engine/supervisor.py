"""The tasks of one owner. None ends in silence, and none outlives its owner.

`asyncio` keeps an error that a task ended with until somebody asks for it, and nobody asks a task that runs beside the
work. So whoever begins one says here what is to be done with such an error: shown, put on record, or raised to whoever
waits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from tui.engine.error_edge import answered

T = TypeVar("T")


class Supervisor:
    """Begins tasks, hears of those that break, ends those that are left."""

    def __init__(self, failed: Callable[[BaseException], object]) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """A task of its own for `work`. What it raises goes to `failed`, at once."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    async def survived(self, round_: Awaitable[object]) -> bool:
        """One round of something that goes on: an error goes to `failed`, and the next round comes all the same.
        Returns whether there was none."""

        async def through() -> bool:
            await round_
            return True

        return await answered(through(), self._told)

    async def end(self) -> None:
        """Cancel what is left, and return when nothing of it goes on."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # an error among them went to `failed`

    def _told(self, error: Exception) -> bool:
        self._failed(error)
        return False

    def _over(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        broken = None if task.cancelled() else task.exception()
        if broken is not None:
            self._failed(broken)
