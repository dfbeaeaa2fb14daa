"""The order in which workers of pytest-xdist get the tests: no processor waits, and nobody waits for the last test.

pytest-xdist gives each worker one part of the order, all of one size, and a worker that is done takes from the end of
another's part. So each part begins with the tests that take long, goes on with those that have to do with time, and
ends with the quick ones.
"""

from collections.abc import Sequence
from itertools import chain
from typing import TypeVar

Test = TypeVar("Test")


def ordered(long: Sequence[Test], timed: Sequence[Sequence[Test]], quick: Sequence[Test], workers: int) -> list[Test]:
    """All of these tests, in the order for so many workers. Those of `long` are shared out one by one, and `timed`,
    which are those of one file each, file by file: neighbours are alike. The timed ones are between the long ones: they
    compute while those wait."""
    first = list(chain.from_iterable(long[worker::workers] for worker in range(workers)))
    then = list(chain.from_iterable(file for worker in range(workers) for file in timed[worker::workers]))
    last = list(quick)
    order: list[Test] = []
    for left in range(workers, 0, -1):
        size = (len(first) + len(then) + len(last)) // left
        mine = _taken(first, min(size, _share(first, left)))
        between = _taken(then, min(size - len(mine), _share(then, left)))
        ends = _taken(last, size - len(mine) - len(between))
        each = len(between) // max(1, len(mine))
        for test in mine:
            order += [test, *_taken(between, each)]
        order += [*between, *ends]
    return order


def _share(tests: Sequence[Test], workers: int) -> int:
    return -(-len(tests) // workers)


def _taken(tests: list[Test], number: int) -> list[Test]:
    taken = tests[:number]
    del tests[:number]
    return taken
