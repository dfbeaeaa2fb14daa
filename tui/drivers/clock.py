"""Time from the machine."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

STEP = timedelta(seconds=2)
"""a difference between the wall clock and ours that is no drift: somebody set the clock"""


def local(at: datetime) -> datetime:
    """That moment in this machine's own time zone, as it was then."""
    return at.astimezone()


def _going_on() -> float:
    """Seconds since the machine started, its sleep included where the system counts that."""
    counted = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(counted)


def _wall() -> datetime:
    return datetime.now(UTC)


class SystemClock:
    """The wall clock as it was when the process started, going on by the monotonic one.

    A clock that is set meanwhile (NTP, a person, a virtual machine that wakes) moves no deadline and puts no entry of a
    record before an earlier one. `stepped` tells of it. Another process begins with the clock as it is then."""

    def __init__(self, wall: Callable[[], datetime] = _wall, going_on: Callable[[], float] = _going_on) -> None:
        self._wall = wall
        self._going_on = going_on
        self._at = wall()
        self._began = going_on()
        self._step = timedelta(0)

    def now(self) -> datetime:
        """Now, in UTC."""
        return self._at + timedelta(seconds=self._going_on() - self._began)

    def stepped(self) -> timedelta:
        """The distance by which the machine's clock was set since the process started: negative for back; zero where it
        was not."""
        found = self._wall() - self.now()
        if abs(found - self._step) >= STEP:  # less is drift, and says nothing new
            self._step = found if abs(found) >= STEP else timedelta(0)
        return self._step

    def monotonic(self) -> float:
        """Seconds since some moment; never runs backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def stepped(clock: object) -> str:
    """That the machine's clock was set while this process lives, for people; empty where it was not."""
    by = clock.stepped() if isinstance(clock, SystemClock) else timedelta(0)
    if not by:
        return ""
    way = "forward" if by > timedelta(0) else "back"
    seconds = abs(by.total_seconds())
    return f"this machine's clock was set {way} by {seconds:.0f} s: times and deadlines here go on as they were"
