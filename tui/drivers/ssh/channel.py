"""One command on a host's SSH connection while it runs: bytes both ways, and how it ended; and output without an end.

Theory. Another machine decides how much it says, so everything is limited here, where it arrives: of stderr the end is
kept, and a command that is only listened to is hung up on once it has said more on stderr than any honest one does. A
command that changes something is never hung up on for being loud.

A command that leaves a process behind on the host (a plugin's agent) ends, and its output does not: the process holds
it open. sshd has said the exit status by then, and that is the command's end, once nothing more came for `QUIET`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, TypeVar

from tui.drivers.ssh.opening import Connection
from tui.model.errors import LinkError
from tui.model.outcome import Exited, Lost, NeverStarted, Outcome, Overflowed, Signalled
from tui.text.clean import clean_line

T = TypeVar("T")
CHUNK = 1 << 18
KEPT = 1 << 20
"""bytes of stderr that are kept: its end"""
STREAM_STDERR = 4 << 20
"""bytes of stderr after which a stream is hung up on"""
QUIET = 0.5
"""seconds without output after an exit status: what was on its way has arrived"""


class TooMuch(OSError):
    """More came than is read; it was hung up on."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes of output")
        self.limit = limit


async def process_on(connection: Connection, command: str, **options: Any) -> Any:
    """A command that the host has said it starts. Raises asyncssh.Error, OSError."""
    try:
        return await connection.create_process(command, **options)
    except AttributeError as error:
        # explained by test_a_link_that_ends_with_the_acknowledgement_of_a_command_is_lost
        if error.obj is not None or error.name != "session_started":
            raise
        raise ConnectionResetError("the link ended as the command was started") from error


class Places(Protocol):
    """The places of a connection, of which a channel has one until it gives it back."""

    def release(self) -> None: ...


class Channel:
    """Bytes both ways, and how the command ended. Errors of the link come as OSError, also TooMuch.

    `most_errors`: bytes of stderr after which it is hung up on; None for what changes something.
    """

    def __init__(
        self,
        process: Any,
        slots: Places,
        asyncssh: Any,
        on_stderr: Callable[[bytes], None] | None = None,
        most_errors: int | None = None,
    ) -> None:
        self.stderr = bytearray()
        self.held_open = False
        """it ended, and something on the host went on holding its output"""
        self._came = 0
        """bytes of stderr"""
        self._most_errors = most_errors
        self._too_much: TooMuch | None = None
        self._on_stderr = on_stderr
        self._process = process
        self._slots: Places | None = slots
        self._asyncssh = asyncssh
        self._errors = asyncio.create_task(self._collect())

    def write(self, data: bytes) -> None:
        """Send; `drain` waits until it has left."""
        self._process.stdin.write(data)

    async def drain(self) -> None:
        """Wait until what was written has left."""
        with self._translated():
            await self._process.stdin.drain()

    def write_eof(self) -> None:
        """Nothing more will be sent."""
        with contextlib.suppress(OSError):  # a command that has ended reads nothing; `wait` says how it ended
            self._process.stdin.write_eof()

    async def read(self) -> bytes:
        """The next bytes of stdout; empty at its end, and where it has none at the command's."""
        with self._translated():
            chunk: bytes = await self._unless_held_open(lambda: self._process.stdout.read(CHUNK), b"")
        if self._too_much is not None:
            raise self._too_much
        return chunk

    async def wait(self) -> Outcome:
        """Its end, once its output has ended."""
        with self._translated():
            await self._unless_held_open(self._process.wait_closed, None)
        if self.held_open:
            self._errors.cancel()
        await asyncio.wait({self._errors})  # cancelled by `close`: that ends this stream, not whoever reads it
        if not self._errors.cancelled():
            self._errors.result()  # raises what `on_stderr` raised
        if self._too_much is not None:
            raise self._too_much
        return self.ended() or Lost(why="the link ended before the command said how it ended")

    def ended(self) -> Outcome | None:
        """How the command ended, as far as the host has said, whether or not its output has ended."""
        if self._process.exit_signal is not None:
            return Signalled(signal=clean_line(str(self._process.exit_signal[0]), 20))
        return None if self._process.exit_status is None else Exited(code=self._process.exit_status)

    async def close(self) -> None:
        """Give the channel back. What was sent is not taken back by it."""
        if self._slots is None:
            return
        slots, self._slots = self._slots, None
        try:
            self._process.close()
            self._errors.cancel()
            await asyncio.wait({self._errors})
            if not self._errors.cancelled():
                self._errors.result()
        finally:
            slots.release()

    async def _unless_held_open(self, ask: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """What is asked for, asked anew after each `QUIET`; `otherwise` once the command had ended before one, and said
        nothing in it."""
        while not self.held_open:
            before, ended = self._came, self.ended()
            try:
                async with asyncio.timeout(QUIET) as patience:
                    return await ask()
            except TimeoutError:
                if not patience.expired():
                    raise
                self.held_open = ended is not None and before == self._came
        return otherwise

    async def _collect(self) -> None:
        with contextlib.suppress(OSError, self._asyncssh.Error):  # the link: `read` and `wait` meet the same end
            while chunk := await self._process.stderr.read(CHUNK):
                self._came += len(chunk)
                self.stderr += chunk
                del self.stderr[:-KEPT]
                if self._on_stderr is not None:
                    self._on_stderr(chunk)
                if self._most_errors is not None and self._came > self._most_errors:
                    self._too_much = TooMuch(self._most_errors)
                    self._process.close()
                    return

    @contextlib.contextmanager
    def _translated(self):  # type: ignore[no-untyped-def]
        try:
            yield
        except self._asyncssh.Error as error:
            raise ConnectionError(clean_line(str(error)) or type(error).__name__) from error


class Stream:
    """Chunks of stdout as they come; ends when the command or the link does, and says which."""

    def __init__(self, open_channel: Callable[[], Awaitable[Channel]]) -> None:
        self.outcome: Outcome | None = None
        self.stderr = b""
        """the end of what it said there, once it has ended"""
        self._open = open_channel
        self._channel: Channel | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Raises LinkError when it could not be begun; every other end is an `outcome`."""
        try:
            self._channel = await self._open()
        except LinkError as error:
            self.outcome = NeverStarted(why=error.message)
            raise
        except OSError as error:
            self.outcome = _lost(error)
            return
        try:
            self._channel.write_eof()
            while chunk := await self._channel.read():
                yield chunk
            self.outcome = await self._channel.wait()
        except TooMuch as error:
            self.outcome = Overflowed(limit=error.limit)
        except OSError as error:
            self.outcome = _lost(error)
        finally:
            self.stderr = bytes(self._channel.stderr)
            await self._channel.close()

    async def close(self) -> None:
        """Stop listening."""
        if self._channel is not None:
            await self._channel.close()


def _lost(error: OSError) -> Lost:
    return Lost(why=clean_line(str(error)) or type(error).__name__)
