"""The unix socket behind a real sshd's forced command: frames in, frames out, the same commands as over SSH.

A frame is one byte of kind, four bytes of length (big endian), the payload. From the shim: `c` the command line,
`t` with a terminal, `i` input, `e` end of input. To the shim: `1` stdout, `2` stderr, `x` the exit code
as text.
"""

import asyncio
from pathlib import Path

from tui.sandbox.client import Client
from tui.sandbox.dispatch import run
from tui.sandbox.host import SandboxHost


def frame(kind: bytes, payload: bytes) -> bytes:
    """One frame: a byte of kind, four bytes of length, the payload."""
    return kind + len(payload).to_bytes(4, "big") + payload


class ShimClient(Client):
    """One forced command of a real sshd; it is gone when its socket closes."""

    connection = -1

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self._writer = writer
        self._held: list[bytes] | None = None

    def send(self, data: bytes, *, error: bool) -> None:
        """Sends one frame, or keeps it for later while the client is stalled."""
        framed = frame(b"2" if error else b"1", data)
        if self._held is not None:
            self._held.append(framed)
        elif not self.gone:
            self._writer.write(framed)

    async def drain(self) -> None:
        """Waits until the socket has taken most of it; a socket that is closed means a dead client."""
        if not self.gone:
            try:
                await self._writer.drain()
            except ConnectionError:
                self.lost()

    def drop(self) -> None:
        """Cuts the socket, at which the shim ends its session."""
        self.lost()
        self._writer.transport.abort()

    def stall(self, silent: bool) -> None:
        """Keeps back what is sent; afterwards sends what was kept."""
        held, self._held = self._held or [], [] if silent else None
        for framed in held:
            self._writer.write(framed)

    def end(self, code: int) -> None:
        """Sends the exit code."""
        if not self.gone:
            self._writer.write(frame(b"x", str(code).encode()))


class ShimServer:
    """The unix socket; one connection is one command."""

    def __init__(self, host: SandboxHost, path: Path) -> None:
        self._host = host
        self.path = path
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Opens the socket, in the place of an old one, for every user of the machine."""
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._accept, self.path)
        self.path.chmod(0o666)

    async def close(self) -> None:
        """Ends the commands, closes the socket and deletes its file."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        client = ShimClient(writer)
        try:
            await self._serve(client, reader)
        except (ConnectionError, asyncio.IncompleteReadError, UnicodeDecodeError):
            pass  # a shim that leaves before it has asked for anything
        except asyncio.CancelledError:
            pass  # the sandbox closes; asyncio.streams would report a cancelled handler as an error
        finally:
            writer.close()

    async def _serve(self, client: ShimClient, reader: asyncio.StreamReader) -> None:
        kind, payload = await read_frame(reader)
        while kind == b"t":
            client.tty = True
            kind, payload = await read_frame(reader)
        feeding = asyncio.ensure_future(feed(client, reader))
        try:
            code = await run(self._host, client, payload.decode())
            if code is not None:
                client.end(code)
                await client.drain()
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)


async def read_frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Kind and payload of the next frame. Raises IncompleteReadError at the end of the connection."""
    head = await reader.readexactly(5)
    return head[:1], await reader.readexactly(int.from_bytes(head[1:], "big"))


async def feed(client: ShimClient, reader: asyncio.StreamReader) -> None:
    """Passes the session's input on until the shim is gone."""
    try:
        while True:
            kind, payload = await read_frame(reader)
            if kind == b"i":
                client.feed(payload)
            else:
                client.feed_end()
    except (asyncio.IncompleteReadError, ConnectionError):
        client.lost()
