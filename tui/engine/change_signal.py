"""Tells whoever looks on that there is something new. It carries nothing: what is new is read from its owner."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")


def told(listener: Callable[P, object], *args: P.args, **named: P.kwargs) -> None:
    """Call somebody who looks on. What it raises goes to the loop's handler of exceptions, never to whom it looks at:
    a deploy is not aborted because its output could not be shown."""
    try:
        listener(*args, **named)
    except Exception as error:  # noqa: BLE001 - it is the listener's, and told by the loop
        context = {"message": "a listener failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)


class Signal:
    """One owner's news. Whoever looks on may fail; the owner, and the others who look on, may not."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []
        self._waiting: set[asyncio.Future[None]] = set()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every change. Returns what ends the subscription; more than once does no harm."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def tell(self) -> None:
        """There is something new. What a listener raises goes to the loop's handler of exceptions."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        for listener in tuple(self._listeners):
            told(listener)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds()`, which is asked now and after every change. Raises what it raises."""
        while not holds():
            changed = asyncio.get_running_loop().create_future()
            self._waiting.add(changed)
            try:
                await changed
            finally:
                self._waiting.discard(changed)
