"""One Dokku host over SSH.

Theory. Two connections, each opened when first needed and kept: one for commands, observation and pushes, one for
streams, so that a log never is in the way of a write. A server refuses the 11th channel of a connection and frees
a slot only after the client has seen a command's end, so at most nine are used, fewer for good once it went on refusing
(`slots`), and a refused channel is tried again: nothing was sent with it, nor with one that never opened because a kept
connection had died unseen. asyncssh returns `exit_status=None` without raising when the link dies; that is
`Lost` here, never an exit code.

A read that was lost is asked once more. A command that changes something is never repeated: from the moment it was
requested on an open channel it may have begun, even if the request itself is never answered (`CutOff`).

Host keys are strict: an unknown one is shown and refused unless its fingerprint was accepted explicitly, a changed one
always.

How the login wants its commands (Dokku's own forced command, or a shell) is found out by one harmless question before
the first that could change anything; it cannot be guessed from the user's name. The first reads need not wait a second
for it: they go out beside it as a forced command takes them, and are asked anew, their answers unread, where it is a
shell. A shell has no program with a colon in its name; a Git service of its own only reads.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

from msgspec.structs import replace

from tui.dokku import capabilities
from tui.dokku.quoting import exec_string
from tui.drivers.ssh import login
from tui.drivers.ssh.channel import KEPT, STREAM_STDERR, Channel, Stream, TooMuch, process_on
from tui.drivers.ssh.identity import Identities
from tui.drivers.ssh.library import library
from tui.drivers.ssh.opening import Connection, Opener
from tui.drivers.ssh.slots import CHANNELS, Slots
from tui.model.errors import AuthRefused, HostKeyRefused, LinkError, Refused, Unreachable
from tui.model.host import Form, Link, LinkState
from tui.model.outcome import Answer, Lost, Outcome, Overflowed, TimedOut
from tui.model.service import Host, Transport
from tui.text.clean import clean_line

T = TypeVar("T")
_BARE = re.compile(r"[A-Za-z0-9:_.=/-]+")
"""words that mean nothing else to a shell"""
TOO_MANY = 0.128
"""the pause before which a server had time to free a channel that has ended: it takes fewer than are used"""
LARGEST = 32 << 20
"""bytes of each output of a read; what says more is hung up on. Of a command that changes something the end is kept"""
LARGEST_ERRORS = 1 << 20
"""bytes of stderr of a raw channel that is only read from"""
REFUSED_PAUSES = (0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.5, 1.0, 2.0)
"""seconds; the last ones are for a server that takes fewer than are used: until a command has ended"""


class CutOff(ConnectionError):
    """The link ended after a command was requested and before the host said yes or no: it may have begun."""


class LinkClock(Protocol):
    """Time."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SshHost:
    """Commands, streams and channels on one host."""

    def __init__(
        self,
        host: Host,
        *,
        clock: LinkClock,
        accept_fingerprint: str | None = None,
        identities: Identities | None = None,
        form: Form | None = None,
    ) -> None:
        self.host = host
        self._form = form
        self._greeting: Answer | None = None
        self._asking_form = asyncio.Lock()
        self.link = Link(state=LinkState.IDLE, since=clock.now())
        self.generation = 0
        """counts the connections opened"""
        self._number = 0
        """which of them the one for commands is"""
        self._clock = clock
        self._opener = Opener(host, identities or Identities(), accept_fingerprint)
        self._connections: dict[str, Connection] = {}
        self._leaving: list[Connection] = []
        """dropped, and may still be on their way out"""
        self._failed: dict[str, LinkError] = {}
        """how the last attempt to open each failed"""
        self._opening: dict[str, asyncio.Lock] = {"control": asyncio.Lock(), "streams": asyncio.Lock()}
        self._slots = {name: Slots(most) for name, most in CHANNELS.items()}

    @property
    def form(self) -> Form:
        """The form in which this login takes commands, once it has been asked; before that, the usual one."""
        return self._form or Form.FORCED

    @property
    def connection(self) -> int:
        """The number of the connection that commands go over now; 0: none is open."""
        known = self._connections.get("control")
        return self._number if known is not None and not known.is_closed() else 0

    @property
    def address(self) -> str | None:
        """The other end's address, or its full name, while a connection to it is open; None behind a jump host."""
        connection = self._connections.get("control")
        found = connection.get_extra_info("peername") if connection is not None else None
        return str(found[0]) if found else None

    # ── the link ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def connect(self) -> None:
        """Open the connection for commands. Raises Unreachable, AuthRefused, HostKeyRefused."""
        await self._connection("control")

    async def drop(self) -> None:
        """Let the connections go, so that the next command uses a new one."""
        found, self._connections = self._connections, {}
        for connection in found.values():
            connection.abort()
        self._leaving = [one for one in (*self._leaving, *found.values()) if not one.is_closed()]

    async def close(self) -> None:
        """End the connections politely."""
        found, self._connections = self._connections, {}
        for connection in found.values():
            connection.close()
        for connection in (*self._leaving, *found.values()):
            with contextlib.suppress(OSError, (await library()).Error):  # a time-out is an OSError
                async with asyncio.timeout(1.0):
                    await connection.wait_closed()
        with contextlib.suppress(TimeoutError):  # one that does not end ends with us
            async with asyncio.timeout(1.0):
                await self._opener.wait_closed()

    async def _connection(self, name: str) -> Connection:
        before = self._failed.get(name)
        async with self._opening[name]:
            known = self._connections.get(name)
            if known is not None and not known.is_closed():
                return known
            failed = self._failed.get(name)
            if failed is not None and failed is not before:
                raise failed  # the attempt that we waited for
            self._note(LinkState.CONNECTING)
            try:
                made = await self._open()
            except LinkError as error:
                refused = isinstance(error, AuthRefused | HostKeyRefused)
                self._note(LinkState.REFUSED if refused else LinkState.LOST, error.message)
                self._failed[name] = error
                raise
            self._connections[name] = made
            self.generation += 1
            if name == "control":
                self._number = self.generation
            self._note(LinkState.LIVE)
            return made

    def _note(self, state: LinkState, detail: str = "") -> None:
        now = self._clock.now()
        heard = now if state is LinkState.LIVE else self.link.heard
        since = self.link.since if state is self.link.state else now
        self.link = replace(self.link, state=state, since=since, detail=clean_line(detail), heard=heard)

    def _heard(self) -> None:
        self.link = replace(self.link, state=LinkState.LIVE, heard=self._clock.now(), detail="")

    async def _open(self) -> Connection:
        """One connection, within the limits. Raises Unreachable, AuthRefused, HostKeyRefused."""
        return await self._opener.open(await library(), self._ended)

    def _ended(self, connection: Connection, error: Exception | None) -> None:
        """A connection of this program ended without our doing."""
        for name, known in tuple(self._connections.items()):
            if known is connection:
                del self._connections[name]
                self._note(LinkState.LOST, str(error) if error else "the host closed the connection")

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(
        self,
        argv: tuple[str, ...],
        *,
        timeout: float,
        writes: bool = False,
        stdin: bytes | None = None,
        on_output: Callable[[bytes, bool], None] | None = None,
        only_on: int | None = None,
    ) -> Answer:
        """One command to its end. Raises LinkError when nothing could be sent, Refused for words that cannot be.

        A read that says more than `LARGEST` ends as Overflowed; of what `writes` says the end is kept. `only_on`: the
        number of the one `connection` that it may go over, for a command that what was read there alone makes harmless.
        """
        early = not (writes or stdin or on_output or only_on) and ":" in argv[0] and all(map(_BARE.fullmatch, argv))
        if early:
            answer = await self.beside_form(
                lambda guess: self._once(argv, timeout, writes, stdin, on_output, guess=guess)
            )
        else:
            answer = await self._once(argv, timeout, writes, stdin, on_output, only_on)
        if not writes and only_on is None and isinstance(answer.outcome, Lost):
            answer = await self._once(argv, timeout, writes, stdin, on_output)
        return answer

    async def _once(
        self,
        argv: tuple[str, ...],
        timeout: float,
        writes: bool,
        stdin: bytes | None,
        on_output: Callable[[bytes, bool], None] | None,
        only_on: int | None = None,
        *,
        guess: bool = False,
    ) -> Answer:
        if only_on is None:
            await self._connection("control")
        at, began = self._clock.now(), self._clock.monotonic()
        channel: Channel | None = None
        stdout = bytearray()
        outcome: Outcome
        try:
            # waiting for a free channel counts: a host that hangs must not make us wait longer than was said
            async with asyncio.timeout(timeout):
                channel = await self.channel(
                    argv,
                    on_stderr=on_output and (lambda raw: on_output(raw, True)),
                    most_errors=None if writes else LARGEST,
                    only_on=only_on,
                    guess=guess,
                )
                if stdin:
                    channel.write(stdin)
                channel.write_eof()
                while chunk := await channel.read():
                    stdout += chunk
                    if on_output is not None:
                        on_output(chunk, False)
                    if writes:
                        del stdout[:-KEPT]
                    elif len(stdout) > LARGEST:
                        raise TooMuch(LARGEST)
                outcome = await channel.wait()
        except TimeoutError:
            outcome = TimedOut(after=timeout)
            if channel is not None and (told := channel.ended()) is not None:
                outcome, channel.held_open = told, True
        except TooMuch as error:
            outcome = Overflowed(limit=error.limit)
        except OSError as error:
            outcome = Lost(why=clean_line(str(error)) or type(error).__name__)
        finally:
            if channel is not None:
                if channel.held_open:
                    self.link = replace(self.link, held_open=True)
                await channel.close()
        if not isinstance(outcome, Lost | TimedOut):
            self._heard()
        return Answer(
            argv=argv,
            outcome=outcome,
            started_at=at,
            seconds=self._clock.monotonic() - began,
            stdout=bytes(stdout),
            stderr=bytes(channel.stderr) if channel is not None else b"",
        )

    async def channel(
        self,
        argv: tuple[str, ...],
        *,
        name: str = "control",
        on_stderr: Callable[[bytes], None] | None = None,
        most_errors: int | None = LARGEST_ERRORS,
        only_on: int | None = None,
        guess: bool = False,
    ) -> Channel:
        """A command's raw channel, for the drivers of this room. `most_errors`: see Channel; `only_on`: see `run`;
        `guess`: see `beside_form`.

        Raises LinkError when none could be opened and Refused for words that cannot be: then nothing was sent; CutOff
        when the command may have begun.
        """
        form = self._form or (Form.FORCED if guess else await self._find_form())
        try:
            command = exec_string(argv, form)
        except ValueError as error:
            raise Refused(f"{argv[0] if argv else 'nothing'} cannot be sent: {clean_line(str(error), 200)}") from error
        asyncssh = await library()
        slots = self._slots[name]
        await slots.acquire()
        placed = True
        try:
            for pause in (*REFUSED_PAUSES, None):
                connection = await self._connection(name)
                if only_on not in (None, self._number):
                    raise Unreachable(f"{self.host.ssh}: the connection was replaced meanwhile", "try again")
                try:
                    process = await process_on(connection, command, encoding=None, window=2 << 20)
                    slots.opened()
                    return Channel(process, slots, asyncssh, on_stderr, most_errors)
                except asyncssh.ChannelOpenError as error:
                    if error.code == asyncssh.OPEN_REQUEST_SESSION_FAILED:
                        # a refusal, or the channel or link ended unanswered: asyncssh does not tell them apart
                        raise CutOff("no word on whether the command was started") from error
                    if pause in (None, TOO_MANY):
                        slots.refused()
                    if pause is None:
                        raise Unreachable(f"{self.host.ssh} refuses further channels", login.FEW_SESSIONS) from error
                    if pause == TOO_MANY:  # it takes no more than are open: wait for the end of one of them
                        slots.leave()
                        placed = False
                        await slots.acquire()
                        placed = True
                    await asyncio.sleep(pause)  # the host says of no channel when it is free
                except (asyncssh.Error, OSError) as error:
                    raise CutOff(clean_line(str(error)) or type(error).__name__) from error
            raise AssertionError("the last round either returns or raises")
        except BaseException:
            if placed:
                slots.leave()
            raise

    async def _find_form(self) -> Form:
        """Ask how commands have to be written. Raises LinkError: nothing that was wanted has been sent then."""
        async with self._asking_form:
            if self._form is None:
                try:
                    answer = await login.ask(lambda: self._connection("control"), self.host.ssh, self._clock)
                except Unreachable as error:
                    if error.fix == login.HELD_OPEN and self.host.transport is Transport.OPENSSH:
                        raise Unreachable(error.message, login.HELD_OPEN + login.ENDS_ALL_THE_SAME) from error
                    raise
                self._form = capabilities.login_form(answer) or Form.FORCED
                self._greeting = answer if capabilities.read_version(answer) else None
            return self._form

    async def beside_form(self, ask: Callable[[bool], Awaitable[T]]) -> T:
        """The answer to a read that may go out before it is known how this login wants commands: `ask` gets whether
        it is a guess. One to a login that turns out to be a shell counts for nothing, and is asked again. Raises as
        `ask`, and LinkError.
        """
        if self._form is not None:
            return await ask(False)
        await self._connection("control")  # a host that cannot be reached is tried once
        found = asyncio.create_task(self._find_form())
        try:
            (told,) = await asyncio.gather(ask(True), return_exceptions=True)
            form = await found
        finally:
            found.cancel()
            await asyncio.gather(found, return_exceptions=True)
        if form is not Form.FORCED:
            return await ask(False)
        if isinstance(told, BaseException):
            raise told
        return told

    async def greeting(self) -> Answer | None:
        """The answer to `version` by which the form was found, where that is Dokku's own. Raises LinkError."""
        await self._find_form()
        return self._greeting

    def stream(self, argv: tuple[str, ...]) -> Stream:
        """Output of a command that goes on, over the second connection."""
        return Stream(lambda: self.channel(argv, name="streams", most_errors=STREAM_STDERR))
