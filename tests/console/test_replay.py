"""A replay in the console: the pages that were shown then, and keys that play; every key that begins something is
refused."""

from pathlib import Path

from tests.console.scenes import closed
from tests.stage import HandClock
from tui.console.drawing.palette import Palette
from tui.console.replay import ReplayApp
from tui.engine.replay import Recording, ReplayEngine


async def test_it_opens_on_the_page_is_played_to_its_end_and_begins_nothing(tmp_path: Path) -> None:
    recording = Recording(incident="inc1", events=closed())
    engine = ReplayEngine(recording, HandClock(), 10)
    app = ReplayApp(lambda _: engine, palette=Palette(colour=False), watch_for=None, exports=tmp_path)

    async with app.run_test(size=(100, 30)) as pilot:

        async def shown(*words: str) -> None:
            for _ in range(200):
                if all(word in app.export_text() for word in words):
                    return
                await pilot.pause(0.02)
            raise AssertionError(app.export_text())

        await shown("REPLAY of inc1", "No host is asked.")
        engine.playback.faster(6)
        while not engine.playback.over:
            engine.playback.step()
        await shown("a replay has no log")
        assert "HOST?" not in app.export_text() and "connecting since" not in app.export_text()
        await shown("at its end", f"entry {len(recording.events)} of {len(recording.events)}")
        for key in ("K", "F", "R"):
            await pilot.press("escape", key)
            await pilot.pause(0.05)
        assert not engine.gate.wrote and len(engine.gate.trail) == 0
        assert list(engine.walks) == []
        await pilot.press("q")
    await app.shut()
    assert app.return_code == 0
