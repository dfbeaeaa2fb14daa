"""Undoing: which release an incident left, as the host knows it now, and which way leads there."""

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from tests import stage
from tests.incident.facts import OURS, T0, container, current, later, plan
from tui.engine import undo
from tui.engine.releases.catalog import Listing
from tui.incident import events as ev
from tui.incident.decide import opened
from tui.model.errors import Refused
from tui.model.incident import Incident, State
from tui.model.release import Release, Target, TargetKind
from tui.ways.facts import Options

LEFT = "b" * 40
SERVICE = replace(stage.service("api"), app="cyc", host="h")
HOLDER = "cyc--r2--pre-deploy-20261123-213000"


class Undoing:
    """An engine that has one closed incident, and a host that lists these releases."""

    def __init__(self, *releases: Release, ways: tuple[str, ...] = ("kept", "git")) -> None:
        made = replace(plan(), leaving=Release(app="cyc", number=2, commit=LEFT, running=True))
        event = ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box")
        self.events: tuple[ev.Event, ...] = (
            event,
            ev.PlanMade(at=T0, plan=made),
            ev.StepStarted(at=T0, step="push"),
            ev.ChecksDone(at=T0, checks=()),
        )
        self.incident: Incident = replace(opened(event), plan=made, state=State.CLOSED)
        self.fleet = replace(stage.fleet(SERVICE), ways=ways, path="")
        self.records = SimpleNamespace(events=self._events)
        now = current(at=later(60), metadata=OURS, containers=(container("e" * 12, attempt="inc1.1"),))
        running = replace(made.target, running=True)
        self.found = Listing(current=now, releases=(running, *releases), asked=())
        self.asked: list[tuple[Target, str | None]] = []

    async def _events(self, incident: str) -> tuple[ev.Event, ...]:
        return self.events

    def service(self, name: str) -> Any:
        return SERVICE

    async def listing(self, service: object) -> Listing:
        return self.found

    async def plan(self, service: object, target: Target, options: Options, *, incident: object, way: str) -> Any:
        self.asked.append((target, way))


async def made(of: Undoing, **how: Any) -> tuple[Target, str | None]:
    await undo.plan(of, of.incident, Options(), **how)  # type: ignore[arg-type]
    return of.asked[0]


async def test_what_was_left_and_has_a_holder_is_gone_forward_to_by_it_also_when_it_is_marked_bad() -> None:
    of = Undoing(Release(app="cyc", number=2, commit=LEFT, holder=HOLDER, bad="left by incident inc1"))
    target, way = await made(of)
    assert (target.kind, target.value, way) == (TargetKind.RELEASE, "2", "kept")


async def test_without_a_holder_only_a_way_that_builds_leads_there_and_it_has_to_be_asked_for() -> None:
    of = Undoing()
    with pytest.raises(Refused, match="was not kept") as found:
        await undo.plan(of, of.incident, Options())  # type: ignore[arg-type]
    assert found.value.fix == "git builds it again, which is slow: rollback undo inc1 --way git"
    assert await made(of, way="git") == (Target(kind=TargetKind.SHA, value=LEFT), "git")


async def test_a_fleet_without_such_a_way_says_what_is_left_to_do() -> None:
    of = Undoing(ways=("kept",))
    with pytest.raises(Refused) as found:
        await undo.plan(of, of.incident, Options())  # type: ignore[arg-type]
    assert found.value.fix == "deploy it again as usual"
