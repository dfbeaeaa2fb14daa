"""Rounding says nothing that was not measured."""

import pytest

from tui.text import numbers


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "under 1 ms"),
        (0.0004, "under 1 ms"),
        (0.0006, "1 ms"),
        (0.0042, "4 ms"),
        (0.0996, "100 ms"),
        (12.0, "12000 ms"),
    ],
)
def test_an_answer_that_came_took_time(seconds: float, words: str) -> None:
    assert numbers.milliseconds(seconds) == words
    assert numbers.milliseconds(seconds, "ms") == words.replace("under ", "<").replace(" ", "")


@pytest.mark.parametrize(("seconds", "words"), [(0.3, "under 1 s"), (0.96, "under 1 s"), (1.4, "1 s"), (59.6, "60 s")])
def test_what_was_down_was_down_for_some_time(seconds: float, words: str) -> None:
    assert numbers.whole_seconds(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(30.2, "31 s"), (31.0, "31 s"), (30.000000000001, "30 s")])
def test_what_is_over_a_limit_is_over_it_in_words(seconds: float, words: str) -> None:
    assert numbers.over(seconds) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0%"), (0.004, "<1%"), (0.899, "89%"), (0.9, "90%"), (0.29, "29%"), (0.996, "99%"), (1.0, "100%")],
)
def test_a_gap_is_no_whole(share: float, words: str) -> None:
    assert numbers.seen(share) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, ""), (0.00002, "<0.01%"), (0.0001, ""), (0.999, ""), (0.9999, ">99.9%"), (1.0, ""), (1 - 1e-15, "")],
)
def test_nearly_nothing_and_nearly_all(share: float, words: str) -> None:
    assert numbers.edge(share) == words
