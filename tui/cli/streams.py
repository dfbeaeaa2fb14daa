"""Descriptors 0, 1 and 2: mended before anything else is opened, asked whether a terminal is behind them, and written
out before the interpreter ends."""

import contextlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


def mend() -> None:
    """Lead every standard descriptor that was closed to nowhere: the next file that is opened would take its place, and
    what is said would be written into the journal."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is free: this one
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - a descriptor, for the life of the process
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - as above
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 - as above


def is_terminal(stream: "TextIO") -> bool:
    """True if it is one; a stream that is closed is none."""
    try:
        return stream.isatty()
    except (OSError, ValueError):
        return False


def lead_away(stream: "TextIO") -> None:
    """Lead a stream that cannot be written to nowhere, and with it what is still held back."""
    with contextlib.suppress(OSError, ValueError):  # a stream without a descriptor has nowhere to be led from
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def end() -> None:
    """Write out what is held back. The interpreter would do it at its end, and end with 120 where it fails."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            lead_away(stream)
