"""SIGINT, SIGTERM and SIGHUP of a command line, from the beginning of its loop to its last word.

At first they cancel the command. Work that has to say what it leaves behind takes them for as long as it lasts. Once
the end has begun they change nothing any more: the exit code is that of what was done.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from contextvars import ContextVar

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_told: ContextVar[list[Callable[[], object]]] = ContextVar("told of signals")
"""of one command line; the last of them is told"""


@contextlib.contextmanager
def taken(by: Callable[[], object]) -> Iterator[None]:
    """Tell `by` of signals, and nobody else, while the block runs.

    After the outermost block a signal changes nothing, where the program has SIGINT to itself (`tui.__main__`).
    """
    whose = signal.getsignal(signal.SIGINT)
    loop, told = asyncio.get_running_loop(), _told.get(None)
    if told is None:
        _told.set(told := [])
    told.append(by)
    if len(told) == 1:
        for number in SIGNALS:
            loop.add_signal_handler(number, lambda: told[-1]() if told else None)
    try:
        yield
    finally:
        told.remove(by)
        if not told and whose is signal.default_int_handler:
            for number in SIGNALS:
                loop.remove_signal_handler(number)
        elif not told:
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # asyncio gives SIGINT back to Python, which would raise
            for number in SIGNALS:
                loop.remove_signal_handler(number)
                signal.signal(number, _nothing)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _nothing(number: int, frame: object) -> None:
    """A signal after the last word: the exit code is known."""
