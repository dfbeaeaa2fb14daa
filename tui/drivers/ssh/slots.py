"""The channels that may be open at once on one connection: as many as a server takes, which it tells only by refusing.

A server frees a channel a little after its command has ended, and refuses another until then; that passes by itself.
One with a lower `MaxSessions` goes on refusing: then there are as many places as channels were open at that moment, for
good, and whoever was refused waits for its turn.
"""

import asyncio

CHANNELS = {"control": 9, "streams": 6}
"""places on each of a host's two connections: sshd takes ten sessions on one unless its `MaxSessions` says otherwise"""
FEWEST = 1
"""places that are left however often a server refuses"""


class Slots:
    """Places on one connection."""

    def __init__(self, most: int) -> None:
        self.most = most
        """places that there are now"""
        self.free = most
        self.open = 0
        """channels that were opened and have not ended"""
        self._free = asyncio.Semaphore(most)
        self._owed = 0

    async def acquire(self) -> None:
        """Wait for a place; whoever waits longest has the next."""
        await self._free.acquire()
        self.free -= 1

    def opened(self) -> None:
        """Whoever has a place has a channel now."""
        self.open += 1

    def release(self) -> None:
        """A channel has ended: give its place back."""
        self.open = max(0, self.open - 1)
        self.leave()

    def leave(self) -> None:
        """Give back a place without a channel, unless the server has too few for it."""
        if self._owed:
            self._owed -= 1
        else:
            self.free += 1
            self._free.release()

    def refused(self) -> None:
        """The server went on refusing a channel although a place was free: it takes no more than are open."""
        left = max(FEWEST, min(self.most - 1, self.open))
        if left < self.most:
            self._owed += self.most - left
            self.most = left
