"""The soak itself works: some seconds of it, and its judgement of what grows."""

from pathlib import Path

from tests.soak.__main__ import table
from tests.soak.run import Load, Reading, grows, soak


def test_a_short_one_reads_what_the_console_holds(tmp_path: Path) -> None:
    readings = soak(tmp_path, Load(minutes=0.15, hosts=1, cuts=20.0))
    assert all(reading.rss > 10 and reading.descriptors > 3 for reading in readings)
    assert readings[-1].tasks > 1
    assert table(readings).count("\n") == len(readings) + 1


def _reading(minute: int, rss: float = 90.0, tasks: int = 30, descriptors: int = 40) -> Reading:
    return Reading(minute=minute, rss=rss, tasks=tasks, descriptors=descriptors, cuts=0)


def test_what_grows_to_the_end_is_named_and_what_settled_is_not() -> None:
    settled = [_reading(n, rss=min(118.0, 87.0 + 8 * n)) for n in range(15)]
    assert grows(settled) == []
    assert grows([_reading(n, tasks=30 + 5 * n) for n in range(15)]) == ["tasks grew from 75 to 100"]
    assert grows([_reading(n, rss=90.0 + 4 * n) for n in range(15)]) == ["rss grew from 126 to 146"]
