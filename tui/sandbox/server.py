"""The SSH server: one key, one user, a forced command, ten channels a connection, nothing else.

What flows in: connections on 127.0.0.1. What flows out: for each exec request a `dispatch.run`; its exit code, or
silence when the client is gone. Shells get the help, as the forced command without a command does; subsystems and
forwardings are refused.
"""

import asyncio
from pathlib import Path
from typing import Any

import asyncssh

from tui.sandbox.client import Client
from tui.sandbox.dispatch import run
from tui.sandbox.host import SandboxHost

MAX_SESSIONS = 10
USER = "dokku"


class SshClient(Client, asyncssh.SSHServerSession[bytes]):
    """One channel of one SSH connection."""

    def __init__(self, door: "Door") -> None:
        super().__init__()
        self.connection = door.number
        self._door = door
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._held: list[tuple[bytes, bool]] = []
        self._audible = asyncio.Event()
        self._audible.set()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The channel is open."""
        self._channel = chan

    def pty_requested(self, term_type: str, term_size: Any, term_modes: Any) -> bool:
        """Grants a terminal, which is noticed: lines end otherwise, and a killed command leaves its lock's file."""
        self.tty = True
        return True

    def shell_requested(self) -> bool:
        """Runs the forced command without a command, which says the help."""
        return self._begin("")

    def exec_requested(self, command: str) -> bool:
        """Runs the command."""
        return self._begin(command)

    def _begin(self, line: str) -> bool:
        self._task = asyncio.get_running_loop().create_task(self._serve(line))
        self._door.house.tasks.add(self._task)
        self._task.add_done_callback(self._door.house.tasks.discard)
        return True

    async def _serve(self, line: str) -> None:
        code = await run(self._door.house.host, self, line)
        if code is not None and self._channel is not None and not self.gone:
            await self._audible.wait()
            self._channel.exit(code)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Input for the command."""
        self.feed(data)

    def eof_received(self) -> bool:
        """The end of the input; true, so that the channel stays open for the answer."""
        self.feed_end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is closed, by either side: its place is free again."""
        self._door.channels -= 1
        self.lost()
        self._writable.set()

    def pause_writing(self) -> None:
        """The client takes too little: `drain` waits from now on."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client has taken enough: `drain` waits no more."""
        self._writable.set()

    def send(self, data: bytes, *, error: bool) -> None:
        """Sends, or keeps for later while the connection is stalled; a terminal gets all of it on stdout, with its line
        ends.
        """
        if self.tty:
            data, error = data.replace(b"\n", b"\r\n"), False
        if not self._audible.is_set():
            self._held.append((data, error))
        else:
            self._transmit(data, error=error)

    def _transmit(self, data: bytes, *, error: bool) -> None:
        if self._channel is None or self.gone:
            return
        size = 1 if self.byte_wise else max(1, len(data))
        try:
            for at in range(0, len(data), size):
                self._channel.write(data[at : at + size], asyncssh.EXTENDED_DATA_STDERR if error else None)
        except BrokenPipeError:  # it hung up, and asyncssh has not said so yet
            self.lost()

    async def drain(self) -> None:
        """Waits until asyncssh's buffer is low again."""
        await self._writable.wait()

    def drop(self) -> None:
        """Cuts the whole TCP connection, with every channel on it."""
        self.lost()
        self._door.connection.abort()

    def stall(self, silent: bool) -> None:
        """Silences the whole TCP connection, keepalives too; afterwards says what was kept."""
        # asyncssh has no way to stop answering keepalives, which a dead network would not answer: the TCP transport
        # is paused.
        transport = self._door.transport()
        if transport is None:
            return  # the connection has ended meanwhile
        if silent:
            self._audible.clear()
            transport.pause_reading()
        else:
            held, self._held = self._held, []
            self._audible.set()
            transport.resume_reading()
            for data, error in held:
                self._transmit(data, error=error)


class Door(asyncssh.SSHServer):
    """One connection: who may come in, and how many channels at a time."""

    def __init__(self, house: "SshHouse") -> None:
        self.house = house
        self.number = house.next_number()
        self.channels = 0

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """A TCP connection has come in."""
        self.connection = conn
        self.house.connections[conn] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The TCP connection has ended."""
        self.house.connections.pop(self.connection, None)

    def transport(self) -> asyncio.Transport | None:
        """The TCP connection; None once it has ended."""
        transport = self.connection._transport
        assert transport is None or isinstance(transport, asyncio.Transport)
        return transport

    def begin_auth(self, username: str) -> bool:
        """True, always: nobody comes in without a key."""
        return True

    def public_key_auth_supported(self) -> bool:
        """True, always."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """True if it is the one user with the one key, and no armed fault refuses it."""
        known = username == USER and key == self.house.client_key
        return known and self.house.host.faults.take("refuse_login") is None

    def password_auth_supported(self) -> bool:
        """True, always: offered, as by the recorded hosts, and never right."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """False, always."""
        return False

    def session_requested(self) -> SshClient:
        """A new channel. Raises ChannelOpenError for the eleventh at a time, or if a fault refuses it."""
        if self.channels >= MAX_SESSIONS or self.house.host.faults.take("refuse_channel") is not None:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "open failed")
        self.channels += 1
        return SshClient(self)


class SshHouse:
    """The listener, its keys and all connections."""

    def __init__(self, host: SandboxHost, state: Path) -> None:
        self.host = host
        host.cut = self.cut_all
        self.tasks: set[asyncio.Task[None]] = set()
        self.connections: dict[asyncssh.SSHServerConnection, None] = {}
        """in the order in which they came: they are cut in it, too"""
        self._numbers = 0
        self._listener: asyncssh.SSHAcceptor | None = None
        self.port = 0
        self.identity_file = state / "id_ed25519"
        self.known_hosts = state / "known_hosts"
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.client_key = self._write_identity()

    def _write_identity(self) -> asyncssh.SSHKey:
        if self.identity_file.exists():
            return asyncssh.read_private_key(self.identity_file).convert_to_public()
        key = asyncssh.generate_private_key("ssh-ed25519", comment="sandbox")
        self.identity_file.touch(mode=0o600)
        key.write_private_key(self.identity_file)
        key.write_public_key(self.identity_file.with_suffix(".pub"))
        return key.convert_to_public()

    def next_number(self) -> int:
        """The number of a new connection, from 1."""
        self._numbers += 1
        return self._numbers

    async def listen(self, port: int = 0) -> None:
        """Opens the port on 127.0.0.1, 0 for any free one, and writes the known_hosts file for it."""
        self._listener = await asyncssh.listen(
            "127.0.0.1",
            port,
            server_factory=lambda: Door(self),
            server_host_keys=[self._host_key],
            encoding=None,
            line_editor=False,
            kbdint_auth=False,  # asyncssh would offer it wherever there are passwords
            agent_forwarding=False,
            keepalive_interval=0,
            login_timeout=30,
        )
        self.port = self._listener.get_port()
        public = self._host_key.export_public_key().decode().split()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {public[0]} {public[1]}\n", encoding="utf-8")

    async def unlisten(self) -> None:
        """Closes the port and keeps what is connected, as a host whose sshd is gone."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def cut_all(self) -> None:
        """Ends every connection at once, without a word; the port stays open."""
        for connection in list(self.connections):
            connection.abort()

    async def close(self) -> None:
        """Closes the port, every connection and every command on them."""
        await self.unlisten()
        self.cut_all()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
