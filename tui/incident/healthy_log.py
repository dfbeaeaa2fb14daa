"""Judges a worker without an address. It is well if all its processes run, and its log says what it says when it works.

A line of an earlier container proves nothing of this one: only what was written since the running containers started
counts. Where the log is longer than what was read, the line may have been written before: then nothing is known, unless
it was seen earlier of the same containers.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from tui.model.health import ProbeOutcome
from tui.model.observation import Container


class WrittenLine(NamedTuple):
    """A line of the log, as far as the host says whose it is."""

    at: datetime | None
    process: str | None
    """e.g. `worker.1`"""
    text: str


Said = tuple[ProbeOutcome, str]


def processes(containers: tuple[Container, ...]) -> Said | None:
    """The trouble with the containers of the app; None: all of them run."""
    if not containers:
        return ProbeOutcome.UNHEALTHY, "no container runs"
    for one in containers:
        name = f"{one.process}.{one.index}"
        if not one.running:
            return ProbeOutcome.UNHEALTHY, f"{name} does not run"
        if one.restarting:
            return ProbeOutcome.UNHEALTHY, f"{name} does not stay up: Docker starts it again and again"
    return None


def lines(
    pattern: str,
    containers: tuple[Container, ...],
    read: Iterable[WrittenLine],
    matches: Callable[[str], bool],
    most: int,
) -> Said:
    """The log's word. `most`: lines of each process that were asked for."""
    started = {(one.process, one.index): one.started_at for one in containers}
    counted: dict[str | None, int] = {}
    for line in read:
        counted[line.process] = counted.get(line.process, 0) + 1
        process, _, index = (line.process or "").rpartition(".")
        begun = started.get((process, int(index) if index.isdecimal() else 0))
        if line.at is not None and begun is not None and line.at >= begun and matches(line.text):
            return ProbeOutcome.HEALTHY, ""
    if any(count >= most for count in counted.values()):
        words = f"no line of the newest {most} matches {pattern!r}; the log is longer"
        return ProbeOutcome.UNREACHABLE, words
    return ProbeOutcome.UNHEALTHY, f"no line since the start matches {pattern!r}"
