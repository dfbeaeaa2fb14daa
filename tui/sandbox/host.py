"""The host as a whole: the machine, its clock, its trouble, its web sites, and every command that was ever sent to
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tui.sandbox import clock, reboot
from tui.sandbox.client import Call, Client
from tui.sandbox.faults import Faults
from tui.sandbox.machine import App, Machine
from tui.sandbox.pace import DURATIONS, RETIRE_EVERY, Pace
from tui.sandbox.recorded import Recorded, load
from tui.sandbox.web import Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One ref of one git push, as it ended."""

    app: str
    ref: str
    old: str
    new: str
    status: str
    started: float
    ended: float


class Host:
    """``plugins``: the host also has the runbook's commands (ps:rollback, tags:*), as some plugin would bring them."""

    def __init__(self, *, version: str, pace: Pace, plugins: bool = False) -> None:
        self.machine = Machine(version=version)
        self.pace = pace
        self.plugins = plugins
        self.durations = DURATIONS[version]
        self.recorded: Recorded = load(version)
        self.faults = Faults(self)
        self.calls: list[Call] = []
        self.pushes: list[Push] = []
        self.sites = Sites(self)
        self.cut: Callable[[], None] = lambda: None
        """ends every connection; set by whoever listens"""
        self._tasks: set[asyncio.Task[None]] = set()

    def call(self, client: Client, line: str) -> Call:
        call = Call(host=self, client=client, number=len(self.calls) + 1, line=line, started=self.machine.now())
        self.calls.append(call)
        return call

    def running_calls(self) -> list[Call]:
        return [call for call in self.calls if call.exit is None and not call.aborted]

    async def restart(self, ids: str = "keep") -> None:
        """Every connection and command dies, and the apps start again; see ``reboot``."""
        self.cut()
        await reboot.restart(self, ids=ids)

    async def open_site(self, app: App) -> None:
        """Gives the app its port if it has none yet."""
        await self.sites.open(app)

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        async def wait() -> None:
            await clock.sleep(seconds)
            action()

        self._start(wait())

    def start(self) -> None:
        """Begins the host's own life: the containers' seconds, and the timer of ps:retire."""
        self._start(self.sites.live())
        self._start(self._retire_timer())

    async def _retire_timer(self) -> None:
        # A floor keeps a host without pauses from spinning.
        every = max(self.pace.scaled(RETIRE_EVERY), 1.0)
        while True:
            await clock.sleep(every)
            self.machine.retire(None)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.faults.clear()
        await self.sites.close()

    def _start(self, coroutine: object) -> None:
        assert asyncio.iscoroutine(coroutine)
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
