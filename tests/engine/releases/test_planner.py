"""What may be planned, without a host: the planner's own refusals."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests import stage
from tui.engine.releases.catalog import Listing
from tui.engine.releases.planner import Planner, PlanRequest
from tui.model.errors import ConsoleError, Refused
from tui.model.incident import Incident
from tui.model.release import Target, TargetKind, target_of
from tui.model.service import Fleet, Service
from tui.ways.facts import Options

API = stage.service("api")
PREVIOUS = Target(kind=TargetKind.PREVIOUS)


class _Records:
    """A journal that has these open incidents."""

    def __init__(self, *incidents: Incident) -> None:
        self.incidents = incidents

    async def open(self) -> tuple[tuple[Incident, ...], tuple[()]]:
        return self.incidents, ()


class _Nothing:
    """Asked beside the list of releases, whose answers a refusal needs no more."""

    def __init__(self) -> None:
        self.links, self.clock = self, stage.HandClock()

    async def capabilities(self, host: str) -> None: ...

    async def look(self, service: Service, read: object = None) -> None: ...

    def read(self, service: Service, *, always: bool) -> None: ...

    async def of(self, service: Service) -> None: ...


class _Planner(Planner):
    """One whose host lists what the stage lists, and is asked nothing else."""

    asked: list[bool]

    async def known(
        self, service: Service, *, every_source: bool, met: object = None, config: object = None
    ) -> Listing:
        self.asked.append(every_source)
        return stage.listing(service, stage.HandClock().now())


def planner(*incidents: Incident, fleet: Fleet | None = None) -> _Planner:
    nothing: Any = _Nothing()
    journalled: Any = _Records(*incidents)
    made = _Planner(
        fleet or stage.fleet(),
        nothing,
        journalled,
        nothing,
        "me@box",
        silences=nothing,
        registries=None,
    )
    made.asked = []
    return made


async def refusal(of: _Planner, **changes: Any) -> ConsoleError:
    values: dict[str, Any] = {"service": API, "target": PREVIOUS, "options": Options(), "known_as": "inc1"} | changes
    with pytest.raises(ConsoleError) as found:
        await of.plan(PlanRequest(**values))
    return found.value


async def test_a_way_that_services_yaml_does_not_have_is_refused_before_anything_is_asked() -> None:
    of = planner(fleet=replace(stage.fleet(), ways=("git", "kept")))
    for name in ("script", "guess"):
        found = await refusal(of, way=name)
        assert (found.message, found.fix) == (f"{name} is no way of services.yaml", "ways: git, kept")
    assert of.asked == []


async def test_only_ways_that_the_hosts_own_list_does_not_show_ask_every_source() -> None:
    for way, every in (("kept", False), ("git", True), ("registry", True), ("runbook", True), ("script", True)):
        of = planner()
        expected = Target(kind=TargetKind.SHA, value="0" * 40)
        assert "not sha:" in (await refusal(of, way=way, expect_current=expected)).message
        assert of.asked == [every]


async def test_what_runs_is_deployed_anew_by_its_kept_image_whatever_the_first_way_is() -> None:
    of = planner(fleet=replace(stage.fleet(), ways=("git",)))
    found = await refusal(of, target=Target(kind=TargetKind.CURRENT))
    assert found.message == "kept is no way of services.yaml"


async def test_while_an_incident_is_open_previous_needs_a_word_on_what_runs() -> None:
    now = stage.HandClock().now()
    began = now - timedelta(minutes=5)
    one = Incident(id="inc0", service="api", app=API.app, host="main", by="me@box", opened_at=began, since=began)
    found = await refusal(planner(one))
    assert isinstance(found, Refused)
    assert found.message.startswith("incident inc0 on api is open") and found.message.endswith("nothing was done yet")
    assert "to go further back name the release, with --expect-current" in found.fix
    named = target_of(stage.listing(API, now).releases[2])
    found = await refusal(planner(one), target=named)
    assert "nothing was done" not in found.message and found.fix.startswith("add --expect-current")
