"""The plan's page: keeping what runs first is a choice that plans again, is off at the start, and sends nothing."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.console.scenes import API, BILLING, Scene, plan, planned, started
from tui.console.incident_flow import IncidentFlow
from tui.console.pages.incident_page import IncidentPage
from tui.model.errors import Refused
from tui.model.plan import Plan
from tui.ways.facts import Options


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    return tmp_path


def labels(flow: IncidentFlow) -> dict[str, str]:
    return {c.id: "".join(text for text, _ in c.row) for c in IncidentPage(flow).view(80).choices}


async def choose(scene: Scene, flow: IncidentFlow, name: str) -> None:
    (choice,) = (c for c in IncidentPage(flow).view(80).choices if c.id == name)
    assert choice.do is not None
    assert not choice.danger, "it changes no host"
    done: Awaitable[None] = choice.do()
    await done


async def test_it_plans_again_with_the_same_target_and_back(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Options] = []

    async def planned_again(service: Any, target: Any, options: Options, **_: Any) -> Plan:
        asked.append(options)
        if len(asked) == 3:
            raise Refused("the host is gone")
        return replace(plan(API), attempt=f"{plan(API).attempt}{len(asked)}")

    async with started(state, (80, 24)) as scene:
        monkeypatch.setattr(scene.engine, "plan", planned_again)
        flow = await scene.lead(*planned(API))
        assert labels(flow)["keep-first"] == "Keep what runs first (4-10 s more)"
        await choose(scene, flow, "keep-first")
        assert labels(flow)["keep-first"] == "Do not keep what runs first"
        await choose(scene, flow, "keep-first")
        assert labels(flow)["keep-first"] == "Keep what runs first (4-10 s more)"
        assert [o.keep_current for o in asked] == [True, False]
        before = flow.incident
        await choose(scene, flow, "keep-first")
        assert (flow.incident, flow.keep_first) == (before, False), "a plan that failed changes nothing"
        assert flow.error is not None
        assert not scene.engine.gate.trail


async def test_where_it_is_a_must_there_is_no_choice(state: Path) -> None:
    async with started(state, (80, 24)) as scene:
        assert "keep-first" not in labels(await scene.lead(*planned(BILLING), of=BILLING))
