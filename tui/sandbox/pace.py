"""The time that things take: recorded seconds times one factor, so that a drill feels real and a test does not wait.

The seconds are what the recorded hosts needed beyond the SSH transport, on two idle cores with a tiny image.
"""

import asyncio
from dataclasses import dataclass

from tui.sandbox import clock

RECORDED = 1.0
FAST = 1 / 20

RETIRE_EVERY = 300.0  # the timer of ps:retire
WAIT_TO_RETIRE = 60.0  # checks:set wait-to-retire: how long a replaced container may finish its requests
OLD_CONTAINER_STOPS = 65.0  # seen: exited 65 s after the switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`factor` scales every recorded duration; 0 means at once."""

    factor: float

    async def pause(self, seconds: float) -> None:
        """Waits so many recorded seconds; gives way once if that is no time at all."""
        if self.factor > 0 and seconds > 0:
            await clock.sleep(seconds * self.factor)
        else:
            await asyncio.sleep(0)

    def scaled(self, seconds: float) -> float:
        """The seconds of the host that so many recorded ones take."""
        return seconds * self.factor


def parse_pace(text: str) -> Pace:
    """`recorded`, `fast` (1/20) or a factor such as `0.5`; raises ValueError for anything else."""
    if text == "recorded":
        return Pace(factor=RECORDED)
    if text == "fast":
        return Pace(factor=FAST)
    factor = float(text)
    if not 0 <= factor <= 100:
        raise ValueError(f"pace {text} is not between 0 and 100")
    return Pace(factor=factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Seconds of one Dokku version, beyond the transport."""

    read: float
    inspect: float
    ps_report: float
    write: float
    create: float
    destroy: float
    stop: float
    unknown: float
    start_up: float  # factor on everything of a deploy after the build


DURATIONS = {
    "0.35.15": Durations(
        read=0.05, inspect=0.4, ps_report=0.5, write=0.25, create=0.5, destroy=2.9, stop=1.8, unknown=0.2, start_up=1.4
    ),
    "0.38.27": Durations(
        read=0.05, inspect=0.4, ps_report=0.5, write=0.2, create=3.3, destroy=7.5, stop=2.9, unknown=0.2, start_up=1.72
    ),
}
