"""The operators' machines: disk, clock, environment, and processes of the production command line on them.

What a process sees of its machine (state folder, wall clock, streams) is found by the context its code runs in.
"""

import asyncio
import contextvars
import io
import json
import os
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from detangle import spawn

from tests.simulation import baton
from tests.simulation.loop import PROCESS, Mortal, wall

KILLED = -9
"""what a killed process ends with"""


class Disk:
    """The disk under a machine's journal, and what is wrong with it."""

    def __init__(self) -> None:
        self.full = False
        self.locked = False
        self.torn = b""
        """what a half-written frame leaves behind when the process dies"""
        self.commits = 0
        self.kill_at: tuple[int, bool] | None = None
        """after how many more commits the process dies, and whether that commit is on disk"""
        self.dies: Callable[[bool], bool] = lambda on_disk: False
        """whether the process dies at this commit, asked before and after it is on disk"""

    def statement(self) -> None:
        """Before each statement. Raises as SQLite does."""
        if self.locked:
            raise sqlite3.OperationalError("database is locked")

    def commit(self, really: Callable[[], None]) -> None:
        """One commit, or its trouble."""
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        strike = None
        if self.kill_at is not None:
            left, after = self.kill_at
            self.kill_at = None if left <= 0 else (left - 1, after)
            strike = after if left <= 0 else None
        if strike is False or self.dies(False):
            running().kill("before a commit")
            raise sqlite3.OperationalError("the process is dead")
        really()
        self.commits += 1
        if strike is True or self.dies(True):
            running().kill("after a commit")


class Database(sqlite3.Connection):
    """SQLite on a simulated disk; it belongs to the process that opened it.

    A fork of this process must not touch the file (sqlite.org/howtocorrupt.html, 2.6): there the database is closed.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._opened_by = os.getpid()
        process = PROCESS.get()
        self._disk = process.machine.disk if isinstance(process, Process) else Disk()
        if isinstance(process, Process):
            process.databases.append(self)

    def execute(self, *args: Any) -> sqlite3.Cursor:
        """A statement."""
        self._open()
        self._disk.statement()
        return super().execute(*args)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        """The end of a transaction."""
        self._open()
        if kind is not None or not self.in_transaction:
            return super().__exit__(kind, error, trace)
        try:
            self._disk.commit(lambda: self.commit())
        except sqlite3.Error:
            self.rollback()
            raise
        return False

    def rollback(self) -> None:
        """Undo what is not committed."""
        self._open()
        super().rollback()

    def close(self) -> None:
        """Nothing more is asked of it."""
        if os.getpid() == self._opened_by:
            super().close()

    def _open(self) -> None:
        if os.getpid() != self._opened_by:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")


@dataclass(eq=False)
class Machine:
    """Where an operator sits."""

    name: str
    state: Path
    services: Path
    program: Callable[[tuple[str, ...]], Coroutine[Any, Any, int]]
    """runs any other program of that machine, and gives its exit code"""
    disk: Disk = field(default_factory=Disk)
    clock: float = 0.0
    """seconds its clock is ahead"""


class Stream(io.StringIO):
    """stdout or stderr of a process."""

    encoding = "utf-8"


class Process(Mortal):
    """One run of the command line."""

    def __init__(self, machine: Machine, argv: tuple[str, ...]) -> None:
        super().__init__()
        self.machine = machine
        self.argv = argv
        self.stdout, self.stderr = Stream(), Stream()
        self.databases: list[Database] = []
        self.held: list[IO[Any]] = []
        self.began = wall()
        self.ended: float | None = None
        self.code: int | None = None
        self.fault: BaseException | None = None
        """what would have been a traceback"""
        self.left: list[str] = []
        """tasks that were still there at its end"""
        self.why = ""
        self.over = asyncio.Event()
        self.at_end: Callable[[], None] = lambda: None
        """told at the moment it ends"""

    @property
    def words(self) -> str:
        """The command as typed."""
        return " ".join(("rollback", *self.argv))

    @property
    def document(self) -> dict[str, Any]:
        """Its JSON; empty where there is none."""
        try:
            found = json.loads(self.stdout.getvalue())
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def start(self) -> None:
        """Begin."""
        context = contextvars.copy_context()
        context.run(PROCESS.set, self)
        context.run(lambda: spawn(self._run(), host=self.machine.name))

    async def _run(self) -> None:
        from tui.cli.main import main

        argv = [self.argv[0], "--json", "--services", str(self.machine.services), *self.argv[1:]]
        try:
            self.code = await baton.to_thread(main, argv)
            if "a fault of rollback itself" in (said := self.stderr.getvalue()):
                self.fault = AssertionError(said)
        except SystemExit as ended:
            self.code = ended.code if isinstance(ended.code, int) else 1
        except Exception as error:  # noqa: BLE001 - a traceback of the program: an invariant looks at it
            self.code, self.fault = 1, error
        self._end()

    def signal(self, number: int) -> bool:
        """A signal arrives; whether anybody listened. The default action is to die."""
        if self.ended is not None:
            return False
        heard = self.signals.get(number)
        if heard is None:
            self.kill(f"signal {number}")
            return False
        asyncio.get_running_loop().call_soon(heard)
        return True

    def kill(self, why: str) -> None:
        """Nothing of it runs any more; the kernel closes its files and sockets."""
        if self.ended is not None or self.dead:
            return
        self.dead, self.code, self.why = True, KILLED, why
        log = self.machine.state / "journal.sqlite-wal"
        written = log.read_bytes() if self.machine.disk.torn and log.exists() else b""
        for database in self.databases:
            database.close()
        if written and not log.exists():  # nobody else has it open
            log.write_bytes(written + self.machine.disk.torn)
        for file in self.held:
            file.close()
        net = asyncio.get_running_loop().net  # type: ignore[attr-defined]
        for connection in net._connections:
            for side in connection.sides():
                if side._ctx.get(PROCESS) is self and not side._closed:
                    side._closing = True
                    side._out.send("rst")
                    side._closed = True
        self._end()

    def _end(self) -> None:
        self.ended = wall()
        self.at_end()
        self.over.set()


def running() -> Process:
    """The process whose code is running."""
    process = PROCESS.get()
    assert isinstance(process, Process)
    return process


# ── what stands in ───────────────────────────────────────────────────────────────────────────────────────────────


class Aside:
    """A module with some of its names replaced, for one of the modules that use it."""

    def __init__(self, module: Any, **instead: Any) -> None:
        self._module = module
        self.__dict__.update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class Environment(dict[str, str]):
    """The environment of the machine whose code asks."""

    def get(self, key: str, default: Any = None) -> Any:
        """A variable."""
        process = PROCESS.get()
        if key == "ROLLBACK_STATE_DIR" and isinstance(process, Process):
            return str(process.machine.state)
        return os.environ.get(key, default)


class Streams:
    """sys.stdout or sys.stderr: the running process's own."""

    def __init__(self, name: str, real: Any) -> None:
        self._name, self._real = name, real

    def __getattr__(self, name: str) -> Any:
        process = PROCESS.get()
        return getattr(getattr(process, self._name) if isinstance(process, Process) else self._real, name)


@contextmanager
def replaced(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    """Attributes with other values for a while."""
    before = [(where, name, getattr(where, name)) for where, name, _ in changes]
    try:
        for where, name, value in changes:
            setattr(where, name, value)
        yield
    finally:
        for where, name, value in reversed(before):
            setattr(where, name, value)
