"""The post at the console: shown before it is sent, in other words, or not at all; and done by hand."""

from pathlib import Path

import pytest

from tests.console.scenes import NOW, SCENES, Scene, closed, planned, started, telling
from tui.console.pages import posts
from tui.incident import announcements as words
from tui.incident import events as ev
from tui.model.notice import Delivery, Milestone


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    return tmp_path


async def page(scene: Scene) -> str:
    """What the page says, on one line."""
    await scene.settle()
    work = scene.app.frame.work
    return " ".join(" ".join(work.render_line(y).text for y in range(work.size.height)).split())


async def test_other_words_are_typed_and_shown_and_go_on_record(state: Path) -> None:
    async with started(state, (120, 40)) as scene:
        await telling(*planned())(scene)
        await scene.settle()
        await scene.pilot.press("right", "right")
        await scene.pilot.pause(0.6)
        await scene.pilot.press("enter")
        await scene.until(lambda: scene.app.frame.line.asking, "asking for the text")
        await scene.pilot.press("ctrl+u", *"orders fail, we go back", "enter")
        flow = scene.controller.flows["api"]
        await scene.until(
            lambda: flow.incident is not None and flow.incident.post_text == "orders fail, we go back",
            "in other words",
        )
        assert "rolling back to release:4. orders fail, we go back" in await page(scene)
        rows = getattr(scene.engine.journal, "rows")  # noqa: B009 - the stage's own journal
        assert any('"PostChosen"' in payload and "orders fail" in payload for _, _, payload in rows)


async def test_posting_nothing_is_a_decision_that_can_be_taken_back(state: Path) -> None:
    async with started(state, (120, 40)) as scene:
        await telling(*planned())(scene)
        flow = scene.controller.flows["api"]
        await flow.choose_post(post=False)
        said = await scene.settle()
        assert "POST nothing to SLACK_WEBHOOK, DISCORD_URL: so it was decided" in said
        assert "[ Post it after all ]" in said and "[ Edit the post ]" not in said
        await flow.choose_post(post=True)
        assert "[ Post nothing ]" in await scene.settle()
        assert flow.incident is not None and flow.incident.open


async def test_without_a_channel_nothing_is_said_to_be_posted(state: Path) -> None:
    async with started(state, (120, 40)) as scene:
        await SCENES["plan"](scene)
        said = await scene.settle()
        assert "POST" not in said and "ost nothing" not in said


async def test_what_a_person_posted_is_on_record_and_no_longer_to_be_done(state: Path) -> None:
    async with started(state, (120, 40), well_for=900) as scene:
        await SCENES["closed"](scene)
        before = await scene.settle()
        assert "post in #incidents" in before and "[ I posted it ]" in before
        flow = scene.controller.flows["api"]
        await flow.posted("#incidents")
        after = await scene.settle()
        assert "post in #incidents" not in after and "[ I posted it ]" not in after
        assert "told #incidents: closed by hand" in after
        assert flow.incident is not None
        (by_hand,) = flow.incident.deliveries
        assert by_hand.by_hand and by_hand.detail == "says tired@bastion"


async def test_a_ticket_that_was_made_is_linked_and_no_longer_to_be_made(state: Path) -> None:
    made = Delivery(
        milestone=Milestone.STARTED, channel="ticket", at=NOW, delivered=True, link="https://git.example/issues/7"
    )
    async with started(state, (120, 40), well_for=900) as scene:
        await scene.lead(*closed(), ev.DeliveryRecorded(at=NOW, delivery=made))
        said = await page(scene)
        assert "told ticket: started (https://git.example/issues/7)" in said
        assert "create the incident ticket" not in said


async def test_what_was_not_delivered_is_said_in_the_last_row_once(state: Path) -> None:
    async with started(state, (120, 40)) as scene:
        await SCENES["run-told"](scene)
        said = await scene.settle()
        assert said.splitlines()[-1].startswith("api: NOT DELIVERED: DISCORD_URL: not delivered yet")
        await scene.pilot.press("escape")
        assert "NOT DELIVERED" not in (await scene.settle()).splitlines()[-1]


async def test_what_is_copied_is_what_would_be_posted(state: Path) -> None:
    async with started(state, (120, 40), well_for=900) as scene:
        await SCENES["closed-told"](scene)
        flow = scene.controller.flows["api"]
        from tui.console.pages.close import post

        assert flow.incident is not None
        at = scene.engine.clock.now()
        message = words.message(flow.incident, Milestone.CLOSED, "production", at)
        assert post(flow, flow.incident) == f"{message.title}\n{message.text}"


async def test_who_is_on_call_stands_on_the_severity_page_with_its_age(state: Path) -> None:
    async with started(state, (120, 40)) as scene:
        await telling(*closed())(scene)
        scene.engine.duty.trouble = "HTTP 503"
        scene.controller.flows.clear()
        await SCENES["severity"](scene)
        said = await page(scene)
        assert "on call: Ada Lovelace, Grace Hopper (read 18:59Z, 3h old)" in said
        assert "who is on call is not known now: HTTP 503" in said and "contacts: #incidents" in said


async def test_there_is_no_preview_once_it_was_sent(state: Path) -> None:
    async with started(state, (120, 40)) as scene:
        await SCENES["run-told"](scene)
        flow = scene.controller.flows["api"]
        assert flow.incident is not None
        assert posts.preview(flow, flow.incident, 80) == [] and posts.choices(flow, flow.incident) == []
