"""Failures against the limit: every line of the decision table, the interval's promises, and what is said of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.incident.facts import T0, later
from tui.incident import error_rates
from tui.incident.error_rates import Word, change, judge, of, read, wilson
from tui.model.evidence import Measurement, Phase, Rate, RateSource

LIMIT = 0.01
TABLE = (
    (30, 2, None),
    (60, 3, None),
    (100, 3, None),
    (200, 5, None),
    (300, 7, None),
    (500, 10, 0),
    (1_000, 17, 3),
    (2_000, 29, 11),
    (5_000, 64, 36),
    (10_000, 120, 80),
)
"""requests, failures from which on it is over, failures up to which it is under: two-sided 95 %, 1 %"""


@pytest.mark.parametrize(("total", "over_from", "under_to"), TABLE)
def test_every_number_of_failures_has_the_word_of_the_table(total: int, over_from: int, under_to: int | None) -> None:
    for failed in range(total + 1):
        word = judge(failed, total, LIMIT, floor=0)
        assert (word is Word.OVER) == (failed >= over_from)
        assert (word is Word.UNDER) == (under_to is not None and failed <= under_to)


def test_one_or_two_failures_are_never_over_however_few_the_requests() -> None:
    assert {judge(failed, total, LIMIT) for total in range(1, 500) for failed in (1, 2) if failed <= total} <= {
        Word.UNSURE,
        Word.UNDER,
    }
    assert judge(3, 3, LIMIT) is Word.OVER


def test_without_a_failure_381_requests_say_under_and_380_say_so() -> None:
    assert judge(0, 380, LIMIT) is Word.UNSURE
    assert judge(0, 381, LIMIT) is Word.UNDER
    assert read(0, 300, LIMIT).needs == 81


@given(st.integers(0, 5000), st.integers(0, 5000), st.floats(0.001, 0.5))
def test_the_interval_holds_the_share_and_lies_within_what_is_possible(failed: int, more: int, limit: float) -> None:
    total = failed + more
    low, high = wilson(failed, total)
    assert 0 <= low <= high <= 1
    if total:
        assert low - 1e-12 <= failed / total <= high + 1e-12
    reading = read(failed, total, limit)
    assert reading.literal == (total > 0 and failed / total > limit)
    assert (reading.needs is None) or reading.word is Word.UNSURE


@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from([0.01, 0.05, 0.2]))
def test_as_many_more_requests_of_the_same_kind_as_it_says_decide_it(failed: int, more: int, limit: float) -> None:
    total = failed + more
    reading = read(failed, total, limit)
    if reading.needs is None:
        return
    enough = total + reading.needs
    share = failed / total
    low, high = wilson_of(share, enough)
    assert low > limit - 1e-9 or high < limit + 1e-9
    if reading.needs > 2 and share * enough > error_rates.FLOOR + 1:
        low, high = wilson_of(share, enough - 2)
        assert low <= limit + 1e-9 and high >= limit - 1e-9


def wilson_of(share: float, total: int) -> tuple[float, float]:
    """The interval with a share that no whole number of failures has."""
    centre = (share + error_rates.Z**2 / (2 * total)) / (1 + error_rates.Z**2 / total)
    spread = share * (1 - share) / total + error_rates.Z**2 / (4 * total**2)
    half = error_rates.Z * spread**0.5 / (1 + error_rates.Z**2 / total)
    return centre - half, centre + half


def test_nothing_and_everything_have_an_exact_bound() -> None:
    for total in range(1, 3000):
        assert (wilson(0, total)[0], wilson(total, total)[1]) == (0.0, 1.0)


def test_the_bare_rule_and_the_interval_are_said_to_disagree() -> None:
    reading = read(2, 100, LIMIT)
    assert (reading.word, reading.literal, reading.disagrees) == (Word.UNSURE, True, True)
    words = error_rates.said(reading, LIMIT)
    assert "2 of 100, 2% (0.6-7%)" in words
    assert "not enough data" in words and "the bare rule says over 1%" in words and "more requests" in words
    assert not read(34, 1190, LIMIT).disagrees
    assert error_rates.said(read(34, 1190, LIMIT), LIMIT) == "34 of 1190, 2.9% (2.1-4%): over 1%"


def test_before_and_after_are_compared_only_with_enough_of_both() -> None:
    assert change((5, 99), (15, 1000)) is None and change((5, 1000), (15, 99)) is None
    found = change((5, 1000), (15, 1000))
    assert found is not None and round(found.z, 2) == 2.25 and found.worse
    back = change((15, 1000), (5, 1000))
    assert back is not None and back.better and back.ratio < 0.4
    same = change((0, 500), (0, 500))
    assert same is not None and (same.z, same.ratio) == (0.0, 1.0)


def test_the_exact_test_is_that_of_the_lady_tasting_tea() -> None:
    assert error_rates.chance((4, 4), (0, 4)) == pytest.approx(1 / 70)
    assert error_rates.chance((3, 4), (1, 4)) == pytest.approx(17 / 70)
    assert error_rates.chance((0, 9), (0, 9)) == error_rates.chance((1, 4), (4, 4)) == 1.0
    assert error_rates.chance((3, 18), (0, 54)) < error_rates.UNLIKELY < error_rates.chance((3, 100), (0, 54))


# ── sources ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def rate(source: RateSource, failed: int | None, total: int | None, **more: object) -> Rate:
    return Rate(source=source, since=T0, until=later(300), failed=failed, total=total, **more)  # type: ignore[arg-type]


def together(*found: Rate) -> error_rates.Combined:
    return error_rates.combined(Measurement(at=later(300), phase=Phase.AFTER, rates=found))


def test_a_source_that_is_sure_decides_and_probes_never_do() -> None:
    assert together(rate(RateSource.ACCESS_LOG, 0, 50), rate(RateSource.SENTRY, 40, 1000)).source is RateSource.SENTRY
    assert together(rate(RateSource.PROBES, 90, 100), rate(RateSource.POSTHOG, 90, 100)).reading is None
    unsure = together(rate(RateSource.SENTRY, 1, 50), rate(RateSource.ACCESS_LOG, 0, 50))
    assert (unsure.word, unsure.source) == (Word.UNSURE, RateSource.ACCESS_LOG)
    assert together(rate(RateSource.SENTRY, 40, None)).reading is None


def test_sources_that_are_sure_of_different_things_leave_it_to_a_person() -> None:
    found = together(rate(RateSource.ACCESS_LOG, 0, 1000), rate(RateSource.SENTRY, 40, 1000))
    assert (found.word, found.disagree) == (Word.UNSURE, True)


def test_lines_that_were_not_understood_widen_the_interval_until_there_is_no_word() -> None:
    """From 0 of 1000 on: the more lines could not be read, the less is said, and never that it is over."""
    words = []
    for unparsed in range(60):
        found = of(rate(RateSource.ACCESS_LOG, 0, 1000, unparsed=unparsed), LIMIT)
        assert found is not None and found.word is not Word.OVER and found.high >= unparsed / (1000 + unparsed)
        assert found.unread == unparsed and (unparsed == 0 or f"{unparsed} line" in error_rates.numbers(found))
        words.append(found.word)
    assert words == sorted(words, key=(Word.UNDER, Word.UNSURE).index) and set(words) == {Word.UNDER, Word.UNSURE}
    hidden = of(rate(RateSource.ACCESS_LOG, 9, 960, unparsed=40), LIMIT)
    assert hidden is not None and hidden.word is Word.UNSURE and hidden.high > 0.05
    nothing = of(rate(RateSource.ACCESS_LOG, 0, 0, unparsed=40), LIMIT)
    assert nothing is not None and nothing.word is Word.UNSURE and "40 of 40 lines" in nothing.why


def test_what_is_over_even_if_every_line_that_was_not_understood_went_well_is_over() -> None:
    sure = of(rate(RateSource.ACCESS_LOG, 90, 940, unparsed=60), LIMIT)
    assert sure is not None and sure.word is Word.OVER and sure.low > LIMIT and sure.high > 0.15
    doubtful = of(rate(RateSource.ACCESS_LOG, 90, 940, unparsed=9000), LIMIT)
    assert doubtful is not None and doubtful.word is Word.UNSURE and "9000 of 9940 lines" in doubtful.why


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_the_truth_about_unread_lines_lies_within_the_interval(
    good: int, bad: int, lost_good: int, lost_bad: int
) -> None:
    """Counted: good and bad; not understood: the rest. The interval holds what reading everything would have given."""
    found = read(bad, good + bad, LIMIT, unread=lost_good + lost_bad)
    low, high = wilson(bad + lost_bad, good + bad + lost_good + lost_bad)
    assert found.low <= low + 1e-12 and high <= found.high + 1e-12


def test_before_and_after_differ_only_as_far_as_they_do_in_every_case() -> None:
    def told(failed: int, unread: int = 0) -> error_rates.Reading:
        return read(failed, 1000 - unread, LIMIT, unread=unread)

    sure = error_rates.compared(told(60), told(5))
    assert sure is not None and sure.better
    hidden = error_rates.compared(told(60), told(5, unread=80))
    assert hidden is not None and not hidden.better and not hidden.worse
    worse = error_rates.compared(told(5, unread=3), told(60))
    assert worse is not None and worse.worse
    assert error_rates.compared(told(5, unread=80), told(60)) == error_rates.Change(z=0.0, ratio=1.0)
    assert error_rates.fewer_by_chance(told(60), told(5, unread=80)) > error_rates.UNLIKELY


def test_no_word_is_given_where_too_little_was_seen() -> None:
    nearly = of(rate(RateSource.ACCESS_LOG, 0, 1000, covered=0.899), LIMIT)
    assert nearly is not None and "only 89% of the window" in nearly.why, "90% would do"
    unseen = of(rate(RateSource.ACCESS_LOG, 0, 1000, covered=0.5), LIMIT)
    assert unseen is not None and unseen.word is Word.UNSURE and "50% of the window" in unseen.why
    bad_enough = of(rate(RateSource.ACCESS_LOG, 90, 1000, covered=0.5), LIMIT)
    assert bad_enough is not None and bad_enough.word is Word.OVER


@pytest.mark.parametrize(
    ("share", "words"),
    [
        *[(0.0, "0%"), (0.0004, "0.04%"), (0.029, "2.9%"), (0.5, "50%"), (0.0995, "10%")],
        *[(0.00002, "<0.01%"), (0.996, "99.6%"), (0.9996, ">99.9%"), (1.0, "100%")],
    ],
)
def test_shares_are_short_and_never_a_false_nothing_or_all(share: float, words: str) -> None:
    assert error_rates.percent(share) == words
    assert error_rates.span(timedelta(seconds=90)) == "90s"
