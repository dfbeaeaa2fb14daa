"""How old a freeze is, and when it is told again."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.incident.facts import T0
from tui.dokku import freeze_age
from tui.dokku.holders import IncidentRecord

RECORD = IncidentRecord(app="cyc", incident="inc1", by="ana@desk", since=T0, state="frozen")
BRANCH = "frozen-by-inc1"
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("record", "branch", "hours", "forgotten"),
    [
        (RECORD, BRANCH, 3.99, None),
        (RECORD, BRANCH, 4, 4),
        (RECORD, BRANCH, 100, 100),
        (RECORD, BRANCH, -5, None),
        (RECORD, "main", 5, None),
        (RECORD, None, 5, None),
        (None, BRANCH, 5, None),
        (replace(RECORD, state="watching"), BRANCH, 5, None),
        (replace(RECORD, since=None), BRANCH, 5, None),
        (replace(RECORD, since=None, created_at=T0), BRANCH, 5, 5),
    ],
    ids=[
        "young", "four hours", "days", "clock behind", "goes through", "no branch", "no record", "open incident",
        "nobody knows since when", "by the age of its record",
    ],
)  # fmt: skip
def test_what_was_likely_forgotten(
    record: IncidentRecord | None, branch: str | None, hours: float, forgotten: float | None
) -> None:
    found = freeze_age.forgotten(record, branch, T0 + hours * HOUR)
    assert found == (forgotten * HOUR if forgotten is not None else None)


def test_it_is_told_once_a_day() -> None:
    assert freeze_age.due(None, T0)
    assert not freeze_age.due(T0, T0 + timedelta(hours=23, minutes=59))
    assert freeze_age.due(T0, T0 + timedelta(hours=24))
    assert not freeze_age.due(T0, T0 - HOUR), "a clock that went back"


def test_another_freeze_is_another_one() -> None:
    again = replace(RECORD, since=T0 + HOUR)
    assert len({freeze_age.identity(one) for one in (RECORD, again, replace(RECORD, incident="inc2"))}) == 3
    assert freeze_age.identity(replace(RECORD, by="somebody else")) == freeze_age.identity(RECORD)


@pytest.mark.parametrize(("hours", "words"), [(4.9, "4 hours"), (47.9, "47 hours"), (48, "2 days"), (240, "10 days")])
def test_the_age_in_words(hours: float, words: str) -> None:
    assert freeze_age.hours(hours * HOUR) == words
