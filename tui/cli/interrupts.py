"""SIGINT, SIGTERM and SIGHUP of a command line, from the beginning of its loop to its last word.

At first they cancel the command. Work that has to say what it leaves behind takes them for as long as it lasts. Once
the end has begun they change nothing any more: the exit code is that of what was done.

asyncio's own handlers leave a gap: when they are removed, or the loop is closed, SIGINT is Python's again and raises,
and the two others kill. `Loop` has no such moment: a signal of its own keeps a handler that does nothing.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextvars import ContextVar
from functools import partial
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_told: ContextVar[list[Callable[[], object]]] = ContextVar("told of signals")
"""of one command line; the last of them is told"""


@contextlib.contextmanager
def taken(by: Callable[[], object]) -> Iterator[None]:
    """Tell `by` of signals, and nobody else, while the block runs. After the outermost block they change nothing."""
    loop, told = asyncio.get_running_loop(), _told.get(None)
    if told is None:
        _told.set(told := [])
        for number in SIGNALS:
            loop.add_signal_handler(number, lambda: told[-1]() if told else None)
    told.append(by)
    try:
        yield
    finally:
        told.remove(by)


async def ended(work: "asyncio.Task[Any]", stop: asyncio.Event) -> bool:
    """True if it came to its end before the person's word that it is enough; else it goes on."""
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return work.done()
    finally:
        stopped.cancel()


async def until(stop: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """The work to its end, or to the person's word that it is enough: then it is ended. True if it came to its own end;
    raises what that was."""
    working = asyncio.create_task(work)
    try:
        if not await ended(working, stop):
            return False
        working.result()
        return True
    finally:
        working.cancel()


class Loop(asyncio.SelectorEventLoop):
    """An event loop after which signals change nothing, where the program has SIGINT to itself (`tui.__main__`)."""

    def __init__(self) -> None:
        super().__init__()
        self._ear, self._wake = socket.socketpair()
        self._ear.setblocking(False)
        self._wake.setblocking(False)
        self._heard: dict[int, Callable[[], object]] = {}
        self._whose = signal.getsignal(signal.SIGINT)

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: Any) -> None:  # type: ignore[override]
        """Call it in the loop when the signal comes."""
        if not self._heard:
            self.add_reader(self._ear, self._hear)
            signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._heard[sig] = partial(callback, *args)
        signal.signal(sig, _nothing)

    def remove_signal_handler(self, sig: int) -> bool:
        """Call nothing any more when it comes."""
        return self._heard.pop(sig, None) is not None

    def close(self) -> None:
        """As every loop; who had left SIGINT to Python has it back."""
        if self._heard:
            signal.set_wakeup_fd(-1)
            self.remove_reader(self._ear)
            self._heard.clear()
            if self._whose is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._whose)
        super().close()
        self._ear.close()
        self._wake.close()

    def _hear(self) -> None:
        for number in self._ear.recv(256):
            if heard := self._heard.get(number):
                heard()


def _nothing(number: int, frame: object) -> None:
    """Its number is on its way to the loop; after that, the exit code is known."""
