"""A forgotten freeze has a line of its own, once a day: it opens nothing, and covers nothing that was said."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.console.scenes import API, NOW, WEB, Scene, started
from tui.dokku.holders import IncidentRecord
from tui.model.service import Service

LINE = "api FROZEN for 5 hours by ops@laptop: rollback unfreeze api"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    return tmp_path


def freeze(scene: Scene, of: Service, hours: float) -> None:
    """What the host says of it from now on."""
    board, since = scene.controller.board, NOW - timedelta(hours=hours)
    record = IncidentRecord(app=of.app, incident="inc-1", by="ops@laptop", since=since, state="frozen")
    found = board._listings[of.name]
    board._listings[of.name] = replace(found, record=record, current=replace(found.current, branch="frozen-by-inc-1"))


async def test_it_is_told_once_a_day_and_takes_no_key(state: Path) -> None:
    async with started(state, (80, 24), well_for=900) as scene:
        freeze(scene, API, 3.5)
        assert "FROZEN for" not in await scene.settle()
        freeze(scene, API, 5)
        await scene.until(lambda: scene.app.frame.notice[0].startswith(LINE), "told")
        said = await scene.settle()
        assert LINE in said, "whole, at this size"
        assert scene.app.frame.work.page is None and scene.app.keyboard.at is scene.app.frame.board
        await scene.pilot.press("escape")
        assert LINE not in await scene.settle()

        scene.engine.hand._passed += 86_000
        assert "FROZEN for" not in await scene.settle()
        scene.engine.hand._passed += 500
        await scene.until(lambda: "api FROZEN for 29 hours" in scene.app.frame.notice[0], "told again")


async def test_it_waits_until_the_last_row_is_free_and_one_comes_after_the_other(state: Path) -> None:
    async with started(state, (80, 24), well_for=900) as scene:
        scene.app.notice("something that matters more", "down")
        freeze(scene, API, 5)
        freeze(scene, WEB, 49)
        assert "something that matters more" in await scene.settle()
        await scene.pilot.press("escape")
        await scene.until(lambda: scene.app.frame.notice[0].startswith("web FROZEN for 2 days"), "told the oldest")
        await scene.pilot.press("escape")
        await scene.until(lambda: scene.app.frame.notice[0].startswith(LINE), "told the next")
