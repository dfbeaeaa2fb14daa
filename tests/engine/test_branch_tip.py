"""Deploying the tip after an unfreeze: planned only where the branch's tip is known, not running, and does not move."""

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from tests import stage
from tests.incident.facts import T0
from tui.dokku import holders
from tui.engine import branch_tip
from tui.engine.releases import freeze
from tui.engine.releases.catalog import Listing
from tui.model.errors import AlreadyThere, Refused, TakenByOther
from tui.model.release import TargetKind

SERVICE = stage.service("api")
TIP = "d" * 40


class Engine:
    """An engine whose listing and plans are given; `moved` is the tip that a plan finds."""

    def __init__(self, found: Listing, moved: str = TIP) -> None:
        self.found, self.moved, self.links = found, moved, object()
        self.asked: list[tuple[Any, Any, str]] = []

    async def listing(self, service: object) -> Listing:
        return self.found

    async def plan(self, service: object, target: Any, options: Any, *, way: str) -> Any:
        self.asked.append((target, options, way))
        return SimpleNamespace(before=SimpleNamespace(tip=self.moved))


@pytest.fixture(autouse=True)
def branch(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What is known of the team's branch."""
    known = SimpleNamespace(tip=TIP, settled=False)

    async def standing(*_: object) -> SimpleNamespace:
        return known

    monkeypatch.setattr(freeze, "standing", standing)
    return known


def listing(**current: Any) -> Listing:
    found = stage.listing(SERVICE, T0)
    return replace(found, current=replace(found.current, branch="main", **current))


async def planned(engine: Engine) -> Any:
    return await branch_tip.plan(engine, SERVICE)  # type: ignore[arg-type]


async def test_it_is_a_build_of_that_very_commit_forward_and_without_a_freeze() -> None:
    engine = Engine(listing())
    await planned(engine)
    ((target, options, way),) = engine.asked
    assert (target.kind, target.value, way) == (TargetKind.SHA, TIP, "git")
    assert options.forward and not options.freeze


@pytest.mark.parametrize(("frozen", "error"), [(True, Refused), (False, TakenByOther)])
async def test_a_freeze_and_an_open_incident_come_first(frozen: bool, error: type[Exception]) -> None:
    record = holders.IncidentRecord(app=SERVICE.app, incident="inc1", state="frozen" if frozen else "open")
    engine = Engine(replace(listing(), record=record))
    with pytest.raises(error):
        await planned(engine)
    assert engine.asked == []


async def test_without_a_branch_or_a_commit_there_is_nothing_to_deploy(branch: SimpleNamespace) -> None:
    found = listing()
    with pytest.raises(Refused, match="has no deploy branch"):
        await planned(Engine(replace(found, current=replace(found.current, branch=None))))
    branch.tip = None
    with pytest.raises(Refused, match="has no commit"):
        await planned(Engine(found))


async def test_what_runs_already_is_not_deployed(branch: SimpleNamespace) -> None:
    branch.settled = True
    with pytest.raises(AlreadyThere):
        await planned(Engine(listing()))


async def test_a_branch_that_moves_while_it_is_planned_is_planned_anew_by_the_person() -> None:
    with pytest.raises(Refused, match="moved while this was planned"):
        await planned(Engine(listing(), moved="c" * 40))
