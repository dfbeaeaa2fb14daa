"""What cannot run in a simulated loop, and what stands in for it. Each is named in README.md."""

import asyncio
import contextvars
import fcntl
import functools
import importlib
import inspect
import os
import pkgutil
import random
import signal
import sqlite3
import ssl
import sys
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime, tzinfo
from typing import Any

from asyncssh.connection import SSHConnection
from asyncssh.constants import MSG_IGNORE
from asyncssh.crypto.cipher import GCMCipher
from asyncssh.logging import SSHLogger
from asyncssh.packet import SSHPacketLogger

from tests.simulation import baton
from tests.simulation.loop import EPOCH, PROCESS
from tests.simulation.machines import Aside, Database, Environment, Process, Streams, running
from tui.model.outcome import Answer, Exited


class _OfDatetimes(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


class Datetime(datetime, metaclass=_OfDatetimes):
    """`datetime` whose `now` is the simulated machine's; everything it makes is a plain datetime."""

    def __new__(cls, *args: Any, **more: Any) -> datetime:  # type: ignore[misc]
        return datetime(*args, **more)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """The machine's clock."""
        return datetime.fromtimestamp(clock(), UTC).astimezone(tz)


class Programs:
    """In place of `LocalProcesses`: no program is started, the machine says what becomes of it."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    async def run(self, argv: tuple[str, ...], **_: Any) -> Answer:
        """One program to its end."""
        at, began = self._clock.now(), self._clock.monotonic()
        nobody = contextvars.copy_context()
        nobody.run(PROCESS.set, None)  # what it begins on the host outlives whoever started it
        program = running().machine.program(argv)
        code = await asyncio.shield(nobody.run(asyncio.ensure_future, program))
        seconds = self._clock.monotonic() - began
        return Answer(argv=argv, outcome=Exited(code=code), started_at=at, seconds=seconds, stdout=b"", stderr=b"")


class Inline:
    """An executor without a thread."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def submit(self, work: Callable[..., Any], *args: Any) -> Future[Any]:
        """Done at once."""
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args))
        except Exception as error:  # noqa: BLE001 - the future carries it
            future.set_exception(error)
        return future

    def shutdown(self, *_: Any, **__: Any) -> None:
        """Nothing to end."""


def monotonic() -> float:
    """Seconds of the simulation."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:  # between runs
        return 0.0


def clock() -> float:
    """Seconds since 1970, by the clock of the machine whose code asks."""
    process = PROCESS.get()
    return EPOCH + monotonic() + (process.machine.clock if isinstance(process, Process) else 0.0)


class Runner:
    """In place of `asyncio.Runner`, which ends by cancelling what is left: here that is told."""

    def __init__(self, **_: Any) -> None: ...

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_: object) -> None: ...

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """In the simulated loop, while this thread stands still."""
        return baton.ask(_run(main))


async def _run(main: Coroutine[Any, Any, Any]) -> Any:
    process = running()
    process.tasks.clear()
    mine = asyncio.current_task()
    try:
        return await main
    finally:
        left = [task for task in process.tasks if not task.done() and task is not mine]
        process.left = [str(task.get_coro()) for task in left if not task.cancelling()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _hold(file: Any, operation: int) -> None:
    fcntl.flock(file, operation)
    process = PROCESS.get()
    if isinstance(process, Process):
        process.held.append(file)


def _connect(*args: Any, **more: Any) -> sqlite3.Connection:
    return sqlite3.connect(*args, factory=Database, **more)


def _without_ignored(send: Callable[..., None]) -> Callable[..., None]:
    """asyncssh sends a packet to be ignored before every other one: half of the packets, and nothing needs them."""

    def sent(connection: SSHConnection, pkttype: int, *args: bytes, **more: Any) -> None:
        if pkttype != MSG_IGNORE:
            send(connection, pkttype, *args, **more)

    return sent


def _in_clear(_: GCMCipher, header: bytes, data: bytes) -> tuple[bytes, bytes]:
    """Packets as long as they would be, and not enciphered: both ends are here."""
    return header + data, bytes(16)


def _as_it_came(_: GCMCipher, header: bytes, data: bytes, mac: bytes) -> bytes:
    return data


def _quiet(*_: Any, **__: Any) -> None:
    """asyncssh's log, which nobody reads: a tenth of the time."""


_CONTEXT = ssl.create_default_context()


ENTROPY = random.Random()
"""what `os.urandom` gives; seeded by each run"""


@functools.cache
def install() -> None:
    """Every stand-in in its place, for the rest of this process."""
    _import_all()
    import tui.bootstrap
    import tui.cli.main
    import tui.drivers.http_client
    import tui.drivers.journal.database
    import tui.drivers.journal.process_locks
    import tui.drivers.paths
    import tui.drivers.ssh.client_config
    import tui.sandbox.git_server
    import tui.sandbox.gitread

    in_loop = Aside(asyncio, Runner=Runner)
    back = Aside(asyncio, to_thread=baton.to_thread, run_coroutine_threadsafe=lambda coro, _: baton.Asked(coro))
    dated = [
        module
        for name, module in sorted(sys.modules.items())
        if name.startswith("tui.") and getattr(module, "datetime", None) is datetime and _asks_the_clock(module)
    ]
    for where, name, value in (
        *((module, "datetime", Datetime) for module in dated),
        (time, "time", clock),
        (time, "time_ns", lambda: int(clock() * 1e9)),
        (time, "monotonic", monotonic),
        (time, "clock_gettime", lambda _: monotonic()),
        (os, "urandom", ENTROPY.randbytes),
        (random, "_urandom", ENTROPY.randbytes),
        (tui.cli.main, "asyncio", in_loop),
        (tui.bootstrap, "LocalProcesses", Programs),
        (tui.bootstrap, "fleet", functools.cache(tui.bootstrap.fleet)),
        (SSHConnection, "send_packet", _without_ignored(SSHConnection.send_packet)),
        (GCMCipher, "encrypt_and_sign", _in_clear),
        (GCMCipher, "verify_and_decrypt", _as_it_came),
        (SSHPacketLogger, "_log_packet", _quiet),
        (SSHLogger, "log", _quiet),
        (tui.sandbox.git_server, "asyncio", back),
        (tui.sandbox.gitread, "asyncio", back),
        (tui.drivers.journal.database, "ThreadPoolExecutor", Inline),
        (
            tui.drivers.journal.database,
            "sqlite3",
            Aside(sqlite3, connect=lambda *a, **k: sqlite3.connect(*a, factory=Database, **k)),
        ),
        (tui.drivers.journal.database, "fcntl", Aside(fcntl, flock=_hold)),
        (tui.drivers.journal.process_locks, "fcntl", Aside(fcntl, flock=_hold)),
        (tui.drivers.paths, "os", Aside(os, environ=Environment())),
        (tui.drivers.http_client, "_certificates", lambda: _CONTEXT),
        (tui.drivers.ssh.client_config, "program", lambda: None),
        (sys, "stdout", Streams("stdout", sys.stdout)),
        (sys, "stderr", Streams("stderr", sys.stderr)),
    ):
        setattr(where, name, value)


def _import_all() -> None:
    """Everything that may run in the loop, so that nothing is imported in the middle of a seed."""
    import tui

    for found in pkgutil.walk_packages(tui.__path__, "tui."):
        if not found.name.startswith("tui.console") and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    for name in ("difflib", "platformdirs", "statistics", "tarfile"):  # by functions that need them
        importlib.import_module(name)


def _asks_the_clock(module: Any) -> bool:
    return "datetime.now(" in inspect.getsource(module)


SIGNALS = {"TERM": signal.SIGTERM, "HUP": signal.SIGHUP, "INT": signal.SIGINT}
