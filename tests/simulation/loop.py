"""The loop in which everything runs: detangle's, with processes that can be killed and schedules that repeat."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from detangle import NetConfig, SimConfig, SimLoop, Strategy
from detangle._loop import Lane
from detangle.strategies import LaneLike

EPOCH = 1_790_000_000.0
"""the wall clock when a simulation begins: seconds since 1970, in September 2026"""


BEGINS = 10.0
"""simulated second at which a prepared world is handed to its seed"""
FROM = 1_000_000
"""numbers that a seed gives begin here, however many its preparation used"""


class Mortal:
    """Something whose tasks all vanish at once: a process that is killed runs no `finally`."""

    dead = False

    def __init__(self) -> None:
        self.signals: dict[int, Callable[[], object]] = {}
        self.tasks: list[asyncio.Task[Any]] = []


PROCESS: ContextVar[Mortal | None] = ContextVar("simulated_process", default=None)
"""whose code is running; None: the world's own"""


class _Task(asyncio.Task[Any]):
    """A task whose hash is its number: a set of tasks is walked in the same order in every run."""

    def __init__(self, coro: Any, *, loop: "Universe", **more: Any) -> None:
        self._number = loop.number()
        super().__init__(coro, loop=loop, **more)

    def __hash__(self) -> int:
        return self._number


class _Future(asyncio.Future[Any]):
    """As `_Task`."""

    def __init__(self, *, loop: "Universe") -> None:
        self._number = loop.number()
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._number


def _made(loop: "Universe", coro: Any, **more: Any) -> asyncio.Task[Any]:
    task = _Task(coro, loop=loop, **more)
    process = PROCESS.get()
    if process is not None:
        process.tasks.append(task)
    return task


class Seeded(Strategy):
    """Every decision from one generator; how often the order deviates from asyncio's own is a trait of the seed."""

    name = "seeded"

    def __init__(self, rng: random.Random, *, deviation: float) -> None:
        self.rng = rng
        self.deviation = deviation

    def schedule(self, lanes: Sequence[LaneLike]) -> int:
        """The lane that runs next."""
        if self.deviation and self.rng.random() < self.deviation:
            return int(self.rng.random() * len(lanes))
        return 0

    def choose(self, n: int, kind: str) -> int:
        """A number below `n`."""
        return int(self.rng.random() * n)

    def flip(self, p: float, kind: str) -> bool:
        """Yes with probability `p`."""
        return self.rng.random() < p


_UNTOLD: Any = SimpleNamespace(host=None)
"""what detangle would note of a task: where it was spawned, for its own traces"""


class Universe(SimLoop):
    """Simulated time and network, and processes inside them."""

    def __init__(self) -> None:
        self._numbers = 0
        net = NetConfig(latency=(0.0005, 0.004), tcp_timeout=120.0)
        config = SimConfig(max_steps=5_000_000, seed_random=False, net=net)
        super().__init__(config, Seeded(random.Random(0), deviation=0.0))
        self.set_task_factory(_made)

    def number(self) -> int:
        """The next number of a task or future."""
        self._numbers += 1
        return self._numbers

    def begin(self, strategy: Strategy) -> None:
        """From here on the seed decides."""
        self._strategy = strategy
        self.order_hash, self.steps = 0, 0
        self._lane_counter = self._numbers = self.net._next_port = FROM

    def choose(self, n: int, kind: str) -> int:
        """A number below `n`; decisions are not kept: the seed has them all."""
        return self._strategy.choose(n, kind) if n > 1 else 0

    def flip(self, p: float, kind: str) -> bool:
        """Yes with probability `p`."""
        return p > 0.0 and self._strategy.flip(p, kind)

    def _schedule(self, lanes: Sequence[LaneLike]) -> int:
        return self._strategy.schedule(lanes)

    def _lane_for_task(self, task: asyncio.Task[Any]) -> Lane:
        lane = Lane(self._new_lane_id(), task, "task", "")
        self._task_lanes[task] = lane
        self.task_info[task] = _UNTOLD
        return lane

    def create_future(self) -> asyncio.Future[Any]:
        """A future with a number."""
        return _Future(loop=self)

    def _execute(self, lane: Any, handle: asyncio.Handle) -> None:
        process = handle._context.get(PROCESS)  # type: ignore[attr-defined]
        if process is None or not process.dead:
            super()._execute(lane, handle)

    def add_signal_handler(  # type: ignore[override]
        self, sig: int, callback: Callable[..., object], *args: Any
    ) -> None:
        """The running process hears that signal from now on."""
        process = PROCESS.get()
        if process is not None:
            process.signals[sig] = lambda: callback(*args)

    def remove_signal_handler(self, sig: int) -> bool:
        """It does not any more."""
        process = PROCESS.get()
        return process is not None and process.signals.pop(sig, None) is not None


def wall() -> float:
    """Seconds since 1970 by the world's clock, which nobody steps."""
    return EPOCH + asyncio.get_running_loop().time()
