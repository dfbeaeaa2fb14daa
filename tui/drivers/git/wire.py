"""Git's wire protocol over a channel of a host's SSH connection: packets, side bands, lists of refs.

Theory. Everything that comes is another machine's word: sizes are limited before anything is kept, and a link that
ends, a silence and an answer that is no Git leave here as ConsoleErrors, translated in one place (`asked`).
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from tui.dokku import refusals
from tui.model.errors import LinkLost, UnexpectedReply
from tui.text.clean import clean_line, decode

T = TypeVar("T")
ZERO = "0" * 40
FLUSH = b"0000"
ADVERTISE_LIMIT = 20.0
"""seconds"""
LARGEST_ADVERTISEMENT = 8 * 1024 * 1024
"""bytes of a list of refs: some 100,000 branches"""


class ProtocolError(UnexpectedReply):
    """The far side did not speak Git as we know it."""


class LinkDropped(LinkLost):
    """The link ended in the middle of a question to Git."""


async def once_more(read: Callable[[], Awaitable[T]]) -> T:
    """The result of a read; where the link dropped meanwhile it is read once more, on a new one, as every other read of
    a host is. Raises what the second read raises."""
    try:
        return await read()
    except LinkDropped:
        return await read()


@asynccontextmanager
async def asked(host: Any, service: str, app: str, limit: float, *, guess: bool = False) -> AsyncIterator[Any]:
    """A channel to a Git service that is only read from, for at most `limit` seconds, and given back at the end.

    `guess`: see `SshHost.beside_form`.
    Raises LinkError: none could be opened, it ended in the middle (LinkDropped), or fell silent (LinkLost).
    """
    what = f"{service} of {app}"
    try:
        async with asyncio.timeout(limit):
            channel = await host.channel((service, app), guess=guess)
            try:
                yield channel
            finally:
                await channel.close()
    except ProtocolError as error:
        if "does not appear to be a git repository" in error.message:
            words = f"there is no app {app} on the host, or no repository of it"
            raise ProtocolError(words, "compare `app` in services.yaml with `apps:list`") from error
        raise
    except TimeoutError as error:
        raise LinkLost(f"{what}: no answer within {limit:.0f} s", "is the host overloaded?") from error
    except OSError as error:
        raise LinkDropped(f"{what}: the link was lost: {clean_line(str(error)) or type(error).__name__}") from error


def say(channel: Any, data: bytes) -> None:
    """Send. A service that has ended already takes nothing: what is read then says why. Raises OSError for the link."""
    try:
        channel.write(data)
    except OSError:
        if channel.ended() is None:
            raise


_LENGTH = re.compile(rb"[0-9A-Fa-f]{4}")
_ENDED = "does this login run Dokku's own command, and is Git on the host? try: git ls-remote dokku@HOST:APP"
_SILENCE = (
    "a banner or a warning on the login's standard output breaks every push of Git, too: have the host write it to "
    "standard error, or not at all"
)
_CRLF = (
    "Git's answer comes with CR LF line ends, as through a terminal",
    "take the terminal away: a `-t`, a `script` or a conversion of line ends in the command of authorized_keys or of a "
    "bastion",
)


class Reader:
    """Packets out of a channel's bytes."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._rest = bytearray()
        self._cr = False
        """the last packet ended with a CR: a LF that comes next has been made CR LF on the way"""

    async def packet(self) -> bytes | None:
        """The next packet; None for a flush. Raises ProtocolError, also at the end of the channel; OSError."""
        head = await self._exactly(4)
        if self._cr and head.startswith(b"\n"):
            raise ProtocolError(*_CRLF)
        size = _length(head, self._rest)
        if size in (0, 1, 2):
            return None
        if size < 4:
            raise ProtocolError(f"a packet of {size} bytes")
        found = await self._exactly(size - 4)
        self._cr = found.endswith(b"\r")
        return found

    async def at_end(self) -> bool:
        """True if nothing more comes."""
        if not self._rest:
            self._rest += await self._channel.read()
        return not self._rest

    async def _exactly(self, count: int) -> bytes:
        while len(self._rest) < count:
            chunk = await self._channel.read()
            if not chunk:
                await self._channel.wait()  # then all is there that it said
                raise _ended(bytes(self._channel.stderr))
            self._rest += chunk
        taken = bytes(self._rest[:count])
        del self._rest[:count]
        return taken


def _ended(stderr: bytes) -> "ProtocolError":
    """The error for an answer that ended before it was whole, with what the host said of it."""
    said = clean_line(decode(stderr), 200)
    known = refusals.read(stderr) if said else None
    if known is not None and known is not refusals.Refusal.NOT_A_COMMAND:
        return ProtocolError(f"{refusals.explain(known)}: {said}", refusals.fix(known))
    return ProtocolError(said or "the host ended Git's answer in the middle, without a word", _ENDED)


def _length(head: bytes, behind: bytes | bytearray) -> int:
    """A packet's length out of its first four bytes. Raises ProtocolError, with what is said instead."""
    if _LENGTH.fullmatch(head) is None:
        words = clean_line(decode(head + bytes(behind[:200]).partition(b"\n")[0]), 80)
        raise ProtocolError(f"the host says {words!r} where Git should speak", _SILENCE)
    return int(head, 16)


async def bands(reader: Reader) -> AsyncIterator[tuple[int, bytes]]:
    """The parts of a side-band stream with their band, to its flush or end."""
    while not await reader.at_end():
        packet = await reader.packet()
        if packet is None:
            return
        if packet:
            yield packet[0], packet[1:]


async def advertisement(reader: Reader) -> list[tuple[str, str]]:
    """Every ref with its commit, as the far side lists them first. Raises ProtocolError, OSError."""
    found: list[tuple[str, str]] = []
    size = 0
    while (packet := await reader.packet()) is not None:
        size += len(packet)
        if size > LARGEST_ADVERTISEMENT:
            raise ProtocolError(f"a list of branches of more than {LARGEST_ADVERTISEMENT // 1024 // 1024} MB")
        line = decode(packet).rstrip("\n").partition("\0")[0]
        sha, _, name = line.partition(" ")
        if not re.fullmatch(r"[0-9a-f]{40}", sha):
            raise ProtocolError(clean_line(line, 200))
        found.append((name, sha))
    return found


def branches(refs: list[tuple[str, str]]) -> dict[str, str]:
    """The branches among the refs, by their short names."""
    return {name.removeprefix("refs/heads/"): sha for name, sha in refs if name.startswith("refs/heads/")}


def packets(raw: bytes) -> list[bytes]:
    """The packets of bytes that came whole. Raises ProtocolError."""
    found: list[bytes] = []
    at = 0
    while at + 4 <= len(raw):
        size = _length(raw[at : at + 4], raw[at + 4 :])
        if size > 4:
            found.append(raw[at + 4 : at + size])
        at += max(size, 4)
    return found


def pkt(payload: bytes) -> bytes:
    """A packet of the wire protocol."""
    return f"{len(payload) + 4:04x}".encode() + payload
