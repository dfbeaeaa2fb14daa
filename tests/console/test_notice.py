"""What the last row is told to say is said whole: a path that is cut cannot be opened."""

from pathlib import Path

import pytest

from tests.console.scenes import started
from tui.console.drawing import rows
from tui.console.layout import SAID

SIZES = ((60, 15), (80, 24), (120, 40), (200, 60))


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_the_path_of_a_saved_file_is_whole_and_the_keys_come_back(tmp_path: Path, size: tuple[int, int]) -> None:
    path = "/home/oncall/.local/state/rollback/exports/post-mortem-inc-20261123-2152-a1b2.html"
    async with started(tmp_path, size) as scene:
        frame = scene.app.frame
        scene.app.notice(f"saved: {path}")
        hint = frame.hint

        def whole() -> bool:
            """The layout follows what is said, one turn later."""
            said = [rows.text(row) for row in hint.lines()]
            shown = "".join(line.rstrip() for line in said).replace("Esc dismisses", "")
            return path in shown and said[-1].endswith("Esc dismisses")

        await scene.until(whole, "all of it is shown")
        said = [rows.text(row) for row in hint.lines()]
        assert len(said) == hint.size.height <= SAID
        assert not [line for line in said if len(line) > hint.size.width]
        await scene.pilot.press("escape")
        await scene.until(
            lambda: hint.size.height == 1 and "Commands" in rows.text(hint.lines()[0]), "the keys are back"
        )


async def test_a_services_file_that_was_written_meanwhile_is_said_once_to_count_after_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many a fix says to write something into it, and nothing would change then."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "services.yaml"
    file.write_text("as it was")
    line = "services.yaml was changed: start the console again to use it"
    async with started(tmp_path, (60, 15), well_for=900) as scene:
        assert line not in await scene.settle()
        scene.app.notice("something that matters more", "down")
        file.write_text("with the fix in it")
        assert "something that matters more" in await scene.settle()
        await scene.pilot.press("escape")
        await scene.until(lambda: scene.app.frame.notice[0] == line, "told when the row is free")
        await scene.pilot.press("escape")
        file.unlink()
        assert line not in await scene.settle(), "an editor puts another file in its place"
        file.write_text("and once more")
        await scene.until(lambda: scene.app.frame.notice[0] == line, "told again")


async def test_what_is_longer_than_its_place_ends_with_a_sign(tmp_path: Path) -> None:
    async with started(tmp_path, (60, 15)) as scene:
        scene.app.notice("a fault of the console: " + "because " * 60)
        hint = scene.app.frame.hint
        await scene.until(lambda: hint.size.height == SAID, "it has its rows")
        said = [rows.text(row) for row in hint.lines()]
        assert "…" in said[-1] and said[-1].endswith("Esc dismisses")
