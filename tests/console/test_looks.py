"""A dozen pictures: colours, weights and places, as a terminal shows them.

The pictures lie beside this file under `__snapshots__/`. After a change that was meant:

    .venv/bin/pytest tests/console/test_looks.py --snapshot-update
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.console.scenes import SCENES, WELL_FOR, Scene, console, ready, stage_engine
from tui.console.drawing.palette import Palette

Compare = Callable[..., bool]
LOOKS: tuple[tuple[str, tuple[int, int], dict[str, Any]], ...] = (
    ("services", (80, 24), {}),
    ("releases", (120, 40), {}),
    ("severity", (80, 24), {}),
    ("confirm", (80, 24), {}),
    ("plan", (80, 24), {}),
    ("plan-warnings", (120, 40), {}),
    ("run", (80, 24), {}),
    ("uncertain", (80, 24), {}),
    ("verify-failed", (80, 24), {}),
    ("watch", (200, 60), {}),
    ("watch-alarm", (80, 24), {}),
    ("closed", (60, 15), {}),
    ("watch-alarm", (80, 24), {"colour": False, "ascii_only": True}),
)


@pytest.mark.parametrize(
    ("name", "size", "how"), LOOKS, ids=[f"{n}-{s[0]}x{s[1]}{'-plain' if h else ''}" for n, s, h in LOOKS]
)
def test_look(
    name: str,
    size: tuple[int, int],
    how: dict[str, Any],
    snap_compare: Compare,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    engine = stage_engine(well_for=WELL_FOR.get(name, 0))
    app = console(tmp_path, engine, Palette(**how))

    async def play(pilot: Pilot[int]) -> None:
        scene = Scene(app, pilot, engine)
        await ready(scene)
        await SCENES[name](scene)
        await scene.settle()

    assert snap_compare(app, terminal_size=size, run_before=play)
