"""The console offers a guard for a release that goes live, leads it to its end, and leaves it to the next console."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.console.scenes import API, GUARD_LOOK, NOW, Scene, deployed, guarded, offered, started
from tests.console.test_onward import Desk, console
from tests.harness import LocalSandbox, local_sandbox
from tui.console import guard_flow
from tui.console.controller import ConsoleController
from tui.console.incident_flow import IncidentFlow
from tui.engine.incident.runner import IncidentRunner
from tui.incident import events as ev
from tui.incident.decide import fold
from tui.model.evidence import Phase
from tui.model.guard import OnBreach
from tui.model.incident import Closing, Incident, Question

APP = "scenextras"
FAILS = {"health": "ok", "check": "", "error_rate": 0.3}
SIZE = (80, 24)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LocalSandbox]:
    with local_sandbox(tmp_path, scenario="healthy", speed=6) as sandbox:
        sandbox.pull("traffic", app=APP, per_second=8)
        yield sandbox


def length(box: LocalSandbox, words: str) -> None:
    """How long services.yaml has a clean deploy watched."""
    file = Path(box.services)
    text = file.read_text()
    assert "\nwatch:" not in text
    file.write_text(f"{text}\nwatch: {{after_clean_deploy: {words}}}\n")


def records(box: LocalSandbox) -> list[str]:
    return [name for name in box.look()["apps"] if name.endswith(("--incident", "--takeover"))]


def controller(desk: Desk) -> ConsoleController:
    assert desk.app.controller is not None
    return desk.app.controller


def led(desk: Desk) -> Incident:
    found = controller(desk).flows["api"].incident
    assert found is not None
    return found


async def guarded_by_hand(box: LocalSandbox, desk: Desk, behaviour: dict[str, Any]) -> None:
    """Somebody deploys, and the person at this console guards it."""
    board = controller(desk).board
    await desk.until(
        lambda: any(
            r.total
            for r in controller(desk)
            .engine.evidence.now(controller(desk).engine.service("api"), Phase.BEFORE, NOW)
            .rates
            if r.source.value == "access log"
        )
    )
    desk.app.frame.board.go_to("api")
    await board.refresh("api")
    assert "Guard the deploy" not in desk.app.export_text()
    box.pull("deploy", app=APP, version="v1.6.0", wait=True, behaviour=behaviour)
    await board.refresh("api")
    await desk.sees("NEW", "D Guard the deploy")
    assert desk.app.frame.work.page is None, "nothing opens by itself"
    assert desk.app.keyboard.at is desk.app.frame.board
    assert records(box) == [], "an offer changes nothing"
    await desk.pilot.press("D")
    await desk.sees("GUARD api", "went live", "On a breach you are told, and nothing is changed")
    await desk.chooses("go")
    await desk.sees("So far no breach", "left", "GUARDED")
    assert records(box) == [f"{APP}--incident"]


@pytest.mark.timeout(300)
async def test_a_breach_is_told_and_nothing_is_changed(box: LocalSandbox) -> None:
    length(box, "60s")
    async with console(box, size=SIZE) as desk:
        await guarded_by_hand(box, desk, FAILS)
        await desk.sees("BREACHED", "two looks in a row", "To go back: here, or rollback api previous")
        incident = led(desk)
        assert (incident.closing, incident.wrote) == (Closing.NOT_RECOVERED, False)
        assert any(m.phase is Phase.BEFORE and any(r.total for r in m.rates) for m in incident.measurements)
        assert (box.serves("api"), records(box)) == ("v1.6.0", [])
        await controller(desk).board.refresh("api")
        assert controller(desk).board.status("api").offer is None, "it was guarded"


@pytest.mark.timeout(300)
async def test_a_guard_outlives_its_console_and_is_stopped_in_the_next(box: LocalSandbox) -> None:
    length(box, "20m")
    async with console(box, size=SIZE) as desk:
        await guarded_by_hand(box, desk, {**FAILS, "error_rate": 0.0})
    assert records(box) == [f"{APP}--incident"]
    async with console(box, size=SIZE) as desk:
        await desk.sees("unfinished: api (", "5 shows how to take it up")
        await desk.pilot.press("5")
        await desk.sees("RESUME")
        await desk.pilot.press("enter")
        await desk.sees("GUARD api", "left")
        await desk.chooses("stop")
        await desk.sees("INCONCLUSIVE: no word on the deploy", "stopped by a person")
        assert (led(desk).closing, records(box)) == (Closing.ABORTED, [])
        await desk.chooses("roll-back")
        await desk.sees("ROLL BACK api", "How bad is it?")


@pytest.mark.parametrize(
    ("asking", "on_breach", "persons"),
    [
        (Question.WATCH_BREACHED, OnBreach.TELL, False),
        (Question.WATCH_BREACHED, OnBreach.ROLL_BACK, False),
        (Question.WATCH_BREACHED, OnBreach.ASK, True),
        (Question.WATCH_INCONCLUSIVE, OnBreach.ASK, False),
        (Question.NOT_IN_ORDER, OnBreach.TELL, True),
    ],
)
def test_whose_the_guards_word_is(asking: Question, on_breach: OnBreach, persons: bool) -> None:
    found = fold(guarded(GUARD_LOOK))
    assert found.guard is not None
    asked = replace(found, asking=asking, guard=replace(found.guard, on_breach=on_breach))
    assert guard_flow.asks(asked) is persons


# ── on the stage ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_console_that_only_reads_offers_nothing(state: Path) -> None:
    async with started(state, SIZE, well_for=900, read_only=True) as scene:
        await deployed(scene)
        assert "sha:6abcdef" in await scene.settle()
        assert scene.controller.board.status("api").offer is None
        await scene.pilot.press("D")
        assert scene.app.frame.work.page is None


async def test_the_palette_and_help_have_it_only_while_it_is_offered(state: Path) -> None:
    async with started(state, SIZE, well_for=900) as scene:
        await scene.pilot.press("colon", *"guard")
        assert "Guard the deploy" not in await scene.settle()
        await scene.pilot.press("escape")
        await offered(scene)
        await scene.pilot.press("colon", *"guard")
        assert "Guard the deploy: api" in await scene.settle()
        await scene.pilot.press("enter")
        await scene.until(lambda: "Guard it for 10 min" in scene.app.export_text(), "asking")


async def test_the_row_of_another_service_offers_nothing(state: Path) -> None:
    async with started(state, SIZE, well_for=900) as scene:
        await offered(scene)
        scene.app.frame.board.go_to("web")
        said = await scene.settle()
        assert "NEW" in said
        assert "Guard the deploy" not in said


async def test_an_incident_on_it_takes_the_offer_away_and_gives_it_back(state: Path) -> None:
    async with started(state, SIZE, well_for=900) as scene:
        await offered(scene)
        walk = await scene.engine.assess(API, "")
        assert "Guard the deploy" not in await scene.settle()
        await walk.submit(ev.CloseAsked(at=NOW, closing=Closing.FALSE_ALARM, reason="nothing was wrong"))
        assert "Guard the deploy" in await scene.settle()


def in_background(scene: Scene, *events: ev.Event) -> IncidentRunner:
    """A guard that is led here while its page is closed."""
    walk = scene.walk(*events)
    scene.controller.flows["api"] = IncidentFlow(scene.controller, API, walk)
    return walk


async def test_the_end_is_told_once_where_its_page_is_closed(state: Path) -> None:
    done = "deployment complete: healthy to the end; access log: 0 of 600"
    end = ev.CloseAsked(at=NOW, closing=Closing.COMPLETE, reason=done)
    async with started(state, SIZE, well_for=900) as scene:
        in_background(scene, *guarded(GUARD_LOOK))
        said = await scene.settle()
        assert "GUARDED" in said and "api guarded" in said
        scene.controller.flows["api"].walk = scene.walk(*guarded(GUARD_LOOK), end, ev.Settled(at=NOW))
        said = await scene.settle()
        assert "api: deployment complete: healthy to the end; access log:" in said
        await scene.pilot.press("escape")
        assert "deployment complete" not in await scene.settle(), "it is said once"


async def test_how_long_a_guard_takes_yet_is_in_its_row_where_there_is_room(state: Path) -> None:
    async with started(state, (120, 40), well_for=900) as scene:
        in_background(scene, *guarded(GUARD_LOOK, seconds=timedelta(minutes=4).total_seconds()))
        assert "GUARDED 6m left" in await scene.settle()
