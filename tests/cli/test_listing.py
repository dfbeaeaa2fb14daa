"""What `--list` says is missing leads on: no advice that is refused."""

from datetime import UTC, datetime

from msgspec.structs import replace

from tui.cli.listing import _cells, way_back
from tui.model.release import Release, Source, WayBack

HOLDER = "cyc--r1--pre-deploy-20261123-210001"
NOT_KEPT = Release(app="cyc", commit="a" * 40, running=True, origin=Source.HOST)
KEPT = Release(app="cyc", number=1, tag="pre-deploy-20261123-210001", holder=HOLDER, origin=Source.HOLDER)


def test_what_is_missing_of_a_way_back() -> None:
    assert way_back((NOT_KEPT, replace(KEPT, ways=(WayBack(way="kept", available=True),))), "api") is None
    assert way_back((NOT_KEPT,), "api") == "no way back is kept: `rollback keep api` before the next deploy"
    alone = way_back((replace(KEPT, running=True),), "api") or ""
    assert "release:1 is kept, and it runs" in alone and "rollback keep" not in alone, "keep would say: already there"


def test_a_way_whose_time_nobody_knows_costs_no_0_seconds() -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    unknown = replace(KEPT, ways=(WayBack(way="script", available=True),))
    timed = replace(KEPT, ways=(WayBack(way="kept", available=True, seconds=30.0),))
    assert _cells(unknown, now)[4] == "script" and _cells(timed, now)[4] == "kept ~30 s"
