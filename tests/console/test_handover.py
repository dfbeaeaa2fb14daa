"""The page for whoever takes over, in the console."""

from pathlib import Path

from tests.console.scenes import started
from tui.console.drawing import rows
from tui.console.pages.handover import HandOverPage
from tui.incident.handover import TITLES


async def test_the_key_shows_it_and_it_is_saved(tmp_path: Path) -> None:
    async with started(tmp_path, (120, 40)) as scene:
        await scene.press_without_and_with_an_incident("o")
        await scene.until(lambda: isinstance(scene.app.frame.work.page, HandOverPage), "shown")
        page = scene.app.frame.work.page
        assert page is not None
        said = "\n".join(rows.text(row) for row in page.view(100).rows)
        assert all(title.upper() in said for title in TITLES.values())
        await scene.until(lambda: "PROVEN" in scene.app.export_text(), "drawn")
        work = scene.app.frame.work
        await scene.until(lambda: work.choice is not None and work.choice.id == "save" and work.armed, "armed")
        await scene.pilot.press("enter")
        await scene.until(lambda: bool(list((tmp_path / "exports").glob("handover-*.txt"))), "saved")
        (file,) = (tmp_path / "exports").glob("handover-*.txt")
        assert file.read_text().startswith("# Handover: api, incident")
        assert file.stat().st_mode & 0o777 == 0o600
