"""Whole incidents in one process: the sandbox in a thread, the command line in the test's, time 10 times as fast.

    def test_it(box: LocalSandbox) -> None:         # a fixture of tests/scenarios, or `with local_sandbox(tmp_path)`
        done = box.run("api", "previous", "--yes", "--json")
        assert (done.code, box.serves()) == (0, "v1.4.0"), done.stderr

A `LocalSandbox` has the words of `tests.sandboxes.Sandbox`: `run`, `begin`, `pull`, `look`, `app`, `serves`, `sent`,
`await_that`. What differs:

* No process is started: `run` calls `tui.cli.main` with real drivers, over real SSH and HTTP on 127.0.0.1.
* Both sides live `speed` times as fast: the engine by `ScaledClock`, the host by `tui.sandbox.clock`. What either waits
  for shrinks alike; `pace` and the seconds of a fault are the host's seconds. Limits of the drivers (of a connect, of a
  request) are real seconds, and so is computing: 100 ms of it are 1 s by the scaled clock. So assert no lengths, and
  give a watch room: `--watch 60s` takes 6 s.
* An exception that no command should let out ends the test with its own traceback.
* `begin` runs a command line beside the test, in a thread, with the words of `subprocess.Popen`. It hears the signals
  that it handles (`send_signal`); it cannot be killed.

What is about the process itself (`python -m tui`, a terminal, SIGKILL, closed streams) is for `speed=1`: the host lives
in this process still, in the time that things take, and beside `run` and `begin` there are `process` and `typed`, which
start the one process that matters. `tests.sandboxes.running_sandbox` is for what is about the sandbox's own process.

A test of the engine alone, in its own loop:

    async with world(tmp_path) as made, console(made, tmp_path) as engine:
        plan = await engine.plan(engine.service("api"), Target(kind=TargetKind.PREVIOUS), Options())
"""

import asyncio
import contextlib
import copy
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from unittest import mock

from tests.loopback import reachable
from tests.sandboxes import Done, Sandbox
from tui import bootstrap
from tui.cli.main import main
from tui.drivers.paths import STATE
from tui.engine.engine import Engine
from tui.sandbox import clock as host_clock
from tui.sandbox.http import Request
from tui.sandbox.pace import parse_pace
from tui.sandbox.sandbox_process import SandboxOptions, World
from tui.sandbox.snapshot import app_state
from tui.text import redact

SPEED = 10.0
PATIENCE = "30s"
"""until a service has to be healthy, by the scaled clock: longer than the sandbox's own, because computing counts"""
T = TypeVar("T")


class ScaledClock:
    """The host's clock for the engine: it says the same time and runs as fast."""

    def __init__(self, speed: float = SPEED) -> None:
        self.speed = speed

    def now(self) -> datetime:
        """The time by the host's clock."""
        return datetime.fromtimestamp(host_clock.now(), UTC)

    def monotonic(self) -> float:
        """Seconds of the host."""
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the host."""
        await asyncio.sleep(seconds / self.speed)


# ── the command line, in this process ────────────────────────────────────────────────────────────────────────────


class Wires:
    """The streams of one command line."""

    def __init__(self, encoding: str) -> None:
        self._grown = threading.Condition()
        self._out, self._err = _Tape(self._grown), _Tape(self._grown)
        self.stdout = io.TextIOWrapper(self._out, encoding=encoding, newline="", write_through=True)
        self.stderr = io.TextIOWrapper(self._err, encoding=encoding, newline="", write_through=True)
        self.ended = False

    @property
    def said(self) -> tuple[str, str]:
        """All of stdout, all of stderr."""
        return self._out.getvalue().decode("utf-8"), self._err.getvalue().decode("utf-8")

    def end(self) -> None:
        """Nothing more will be written."""
        with self._grown:
            self.ended = True
            self._grown.notify_all()

    def line(self, of: "_Tape", at: int, limit: float) -> bytes:
        """The line that begins at this byte, when it is there; empty at the end."""

        def there() -> bool:
            return self.ended or b"\n" in of.getvalue()[at:]

        with self._grown:
            assert self._grown.wait_for(there, limit), "it said nothing more"
        line, newline, _ = of.getvalue()[at:].partition(b"\n")
        return line + newline


class _Tape(io.BytesIO):
    """Bytes that somebody may wait for."""

    def __init__(self, grown: threading.Condition) -> None:
        super().__init__()
        self._grown = grown

    def write(self, data: Any) -> int:
        with self._grown:
            done = super().write(data)
            self._grown.notify_all()
        return done


_wires: ContextVar[Wires | None] = ContextVar("wires", default=None)


class _Switch:
    """`sys.stdout` or `sys.stderr` while command lines run here: each has its own."""

    def __init__(self, name: str, usual: Any) -> None:
        self._name, self._usual = name, usual

    def __getattr__(self, wanted: str) -> Any:
        wires = _wires.get()
        return getattr(self._usual if wires is None else getattr(wires, self._name), wanted)


class _Process:
    """The things that a process has once, lent to the command lines that run in it: streams and environment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._guests = 0
        self._environ: Mapping[str, str] = {}
        self._undo = contextlib.ExitStack()

    @contextlib.contextmanager
    def lent(self, environ: Mapping[str, str]) -> Iterator[None]:
        """For as long as one runs. Several at once share one environment."""
        with self._lock:
            if self._guests == 0:
                redact.forget()  # a new process knows of no secret
                self._environ = dict(environ)
                self._undo = self._take(environ)
            assert self._environ == environ, "command lines that run at once have one environment"
            self._guests += 1
        try:
            yield
        finally:
            with self._lock:
                self._guests -= 1
                if self._guests == 0:
                    self._undo.close()

    def _take(self, environ: Mapping[str, str]) -> contextlib.ExitStack:
        undo = contextlib.ExitStack()
        if "TZ" in environ:
            undo.callback(time.tzset)  # comes last, when the environment is the old one again
        undo.enter_context(mock.patch.dict(os.environ, environ))
        if "TZ" in environ:
            time.tzset()
        for name in ("stdout", "stderr"):
            undo.enter_context(mock.patch.object(sys, name, _Switch(name, getattr(sys, name))))
        undo.enter_context(mock.patch.object(sys, "stdin", io.StringIO()))
        undo.enter_context(mock.patch("tui.cli.command_failure.fault", _let_out))
        return undo


def _let_out(error: Exception) -> NoReturn:
    """A process says in one line that it is its own fault, and goes on to an exit code; a test wants the traceback."""
    raise error


_process = _Process()


class _Loop(asyncio.SelectorEventLoop):
    """A loop that hears signals when it is told so, and whose threads write where its tasks do."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: dict[int, Callable[[], object]] = {}

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:  # type: ignore[override]
        self.heard[sig] = lambda: callback(*args)

    def remove_signal_handler(self, sig: int) -> bool:
        return self.heard.pop(sig, None) is not None

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        return super().run_in_executor(executor, copy_context().run, func, *args)


def _called(argv: list[str], speed: float, loop: Callable[[], _Loop]) -> int:
    try:
        return main(argv, clock=ScaledClock(speed), loop=loop)
    except SystemExit as left:  # as argparse does after --help
        return int(left.code or 0)


class Begun:
    """A command line that runs beside the test, with the words of `subprocess.Popen`."""

    def __init__(self, argv: list[str], environ: Mapping[str, str], speed: float) -> None:
        self._argv, self._environ, self._speed = argv, dict(environ), speed
        self._wires = Wires(environ.get("PYTHONIOENCODING", "utf-8"))
        self._loop: _Loop | None = None
        self._failed: BaseException | None = None
        self.returncode: int | None = None
        self.stdout = Heard(self._wires, "_out")
        self.stderr = Heard(self._wires, "_err")
        self._thread = threading.Thread(target=self._run, name=" ".join(argv), daemon=True)
        self._thread.start()

    def __enter__(self) -> "Begun":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.communicate()

    def _run(self) -> None:
        _wires.set(self._wires)
        try:
            with _process.lent(self._environ):
                self.returncode = _called(self._argv, self._speed, self._made)
        except BaseException as failed:  # noqa: BLE001 - the test's thread raises it
            self._failed = failed
        finally:
            self._wires.end()

    def _made(self) -> _Loop:
        self._loop = _Loop()
        return self._loop

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        self._thread.join(0.005)
        if self._failed is not None:
            raise self._failed
        return self.returncode

    def communicate(self, timeout: float = 110) -> tuple[str, str]:
        """Wait for its end; returns all it said. Raises what it could not handle, and TimeoutExpired."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise subprocess.TimeoutExpired(self._argv, timeout, *(said.encode() for said in self._wires.said))
        self.poll()
        return self._wires.said

    def wait(self, timeout: float = 110) -> int | None:
        """Wait for its end; returns the exit code."""
        self.communicate(timeout)
        return self.returncode

    def stop(self) -> None:
        """End it, however far it is."""
        if self._thread.is_alive() and self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel, self._loop)
            self._thread.join(20)
            assert not self._thread.is_alive(), f"it cannot be stopped: {self._wires.said}"

    @staticmethod
    def _cancel(loop: asyncio.AbstractEventLoop) -> None:
        for task in asyncio.all_tasks(loop):
            task.cancel()

    def send_signal(self, number: int) -> None:
        """Have it hear a signal; one that it does not handle would have ended it: that fails the test."""
        loop = self._loop
        assert loop is not None
        heard = loop.heard.get(number)
        assert heard is not None, f"it does not handle signal {number}: test that on a process"
        loop.call_soon_threadsafe(heard)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)


class Heard:
    """One of its streams, read line by line while it runs."""

    def __init__(self, wires: Wires, name: str) -> None:
        self._wires, self._tape = wires, getattr(wires, name)
        self._at = 0

    def readline(self, limit: float = 60) -> str:
        """The next line; empty when it has ended."""
        line = self._wires.line(self._tape, self._at, limit)
        self._at += len(line)
        return line.decode("utf-8")

    def __iter__(self) -> Iterator[str]:
        return iter(self.readline, "")


# ── the world ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class LocalSandbox(Sandbox):
    """A sandbox whose host and whose consoles are in this process."""

    world: World
    loop: asyncio.AbstractEventLoop
    speed: float = SPEED
    begun: list[Begun] = field(default_factory=list)

    @property
    def clock(self) -> ScaledClock:
        """For an engine of the test's own: `bootstrap.engine(box.services, clock=box.clock)`."""
        return ScaledClock(self.speed)

    def pull(self, string: str, **values: Any) -> Any:
        """Act as a colleague, as root, as bad luck."""
        return self._ask("POST", string, json.dumps(values).encode())

    def look(self) -> dict[str, Any]:
        """Everything, from behind the stage."""
        found: dict[str, Any] = self._ask("GET", "state", b"")
        return found

    def app(self, name: str = "scenextras") -> dict[str, Any]:
        """One app, from behind the stage."""
        host = self.world.host
        return self._of_host(lambda: app_state(host, host.machine.apps[name]))

    def sent(self, prefix: str) -> list[str]:
        """The commands that reached the host and begin so."""
        return self._of_host(lambda: [call.line for call in self.world.host.calls if call.line.startswith(prefix)])

    def _of_host(self, read: Callable[[], T]) -> T:
        """What the host's loop reads, as the control's door would tell it: all of the host is much more to tell."""

        async def reading() -> str:
            return json.dumps(read())

        told: T = json.loads(asyncio.run_coroutine_threadsafe(reading(), self.loop).result(60))
        return told

    def _ask(self, method: str, string: str, body: bytes) -> Any:
        """Through the control's own door, without a connection."""
        secret = self.world.control.url.rpartition("/")[2]
        request = Request(method=method, target=f"/{secret}/{string}", headers={}, body=body)
        coming = asyncio.run_coroutine_threadsafe(self.world.control._respond(request), self.loop)
        answer = coming.result(60)
        assert answer.status == 200, answer.body.decode()
        return json.loads(answer.body)

    def run(self, *words: str, timeout: float = 110) -> Done:
        """Run a command line to its end, without a terminal."""
        begun = self.begin(*words)
        stdout, stderr = begun.communicate(timeout)
        return Done(code=begun.returncode, stdout=stdout, stderr=stderr)

    def begin(self, *words: str) -> Any:
        """Start a command line and leave it running, in a thread: a `Begun`."""
        begun = Begun(["--services", self.services, *words], self._environ(), self.speed)
        self.begun.append(begun)
        return begun

    def process(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command line in a process of its own: to be killed, or to lose its streams."""
        assert self.speed == 1, "a process lives in the machine's time: its host has to"
        return Sandbox.begin(self, *words)

    def typed(self, text: str, *words: str) -> Done:
        """Run a command line on a terminal, in a process."""
        assert self.speed == 1, "a process lives in the machine's time: its host has to"
        return Sandbox.typed(self, text, *words)

    def _environ(self) -> dict[str, str]:
        return {STATE: str(self.state), **self.environ}

    def with_state(self, state: Path) -> "LocalSandbox":
        """Another machine's console on the same host."""
        other = copy.copy(self)
        other.state = state
        return other


@contextlib.contextmanager
def local_sandbox(
    folder: Path,
    *,
    dokku: str = "0.35.15",
    pace: str = "fast",
    scenario: str = "bad-release",
    environ: Mapping[str, str] | None = None,
    speed: float = SPEED,
    ssh: bool = False,
) -> Iterator[LocalSandbox]:
    """Start one, end it. What a console learned of secrets is forgotten before and after. `ssh`: see `loopback`."""
    folder.mkdir(parents=True, exist_ok=True)
    options = SandboxOptions(dokku=dokku, pace=parse_pace(pace), state=str(folder / "sandbox"), scenario=scenario)
    with contextlib.ExitStack() as ends:
        loop = ends.enter_context(_thread())
        ends.enter_context(_time(speed))
        world = _in(loop, _made(options))
        if not ssh:
            ends.enter_context(reachable(world.ssh, loop))
        redact.forget()
        sandbox = LocalSandbox(
            told=json.loads(json.dumps(world.about)),
            state=folder / "state",
            services=str(world.about["services"]),
            environ=dict(environ or {}),
            world=world,
            loop=loop,
            speed=speed,
        )
        try:
            yield sandbox
        finally:
            for begun in sandbox.begun:
                begun.stop()
            redact.forget()
            _in(loop, world.__aexit__(None, None, None))


async def _made(options: SandboxOptions) -> World:
    made = await World(options).__aenter__()
    services = Path(str(made.about["services"]))
    services.write_text(services.read_text().replace("patience: 12s", f"patience: {PATIENCE}"))
    return made


def _in(loop: asyncio.AbstractEventLoop, work: Any) -> Any:
    return asyncio.run_coroutine_threadsafe(work, loop).result(60)


@contextlib.contextmanager
def _thread() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs in a thread of its own. An exception that nobody handles in it fails the test."""
    loop, faults = asyncio.new_event_loop(), list[str]()
    loop.set_exception_handler(lambda _, context: faults.append(repr(context)))

    def lives() -> None:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_default_executor())  # git is served in threads, which end in this loop
        loop.run_until_complete(loop.shutdown_asyncgens())  # here: the test's thread may have a loop of its own
        loop.close()

    thread = threading.Thread(target=lives, name="sandbox", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
    assert not faults, f"the sandbox complains: {faults}"


@contextlib.contextmanager
def _time(speed: float) -> Iterator[None]:
    host_clock.run(speed)
    try:
        yield
    finally:
        host_clock.run(1.0)


# ── the engine alone, in the test's own loop ─────────────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def world(
    folder: Path, *, dokku: str = "0.35.15", pace: str = "fast", scenario: str = "bad-release", speed: float = SPEED
) -> AsyncIterator[World]:
    """A host in this loop."""
    with _time(speed):
        options = SandboxOptions(dokku=dokku, pace=parse_pace(pace), state=str(folder / "sandbox"), scenario=scenario)
        async with World(options) as made:
            yield made


@contextlib.asynccontextmanager
async def console(made: World, folder: Path, *, speed: float = SPEED) -> AsyncIterator[Engine]:
    """An engine with real drivers on that host, and a journal below `folder`."""
    with mock.patch.dict(os.environ, {STATE: str(folder / "state")}):
        engine = bootstrap.engine(str(made.about["services"]), clock=ScaledClock(speed))
        try:
            yield engine
        finally:
            await engine.close()
