"""Canaries at the console: in the log, in a step's output, in faults; on no screen, in no picture, copy, file or crash
report."""

import asyncio
from pathlib import Path

import pytest

from tests.console import scenes
from tests.console.scenes import Scene, leading, pushed, running, started
from tui.incident import events as ev
from tui.model.errors import Refused
from tui.text import redact

CANARY = "Zx81Canary"
LOG = (
    b"2026-11-23T21:59:58.0Z app[web.1]: GET / 200 password=Zx81Canary\n"
    b"2026-11-23T21:59:58.1Z app[web.1]: GET / \x1b[31mto\x1b[1mken=Zx81\x1b[0mCanary and more\n"
    b'2026-11-23T21:59:58.2Z app[web.1]: GET / {"secret": "Zx81Canary", "id": 7}\n'
    b"2026-11-23T21:59:58.3Z app[web.1]: GET / postgres://ada:Zx81Canary@db/app refused\n"
    b"2026-11-23T21:59:58.4Z app[web.1]: GET / learned-Zx81CanaryLearned here\n"
)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(scenes, "LOG", LOG)
    redact.learn("learned-Zx81CanaryLearned")
    return tmp_path


async def clean(scene: Scene) -> str:
    """The screen as text and as a picture."""
    said = await scene.settle()
    assert "Zx81" not in said, said
    picture = scene.app.export_screenshot()
    assert "Zx81" not in picture
    return said


async def test_log_and_output_show_no_secret_at_any_width_wrapped_or_not(state: Path) -> None:
    for size in ((60, 15), (80, 24), (120, 40), (200, 60)):
        async with started(state, size) as scene:
            await leading(*running())(scene)
            scene.controller.flows["api"].output(
                "push", b"remote: using API_TOKEN=Zx81Canary\nremote: Bearer Zx81Canary\n"
            )
            said = await clean(scene)
            await scene.pilot.press("l", "w")
            scene.app.frame.logs.draw()
            assert "[redacted]" in said + await clean(scene)
            await scene.pilot.press("right", "right")
            scene.app.frame.logs.draw()
            await clean(scene)


async def test_pages_notices_and_faults_show_no_secret(state: Path) -> None:
    async with started(state, (120, 40)) as scene:
        story = (*pushed(), ev.DecisionNoted(at=scenes.NOW, text=f"they said the password is {CANARY}99"))
        flow = await scene.lead(*story)
        flow.error = Refused(f"https://ada:{CANARY}@host refused", f"unset API_KEY={CANARY}")
        assert "[redacted]" in await clean(scene)
        await scene.pilot.press("a")
        assert "they said" in await clean(scene)

        async def broken() -> None:
            raise RuntimeError(f"Authorization: Basic {CANARY}==")

        scene.app.begin_work(broken)
        await scene.until(lambda: "a fault of the console" in scene.app.export_text(), "saying the fault")
        assert "[redacted]" in await clean(scene)


async def test_copies_and_files_hold_no_secret(state: Path) -> None:
    copied: list[str] = []
    async with started(state, (120, 40)) as scene:
        scene.app._copy_out = lambda text, name: copied.append(text) or "copied"  # type: ignore[func-returns-value]
        await scene.lead(*pushed(), ev.DecisionNoted(at=scenes.NOW, text=f"token={CANARY}"))
        await scene.pilot.press("l", "y")
        await scene.until(lambda: len(copied) == 1, "copied")
        await scene.pilot.press("s")
        await scene.until(lambda: any((state / "exports").glob("log-api-*.txt")), "saved")
        await scene.controller.save_timeline()
        await scene.controller.save_trail()
        await scene.app.copy(f"password={CANARY}", "page")
        await asyncio.sleep(0)
    assert "[redacted]" in copied[0] and "Zx81" not in "".join(copied)
    files = [file for file in state.rglob("*") if file.is_file()]
    assert {"logs", "exports"} <= {file.parent.name for file in files}
    for file in files:
        assert b"Zx81" not in file.read_bytes(), file


async def test_a_crash_report_holds_no_secret(state: Path) -> None:
    async with started(state, (80, 24)) as scene:
        try:
            raise ValueError(f"DSN https://{CANARY}@o1.ingest.example/1 with secret={CANARY}")
        except ValueError:
            scene.app._fatal_error()
        report = str(scene.app._exit_renderables)
        shown = "".join(str(one) for one in scene.app._exit_renderables)
        assert "ValueError" in shown and "Zx81" not in report + shown
        scene.app._exit_renderables.clear()
