"""The line of a service that is frozen, as `status` says it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.incident.facts import T0
from tests.stage import listing, service
from tui.cli.commands import status
from tui.dokku.holders import IncidentRecord

API = service("api")
ROW = {
    "service": "api", "record": True, "frozen": True, "incident": None, "held_by_incident": "inc1", "by": "ana@desk",
    "since": "2026-11-23T22:00:00Z", "frozen_reason": "", "deploys_go_live": None, "guarding": False,
}  # fmt: skip


@pytest.mark.parametrize(("hours", "words"), [(1, ""), (5, ", for 5 hours now: was it forgotten?"), (None, "")])
def test_a_freeze_that_is_likely_forgotten_says_so(hours: int | None, words: str) -> None:
    since = T0 - timedelta(hours=hours) if hours is not None else None
    found = listing(API, T0)
    record = IncidentRecord(app=API.app, incident="inc1", by="ana@desk", since=since, state="frozen")
    frozen = replace(found, record=record, current=replace(found.current, branch="frozen-by-inc1"))
    length = status._frozen_for(frozen)
    assert length == (hours * 3600 if hours is not None else None)
    line = status._held({**ROW, "frozen_for": length})
    assert line == f"  FROZEN by inc1 of ana@desk since 2026-11-23T22:00:00Z{words}: rollback unfreeze api"


def test_what_is_not_frozen_has_no_age() -> None:
    assert status._frozen_for(listing(API, T0)) is None
    assert status._frozen_for(None) is None
