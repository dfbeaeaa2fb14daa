"""The console past one service, on the sandbox: all services by the phrase, undo from the close, unfreezing."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from tests.harness import LocalSandbox
from tui import bootstrap
from tui.console.app import ConsoleApp
from tui.console.drawing.palette import Palette
from tui.console.widgets.work import HELD


class Desk:
    """A console on a sandbox, and what a person does at it."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(750):  # drawing the whole screen to look at it costs more than what is drawn
            if condition():
                return
            await self.pilot.pause(0.2)
        raise TimeoutError(self.app.export_text())

    async def sees(self, *words: str) -> None:
        """Wait until all of it stands on the screen."""

        def there() -> bool:
            shown = self.app.export_text()
            return all(word in shown for word in words)

        await self.until(there)

    async def chooses(self, identity: str) -> None:
        """Bring the cursor to that choice, wait as a person does, and take it."""
        for _ in range(12):
            choice = self.app.frame.work.choice
            if choice is not None and choice.id == identity:
                break
            await self.pilot.press("right")
        choice = self.app.frame.work.choice
        assert choice is not None, self.app.export_text()
        assert choice.id == identity, self.app.export_text()
        await self.pilot.pause(HELD + 0.1)
        await self.pilot.press("enter")

    async def types(self, text: str) -> None:
        """A line and Enter."""
        await self.until(lambda: self.app.frame.line.asking)
        await self.pilot.press(*("space" if c == " " else c for c in text), "enter")


@asynccontextmanager
async def console(
    box: LocalSandbox, watch: timedelta = timedelta(seconds=12), size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Desk]:
    app = ConsoleApp(
        lambda ask: bootstrap.engine(box.services, ask_passphrase=ask, clock=box.clock),
        palette=Palette(),
        watch_for=watch,
        exports=box.state / "exports",
    )
    async with app.run_test(size=size) as pilot:
        desk = Desk(app, pilot)
        await desk.until(lambda: app.controller is not None)
        assert app.controller is not None
        board = app.controller.board
        await desk.until(lambda: all(s.listing is not None for s in board.statuses()))
        yield desk
    await app.shut()


@pytest.mark.timeout(300)
async def test_all_services_go_back_by_the_phrase_with_a_line_for_each(box: LocalSandbox) -> None:
    async with console(box) as desk:
        await desk.pilot.press("P")
        await desk.sees("ALL PREVIOUS", "4 gateway", "answer for 10-30 s")
        await desk.chooses("go")
        await desk.types("all")
        await desk.pilot.press("escape")
        await desk.until(lambda: not desk.app.frame.line.asking)
        assert not box.sent("git-receive-pack"), "that is not the phrase"
        await desk.chooses("go")
        await desk.types("all previous")
        await desk.sees("search          done", "gateway         done")
        assert [box.serves(s) for s in ("search", "transcription", "api", "gateway")] == [
            "v1.1.0",
            "v1.2.1",
            "v1.4.0",
            "v1.2.0",
        ]


@pytest.mark.timeout(300)
async def test_undo_is_offered_while_watching_and_goes_forward_again(box: LocalSandbox) -> None:
    box.pull("scenario", name="healthy")
    assert box.run("keep", "api").code == 0
    assert box.run("api", "previous", "--yes").code == 0
    async with console(box, timedelta(minutes=5)) as desk:
        await desk.sees("on the hosts: api FROZEN")
        await desk.pilot.press("h")
        await desk.sees("FOUND ON THE HOSTS", "api: FROZEN by")
        controller = desk.app.controller
        assert controller is not None
        incident = (await controller.engine.incidents())[0]
        with desk.app.keyboard.pressed():
            await controller.jobs.undo(incident)
        await desk.sees("TO   release:5", "is marked bad")
        await desk.chooses("go")
        await desk.sees("watch")
        await desk.until(lambda: box.serves() == "v1.5.0")
        await desk.sees("Undo: forward again")
        await desk.chooses("undo")
        await desk.sees("TO   release:4")
        assert desk.app.frame.work._view.key.startswith("UNDO")
        watching = controller.incidents()["api"]
        assert watching.state.value == "watching", "reading a plan disturbs no watch"
        await desk.chooses("go")
        await desk.until(lambda: box.serves() == "v1.4.0")
        assert len(await controller.engine.incidents()) == 2, "undone within the incident that was open"


@pytest.mark.timeout(300)
async def test_unfreezing_shows_what_was_pushed_and_deploys_the_tip_when_that_is_chosen(box: LocalSandbox) -> None:
    assert box.run("api", "previous", "--yes").code == 0
    box.pull("deploy", app="scenextras", version="v1.5.1", message="Fix the thumbnails", wait=True)
    async with console(box, timedelta(seconds=12)) as desk:
        await desk.sees("on the hosts: api FROZEN")
        await desk.pilot.press("h")
        await desk.sees("FOUND ON THE HOSTS", "rollback unfreeze api")
        await desk.chooses("api")
        await desk.sees("UNSETTLED", "Fix the thumbnails", "BAD")
        await desk.chooses("go")
        await desk.sees("deploys go to main again", "next normal deploy")
        assert "scenextras--incident" not in box.look()["apps"]
        await desk.chooses("tip")
        await desk.sees("DEPLOY THE TIP api", "WILL RUN")
        await desk.chooses("go")
        await desk.until(lambda: box.serves() == "v1.5.1")
