"""One Dokku host over SSH.

Theory. Two connections, each opened when first needed and kept: one for commands, observation and pushes, one for
streams, so that a log never stands in the way of a write. A server refuses the 11th channel of a connection and frees
a slot only after the client has seen a command's end, so at most six are used, and a refused channel is tried again:
nothing was sent with it, nor with one that never opened because a kept connection had died unseen. asyncssh returns
`exit_status=None` without raising when the link dies; that is `Lost` here, never an exit code. A read that was lost is
asked once more; a command that changes something is never repeated, because from the moment it was requested on an
open channel it may have begun, even if the request itself is never answered (`CutOff`). Host keys are strict: an
unknown one is shown and refused unless its fingerprint was accepted explicitly, a changed one always. How the login
wants its commands (Dokku's own forced command, or a shell) is found out by one harmless question before the first of
them; it cannot be guessed from the user's name.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from tui.dokku import capabilities
from tui.dokku.wire import exec_string
from tui.drivers import login
from tui.model.errors import AuthRefused, HostKeyRefused, LinkError, Unreachable
from tui.model.host import Form, Link, LinkState
from tui.model.outcome import Answer, Exited, Lost, NeverStarted, Outcome, Signalled, TimedOut
from tui.model.service import Host
from tui.model.text import clean_line

if TYPE_CHECKING:
    import asyncssh

CONNECT_LIMIT = 10.0
KEEPALIVE = 5.0
KEEPALIVES_MISSED = 3
CHANNELS = 6
CHUNK = 1 << 18
REFUSED_PAUSES = (0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256)
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr")


class CutOff(ConnectionError):
    """The link ended after a command was requested and before the host said yes or no: it may have begun."""


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SshHost:
    """Commands, streams and channels on one host."""

    def __init__(
        self,
        host: Host,
        *,
        clock: Clock,
        accept_fingerprint: str | None = None,
        ask_passphrase: Callable[[str], str] | None = None,
        form: Form | None = None,
    ) -> None:
        self.host = host
        self._form = form
        self._asking_form = asyncio.Lock()
        self.link = Link(state=LinkState.IDLE, since=clock.now())
        self.generation = 0
        """counts the connections opened"""
        self._clock = clock
        self._accept = accept_fingerprint
        self._ask_passphrase = ask_passphrase
        self._connections: dict[str, asyncssh.SSHClientConnection] = {}
        self._opening: dict[str, asyncio.Lock] = {"control": asyncio.Lock(), "streams": asyncio.Lock()}
        self._slots = {name: asyncio.Semaphore(CHANNELS) for name in self._opening}

    @property
    def form(self) -> Form:
        """How this login wants its commands, once it has been asked; before that, the usual one."""
        return self._form or Form.FORCED

    # ── the link ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def connect(self) -> None:
        """Open the connection for commands. Raises Unreachable, AuthRefused, HostKeyRefused."""
        await self._connection("control")

    async def drop(self) -> None:
        """Let the connections go, so that whatever comes next uses a new one."""
        found, self._connections = self._connections, {}
        for connection in found.values():
            connection.abort()

    async def close(self) -> None:
        """End the connections politely."""
        found, self._connections = self._connections, {}
        for connection in found.values():
            connection.close()
        for connection in found.values():
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(1.0):
                    await connection.wait_closed()

    async def _connection(self, name: str) -> "asyncssh.SSHClientConnection":
        async with self._opening[name]:
            known = self._connections.get(name)
            if known is not None and not known.is_closed():
                return known
            self._note(LinkState.CONNECTING)
            try:
                made = await self._open()
            except LinkError as error:
                refused = isinstance(error, AuthRefused | HostKeyRefused)
                self._note(LinkState.REFUSED if refused else LinkState.LOST, error.message)
                raise
            self._connections[name] = made
            self.generation += 1
            self._note(LinkState.LIVE)
            return made

    def _note(self, state: LinkState, detail: str = "") -> None:
        now = self._clock.now()
        heard = now if state is LinkState.LIVE else self.link.heard
        since = self.link.since if state is self.link.state else now
        self.link = Link(state=state, since=since, detail=clean_line(detail), heard=heard)

    def _heard(self) -> None:
        self.link = replace(self.link, state=LinkState.LIVE, heard=self._clock.now(), detail="")

    async def _open(self) -> "asyncssh.SSHClientConnection":
        """One connection, within the limit. Raises Unreachable, AuthRefused, HostKeyRefused."""
        library = await _library()
        guard = _guard(library, self._known_hosts(), self._accept, self._ended)
        where, options = self._destination()
        if self.host.identity_file:
            options |= await self._identity(library, self.host.identity_file)
        acknowledging = asyncio.create_task(guard.acknowledge())
        try:
            async with asyncio.timeout(CONNECT_LIMIT):
                connection: asyncssh.SSHClientConnection = await library.connect(
                    where,
                    client_factory=guard,
                    known_hosts=guard.on_file,
                    encryption_algs=list(CIPHERS),
                    keepalive_interval=KEEPALIVE,
                    keepalive_count_max=KEEPALIVES_MISSED,
                    login_timeout=CONNECT_LIMIT,
                    agent_forwarding=False,
                    password_auth=False,
                    kbdint_auth=False,
                    **options,
                )
                return connection
        except TimeoutError as error:
            raise Unreachable(
                f"{self.host.ssh}: no connection within {CONNECT_LIMIT:.0f} s", "network? VPN? host up?"
            ) from error
        except library.HostKeyNotVerifiable as error:
            raise guard.refusal(self.host.ssh) from error
        except library.KeyExchangeFailed as error:
            if guard.trusted:
                # only the kinds of key that are on file were asked for
                raise guard.refusal(self.host.ssh) from error
            raise Unreachable(f"{self.host.ssh}: {clean_line(str(error))}", "is its SSH server very old?") from error
        except library.PermissionDenied as error:
            key = self.host.identity_file or "the agent's keys or ~/.ssh"
            raise AuthRefused(
                f"{self.host.ssh} accepts no key of {key}",
                "another identity_file, or ask for access: dokku ssh-keys:add",
            ) from error
        except (OSError, library.Error) as error:
            raise Unreachable(
                f"{self.host.ssh}: {clean_line(str(error)) or type(error).__name__}", "is the host up?"
            ) from error
        except library.KeyImportError as error:
            raise AuthRefused(
                f"{self.host.ssh}: a key named in ~/.ssh/config cannot be used: {clean_line(str(error))}",
                "ssh-add it first, or name an identity_file in services.yaml",
            ) from error
        except ValueError as error:
            raise Unreachable(f"{self.host.ssh}: {clean_line(str(error))}", "correct ~/.ssh/config") from error
        finally:
            acknowledging.cancel()

    def _ended(self, connection: "asyncssh.SSHClientConnection", error: Exception | None) -> None:
        """A connection of ours ended without our doing."""
        for name, known in tuple(self._connections.items()):
            if known is connection:
                del self._connections[name]
                self._note(LinkState.LOST, str(error) if error else "the host closed the connection")

    def _destination(self) -> tuple[str, dict[str, Any]]:
        """`user@host[:port]`, or an alias that ~/.ssh/config explains."""
        user, at, rest = self.host.ssh.rpartition("@")
        name, colon, port = rest.rpartition(":")
        if not colon or not port.isdigit():
            name, port = rest, ""
        options: dict[str, Any] = {}
        if at:
            options["username"] = user
        if port:
            options["port"] = int(port)
        return name, options

    def _known_hosts(self) -> Path:
        return Path(self.host.known_hosts or "~/.ssh/known_hosts").expanduser()

    async def _identity(self, asyncssh: Any, path: str) -> dict[str, Any]:
        """The options that make asyncssh use this key. Raises AuthRefused."""

        def read(passphrase: str | None = None) -> Any:
            return asyncssh.read_private_key(str(Path(path).expanduser()), passphrase)

        loop = asyncio.get_running_loop()
        try:
            return {"client_keys": [await loop.run_in_executor(None, read)]}
        except asyncssh.KeyEncryptionError as error:
            raise AuthRefused(f"{path} cannot be decrypted: {error}") from error
        except asyncssh.KeyImportError as error:
            if "passphrase" not in str(error).lower():
                raise AuthRefused(f"{path} is no usable key: {clean_line(str(error))}") from error
            if await _agent_has(asyncssh, public := await loop.run_in_executor(None, _public_half, path)):
                return {"client_keys": [], "agent_identities": [public]}
            if self._ask_passphrase is None:
                raise AuthRefused(f"{path} needs a passphrase and nobody can be asked", "ssh-add it first") from error
            passphrase = await loop.run_in_executor(None, self._ask_passphrase, f"passphrase of {path}: ")
        except OSError as error:
            raise AuthRefused(f"{path}: {error.strerror}", "name another identity_file in services.yaml") from error
        try:
            return {"client_keys": [await loop.run_in_executor(None, read, passphrase)]}
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise AuthRefused(f"{path}: wrong passphrase") from error

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(
        self,
        argv: tuple[str, ...],
        *,
        timeout: float,
        writes: bool = False,
        stdin: bytes | None = None,
        on_output: Callable[[bytes, bool], None] | None = None,
    ) -> Answer:
        """One command to its end. Raises LinkError when nothing could be sent, ValueError for words that cannot be."""
        answer = await self._once(argv, timeout, stdin, on_output)
        if not writes and isinstance(answer.outcome, Lost):
            answer = await self._once(argv, timeout, stdin, on_output)
        return answer

    async def _once(
        self,
        argv: tuple[str, ...],
        timeout: float,
        stdin: bytes | None,
        on_output: Callable[[bytes, bool], None] | None,
    ) -> Answer:
        await self._connection("control")
        at, began = self._clock.now(), self._clock.monotonic()
        channel: Channel | None = None
        stdout = bytearray()
        outcome: Outcome
        try:
            # waiting for a free channel counts: a host that hangs must not make us wait longer than was said
            async with asyncio.timeout(timeout):
                channel = await self.channel(argv, on_stderr=on_output and (lambda raw: on_output(raw, True)))
                if stdin:
                    channel.write(stdin)
                channel.write_eof()
                while chunk := await channel.read():
                    stdout += chunk
                    if on_output is not None:
                        on_output(chunk, False)
                outcome = await channel.wait()
        except TimeoutError:
            outcome = TimedOut(after=timeout)
        except OSError as error:
            outcome = Lost(why=clean_line(str(error)) or type(error).__name__)
        finally:
            if channel is not None:
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
        self, argv: tuple[str, ...], *, name: str = "control", on_stderr: Callable[[bytes], None] | None = None
    ) -> "Channel":
        """A command's raw channel.

        Raises LinkError when none could be opened: then nothing was sent; CutOff when the command may have begun.
        """
        form = self._form or await self._find_form()
        command = exec_string(argv, form)
        asyncssh = await _library()
        slots = self._slots[name]
        await slots.acquire()
        try:
            for pause in (*REFUSED_PAUSES, None):
                connection = await self._connection(name)
                try:
                    process = await connection.create_process(command, encoding=None, window=2 << 20)
                    return Channel(process, slots, asyncssh, on_stderr)
                except asyncssh.ChannelOpenError as error:
                    if error.code == asyncssh.OPEN_REQUEST_SESSION_FAILED:
                        # a refusal, or the channel or link ended unanswered: asyncssh does not tell them apart
                        raise CutOff("no word on whether the command was started") from error
                    if pause is None:
                        raise Unreachable(f"{self.host.ssh} refuses further channels", "try again") from error
                    await asyncio.sleep(pause)
                except (asyncssh.Error, OSError) as error:
                    raise CutOff(clean_line(str(error)) or type(error).__name__) from error
            raise AssertionError("the last round either returns or raises")
        except BaseException:
            slots.release()
            raise

    async def _find_form(self) -> Form:
        """Ask how commands have to be written. Raises LinkError: nothing that was wanted has been sent then."""
        async with self._asking_form:
            if self._form is None:
                answer = await login.ask(lambda: self._connection("control"), self.host.ssh, self._clock)
                self._form = capabilities.login_form(answer) or Form.FORCED
            return self._form

    def stream(self, argv: tuple[str, ...]) -> "Stream":
        """Output of a command that goes on, over the second connection."""
        return Stream(self, argv)


class Channel:
    """Bytes both ways, and how the command ended. Errors of the link come as OSError."""

    def __init__(
        self, process: Any, slots: asyncio.Semaphore, asyncssh: Any, on_stderr: Callable[[bytes], None] | None = None
    ) -> None:
        self.stderr = bytearray()
        self._on_stderr = on_stderr
        self._process = process
        self._slots: asyncio.Semaphore | None = slots
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
        with contextlib.suppress(BrokenPipeError, OSError):
            self._process.stdin.write_eof()

    async def read(self) -> bytes:
        """The next bytes of stdout; empty at its end."""
        with self._translated():
            chunk: bytes = await self._process.stdout.read(CHUNK)
        return chunk

    async def wait(self) -> Outcome:
        """How it ended, once its output has ended."""
        with self._translated():
            await self._process.wait_closed()
        await asyncio.wait({self._errors})  # cancelled by `close`: that ends this stream, not whoever reads it
        if self._process.exit_signal is not None:
            return Signalled(signal=clean_line(str(self._process.exit_signal[0]), 20))
        if self._process.exit_status is None:
            return Lost(why="the link ended before the command said how it ended")
        return Exited(code=self._process.exit_status)

    async def close(self) -> None:
        """Give the channel back. What was sent is not taken back by it."""
        if self._slots is None:
            return
        slots, self._slots = self._slots, None
        self._process.close()
        self._errors.cancel()
        await asyncio.gather(self._errors, return_exceptions=True)
        slots.release()

    async def _collect(self) -> None:
        with contextlib.suppress(OSError, self._asyncssh.Error):
            while chunk := await self._process.stderr.read(CHUNK):
                self.stderr += chunk
                if self._on_stderr is not None:
                    self._on_stderr(chunk)

    @contextlib.contextmanager
    def _translated(self):  # type: ignore[no-untyped-def]
        try:
            yield
        except self._asyncssh.Error as error:
            raise ConnectionError(clean_line(str(error)) or type(error).__name__) from error


class Stream:
    """Chunks of stdout as they come; ends when the command or the link does, and says which."""

    def __init__(self, host: SshHost, argv: tuple[str, ...]) -> None:
        self.outcome: Outcome | None = None
        self.stderr = b""
        self._host = host
        self._argv = argv
        self._channel: Channel | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            self._channel = await self._host.channel(self._argv, name="streams")
        except LinkError as error:
            self.outcome = NeverStarted(why=error.message)
            raise
        try:
            self._channel.write_eof()
            while chunk := await self._channel.read():
                yield chunk
            self.outcome = await self._channel.wait()
        except OSError as error:
            self.outcome = Lost(why=clean_line(str(error)))
        finally:
            self.stderr = bytes(self._channel.stderr)
            await self._channel.close()

    async def close(self) -> None:
        """Stop listening."""
        if self._channel is not None:
            await self._channel.close()


# ── host keys ────────────────────────────────────────────────────────────────────────────────────────────────────


def _guard(asyncssh: Any, known_hosts: Path, accept: str | None, ended: Callable[[Any, Exception | None], None]) -> Any:
    """A client factory that decides about the server's key and hears of the connection's end."""

    class Guard(asyncssh.SSHClient):  # type: ignore[misc, name-defined, unused-ignore]
        """Strict: known or explicitly accepted."""

        fingerprint = ""
        trusted = False
        problem = ""
        connection: Any = None

        @classmethod
        def on_file(cls, host: str, addr: str, port: int | None) -> Any:
            """What the file says of this host; asyncssh then asks for keys of those kinds only, as OpenSSH does."""
            try:
                known = asyncssh.import_known_hosts(known_hosts.read_text() if known_hosts.exists() else "")
            except (OSError, ValueError) as error:
                cls.problem = f"{known_hosts}: {clean_line(str(error))}"
                return (), (), ()
            # by name and by address, each with its port: asyncssh's own search forgets revoked keys of other ports
            found = [known.match(f"[{x}]:{port}" if port else x, "", None) for x in {host, addr} - {""}]
            keys, authorities, revoked = ([key for match in found for key in match[i]] for i in range(3))
            cls.trusted = bool(keys or authorities)
            return keys, authorities, revoked

        @classmethod
        async def acknowledge(cls) -> None:
            """Until cancelled, acknowledge at once what arrives: delayed ACKs cost a connection 40 ms a step."""
            option = getattr(socket, "TCP_QUICKACK", None)
            while option is not None:
                sock = cls.connection and cls.connection.get_extra_info("socket")
                if sock is not None and sock.fileno() >= 0 and sock.family != socket.AF_UNIX:
                    sock.setsockopt(socket.IPPROTO_TCP, option, 1)
                await asyncio.sleep(0.002)

        def connection_made(self, conn: Any) -> None:
            Guard.connection = conn

        def connection_lost(self, exc: Exception | None) -> None:
            ended(Guard.connection, exc)

        def validate_host_public_key(self, host: str, addr: str, port: int, key: Any) -> bool:
            """Asked only about keys that the file does not trust."""
            Guard.fingerprint = key.get_fingerprint()
            if Guard.problem or Guard.trusted or accept != Guard.fingerprint:
                return False
            _remember(known_hosts, host, port, key)
            return True

        @classmethod
        def refusal(cls, where: str) -> HostKeyRefused:
            """The error for people."""
            if cls.problem:
                return HostKeyRefused(cls.problem, "correct the file")
            if cls.trusted or not cls.fingerprint:
                return HostKeyRefused(
                    f"{where} shows a revoked key or another one than on file ({known_hosts}): {cls.fingerprint}",
                    "somebody may be listening: ask whoever runs the host before you remove the old key",
                    fingerprint=cls.fingerprint,
                    changed=True,
                )
            return HostKeyRefused(
                f"{where} shows an unknown key: {cls.fingerprint}",
                f"compare it with the host's, then: --accept-host-key {cls.fingerprint}",
                fingerprint=cls.fingerprint,
            )

    return Guard


def _remember(known_hosts: Path, host: str, port: int, key: Any) -> None:
    known_hosts.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = host if port == 22 else f"[{host}]:{port}"
    with known_hosts.open("a") as file:
        file.write(f"{name} {key.export_public_key().decode().strip()}\n")


def _public_half(path: str) -> str:
    return f"{Path(path).expanduser()}.pub"


async def _agent_has(asyncssh: Any, public: str) -> bool:
    """Whether ssh-agent holds the private half of this file's key."""
    if not os.environ.get("SSH_AUTH_SOCK"):
        return False
    try:
        wanted = asyncssh.read_public_key(public).public_data
        async with asyncssh.connect_agent() as agent:
            return any(pair.public_data == wanted for pair in await agent.get_keys())
    except (OSError, ValueError, asyncssh.Error):
        return False  # no agent there, or no public half beside the key: then the passphrase is needed


_imported: Any = None


async def _library() -> Any:
    """asyncssh, imported in a thread when first needed: it costs more than the first screen.

    `sys.modules` must not be asked: it holds a module from the moment its import begins.
    """
    return _imported or await asyncio.get_running_loop().run_in_executor(None, _import)


def _import() -> Any:
    global _imported
    import asyncssh

    _imported = asyncssh
    return asyncssh
