"""Two samples compared, and the judge of a guarded deploy, against tables, counts by hand and generated series."""

import json
from pathlib import Path

import pytest

from tests.verdicts import reach
from tui.incident import guard_judge, two_samples
from tui.incident.guard_judge import DeployLook
from tui.incident.two_samples import Times

TABLE = json.loads((Path(__file__).parent / "data/mann_whitney.json").read_text())


def times(pairs: list[list[float]]) -> Times:
    return tuple((seconds, int(many)) for seconds, many in pairs)


def looks(*counts: tuple[int, int]) -> list[DeployLook]:
    return [DeployLook(failed=failed, total=total) for failed, total in counts]


@pytest.mark.parametrize("row", TABLE["rows"])
def test_mann_whitney_is_that_of_scipy(row: dict[str, list[list[float]]]) -> None:
    assert TABLE["origin"].startswith("scipy ")
    z = two_samples.mann_whitney(times(row["before"]), times(row["after"]))
    assert two_samples.by_chance(z) == pytest.approx(row["p"], abs=1e-9)


@pytest.mark.parametrize(
    ("before", "after", "low", "high"),
    [  # Newcombe 1998, table II, rows (a) to (h), his p1 - p2 with p2 the time before
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
        ((2, 7), (6, 7), 0.0582, 0.8062),
        ((0, 29), (5, 56), -0.0381, 0.1926),
        ((0, 20), (0, 10), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((0, 20), (10, 10), 0.6791, 1.0000),
        ((0, 10), (10, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_is_that_of_the_paper(
    before: tuple[int, int], after: tuple[int, int], low: float, high: float
) -> None:
    assert list(two_samples.newcombe(before, after)) == pytest.approx([low, high], abs=6e-5)


def test_of_nothing_everything_is_possible() -> None:
    assert two_samples.newcombe((0, 9), (1, 1)) != (-1.0, 1.0), "one request is little, and not nothing"
    assert two_samples.median(((0.1, 1), (0.3, 1), (0.9, 1))) == 0.3
    assert two_samples.median(((0.1, 2), (0.3, 2))) == pytest.approx(0.2), "of an even number the mean of both"
    assert two_samples.newcombe((0, 0), (3, 9)) == two_samples.newcombe((3, 9), (0, 0)) == (-1.0, 1.0)
    assert two_samples.mann_whitney((), ((0.1, 9),)) == 0.0
    assert two_samples.mann_whitney(((0.1, 5),), ((0.1, 9),)) == 0.0, "all the same"
    with pytest.raises(ValueError, match="no times"):
        two_samples.median(())


def test_slower_needs_to_be_sure_and_to_matter() -> None:
    before: Times = tuple((0.100 + n / 1000, 20) for n in range(20))
    assert not two_samples.slower(before, tuple((s * 1.2, n) for s, n in before)), "sure, and it matters to nobody"
    assert not two_samples.slower(((0.1, 2),), ((0.2, 2),)), "it would matter, and may be chance"
    assert two_samples.slower(before, tuple((s * 1.3, n) for s, n in before))
    assert not two_samples.slower(before, tuple((s / 2, n) for s, n in before)), "faster is not slower"


def test_one_bad_look_is_no_breach_and_two_in_a_row_are() -> None:
    assert not guard_judge.failing((0, 400), looks((40, 100)), 0.01)
    assert not guard_judge.failing((0, 400), looks((40, 100), (0, 100)), 0.01), "it is over"
    assert not guard_judge.failing((0, 400), looks((40, 100), (0, 100), (40, 100)), 0.01), "not in a row"
    assert guard_judge.failing((0, 400), looks((10, 100), (10, 100)), 0.01)


def test_what_failed_as_often_before_is_not_the_deploys_fault() -> None:
    bad = looks((10, 100), (10, 100))
    assert not guard_judge.failing((100, 1000), bad, 0.01)
    assert guard_judge.failing(None, bad, 0.01), "without a time before the limit alone is asked"


def test_answers_that_take_twice_as_long_are_slower_and_fail_no_more() -> None:
    before: Times = tuple((0.100 + n / 1000, 5) for n in range(20))
    slow = tuple((s * 2, n) for s, n in before)
    seen = [DeployLook(failed=0, total=100, times=slow)] * 2
    assert guard_judge.slowed(before, seen) and not guard_judge.failing((0, 500), seen, 0.01)
    failing = [DeployLook(failed=20, total=100, times=slow)] * 2
    assert guard_judge.slowed(before, failing) and guard_judge.failing((0, 500), failing, 0.01)
    assert not guard_judge.slowed((), seen), "no times before: they are not compared"


def test_reach_in_short() -> None:
    """The long form is `python -m tests.verdicts`, 10,000 series a row; its tables stand in the page `guard`."""
    for count in (60, 100):
        assert reach.false_alarms(0.005, count, 500) + reach.false_alarms(0.005, count, 500, compared=False) <= 2
    assert reach.finds(0.10, 100, 400)[0] >= 0.98
    assert reach.finds(0.05, 400, 200)[0] >= 0.98
    assert reach.slow(1.0, 12, 100) == 0.0 and reach.slow(2.0, 60, 20) == 1.0
