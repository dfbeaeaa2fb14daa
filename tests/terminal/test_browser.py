"""`rollback serve` in a real browser: headless Chromium opens the printed address, and its keys open an incident."""

import asyncio
import base64
import itertools
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.cli.test_serve import TOKEN, served
from tests.incident import stories
from tests.incident.facts import later
from tests.sandboxes import running_sandbox
from tui.console.widgets.work import HELD
from tui.incident.postmortem import html, markdown, write

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WORDS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1100,760")
PNG = b"\x89PNG"


class Page:
    """The one page of a browser, over its DevTools protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._number = socket, itertools.count(1)

    async def call(self, method: str, **values: Any) -> dict[str, Any]:
        number = next(self._number)
        await self._socket.send_json({"id": number, "method": method, "params": values})
        while (answer := await self._socket.receive_json()).get("id") != number:
            pass  # news of the page
        found: dict[str, Any] = answer.get("result", {})
        return found

    async def says(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return (await self.call("Runtime.evaluate", expression=expression))["result"].get("value")

    async def press(self, name: str, text: str) -> None:
        key = {"key": name, "windowsVirtualKeyCode": 13 if name == "Enter" else ord(name)}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **key)


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Page]:
    """A browser without a window; it writes the port that it chose into its folder."""
    argv = [str(CHROMIUM), *WORDS, f"--user-data-dir={folder}", "--remote-debugging-port=0", "about:blank"]
    browser = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(60):
            while not (told := folder / "DevToolsActivePort").exists():
                await asyncio.sleep(0.1)
        port = told.read_text(encoding="utf-8").split()[0]
        async with aiohttp.ClientSession() as client:
            pages = await (await client.get(f"http://127.0.0.1:{port}/json")).json()
            address = next(one["webSocketDebuggerUrl"] for one in pages if one["type"] == "page")
            async with client.ws_connect(address, max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        browser.terminate()
        await browser.wait()


@pytest.mark.timeout(240)
async def test_the_keys_of_a_browser_open_an_incident_without_a_click(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install chromium")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    with running_sandbox(tmp_path / "box") as box:
        monkeypatch.setenv("ROLLBACK_STATE_DIR", str(box.state))
        argv = [sys.executable, "-m", "tui.console.web", "--services", box.services]
        async with served(argv, sessions=1) as door, chromium(tmp_path / "chromium") as page:
            await page.call("Page.navigate", url=f"{door.address}/?open={TOKEN}")
            async with asyncio.timeout(120):
                while await page.says("document.activeElement.className") != "xterm-helper-textarea":
                    await asyncio.sleep(0.1)
                while not (await asyncio.to_thread(box.run, "incidents", "--json")).document["items"]:
                    await page.press("R", "R")  # on an incident that is open it only shows it
                    await asyncio.sleep(HELD + 0.2)  # an Enter that comes sooner may be a key that is held
                    await page.press("Enter", "\r")
            picture = base64.b64decode((await page.call("Page.captureScreenshot"))["data"])
    assert picture.startswith(PNG) and len(picture) > 20_000, "something is drawn"


@pytest.mark.timeout(120)
async def test_a_post_mortem_is_no_wider_than_its_window(tmp_path: Path) -> None:
    """The commands in it are longer than any window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install chromium")
    long = stories.command(later(1242), "config:set", "cyc--incident", f"ROLLBACK_LEFT_BAD={'b' * 400}")
    said = [*stories.whole()[:-1], *long, stories.whole()[-1]]
    found = write(stories.read(said))
    file = tmp_path / "page.html"
    file.write_text(html.page(found, markdown.render(found, lambda at: at)), encoding="utf-8")
    async with chromium(tmp_path / "chromium") as page:
        await page.call("Page.navigate", url=file.as_uri())
        async with asyncio.timeout(60):
            while await page.says("document.title.startsWith('Incident') && document.readyState") != "complete":
                await asyncio.sleep(0.1)
        assert await page.says("document.documentElement.scrollWidth <= window.innerWidth")
