"""Several logs as one stream: lines as they come, each with its service's name in front of its process.

It reads what the followers of the single logs have in their rings already, so that no host is asked a second time. A
`LogFollower` over this stream puts its beginning into the order of time, as it does with every stream.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping

from tui.engine.monitor.log_follower import LogFollower
from tui.model.outcome import Outcome

_PROCESS = re.compile(rb"^((?:\x1b\[[0-9;]*m)?\d{4}-\d\d-\d\dT[0-9:.]+Z app\[)")
BEGIN = 200
"""lines of each log that the merged one begins with"""
PATIENCE = 2.0
"""seconds that the first lines of each log are waited for; a quiet app has none"""
_NAMED = re.compile(r"[A-Za-z0-9._-]+")


class MergedLogs:
    """The stream over the logs of these services."""

    outcome: Outcome | None = None
    stderr = b""

    def __init__(self, followers: Mapping[str, LogFollower]) -> None:
        self._followers = dict(followers)
        self._news = asyncio.Event()
        self._read: dict[str, int] = {}
        self._unsubscribe = [f.subscribe(self._news.set) for f in followers.values()]
        self._news.set()
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await self._all_begun()
        while not self._closed:
            await self._news.wait()
            self._news.clear()
            found = b"".join(self._fresh(name, follower) for name, follower in self._followers.items())
            if found:
                yield found

    async def _all_begun(self) -> None:
        """Wait for the first lines of every log, but not for long: what comes together is put in order of time."""
        with contextlib.suppress(TimeoutError):  # then they come as they come
            async with asyncio.timeout(PATIENCE):
                while not self._closed and not all(f.received for f in self._followers.values()):
                    self._news.clear()
                    await self._news.wait()
        self._news.set()

    def _fresh(self, name: str, follower: LogFollower) -> bytes:
        ring = follower.ring
        start = max(self._read.get(name, ring.last - BEGIN), ring.first)
        self._read[name] = ring.last
        return b"".join(named(name, ring.line(n)) + b"\n" for n in range(start, ring.last) if n not in ring.notes)

    async def close(self) -> None:
        """End the stream; the single logs go on."""
        self._closed = True
        self._news.set()
        while self._unsubscribe:
            self._unsubscribe.pop()()


def named(service: str, raw: bytes) -> bytes:
    """A line of a log with its service's name in front of its process."""
    name = "".join(_NAMED.findall(service)).encode()
    return _PROCESS.sub(lambda found: found[1] + name + b" ", raw, count=1)
