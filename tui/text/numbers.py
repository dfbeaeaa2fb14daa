"""Numbers as they are shown: rounded, but never to what they do not say.

Something is never rounded to nothing, a part never to the whole, and what is over a limit never to the limit.
"""

import math
from datetime import timedelta

_REST = 1e-9
"""what arithmetic may add or take away"""


def milliseconds(seconds: float, unit: str = " ms") -> str:
    """A measured time in whole milliseconds, `4 ms`; below one `under 1 ms`: 0 would be no time at all. A unit without
    a space is for where there is little room: `<1ms`, which Markdown would have to escape."""
    whole = round(seconds * 1000)
    return f"{whole}{unit}" if whole >= 1 else f"{'under ' if unit.startswith(' ') else '<'}1{unit}"


def whole_seconds(seconds: float) -> str:
    """A measured length in whole seconds, `12 s`; below one `under 1 s`."""
    return f"{seconds:.0f} s" if seconds >= 1 else "under 1 s"


def over(seconds: float) -> str:
    """A length that is more than its limit, in whole seconds: rounded up, so that it is more in words as well."""
    return f"{math.ceil(seconds - _REST)} s"


def seen(share: float) -> str:
    """How much of a time was seen, of 1: whole percent, rounded down. `100%` is all of it, `0%` nothing."""
    if 0 < share < 0.01:
        return "<1%"
    return f"{math.floor(share * 100 + _REST)}%"


def edge(share: float) -> str:
    """The words of a share that rounding would make nothing or all of it; empty for every other."""
    if 0 < share < 0.00005:
        return "<0.01%"
    return ">99.9%" if 0.9995 <= share < 1 - _REST else ""


def length(between: timedelta) -> str:
    """A length of time, exact to the second: `42 s`, `8 min 2 s`, `2 h 10 min`; below one second `under 1 s`."""
    if timedelta(0) < between < timedelta(seconds=1):
        return "under 1 s"
    seconds = round(between.total_seconds())
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "0 s"
