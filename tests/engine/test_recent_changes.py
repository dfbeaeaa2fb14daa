"""What else changed, asked beside a plan: what cannot be asked is named, and holds nothing up."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.incident.facts import T0
from tests.stage import HandClock, fleet, service
from tui.engine import recent_changes
from tui.engine.recent_changes import Nearby
from tui.model.errors import JournalError
from tui.model.ledger import Ledger, Sighting
from tui.model.service import Service
from tui.model.taken_back import ChangeKind, FlagLog, Happened

API, WEB = service("api", order=1), service("web", order=2)
FLAG = Happened(at=T0 - timedelta(minutes=4), kind=ChangeKind.FLAG, service="", text="flag a updated")


class Ledgers:
    def __init__(self, known: Ledger | JournalError) -> None:
        self._known = known

    async def known(self, host: str, app: str) -> Ledger:
        if isinstance(self._known, JournalError):
            raise self._known
        return self._known


class Incidents:
    async def open(self) -> tuple[Sequence[Any], Sequence[Any]]:
        return (), ()


class Flags:
    def __init__(self, said: FlagLog | None) -> None:
        self._said = said

    def covers(self, service: Service) -> bool:
        return service.name == "api"

    async def flag_changes(self, service: Service, since: datetime, until: datetime) -> FlagLog:
        if self._said is None:
            await asyncio.Event().wait()
        assert self._said is not None
        return self._said


def asked(known: Ledger | JournalError, flags: Flags | None = None) -> Nearby:
    return Nearby(fleet(API, WEB), Ledgers(known), Incidents(), HandClock(T0), flags)  # type: ignore[arg-type]


def sighting(commit: str, minutes: float) -> Sighting:
    at = T0 - timedelta(minutes=minutes)
    return Sighting(source="git-push", metadata=commit, commit=commit, first_seen=at, last_seen=T0)


async def test_deploys_of_others_and_flags_are_found_and_ones_own_deploy_is_not() -> None:
    known = Ledger(sightings=(sighting("a" * 40, 900), sighting("b" * 40, 9)))
    found = await asked(known, Flags(FlagLog(changes=(FLAG,)))).of(API)
    assert [c.text for c in found.changes] == ["web deployed bbbbbbbbb", "flag a updated"]
    assert found.gaps == ()


async def test_what_nobody_looked_at_and_what_cannot_be_read_is_named() -> None:
    assert (await asked(Ledger()).of(API)).gaps == ("web (not looked at from here lately)",)
    found = await asked(JournalError("the journal is torn")).of(API)
    assert found.gaps == ("api: the journal is torn", "web: the journal is torn")
    told = await asked(Ledger(), Flags(FlagLog(trouble="HTTP 403"))).of(API)
    assert "feature flags: HTTP 403" in told.gaps


async def test_a_log_of_flags_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_changes, "PATIENCE", 0.01)
    assert "feature flags: no answer within 0 s" in (await asked(Ledger(), Flags(None)).of(API)).gaps


async def test_a_service_without_a_log_of_flags_has_no_gap_for_it() -> None:
    assert "flags" not in str((await asked(Ledger(), Flags(None)).of(WEB)).gaps)
