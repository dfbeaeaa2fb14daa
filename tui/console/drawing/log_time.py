"""The place of a moment in a log: found by halves, because lines come in the order of time; few are parsed."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tui.dokku.framing import frame
from tui.dokku.log_lines import read_line
from tui.text.clean import decode

if TYPE_CHECKING:
    from tui.engine.monitor.log_ring import LogRing

STAMP = 128
"""bytes of a line in which its time stands"""
NEAR = 50
"""lines without a time (notes, what an app writes over several lines) that are passed over"""


def line_at(ring: "LogRing", start: int, by: timedelta) -> int | None:
    """The number of the first line that is `by` later than the line `start`, or earlier where it is negative: the
    oldest one kept where it is earlier still, `ring.last` where nothing so late came. None where no time is known."""
    here = _time_near(ring, start)
    if here is None:
        return None
    wanted = here + by
    low, high = ring.first, ring.last
    while low < high:
        middle = (low + high) // 2
        at = _time_near(ring, middle)
        if at is None or at >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def _time_near(ring: "LogRing", number: int) -> datetime | None:
    """The time of a line, or of the one that it goes on from; at a log's beginning that of the first that has one."""
    before = range(min(number, ring.last - 1), max(number - NEAR, ring.first) - 1, -1)
    for n in (*before, *range(number + 1, min(number + NEAR, ring.last))):
        at = None if n in ring.notes else read_line(frame(decode(ring.line(n)[:STAMP]))).at
        if at is not None:
            return at
    return None
