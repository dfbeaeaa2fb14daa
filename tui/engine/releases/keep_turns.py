"""How many services of one host are kept at the same time, as its `max_parallel` says. Reading needs no turn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turns:
    """The turns of each host."""

    def __init__(self, most: Callable[[str], int]) -> None:
        """`most`: services of a host at the same time."""
        self._most = most
        self._places: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def of(self, host: str) -> AsyncIterator[bool]:
        """One turn; True if it had to be waited for: what was read before may be old."""
        places = self._places.setdefault(host, asyncio.Semaphore(self._most(host)))
        waited = places.locked()
        async with places:
            yield waited
