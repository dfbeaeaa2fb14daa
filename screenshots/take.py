"""Takes the README's pictures: the real console on the sandbox, walked through an incident.

.venv/bin/python screenshots/take.py
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tui import bootstrap
from tui.console.app import ConsoleApp
from tui.console.drawing.palette import Palette

if TYPE_CHECKING:
    from textual.pilot import Pilot

HERE = Path(__file__).parent
SIZE = (100, 30)
WIDE = (160, 44)


class Photographer:
    """Presses keys, waits for what is to be seen, and takes the picture."""

    def __init__(self, app: ConsoleApp, pilot: "Pilot[int]") -> None:
        self.app = app
        self.pilot = pilot

    async def until(self, seen: Callable[[], bool], what: str) -> None:
        """Wait for something; a picture of anything else would be a lie."""
        for _ in range(2400):
            if seen():
                return
            await self.pilot.pause(0.05)
        raise TimeoutError(f"never seen: {what}\n{self.app.export_text()}")

    async def sees(self, text: str) -> None:
        """Wait for a text on the screen."""
        await self.until(lambda: text in self.app.export_text(), text)
        await self.pilot.pause(0.3)

    async def press(self, *keys: str) -> None:
        """Deliberately: with a pause before each key that is longer than the time to arm."""
        for key in keys:
            await self.pilot.pause(0.6)
            await self.pilot.press(key)

    def take(self, name: str) -> None:
        """One picture, without fonts from the network."""
        svg = self.app.export_screenshot(title="rollback")
        svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
        (HERE / f"{name}.svg").write_text(svg)
        sys.stderr.write(f"{name}.svg\n")


async def walk(services: str, state: Path) -> None:
    """From the first screen to what is left to do."""
    app = ConsoleApp(
        lambda ask: bootstrap.engine(services, ask_passphrase=ask),
        palette=Palette(),
        watch_for=timedelta(seconds=40),
        exports=state / "exports",
    )
    async with app.run_test(size=SIZE) as pilot:
        camera = Photographer(app, pilot)

        def listed() -> bool:
            return app.controller is not None and all(s.listing for s in app.controller.board.statuses())

        await camera.until(listed, "every service listed")
        await camera.sees("DOWN")
        await pilot.pause(4)
        camera.take("services")
        await camera.press("R")
        await camera.sees("How bad is it?")
        camera.take("severity")
        await camera.press("down", "enter")  # P1 goes straight to the plan
        await camera.sees("The runbook says")
        camera.take("confirm")
        await camera.press("enter")
        await camera.sees("previous is")
        camera.take("releases")
        await camera.press("enter")
        await camera.sees("CHECKED")
        camera.take("plan")
        await camera.press("right", "enter")
        await camera.sees("hold deploys back")
        await pilot.pause(5)
        camera.take("running")
        await camera.sees("observed")
        await pilot.pause(12)
        camera.take("watch")
        await pilot.resize_terminal(*WIDE)
        await pilot.pause(3)
        camera.take("wide")
        await pilot.resize_terminal(*SIZE)
        await camera.sees("RECOVERED")
        camera.take("close")
        await camera.press("a")
        await camera.sees("TIMELINE")
        camera.take("timeline")
    await app.shut()


def main() -> None:
    """A sandbox of its own, at the pace of recorded hosts, that ends with this."""
    argv = [sys.executable, "-m", "tui.sandbox", "--pace", "recorded"]
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(argv, stdout=subprocess.PIPE) as sandbox:
        try:
            told = json.loads(sandbox.stdout.readline() if sandbox.stdout else b"")
            os.environ["ROLLBACK_STATE_DIR"] = folder
            asyncio.run(walk(told["services"], Path(folder)))
        finally:
            sandbox.terminate()


if __name__ == "__main__":
    main()
