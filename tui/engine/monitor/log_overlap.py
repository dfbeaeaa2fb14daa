"""The overlap of a log after a new attachment: lines seen before, logs begun anew, and whether something is missing.

`logs APP --num N -t` begins with the last N lines of each process, one process after the other, so most of it may be
known. A line is known by its text with Dokku's time stamp (nanoseconds), without colours: their order differs between
attachments. The prefix names the process, never the container, so a replaced container shows only in this: its log has
fewer lines than were asked for, and none of them is known.
"""

import re
from collections import Counter
from collections.abc import Iterable

from tui.engine.monitor.log_ring import plain
from tui.model.value import Value

_PREFIX = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) app\[([^\]]{1,64})\]:")
COMPARED = 4096
"""bytes of a line that are compared: the ring may have cut it behind them"""


class Reattached(Value):
    """A beginning compared with what was there before."""

    fresh: tuple[bytes, ...]
    """lines not seen before, in order of time"""
    known: int
    """lines left out"""
    renewed: tuple[str, ...]
    """processes whose log begins anew: another container"""
    gaps: tuple[str, ...]
    """processes of which lines may be missing: nothing that was known came again"""


def compare(before: Iterable[bytes], beginning: list[bytes], asked: int) -> Reattached:
    """`before`: the lines that came before the loss; `asked`: how many lines of each process were asked for."""
    left = Counter(_key(line) for line in before)
    if not left:  # the first attachment: up to a megabyte, and nothing to compare it with
        return Reattached(fresh=tuple(in_order(beginning)), known=0, renewed=(), gaps=())
    had = {_process(line) for line in left}
    fresh: list[bytes] = []
    counts: Counter[bytes] = Counter()
    met: set[bytes] = set()
    for line in beginning:
        key = _key(line)
        process = _process(key)
        counts[process] += 1
        if left[key] > 0:
            left[key] -= 1
            met.add(process)
        else:
            fresh.append(line)
    lost = sorted(p for p in counts if p and p in had and p not in met)
    return Reattached(
        fresh=tuple(in_order(fresh)),
        known=len(beginning) - len(fresh),
        renewed=tuple(p.decode("utf-8", "replace") for p in lost if counts[p] < asked),
        gaps=tuple(p.decode("utf-8", "replace") for p in lost if counts[p] >= asked),
    )


def in_order(lines: Iterable[bytes]) -> list[bytes]:
    """Lines by their time stamps; one without a stamp stays with the line before it."""
    keyed: list[tuple[bytes, int, bytes]] = []
    last = b""
    for position, line in enumerate(lines):
        found = _PREFIX.match(plain(line))
        last = found[1] if found else last
        keyed.append((last, position, line))
    keyed.sort(key=lambda item: item[:2])
    return [line for _, _, line in keyed]


def _key(line: bytes) -> bytes:
    return plain(line[:COMPARED])


def _process(line: bytes) -> bytes:
    found = _PREFIX.match(line)
    return found[2] if found else b""
