"""The word for a service's health: what changes it and what ages it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.incident.facts import later
from tui.incident.health_from_probes import ENOUGH, STALE_AFTER, classify
from tui.model.health import Health, Probe, ProbeOutcome

EVERY = timedelta(seconds=5)
H, U, X = ProbeOutcome.HEALTHY, ProbeOutcome.UNHEALTHY, ProbeOutcome.UNREACHABLE
WORDS = {H: Health.OK, U: Health.DOWN, X: Health.UNREACHABLE}
ROWS = st.lists(st.sampled_from(list(ProbeOutcome)), max_size=12)


def probes(outcomes: "list[ProbeOutcome] | tuple[ProbeOutcome, ...]") -> list[Probe]:
    """One every five seconds from T0 on."""
    return [Probe(at=later(5 * n), url="http://x/", outcome=outcome) for n, outcome in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("outcomes", "word"),
    [
        ((), Health.UNKNOWN),
        ((H,), Health.OK),
        ((U,), Health.DOWN),
        ((X,), Health.UNREACHABLE),
        ((H, H, U), Health.DEGRADED),
        ((H, U, U), Health.DOWN),
        ((U, U, H), Health.DEGRADED),
        ((U, H, H), Health.OK),
        ((U, X), Health.DEGRADED),
        ((H, X, X), Health.UNREACHABLE),
    ],
)
def test_one_look_does_not_change_the_word(outcomes: tuple[ProbeOutcome, ...], word: Health) -> None:
    row = probes(outcomes)
    assert classify(row, row[-1].at if row else later(0), EVERY) is word


@given(ROWS.filter(bool))
def test_it_is_stale_after_three_missed_polls_whatever_it_said(outcomes: list[ProbeOutcome]) -> None:
    row = probes(outcomes)
    edge = row[-1].at + EVERY * STALE_AFTER
    assert classify(row, edge, EVERY) is not Health.STALE
    assert classify(row, edge + timedelta(microseconds=1), EVERY) is Health.STALE


@given(ROWS, st.sampled_from(list(ProbeOutcome)))
def test_enough_equal_answers_decide_whatever_was_before(before: list[ProbeOutcome], last: ProbeOutcome) -> None:
    row = probes([*before, *[last] * ENOUGH])
    assert classify(row, row[-1].at, EVERY) is WORDS[last]
