"""A link between a console and a sandbox in one process, without SSH's packets: those are a third of a scenario's time.

Only `Opener.open` has another end here; `SshHost`, `Channel` and everything above them, and the sandbox's `Door` and
`SshClient`, are the ones of the product and of the sandbox. It carries what an ordinary login carries: channels with
windows, at most ten at a time, and it can be cut or fall silent. What is not ordinary is left to SSH itself:

* a listener that is gone, another user, key, known_hosts file, fingerprint, transport or jump host,
* bad luck with the link (`LINK`) that is armed when the link is opened,
* a console that is a process, and `local_sandbox(…, ssh=True)`.
"""

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any

import asyncssh

from tui.drivers.ssh.opening import KEEPALIVE, KEEPALIVES_MISSED, Ended, Opener
from tui.model.destination import parse
from tui.model.service import Transport
from tui.sandbox.server import USER, Door, SshClient, SshHouse

LINK = {"drop_connection", "stall", "refuse_channel", "refuse_login", "byte_wise", "restart_host"}
"""kinds of faults that are about the link itself"""
PIECE = 1 << 15
"""bytes that travel at once, as in SSH"""
BUFFER = 1 << 16
"""bytes that a writer may be ahead of the other end"""
_places: dict[int, "_Place"] = {}
"""ports of sandboxes that can be reached without SSH"""


class _Post:
    """Calls into one loop from anywhere, in their order."""

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        self._loop, self._context = loop, context
        self._lock = threading.Lock()
        self._waiting: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self._announced = False
        self.dead: Callable[[], None] = lambda: None
        """called where the loop has been closed"""

    def __call__(self, what: Callable[..., None], *args: Any) -> None:
        with self._lock:
            self._waiting.append((what, args))
            if self._announced:
                return
            self._announced = True
        try:
            self._loop.call_soon_threadsafe(self._deliver, context=self._context)
        except RuntimeError:  # closed: its console has ended without a word
            self.dead()

    def _deliver(self) -> None:
        with self._lock:
            came, self._waiting, self._announced = self._waiting, [], False
        for what, args in came:
            try:
                what(*args)
            except Exception as error:  # noqa: BLE001 - the rest is delivered all the same
                self._loop.call_exception_handler({"message": "the loopback", "exception": error})


class _Place:
    """The place of a sandbox: its house, its loop, and the files that a login there is made with."""

    def __init__(self, house: SshHouse, loop: asyncio.AbstractEventLoop) -> None:
        self.house, self.loop, self.context = house, loop, copy_context()
        self._files = {path: path.read_bytes() for path in (house.identity_file, house.known_hosts)}

    def ordinary(self, opener: Opener) -> bool:
        """True for the login that services.yaml of the sandbox describes."""
        host = opener._host
        named = (host.identity_file, host.known_hosts)
        return (
            host.sandbox
            and host.transport is Transport.ASYNCSSH
            and opener._accept is None
            and parse(host.ssh).user == USER
            and named == tuple(map(str, self._files))
            and all(_content(path) == written for path, written in self._files.items())
        )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


# ── the console's end ────────────────────────────────────────────────────────────────────────────────────────────


class Connection:
    """As much of an `asyncssh.SSHClientConnection` as `SshHost` uses."""

    def __init__(self, place: _Place, ended: Ended) -> None:
        loop = asyncio.get_running_loop()
        self._place, self._ended = place, ended
        self.here = _Post(loop, copy_context())
        self.there = _Post(place.loop, place.context)
        self.opened: asyncio.Future[bool] = loop.create_future()
        self.far = _Far(self, place.house)
        self.here.dead = lambda: self.there(self.far.lost)
        self._closed = False
        self._gone = asyncio.Event()
        self._processes: set[Process] = set()
        self._patience: asyncio.TimerHandle | None = None
        self.there(self.far.open)

    def is_closed(self) -> bool:
        """True once it has ended."""
        return self._closed

    def get_extra_info(self, name: str) -> Any:
        """The other end's address."""
        assert name == "peername"
        return ("127.0.0.1", self._place.house.port)

    async def create_process(self, command: str, *, encoding: None, window: int = 2 << 20) -> "Process":
        """A command on the host. Raises ChannelOpenError."""
        if self._closed:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "SSH connection closed")
        process = Process(self, window)
        self._processes.add(process)
        self.there(process.far.open, command)
        try:
            await process.opened
        except BaseException:
            process.close()
            raise
        return process

    def let_go(self, process: "Process") -> None:
        """It has ended."""
        self._processes.discard(process)

    def abort(self) -> None:
        """End it now."""
        self.there(self.far.lost)
        self._end(None)

    close = abort

    async def wait_closed(self) -> None:
        """Until it has ended."""
        await self._gone.wait()

    def cut(self) -> None:
        """The host has cut it."""
        self._end(asyncssh.ConnectionLost("Connection lost"))

    def _end(self, error: Exception | None) -> None:
        if self._closed:
            return
        self._closed = True
        self.heard()
        for process in tuple(self._processes):
            process.lost(error)
        self._ended(self, error)
        self._gone.set()

    def silent(self) -> None:
        """The host answers no keepalive from now on."""
        self.heard()
        limit = KEEPALIVE * (KEEPALIVES_MISSED + 1)
        self._patience = asyncio.get_running_loop().call_later(limit, self._unanswered)

    def heard(self) -> None:
        """It does answer."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _unanswered(self) -> None:
        self.there(self.far.lost)
        self._end(asyncssh.ConnectionLost("Server not responding to keepalive"))


class Process:
    """As much of an `asyncssh.SSHClientProcess` as `Channel` uses."""

    def __init__(self, connection: Connection, window: int) -> None:
        self._connection = connection
        self.far = _FarChannel(connection.far, self, window)
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stdin = self
        self.stdout, self.stderr = _Reader(self), _Reader(self)
        self.exit_signal = None
        self.exit_status: int | None = None
        self._over = asyncio.Event()
        self._closed = self._sent_all = False
        self._error: Exception | None = None
        self._ahead = 0
        self._caught_up = asyncio.Event()
        self._caught_up.set()

    # what it uses of stdin

    def write(self, data: bytes) -> None:
        """Send. Raises BrokenPipeError where the channel is closed."""
        if self._closed or self._sent_all:
            raise BrokenPipeError
        for at in range(0, len(data), PIECE):
            piece = data[at : at + PIECE]
            self._ahead += len(piece)
            self._connection.there(self.far.data, piece)
        if self._ahead > BUFFER:
            self._caught_up.clear()

    async def drain(self) -> None:
        """Until the host has taken most of it. Raises OSError and asyncssh.Error."""
        await self._caught_up.wait()
        if self._closed and self._error is not None:
            raise self._error

    def taken(self, count: int) -> None:
        """The host has taken so many bytes."""
        self._ahead -= count
        if self._ahead <= BUFFER:
            self._caught_up.set()

    def write_eof(self) -> None:
        """Nothing more will be sent."""
        if not self._closed and not self._sent_all:
            self._sent_all = True
            self._connection.there(self.far.eof)

    # what it uses of the process

    async def wait_closed(self) -> None:
        """Until the channel is closed."""
        await self._over.wait()

    def close(self) -> None:
        """Hang up."""
        self._end(None)

    # what comes from the host

    def confirmed(self) -> None:
        """The command has begun."""
        if not self.opened.done():
            self.opened.set_result(None)

    def refused(self, error: asyncssh.ChannelOpenError) -> None:
        """There is no channel."""
        if not self.opened.done():
            self.opened.set_exception(error)
        self._connection.let_go(self)

    def came(self, data: bytes, is_error: bool) -> None:
        """Output."""
        if not self._closed:
            (self.stderr if is_error else self.stdout).feed(data)

    def ended(self, code: int) -> None:
        """The command has ended and the host closes the channel."""
        if not self._closed:
            self.exit_status = code
            self._end(None)

    def lost(self, error: Exception | None) -> None:
        """The connection has ended."""
        if not self.opened.done():
            reason = asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "SSH connection closed")
            self.opened.set_exception(reason)
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        if self._closed:
            return
        self._closed, self._error = True, error
        self._connection.let_go(self)
        self._connection.there(self.far.closed)
        self.stdout.end(error)
        self.stderr.end(error)
        self._caught_up.set()
        self._over.set()

    def read(self, count: int) -> None:
        """So many bytes of output were read: the host may send as many more."""
        self._connection.there(self.far.window, count)


class _Reader:
    """Output as it comes."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._came = bytearray()
        self._more = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

    def feed(self, data: bytes) -> None:
        """More of it."""
        self._came += data
        self._more.set()

    def end(self, error: Exception | None) -> None:
        """No more of it."""
        self._ended, self._error = True, error
        self._more.set()

    async def read(self, count: int) -> bytes:
        """The next bytes; empty at the end. Raises what the link ended by, once."""
        while not self._came and not self._ended:
            self._more.clear()
            await self._more.wait()
        if not self._came and self._error is not None:
            error, self._error = self._error, None
            raise error
        taken = bytes(self._came[:count])
        del self._came[:count]
        if taken:
            self._process.read(len(taken))
        return taken


# ── the host's end ───────────────────────────────────────────────────────────────────────────────────────────────


class _Far(asyncio.Transport):
    """As much of an `asyncssh.SSHServerConnection` and its transport as `Door` uses; lives in the host's loop."""

    def __init__(self, near: Connection, house: SshHouse) -> None:
        super().__init__()
        self.near, self._house = near, house
        self.door: Door | None = None
        self.channels: set[_FarChannel] = set()
        self.gone = False
        self._held: list[Callable[[], None]] | None = None

    @property
    def _transport(self) -> "asyncio.Transport | None":
        return None if self.gone else self

    def open(self) -> None:
        """The login, where there is anything to log in to."""
        armed = {fault.kind for fault in self._house.host.faults.armed}
        if self._house._listener is not None and not armed & LINK:
            self.door = Door(self._house)
            self.door.connection_made(self)  # type: ignore[arg-type]
        self.near.here(self._answered, self.door is not None)

    def _answered(self, well: bool) -> None:
        if not self.near.opened.done():
            self.near.opened.set_result(well)

    def abort(self) -> None:
        """Cut it."""
        if not self.gone:
            self.lost()
            self.near.here(self.near.cut)

    def lost(self) -> None:
        """It has ended."""
        if self.gone:
            return
        self.gone, self._held = True, None
        for channel in tuple(self.channels):
            channel.closed()
        if self.door is not None:
            self.door.connection_lost(None)

    def pause_reading(self) -> None:
        """The console is not heard from now on."""
        if self._held is None:
            self._held = []
            self.near.here(self.near.silent)

    def resume_reading(self) -> None:
        """It is heard, and what was said meanwhile as well."""
        held, self._held = self._held or [], None
        self.near.here(self.near.heard)
        for what in held:
            what()

    def heard(self, what: Callable[[], None]) -> None:
        """Something that the console says: at once, or when it can be heard."""
        if self._held is not None:
            self._held.append(what)
        else:
            what()


class _FarChannel:
    """As much of an `asyncssh.SSHServerChannel` as `SshClient` uses."""

    def __init__(self, far: _Far, near: Process, window: int) -> None:
        self._far, self._near = far, near
        self._window = window
        self._unread = 0
        self._paused = False
        self._session: SshClient | None = None

    # what comes from the console

    def open(self, command: str) -> None:
        """A channel with this command."""
        self._far.heard(lambda: self._open(command))

    def _open(self, command: str) -> None:
        if self._far.gone or self._far.door is None:
            return  # the console hears of it by the connection's end
        try:
            session = self._far.door.session_requested()
        except asyncssh.ChannelOpenError as error:
            self._far.near.here(self._near.refused, error)
            return
        self._session = session
        self._far.channels.add(self)
        session.connection_made(self)  # type: ignore[arg-type]
        session.exec_requested(command)
        self._far.near.here(self._near.confirmed)

    def data(self, data: bytes) -> None:
        """Input."""
        self._far.heard(lambda: self._data(data))

    def _data(self, data: bytes) -> None:
        if self._session is not None:
            self._session.data_received(data, None)
        self._far.near.here(self._near.taken, len(data))

    def eof(self) -> None:
        """The end of the input."""
        self._far.heard(self._eof)

    def _eof(self) -> None:
        if self._session is not None:
            self._session.eof_received()

    def window(self, count: int) -> None:
        """The console has read so many bytes."""
        self._far.heard(lambda: self._read(count))

    def _read(self, count: int) -> None:
        self._unread -= count
        if self._paused and self._unread < self._window and self._session is not None:
            self._paused = False
            self._session.resume_writing()

    def closed(self) -> None:
        """The console hangs up, or has heard the end: the place is free."""
        self._far.heard(self._close)

    def _close(self) -> None:
        session, self._session = self._session, None
        self._far.channels.discard(self)
        if session is not None:
            session.connection_lost(None)

    # what the session uses

    def write(self, data: bytes, datatype: int | None = None) -> None:
        """Output. Raises BrokenPipeError once nobody hears it."""
        if self._session is None or self._far.gone:
            raise BrokenPipeError
        self._unread += len(data)
        if not self._paused and self._unread > self._window + BUFFER:
            self._paused = True
            self._session.pause_writing()
        self._far.near.here(self._near.came, data, datatype is not None)

    def exit(self, code: int) -> None:
        """The command has ended."""
        self._far.near.here(self._near.ended, code)


# ── in its place ─────────────────────────────────────────────────────────────────────────────────────────────────


_over_ssh = Opener.open


async def _open(opener: Opener, library: Any, ended: Ended) -> Any:
    try:
        place = _places.get(parse(opener._host.ssh).port or 0)
    except ValueError:
        place = None
    if place is not None and place.ordinary(opener):
        made = Connection(place, ended)
        try:
            well = await made.opened
        except BaseException:
            made.there(made.far.lost)
            raise
        if well:
            return made
    return await _over_ssh(opener, library, ended)


@functools.cache
def _installed() -> None:
    setattr(Opener, "open", _open)  # noqa: B010


@contextlib.contextmanager
def reachable(house: SshHouse, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """For as long as the sandbox lives, consoles of this process reach it without SSH."""
    _installed()
    port = house.port
    _places[port] = _Place(house, loop)
    try:
        yield
    finally:
        del _places[port]
