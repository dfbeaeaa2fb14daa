"""The host's own time: every stamp and every wait of the sandbox comes from here, and a test can let it pass faster.

It is the machine's time unless `run` says otherwise.
"""

import asyncio
import time
from datetime import UTC, datetime

_speed = 1.0
_began = 0.0  # as time.time() has it
_at = 0.0  # what the host's clock said then


def run(speed: float) -> None:
    """From now on `speed` seconds of the host pass in one; its clock goes on from what it says. 1 is the machine's
    time again, at once.
    """
    global _speed, _began, _at
    _at, _began = now(), time.time()
    _speed = speed


def now() -> float:
    """Seconds since the epoch."""
    real = time.time()
    return real if _speed == 1.0 else _at + (real - _began) * _speed


def now_ns() -> int:
    """Nanoseconds since the epoch."""
    return time.time_ns() if _speed == 1.0 else int(now() * 1e9)


def utc() -> datetime:
    """The same, as a date."""
    return datetime.fromtimestamp(now(), UTC)


async def sleep(seconds: float) -> None:
    """Waits so many seconds of the host."""
    await asyncio.sleep(seconds / _speed)
