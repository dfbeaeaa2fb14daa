"""Another console on this machine leads the incident: it is followed here, and led here once that one is gone."""

from pathlib import Path

from tests.console.scenes import INCIDENT, opened, started
from tui.engine.incident.onlooker import EVERY
from tui.engine.incident.runner import IncidentRunner
from tui.incident import events as ev


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
