"""Descriptors 0, 1 and 2: mended before anything else is opened, and asked whether a terminal is behind them."""

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
