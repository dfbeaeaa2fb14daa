"""The post-mortem's page: reached from the closed incident, filled in a line at a time, saved and put on record."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.console.scenes import INCIDENT, NOW, WELL_FOR, Scene, closed, started
from tui.console.pages.incident_page import IncidentPage
from tui.console.pages.postmortem import PostMortemPage, standing
from tui.engine.incident.runner import IncidentRunner
from tui.incident.decide import fold
from tui.incident.events import read
from tui.incident.postmortem.due import duty
from tui.model.incident import Incident
from tui.model.notice import Delivery, Message, Milestone, Receipt
from tui.model.postmortem import DueDate, ExportWay, Field


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    return tmp_path


def on_record(scene: Scene) -> Incident:
    rows = getattr(scene.engine.journal, "rows")  # noqa: B009 - the stage's own journal
    return fold(read(payload) for owner, kind, payload in rows if owner == INCIDENT and kind == "event")


async def choose(scene: Scene, wanted: str) -> None:
    """Move the cursor there and press Enter."""
    work = scene.app.frame.work
    await scene.pilot.press("home")
    for _ in range(30):
        if work.choice is not None and work.choice.id == wanted:
            break
        await scene.pilot.press("down")
    assert work.choice is not None and work.choice.id == wanted, scene.app.export_text()
    await scene.until(lambda: work.armed, "armed")
    await scene.pilot.press("enter")


def page(scene: Scene) -> PostMortemPage | None:
    shown = scene.app.frame.work.page
    return shown if isinstance(shown, PostMortemPage) else None


@pytest.mark.parametrize("size", [(80, 24), (60, 15)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_from_the_closed_incident_to_a_file_on_record(size: tuple[int, int], state: Path) -> None:
    async with started(state, size, well_for=WELL_FOR["closed"]) as scene:
        flow = await scene.lead(*closed())
        assert isinstance(flow.walk, IncidentRunner)
        scene.engine.walks[INCIDENT] = flow.walk
        await scene.settle()
        await choose(scene, "post-mortem")
        await scene.until(lambda: page(scene) is not None, "shown")
        await choose(scene, "fill")
        await scene.until(lambda: "TODO" in scene.app.export_text(), "listing what is missing")
        await choose(scene, Field.ROOT_CAUSE.value)
        await scene.until(lambda: scene.app.frame.line.asking, "asking")
        await scene.pilot.press(*"no limit", "enter")
        await scene.until(lambda: bool(on_record(scene).notes), "on record")
        note = on_record(scene).notes[0]
        assert (note.field, note.text, note.by) == (Field.ROOT_CAUSE, "no limit", "tired@bastion")
        await choose(scene, "back")
        await choose(scene, "save")
        await scene.until(lambda: bool(on_record(scene).written), "written")
        (file,) = (state / "exports").glob("*.md")
        assert "### Root Cause\nno limit\n" in file.read_text(encoding="utf-8")
        assert (on_record(scene).written[0].way, on_record(scene).written[0].where) == (ExportWay.SAVED, str(file))
        assert flow.incident is not None and flow.incident.written, "the page of the closed incident knows it too"
        scene.app.notice("")
        scene.show(IncidentPage(flow))
        assert "post-mortem, due" not in await scene.settle()


async def test_a_second_save_never_overwrites_the_first(state: Path) -> None:
    async with started(state, (80, 24)) as scene:
        await scene.lead(*closed())
        with scene.app.keyboard.pressed():
            await scene.controller.show_postmortem(INCIDENT)
        for count in (1, 2):
            await choose(scene, "save")
            await scene.until(lambda count=count: len(on_record(scene).written) == count, "written")  # type: ignore[misc]
        assert len(list((state / "exports").glob("*.md"))) == 2


async def test_words_that_are_there_are_edited_not_typed_anew(state: Path) -> None:
    async with started(state, (80, 24)) as scene:
        await scene.lead(*closed())
        await scene.controller.engine.postmortems.note(INCIDENT, Field.ACTIONS, "bound it\nalert on it")
        with scene.app.keyboard.pressed():
            await scene.controller.show_postmortem(INCIDENT)
        await choose(scene, "fill")
        await choose(scene, Field.ACTIONS.value)
        await scene.until(lambda: scene.app.frame.line.asking, "asking")
        await scene.pilot.press(*"; test", "enter")
        await scene.until(lambda: on_record(scene).notes[0].text.endswith("test"), "on record")
        assert on_record(scene).notes[0].text == "bound it; alert on it; test"


async def test_a_time_that_cannot_be_read_is_said_and_changes_nothing(state: Path) -> None:
    async with started(state, (80, 24)) as scene:
        await scene.lead(*closed())
        with scene.app.keyboard.pressed():
            await scene.controller.show_postmortem(INCIDENT)
        await choose(scene, "fill")
        await choose(scene, Field.RESTORED.value)
        await scene.until(lambda: scene.app.frame.line.asking, "asking")
        await scene.pilot.press(*"soon", "enter")
        await scene.until(lambda: "'soon' is no time" in scene.app.export_text(), "refused")
        assert on_record(scene).notes == ()


async def test_copying_counts_only_where_it_was_possible(state: Path) -> None:
    async with started(state, (80, 24)) as scene:
        await scene.lead(*closed())
        with scene.app.keyboard.pressed():
            await scene.controller.show_postmortem(INCIDENT)
        copied: list[str] = []

        def full(text: str, name: str) -> str:
            raise OSError("no space left")

        def fine(text: str, name: str) -> str:
            copied.append(text)
            return "copied"

        scene.app._copy_out = full
        await choose(scene, "copy")
        await scene.until(lambda: "not copied: no space left" in scene.app.export_text(), "said")
        assert on_record(scene).written == ()
        scene.app._copy_out = fine
        await scene.pilot.press("escape", "y")
        await scene.until(lambda: bool(on_record(scene).written), "written")
        assert on_record(scene).written[0].way is ExportWay.COPIED
        assert copied[0].startswith("## Incident: ")


async def test_the_key_shows_the_incident_at_hand_and_without_one_says_so(state: Path) -> None:
    async with started(state, (80, 24)) as scene:
        await scene.press_without_and_with_an_incident("p")
        await scene.until(lambda: page(scene) is not None, "shown")


@pytest.mark.parametrize(
    ("now", "written", "said"),
    [
        (NOW, None, "due 2026-11-24 22:00Z"),
        (NOW + timedelta(hours=25), None, "OVERDUE since 2026-11-24 22:00Z"),
        (NOW + timedelta(hours=25), NOW, "written 2026-11-23 22:00Z"),
    ],
)
def test_where_it_stands(now: datetime, written: datetime | None, said: str) -> None:
    assert standing(DueDate(required=True, due=NOW + timedelta(hours=24), written=written), now)[0] == said


class Ticket:
    """A tracker's channel, answering as told to."""

    name = "ticket"

    def __init__(self, *answers: Receipt) -> None:
        self.answers = list(answers)
        self.heard: list[Message] = []

    def wants(self, message: Message) -> bool:
        return True

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        self.heard.append(message)
        return self.answers.pop(0)

    async def close(self) -> None: ...


async def test_attaching_it_sends_it_to_the_ticket_and_counts_as_written(state: Path) -> None:
    link = "https://github.com/acme/api/issues/1#issuecomment-5"
    ticket = Ticket(
        Receipt(delivered=False, detail="HTTP 410: issues are off", final=True), Receipt(delivered=True, link=link)
    )
    async with started(state, (120, 40)) as scene:
        await scene.lead(*closed())
        with scene.app.keyboard.pressed():
            await scene.controller.show_postmortem(INCIDENT)
        assert "Attach" not in await scene.settle(), "no ticket"
        scene.engine.notices.channels = (ticket,)
        scene.app.changed()
        await choose(scene, "attach")
        await scene.until(lambda: "NOT DELIVERED: given up after 1 try: HTTP 410" in scene.app.export_text(), "said")
        assert duty(on_record(scene), timedelta(hours=24)).written is None
        scene.app.notice("")
        await choose(scene, "attach")
        await scene.until(lambda: len(on_record(scene).deliveries) == 2, "on record")
        await scene.until(lambda: f"attached: {link}" in scene.app.export_text(), "said")
        assert [(m.milestone, m.title) for m in ticket.heard] == [(Milestone.POSTMORTEM, "api: post-mortem")] * 2
        assert ticket.heard[0].text.startswith("## Incident: api: ")
        assert duty(on_record(scene), timedelta(hours=24)).written is not None
        assert "Attach" not in await scene.settle(), "once"
