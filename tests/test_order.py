"""No test is lost on its way to the workers, and no worker ends with one that takes long."""

from hypothesis import given
from hypothesis import strategies as some

from tests.order import ordered

COUNT = some.integers(0, 40)


@given(long=COUNT, timed=COUNT, quick=COUNT, workers=some.integers(1, 13))
def test_each_test_is_in_the_order_once(long: int, timed: int, quick: int, workers: int) -> None:
    first, then, last = range(long), range(100, 100 + timed), range(200, 200 + quick)
    files = [then[at : at + 3] for at in range(0, timed, 3)]
    assert sorted(ordered(first, files, last, workers)) == [*first, *then, *last]


def test_each_part_begins_with_what_takes_long_and_ends_with_what_is_quick() -> None:
    order = ordered(["long"] * 30, [["timed"] * 50] * 10, ["quick"] * 670, 12)
    size = len(order) // 12
    parts = [order[at : at + size] for at in range(0, size * 12, size)]
    assert {part[0] for part in parts} == {"long"}
    assert {(part[-1], sum(test == "long" for test in part) in (2, 3)) for part in parts} == {("quick", True)}
