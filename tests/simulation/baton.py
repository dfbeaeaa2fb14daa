"""A real thread for code that waits by blocking, which runs only while the loop stands still: one of the two at a time.

`asyncio.run` of the command line and dulwich's blocking reads are such code. The thread asks the loop for a coroutine's
result and stands still; the loop awaits it, hands it over and stands still until the thread asks again or has ended.
"""

import asyncio
import contextvars
import threading
import types
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class LetGo(BaseException):
    """The loop's side is gone: the thread unwinds."""


class Baton:
    """Passed between the loop and one thread."""

    def __init__(self) -> None:
        self._to_loop = threading.Semaphore(0)
        self._to_thread = threading.Semaphore(0)
        self._asked: Coroutine[Any, Any, Any] | None = None
        self._result: tuple[Any, BaseException | None] = (None, None)

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """`work(*args)` in the thread. Raises what it raises."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        ended: list[tuple[Any, BaseException | None]] = []

        def body() -> None:
            _CURRENT.baton = self
            asyncio._set_running_loop(loop)
            try:
                ended.append((context.run(work, *args), None))
            except BaseException as error:  # noqa: BLE001 - raised on the other side
                ended.append((None, error))
            self._to_loop.release()

        threading.Thread(target=body, daemon=True).start()
        try:
            while True:
                self._to_loop.acquire()
                if self._asked is None:
                    break
                asked, self._asked = self._asked, None
                try:
                    self._result = (await asked, None)
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 - raised in the thread, which decides
                    self._result = (None, error)
                self._to_thread.release()
        except GeneratorExit:
            self._result = (None, LetGo())
            self._to_thread.release()
            self._to_loop.acquire()
            raise
        value, trouble = ended[0]
        if trouble is not None:
            raise trouble
        result: T = value
        return result

    def ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """From the thread: what the coroutine returns or raises."""
        self._asked = coroutine
        self._to_loop.release()
        self._to_thread.acquire()
        value, error = self._result
        if error is not None:
            raise error
        result: T = value
        return result


_CURRENT = threading.local()


def ask(coroutine: Coroutine[Any, Any, T]) -> T:
    """`Baton.ask` of the thread that runs this."""
    baton: Baton = _CURRENT.baton
    return baton.ask(coroutine)


@types.coroutine
def _rest(coroutine: Coroutine[Any, Any, T], first: Any) -> Generator[Any, Any, T]:
    """What is left of a coroutine that waits for `first`."""
    waits_for = first
    while True:
        try:
            got = yield waits_for
        except BaseException as error:  # noqa: BLE001 - as `await` does
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, got)
        try:
            waits_for = step()
        except StopIteration as ended:
            result: T = ended.value
            return result


class Asked:
    """What `asyncio.run_coroutine_threadsafe` gives a thread."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine

    def result(self) -> Any:
        """Done here where it needs not wait (the loop stands still), else awaited in the loop."""
        try:
            first = self._coroutine.send(None)
        except StopIteration as ended:
            return ended.value
        return ask(_rest(self._coroutine, first))


async def to_thread(work: Callable[..., T], *args: Any) -> T:
    """In place of `asyncio.to_thread` for work that asks the loop back."""
    return await Baton().run(work, *args)
