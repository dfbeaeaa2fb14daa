"""The far end of one command: a client over SSH or the shim's socket, and the ways a command ends early.

A dead client is noticed as Dokku notices it: at the next line of output, which then kills the command. A detached
call (git push) goes on to its end even if the client dies. Silence alone (a stalled network) kills nothing.
"""

import asyncio
from abc import ABC, abstractmethod


class ClientGone(Exception):
    """The client died and somebody tried to write to it."""


class Canceled(Exception):
    """builds:cancel killed this deploy; its client ends with 141 and no word."""


class CommandRefused(Exception):
    """A command's refusal: `code` is its exit code, `lines` go to stderr as they are."""

    def __init__(self, code: int, *lines: str, out: str = "") -> None:
        super().__init__(lines[0] if lines else "")
        self.code = code
        self.lines = lines
        self.out = out


def bang(text: str) -> str:
    """Dokku's mark of a complaint."""
    return f" !     {text}"


class Client(ABC):
    """Bytes in from and out to whoever runs a command. `connection` numbers the connection it came over."""

    connection: int = 0
    tty: bool = False
    byte_wise: bool = False

    def __init__(self) -> None:
        self.gone = False
        self.received = 0
        self.watch_bytes: tuple[int, asyncio.Event] | None = None
        self._input = bytearray()
        self._ended = False
        self._arrived = asyncio.Event()

    @abstractmethod
    def send(self, data: bytes, *, error: bool) -> None:
        """Queues bytes for the client; never blocks and never raises for a client that is gone."""

    @abstractmethod
    async def drain(self) -> None:
        """Until the client has taken most of what was sent; at once if it is gone."""

    @abstractmethod
    def drop(self) -> None:
        """Cuts the client's TCP connection, without a word."""

    @abstractmethod
    def stall(self, silent: bool) -> None:
        """The connection stays open and says nothing until called with False."""

    def feed(self, data: bytes) -> None:
        """Takes in bytes that the client sent, and wakes who reads."""
        self._input += data
        self.received += len(data)
        if self.watch_bytes is not None and self.received >= self.watch_bytes[0]:
            self.watch_bytes[1].set()
        self._arrived.set()

    def feed_end(self) -> None:
        """The client sends no more; what was sent before can still be read."""
        self._ended = True
        self._arrived.set()

    def lost(self) -> None:
        """The client is dead: its command notices at the next line it says, and reads come to an end."""
        self.gone = True
        self.feed_end()

    async def read(self, count: int) -> bytes:
        """At least one byte and at most `count`; empty at the end of input."""
        while not self._input and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        taken = bytes(self._input[:count])
        del self._input[:count]
        return taken

    async def read_exactly(self, count: int) -> bytes:
        """Raises EOFError when the input ends early."""
        got = bytearray()
        while len(got) < count:
            more = await self.read(count - len(got))
            if not more:
                raise EOFError
            got += more
        return bytes(got)

    async def until_gone(self) -> None:
        """Waits until the client is dead; what it sends meanwhile is thrown away."""
        while not self.gone:
            self._arrived.clear()
            await self._arrived.wait()
            self._input.clear()
