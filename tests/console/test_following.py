"""Another console on this machine leads the incident: it is followed here, and led here once that one is gone."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.console.scenes import API, INCIDENT, Scene, opened, running, stage_engine, started
from tui.console.controller import OTHERS_EVERY
from tui.drivers.journal import Journal
from tui.engine.engine import Engine
from tui.engine.incident.onlooker import EVERY, Onlooker
from tui.engine.incident.runner import IncidentRunner
from tui.incident import events as ev
from tui.model.errors import TakenByOther
from tui.model.incident import Closing, State

API_WATCH = timedelta(minutes=10)


async def test_an_incident_of_another_console_is_followed_and_led_once_that_one_is_gone(tmp_path: Path) -> None:
    async with started(tmp_path, (100, 30)) as scene:
        scene.walk(*opened())
        journal, held = scene.engine.journal, ["process 4711 on /dev/pts/3"]
        setattr(journal, "holder", lambda _: held[0])  # noqa: B010 - the stage's own journal
        with scene.app.keyboard.pressed():
            await scene.controller.resume(INCIDENT)
        shown = await scene.settle()
        assert "FOLLOWING tired@bastion, process 4711 on /dev/pts/3: to be looked at only" in shown
        page = scene.app.frame.work.page
        assert page is not None
        assert {c.id: bool(c.off) for c in page.view(100).choices} == {"leave": False, "take": True}

        event = ev.SeverityChosen(at=scene.engine.clock.now(), level="P3")
        await journal.append(INCIDENT, "event", ev.encode(event), event.at)
        await scene.engine.hand.advance(EVERY)
        flow = scene.controller.flows["api"]
        assert flow.incident is not None and flow.incident.severity == "P3"
        assert scene.controller.under_way() == [], "nothing of it runs in this process"

        held[0] = ""
        await scene.engine.hand.advance(EVERY)
        assert "NOBODY LEADS IT" in await scene.settle()
        with scene.app.keyboard.pressed():
            await scene.controller.resume(INCIDENT)
        assert isinstance(scene.controller.flows["api"].walk, IncidentRunner)
        assert "NOBODY LEADS IT" not in await scene.settle()


async def test_two_consoles_over_one_journal_and_one_key_takes_over_once_the_first_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))
    first = stage_engine(journal=Journal())
    walk = await first.assess(API, "orders fail")
    await walk.submit(ev.SeverityChosen(at=first.clock.now(), level="P2"))
    async with started(tmp_path, (100, 30), journal=Journal()) as scene:
        second = scene.engine
        assert "unfinished: api" in scene.app.export_text()
        await scene.settle()
        await scene.pilot.press("5")
        await scene.until(lambda: "Enter follows process" in scene.app.export_text(), "offered to be followed")
        work = scene.app.frame.work
        await scene.until(lambda: work.armed, "armed")
        await scene.pilot.press("enter")
        await scene.until(lambda: "to be looked at only" in scene.app.export_text(), "followed")
        assert "unfinished" not in await scene.settle(), "it was found, and is shown"

        await walk.submit(ev.DecisionNoted(at=first.clock.now(), text="it is the cache"))
        await walk.submit(ev.WatchAsked(at=first.clock.now(), length=API_WATCH, reason="looks better"))
        await second.hand.advance(EVERY)
        flow = scene.controller.flows["api"]
        seen = flow.walk
        await scene.until(lambda: flow.incident is not None and flow.incident.state is State.WATCHING, "live")
        for key in ("down", "enter", "R", "enter"):
            await scene.pilot.press(key)
        assert second.walks == {} and flow.walk is seen, "it never acts before"
        with pytest.raises(TakenByOther):
            await second.resume(walk.incident.id)
        before = len(await first.records.events(walk.incident.id))

        await first.close()
        await second.hand.advance(EVERY)
        await scene.until(lambda: isinstance(seen, Onlooker) and not seen.held_by, "seen to be gone")
        assert len(await second.records.events(walk.incident.id)) == before, "nothing is written by looking"
        with scene.app.keyboard.pressed():  # the keys before may have led to another page
            await scene.controller.show(API)
        await scene.until(lambda: "NOBODY LEADS IT" in scene.app.export_text(), "said")
        await scene.until(lambda: work.choice is not None and work.choice.id == "take" and work.armed, "one key away")
        await scene.pilot.press("enter")
        await scene.until(lambda: isinstance(scene.controller.flows["api"].walk, IncidentRunner), "led from here")
        assert list(second.walks) == [walk.incident.id]


async def passes(scene: Scene, seconds: float, until: Callable[[], bool]) -> None:
    """Time passes until it is so: a journal on disk is read by a thread, and answers when it does."""
    for _ in range(300):
        if until():
            return
        await scene.engine.hand.advance(seconds)
        await scene.pilot.pause(0.01)
    raise AssertionError(scene.app.export_text())


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Another console's engine on the journal of this test."""
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))
    return stage_engine(journal=Journal())


async def test_an_incident_that_another_console_opens_later_is_said_and_followed_by_the_same_key(
    tmp_path: Path, first: Engine
) -> None:
    """This console was there before. R would have begun a second rollback of the same service."""
    async with started(tmp_path, (100, 30), journal=Journal()) as scene:
        second = scene.engine
        await scene.settle()
        walk = await first.assess(API, "orders fail")
        await walk.submit(ev.SeverityChosen(at=first.clock.now(), level="P2"))
        said = "api assessing: tired@bastion leads it in another console; 5 shows it"
        await passes(scene, OTHERS_EVERY, lambda: said in scene.app.export_text())
        await scene.pilot.press("R")
        await scene.until(lambda: "to be looked at only" in scene.app.export_text(), "followed")
        await scene.until(lambda: said not in scene.app.export_text(), "the last row has done its work")
        assert second.walks == {}

        await walk.submit(ev.CloseAsked(at=first.clock.now(), closing=Closing.ABORTED, reason="none"))
        await passes(scene, EVERY, lambda: "it is closed" in scene.app.export_text())
        await first.close()
        await scene.pilot.press("escape", "R")
        await scene.until(lambda: "How bad is it?" in scene.app.export_text(), "a new one may begin")


async def test_r_finds_at_once_what_another_console_has_opened_a_moment_ago(tmp_path: Path, first: Engine) -> None:
    async with started(tmp_path, (100, 30), journal=Journal()) as scene:
        await scene.settle()
        await first.assess(API, "orders fail")
        await scene.pilot.press("R")
        await scene.until(lambda: "to be looked at only" in scene.app.export_text(), "followed")
        assert scene.engine.walks == {}
    await first.close()


@pytest.mark.parametrize("outlives", [True, False])
async def test_what_was_sent_may_have_ended_with_the_console_that_is_gone(tmp_path: Path, outlives: bool) -> None:
    """A build from source is aborted by the host when its console ends: it does not go on."""
    async with started(tmp_path, (100, 30)) as scene:
        scene.walk(*running())
        held = ["process 4711"]
        setattr(scene.engine.journal, "holder", lambda _: held[0])  # noqa: B010 - the stage's own journal
        with scene.app.keyboard.pressed():
            await scene.controller.resume(INCIDENT)
        onlooker = scene.controller.flows["api"].walk
        assert isinstance(onlooker, Onlooker) and onlooker.incident.plan is not None
        plan = replace(onlooker.incident.plan, outlives=outlives)
        onlooker.incident = replace(onlooker.incident, plan=plan)
        told = "the host finishes what was sent" if outlives else "it dies with the console that leads it"
        assert told in await scene.settle()
        onlooker.held_by = ""
        gone = "what was sent goes on" if outlives else "what was sent may have ended with it"
        assert gone in await scene.settle()
