"""`ProxyCommand`: a program of the person's own carries the link, on its stdin and stdout.

What it says on stderr is its own word and no part of the link: the end of it is kept, for the day on which the program
is why nothing comes. Many close stderr or send it away (`2>/dev/null`); that ends nothing.
"""

import asyncio
import os
import socket

from tui.text.clean import clean_line, decode

KEPT = 4096
"""bytes of stderr that are kept"""
_DEAF = 'trap \'\' INT QUIT; exec "$0" -c "$1"'
"""a Ctrl-C is for the console, which may be in the middle of a change, and not for what carries its link"""


class Carrier(asyncio.SubprocessProtocol):
    """One such program, and our end of its link."""

    def __init__(self, ours: socket.socket) -> None:
        self.socket = ours
        self._said = bytearray()
        self._over = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._said += data
        del self._said[:-KEPT]

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended, and all that it said was heard."""
        self._over.set()

    def close(self) -> None:
        """End it: nobody needs it any more."""
        self.socket.close()
        if self._transport is not None:
            self._transport.close()

    def is_closed(self) -> bool:
        """True if it has ended, and all that it said was heard."""
        return self._over.is_set()

    async def wait_closed(self) -> None:
        """Until it has ended."""
        await self._over.wait()

    async def last_words(self, within: float) -> str | None:
        """How it ended, in one harmless line; None while it goes on."""
        try:
            async with asyncio.timeout(within):
                await self._over.wait()
        except TimeoutError:
            return None
        code = self._transport.get_returncode() if self._transport is not None else None
        lines = [line for line in decode(bytes(self._said)).splitlines() if line.strip()]
        said = clean_line("; ".join(lines[-3:]), 200)
        return f"exit {code}" + (f": {said}" if said else "")


async def start(command: str) -> Carrier:
    """The program, running. `command`: a line for the person's shell, as ssh runs it. Raises OSError."""
    ours, its = socket.socketpair()
    made = Carrier(ours)
    shell = os.environ.get("SHELL") or "/bin/sh"
    try:
        ours.setblocking(False)
        made._transport, _ = await asyncio.get_running_loop().subprocess_exec(
            lambda: made,
            *("/bin/sh", "-c", _DEAF, shell, f"exec {command}"),
            stdin=its.fileno(),
            stdout=its.fileno(),
            stderr=asyncio.subprocess.PIPE,
        )
    except BaseException:
        ours.close()
        raise
    finally:
        its.close()
    return made
