"""Trouble on request: armed through the control socket, set off by the call, byte, second or phase it names.

A fault with a `command_prefix` binds to the next calls that start so (`times` of them); the others change the
host at once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tui.sandbox import clock
from tui.sandbox.client import Client, CommandRefused
from tui.sandbox.machine import Machine
from tui.sandbox.pace import Pace

KINDS = {
    "drop_connection": "cuts the TCP connection",
    "stall": "the connection stays open and falls silent, for `seconds` or until cleared",
    "refuse_channel": "the next channels are refused as OpenSSH refuses the 11th",
    "fail_command": "the command answers `stderr` and `exit` and does nothing",
    "slow_command": "the command waits `seconds` before it begins",
    "full_disk": "objects and images cannot be written",
    "slow_deploy": "a deploy takes `factor` times as long",
    "fail_next_deploy": "`mode`: build, a task, check, crash, helm (k3s), or one of deploy/docker_troubles",
    "hold_lock": "somebody else's deploy holds the lock of `app`, for `seconds` or until cleared",
    "wrong_app": "requests to `app` are answered by `by`",
    "refuse_login": "the key is not accepted",
    "garbage": "the command answers bytes that mean nothing, and `exit`",
    "byte_wise": "what the command says arrives byte by byte",
    "endless": "the command says something on `stream` for ever",
    "warn": "lines of `stderr` come on `stream` before the command says anything",
    "docker_down": "Docker does not answer, until cleared; what runs goes on",
    "restart_host": "the whole host restarts; `ids`: keep or change",
}
AT_ONCE = ("hold_lock", "wrong_app", "docker_down")
BOUND = (
    "restart_host",
    "drop_connection",
    "stall",
    "fail_command",
    "slow_command",
    "slow_deploy",
    "full_disk",
    "garbage",
    "byte_wise",
    "endless",
    "warn",
)
"""kinds that bind to a command as it starts"""
GARBAGE = b"\xff\xfe\x00\x1b]0;x\x07" + b"[" * 2000 + b'{"a": \xc3' + bytes(range(256)) * 8
"""no UTF-8, no JSON, no packet; controls of terminals among it"""
ENDLESS = b"=====> and on and on\n" * 800


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When a fault strikes a command: at once if only the prefix is given; an empty prefix fits every command."""

    command_prefix: str = ""
    after_bytes: int | None = None
    after_sent: int | None = None
    after_seconds: float | None = None
    after_phase: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Fault:
    """One fault, to be used up `times` times. `KINDS` says which of the other fields a kind reads."""

    kind: str
    when: When = field(default_factory=When)
    times: int = 1
    app: str = ""
    by: str = ""
    mode: str = "check"
    seconds: float = 0.0
    factor: float = 4.0
    ids: str = "keep"
    exit: int = 1
    stream: str = "stdout"
    stderr: str = " !     the sandbox was told to fail this command"


class FaultyCall(Protocol):
    """The part of a running command that a fault knows and changes."""

    client: Client
    line: str
    args: list[str]
    reached: list[str]
    slow: float
    powerless: bool
    faults: list[Fault]
    sent: int

    def write(self, data: bytes, *, error: bool = False) -> None:
        """Bytes to the client, on stdout or stderr."""


class FaultyHost(Protocol):
    """The part of a host that faults need."""

    machine: Machine
    pace: Pace

    def running_calls(self) -> Sequence[FaultyCall]:
        """The commands that have not ended."""

    async def restart(self, ids: str = "keep") -> None:
        """Every command dies, and the apps start again."""


class Faults:
    """All armed faults of a host."""

    def __init__(self, host: FaultyHost) -> None:
        self._host = host
        self.armed: list[Fault] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._silent: list[FaultyCall] = []

    def arm(self, fault: Fault) -> None:
        """Raises ValueError for an unknown kind, AppMissing for an unknown app."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown fault {fault.kind}; known are {', '.join(KINDS)}")
        if fault.kind not in AT_ONCE:
            self.armed.append(fault)
            return
        if fault.kind == "docker_down":
            self._host.machine.docker_down = True
            return
        app = self._host.machine.app(fault.app)
        if fault.kind == "wrong_app":
            app.answered_by = fault.by
            return
        app.lock_file = app.lock_held = True
        if fault.seconds:
            self._later(fault.seconds, lambda: self._release(fault.app))

    def clear(self) -> None:
        """Disarms everything: silent connections speak again, locks without a deploy are gone."""
        self.armed.clear()
        self._host.machine.docker_down = False
        for call in self._silent:
            call.client.stall(False)
        self._silent.clear()
        for task in self._tasks:
            task.cancel()
        deploying = {call.args[0] for call in self._host.running_calls() if call.reached and call.args}
        for app in self._host.machine.apps.values():
            app.answered_by = ""
            if app.name not in deploying:
                self._release(app.name)

    def take(self, kind: str, app: str = "") -> Fault | None:
        """Uses up one armed fault of a kind that is not bound to a command."""
        for fault in self.armed:
            if fault.kind == kind and fault.app in ("", app):
                self._use(fault)
                return fault
        return None

    def take_mode(self, mode: str, app: str) -> Fault | None:
        """Uses up an armed failure of the next deploy at one of its stages."""
        for fault in self.armed:
            if fault.kind == "fail_next_deploy" and fault.mode == mode and fault.app in ("", app):
                self._use(fault)
                return fault
        return None

    async def begin(self, call: FaultyCall) -> None:
        """Binds faults to a call that starts. Raises Refused for a command told to fail."""
        for fault in list(self.armed):
            if fault.kind in BOUND and call.line.startswith(fault.when.command_prefix):
                self._use(fault)
                await self._bind(call, fault)

    async def _bind(self, call: FaultyCall, fault: Fault) -> None:
        match fault.kind:
            case "fail_command":
                raise CommandRefused(fault.exit, fault.stderr)
            case "garbage":
                call.write(GARBAGE)
                raise CommandRefused(fault.exit)
            case "endless":
                while True:
                    call.write(ENDLESS, error=fault.stream == "stderr")
                    await call.client.drain()
                    await asyncio.sleep(0)
            case "warn":
                call.write(f"{fault.stderr}\n".encode(), error=fault.stream == "stderr")
            case "byte_wise":
                call.client.byte_wise = True
            case "slow_command":
                await clock.sleep(fault.seconds)
            case "slow_deploy":
                call.slow = fault.factor
            case "full_disk":
                call.faults.append(fault)
            case _:
                call.faults.append(fault)
                self._wait_for(call, fault)

    def _wait_for(self, call: FaultyCall, fault: Fault) -> None:
        when = fault.when
        if when.after_bytes is not None:
            arrived = asyncio.Event()
            call.client.watch_bytes = (when.after_bytes, arrived)
            call.client.feed(b"")
            self._start(self._after_event(arrived, call, fault))
        elif when.after_seconds is not None:
            self._later(self._host.pace.scaled(when.after_seconds), lambda: self._strike(call, fault))
        elif when.after_phase is None and when.after_sent is None:
            self._strike(call, fault)

    def reached(self, call: FaultyCall, phase: str) -> None:
        """A deploy has come to that phase: faults that wait for it strike."""
        for fault in call.faults:
            if fault.when.after_phase == phase:
                self._strike(call, fault)

    def sent(self, call: FaultyCall) -> None:
        """The call has said more."""
        for fault in call.faults:
            if fault.when.after_sent is not None and call.sent >= fault.when.after_sent:
                self._strike(call, fault)

    def _strike(self, call: FaultyCall, fault: Fault) -> None:
        if fault.kind == "drop_connection":
            call.client.drop()
        elif fault.kind == "restart_host":
            call.powerless = True
            self._start(self._host.restart(fault.ids))
        elif fault.kind == "stall":
            call.client.stall(True)
            self._silent.append(call)
            if fault.seconds:
                self._later(fault.seconds, lambda: call.client.stall(False))

    async def _after_event(self, event: asyncio.Event, call: FaultyCall, fault: Fault) -> None:
        await event.wait()
        self._strike(call, fault)

    def _use(self, fault: Fault) -> None:
        fault.times -= 1
        if fault.times <= 0:
            self.armed.remove(fault)

    def _release(self, name: str) -> None:
        app = self._host.machine.apps.get(name)
        if app is not None:
            app.lock_file = app.lock_held = False

    def _later(self, seconds: float, action: object) -> None:
        async def wait() -> None:
            await clock.sleep(seconds)
            assert callable(action)
            action()

        self._start(wait())

    def _start(self, coroutine: object) -> None:
        assert asyncio.iscoroutine(coroutine)
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
