"""When `previous` would go further back than anybody meant, from what a host says."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.incident.facts import T0, container, current, later
from tui.dokku import holders
from tui.model.observation import RunningState
from tui.model.release import Arrival, Came, Release
from tui.ways import previous_twice

LONGEST = timedelta(minutes=30)
RELEASE = Release(app="cyc", number=4, holder="cyc--r4--pre-deploy-20261123-210001", running=True)
BACK = Arrival(kind=Came.BACK, attempt="inc1.1", at=T0, by="ann@desk")


def served(attempt: str | None, **more: object) -> RunningState:
    found = current(containers=(replace(container(attempt=attempt), started_at=later(20)),))
    return replace(found, **more)


def held(found: Arrival | None, seen: RunningState, minutes: float) -> bool:
    return found is not None and previous_twice.holds(found, seen, later(minutes * 60), LONGEST)


def test_the_holders_mark_says_how_what_runs_came() -> None:
    found = previous_twice.arrival(replace(RELEASE, came=BACK), served("inc1.1"), None)
    assert found == BACK


def test_without_a_mark_the_label_says_that_it_came_and_the_start_when() -> None:
    record = holders.IncidentRecord(app="cyc", incident="inc1", by="ann@desk", state="frozen")
    found = previous_twice.arrival(RELEASE, served("inc1.1"), record)
    assert found == Arrival(kind=Came.BACK, attempt="inc1.1", at=later(20), by="ann@desk")
    assert previous_twice.arrival(RELEASE, served("inc1.1"), None) == replace(found, by=None)


def test_a_mark_of_an_earlier_time_says_nothing_of_what_came_since() -> None:
    found = previous_twice.arrival(replace(RELEASE, came=BACK), served("inc2.1"), None)
    assert found is not None
    assert (found.incident, found.by) == ("inc2", None)


def test_a_way_that_leaves_no_label_is_known_by_the_mark_or_the_record() -> None:
    assert previous_twice.arrival(replace(RELEASE, came=BACK), served(None), None) == BACK
    record = holders.IncidentRecord(app="cyc", incident="inc1", by="ann@desk", since=T0, state="frozen", to="release:4")
    assert previous_twice.arrival(RELEASE, served(None), record) == BACK
    assert previous_twice.arrival(RELEASE, served(None), replace(record, to="release:3")) is None
    assert previous_twice.arrival(RELEASE, served(None), replace(record, to=None)) is None, (
        "deploys are held back, no more"
    )
    assert previous_twice.arrival(RELEASE, served(None), None) is None


@pytest.mark.parametrize("minutes, frozen, too_soon", [(1, False, True), (31, False, False), (600, True, True)])
def test_it_is_held_while_it_is_frozen_or_young(minutes: float, frozen: bool, too_soon: bool) -> None:
    seen = served("inc1.1", branch="frozen-by-inc1" if frozen else "main")
    assert held(BACK, seen, minutes) is too_soon


def test_a_freeze_of_somebody_else_does_not_hold_it() -> None:
    assert not held(BACK, served("inc1.1", branch="frozen-by-inc2"), 31)


@pytest.mark.parametrize("kind", [Came.FORWARD, Came.AGAIN])
def test_what_came_by_no_rollback_may_be_left(kind: Came) -> None:
    assert not held(replace(BACK, kind=kind), served("inc1.1", branch="frozen-by-inc1"), 1)


def test_the_mark_is_written_and_read_back() -> None:
    pairs = dict(holders.mark_pairs(came=replace(BACK, by="ann smith@desk, 2nd")))
    (read,) = (holders.release_from_config(str(RELEASE.holder), pairs).came,)
    assert read == replace(BACK, by="ann_smith@desk_2nd", at=T0.replace(microsecond=0))
    for broken in ("", "back", "back,inc1,,", "sideways,inc1.1,,x", "back,inc1.1,never,"):
        found = holders.release_from_config(str(RELEASE.holder), {holders.CAME: broken}).came
        assert found is None or found == Arrival(kind=Came.BACK, attempt="inc1.1")
