"""The far end of one command: a client over SSH or the shim's socket, and the call made over it.

A dead client is noticed as Dokku notices it: at the next line of output, which then kills the command. A detached
call (git push) goes on to its end whatever becomes of the client. Silence alone (a stalled network) kills nothing.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.sandbox.lines import Line

if TYPE_CHECKING:
    from tui.sandbox.faults import Fault
    from tui.sandbox.host import Host


class ClientGone(Exception):
    """The client died and somebody tried to write to it."""


class Canceled(Exception):
    """builds:cancel killed this deploy; its client ends with 141 and no word."""


class Refused(Exception):
    """A command's refusal: ``code`` is its exit code, ``lines`` go to stderr as they are."""

    def __init__(self, code: int, *lines: str, out: str = "") -> None:
        super().__init__(lines[0] if lines else "")
        self.code = code
        self.lines = lines
        self.out = out


def bang(text: str) -> str:
    """Dokku's mark of a complaint."""
    return f" !     {text}"


class Client(ABC):
    """Bytes in from and out to whoever runs a command. ``connection`` numbers the connection it came over."""

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
        self._input += data
        self.received += len(data)
        if self.watch_bytes is not None and self.received >= self.watch_bytes[0]:
            self.watch_bytes[1].set()
        self._arrived.set()

    def feed_end(self) -> None:
        self._ended = True
        self._arrived.set()

    def lost(self) -> None:
        self.gone = True
        self.feed_end()

    async def read(self, count: int) -> bytes:
        """At least one byte and at most ``count``; empty at the end of input."""
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
        while not self.gone:
            self._arrived.clear()
            await self._arrived.wait()
            self._input.clear()


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One command while it runs."""

    host: Host
    client: Client
    number: int
    line: str
    started: float
    words: list[str] = field(default_factory=list)
    args: list[str] = field(default_factory=list)
    exit: int | None = None
    ended: float | None = None
    aborted: bool = False
    canceled: bool = False
    detached: bool = False
    powerless: bool = False  # the host restarted under it: nothing of it is put in order any more
    task: asyncio.Task[object] | None = None
    quiet: bool = False
    marked: bool = False  # 0.35.15 puts ESC[1G before its own lines of a build
    band: bool = False  # a push that asked for bands gets everything but its report on band 2
    merged: bool = False  # 0.38.27 sends everything a deploy says to stdout
    complaints: list[str] = field(default_factory=list)
    record: list[str] | None = None  # 0.38.27 keeps the output of every build
    slow: float = 1.0
    reached: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    sent: int = 0

    @property
    def name(self) -> str:
        return self.words[0] if self.words else ""

    def write(self, data: bytes, *, error: bool = False) -> None:
        """Raises ClientGone unless the call is detached, Canceled if somebody cancelled its deploy."""
        if self.canceled:
            raise Canceled
        if self.client.gone:
            if self.detached:
                return
            raise ClientGone
        if self.band:
            data, error = b"%04x\x02" % (len(data) + 5) + data, False
        self.client.send(data, error=error)
        self.sent += len(data)
        if self.faults:
            self.host.faults.sent(self)

    def out(self, text: str) -> None:
        self.write(f"{text}\n".encode("utf-8", "surrogateescape"))

    def err(self, text: str) -> None:
        self.write(f"{text}\n".encode("utf-8", "surrogateescape"), error=True)

    def raw(self, text: str) -> None:
        self.write(text.encode("utf-8", "surrogateescape"))

    def say(self, line: Line) -> None:
        """A line of a deploy, on the stream and with the mark of this version. Raises ClientGone as ``write`` does."""
        if self.record is not None:
            self.record.append(line.text)
        if line.kind == "tool" and (self.complaints or " !     " in line.text):
            self.complaints.append(line.text)
        old = self.host.machine.old
        if line.kind == "step":
            self.out(("\x1b[1G" if old and self.marked else "") + line.text)
        elif line.kind == "tool" and (old or not self.merged):
            self.err(line.text)
        else:
            self.out(line.text)

    def say_all(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.say(line)

    async def pause(self, seconds: float) -> None:
        await self.host.pace.pause(seconds * self.slow)

    def phase(self, name: str) -> None:
        """Marks how far a deploy has come; faults wait for these names."""
        self.reached.append(name)
        self.host.faults.reached(self, name)
        if self.powerless:
            raise asyncio.CancelledError
