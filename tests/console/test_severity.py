"""The severity steers: P1 leads to the plan at once where what was measured agrees; it can be changed at any time."""

from pathlib import Path

import pytest

from tests.console.scenes import NOW, leading, opened, started
from tests.console.test_onward import console
from tests.harness import LocalSandbox
from tui.console.pages import ticket
from tui.engine.incident.runner import IncidentRunner
from tui.incident import events as ev
from tui.model.notice import Delivery, Message, Receipt


@pytest.mark.timeout(300)
async def test_p1_leads_to_the_plan_and_every_other_level_to_the_evidence(box: LocalSandbox) -> None:
    async with console(box) as desk:
        await desk.sees("1 DOWN")
        await desk.pilot.press("R")
        await desk.sees("How bad is it?", "running")
        await desk.chooses("P1")
        await desk.sees("4/8 plan", "FROM", "[ Cancel ] [ Roll api back to release:4 ]")
        assert not box.sent("apps:create scenextras--incident"), "a plan changes nothing"
        await desk.chooses("cancel")
        await desk.sees("previous is release:4")
        await desk.chooses("back")
        await desk.sees("The runbook says: ROLL BACK")
        await desk.pilot.press("d")
        await desk.types("p9")
        await desk.sees("'p9' is no severity")
        await desk.pilot.press("escape", "d")
        await desk.types("p4")
        await desk.sees("api P4", "[ Monitor only (10 min) ] [ Copy a ticket ]")


async def test_p1_of_a_service_that_is_well_asks_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    async with started(tmp_path, (80, 24), well_for=900) as scene:
        await scene.pilot.press("R")
        await scene.until(lambda: "How bad is it?" in scene.app.export_text(), "severity")
        await scene.pilot.pause(0.6)
        await scene.pilot.press("enter")
        await scene.until(lambda: "user-facing errors" in scene.app.export_text(), "asked")


async def test_a_level_that_is_changed_is_on_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    async with started(tmp_path, (80, 24)) as scene:
        await leading(*opened())(scene)
        await scene.settle()
        await scene.pilot.press("d")
        await scene.until(lambda: scene.app.frame.line.asking, "asked")
        await scene.pilot.press(*"P3", "enter")
        await scene.until(lambda: "api is P3 from now on" in scene.app.export_text(), "changed")
        rows = getattr(scene.engine.journal, "rows")  # noqa: B009 - the stage's own journal
        said = [ev.read(payload) for _, kind, payload in rows if kind == "event" and "SeverityChosen" in payload]
        assert [one.level for one in said if isinstance(one, ev.SeverityChosen)][-1:] == ["P3"]


class Tracker:
    """A tracker that takes tickets."""

    name = "ticket"

    def __init__(self) -> None:
        self.filed: list[Message] = []

    def wants(self, message: Message) -> bool:
        return True

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        self.filed.append(message)
        return Receipt(delivered=True, link="https://tracker.example/7", ref="7")

    async def close(self) -> None: ...


async def test_with_p4_a_ticket_is_filed_once_it_was_read_and_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    async with started(tmp_path, (80, 24)) as scene:
        tracker = Tracker()
        scene.engine.notices.channels = (tracker,)
        flow = await scene.lead(*opened(), ev.SeverityChosen(at=NOW, level="P4"))
        assert isinstance(flow.walk, IncidentRunner) and flow.incident is not None
        scene.engine.walks[flow.incident.id] = flow.walk
        work = scene.app.frame.work

        async def chosen(button: str, leads_to: str) -> None:
            for _ in range(8):
                if work.choice is not None and work.choice.id == button:
                    break
                await scene.pilot.press("right")
            await scene.until(lambda: work.armed, f"{button} can be pressed")
            await scene.pilot.press("enter")
            await scene.until(lambda: leads_to in scene.app.export_text(), leads_to)

        await chosen("ticket", "[ Cancel ] [ File it ]")
        assert "[P4] api: HTTP 503, expected 200" in scene.app.export_text() and not tracker.filed
        await chosen("go", "filed: https://tracker.example/7")
        assert [one.title for one in tracker.filed] == ["[P4] api: HTTP 503, expected 200"]
        await chosen("done", "[ Copy a ticket ]")


async def test_a_ticket_says_what_was_seen_since_when_and_what_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    async with started(tmp_path, (80, 24)) as scene:
        flow = await scene.lead(*opened())
        assert flow.incident is not None
        title, empty, *told = ticket.text(flow, flow.incident).splitlines()
    assert (title, empty) == ("[P1] api: HTTP 503, expected 200", "")
    assert told[0].startswith("- DOWN since ") and told[0].endswith(" UTC")
    assert told[1] == "- runs: sha:5abcdef012, deployed 2026-11-23 21:48 UTC"
    assert told[-1] == "- incident inc-20261123-2152-a1b2, opened 2026-11-23 21:52 UTC by tired@bastion", told
