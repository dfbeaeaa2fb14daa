"""The console in a browser: who may come in, from where, how many, and what they may do there."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.config.fleets import SMALL
from tui.cli.commands import serve
from tui.cli.narrate import Narrator
from tui.cli.options import parse
from tui.model.errors import ConfigError

TOKEN = "a-token-of-this-test"
ECHO = [sys.executable, "-c", "import sys; print('__GANGLION__', flush=True); sys.stdin.buffer.read(1)"]
"""a session that says nothing and ends with its browser"""


class Browser:
    """One browser: its cookies, and headers as it sends them."""

    def __init__(self, address: str, client: aiohttp.ClientSession) -> None:
        self.address, self.client = address, client

    async def get(self, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
        async with self.client.get(self.address + path, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text(), dict(answer.headers)

    async def opened(self, origin: str | None = "", query: str = "?width=80&height=24", **headers: str) -> int:
        """The status of an attempt to begin a session."""
        if origin is not None:
            headers["Origin"] = origin or self.address
        try:
            async with self.client.ws_connect(f"{self.address}/ws{query}", headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status


@asynccontextmanager
async def served(argv: list[str] = ECHO, sessions: int = 2) -> AsyncIterator[Browser]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    runner = web.AppRunner(await serve.application(argv, address, TOKEN, sessions), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            yield Browser(address, client)
    finally:
        await runner.cleanup()


async def test_the_token_is_exchanged_once_for_a_cookie_and_nothing_is_shown_without_it() -> None:
    async with served() as browser:
        for path in ("/", "/static/js/textual.js", "/download/none", "/nowhere"):
            assert (await browser.get(path))[0] == 401
        assert await browser.opened() == 401
        assert (await browser.get("/?open=another"))[0] == 403
        status, _, headers = await browser.get(f"/?open={TOKEN}")
        assert (status, headers["Location"]) == (303, "/")
        cookie = headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie
        status, page, headers = await browser.get("/")
        assert status == 200 and "/ws" in page and TOKEN not in page
        assert ".focus()" in page.partition("</head>")[0], "keys reach the console without a click"
        assert headers["X-Frame-Options"] == "DENY" and "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        browser.client.cookie_jar.clear()
        assert (await browser.get(f"/?open={TOKEN}"))[0] == 403, "good for once"
        assert (await browser.get("/"))[0] == 401


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:1", "http://localhost", "null", None], ids=str
)
async def test_another_page_begins_no_session_even_in_the_browser_that_has_the_cookie(origin: str | None) -> None:
    async with served() as browser:
        await browser.get(f"/?open={TOKEN}")
        assert await browser.opened(origin) == 403
        if origin is not None:
            assert (await browser.get("/", Origin=origin))[0] == 403
        assert await browser.opened() == 101


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost", "127.0.0.1", ""])
async def test_another_name_for_this_machine_is_refused(host: str) -> None:
    """A name of somebody else's that was made to lead here would make their page ours."""
    async with served() as browser:
        await browser.get(f"/?open={TOKEN}")
        assert (await browser.get("/", Host=host))[0] in (400, 403)
        assert await browser.opened(Host=host) in (400, 403)


async def test_so_many_sessions_and_no_more_and_a_terminal_of_a_sane_size() -> None:
    async with served(sessions=1) as browser:
        await browser.get(f"/?open={TOKEN}")
        for query in ("?width=0&height=24", "?width=80&height=99999", "?width=-1", "?height=x"):
            assert await browser.opened(query=query) == 400
        async with browser.client.ws_connect(f"{browser.address}/ws", headers={"Origin": browser.address}):
            assert await browser.opened() == 503
        for _ in range(200):
            if await browser.opened() == 101:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("a session that ended still counts")


async def test_no_process_outlives_its_browser_or_the_server_even_one_that_hears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "PATIENCE", 0.2)
    told = tmp_path / "pid"
    script = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); print('__GANGLION__', flush=True); "
    deaf = [sys.executable, "-c", script + "time.sleep(600)"]

    async def begun() -> int:
        async with asyncio.timeout(30):
            while not (told.exists() and told.read_text()):
                await asyncio.sleep(0.01)
        pid = int(told.read_text())
        told.unlink()
        return pid

    async def gone(pid: int) -> None:
        async with asyncio.timeout(30):
            while Path(f"/proc/{pid}").exists():
                await asyncio.sleep(0.01)

    async with served(deaf) as browser:
        await browser.get(f"/?open={TOKEN}")
        headers = {"Origin": browser.address}
        async with browser.client.ws_connect(f"{browser.address}/ws", headers=headers):
            pid = await begun()
        await gone(pid)
        left = await browser.client.ws_connect(f"{browser.address}/ws", headers=headers)
        pid = await begun()
        reading = asyncio.create_task(left.receive())
    await reading
    await gone(pid)


async def test_a_session_is_the_console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    file = tmp_path / "services.yaml"
    file.write_text(SMALL.replace("dokku@host.example", "dokku@127.0.0.1:9"), encoding="utf-8")
    argv = [sys.executable, "-m", "tui.console.web", "--services", str(file), "--read-only"]
    async with served(argv) as browser:
        await browser.get(f"/?open={TOKEN}")
        address = f"{browser.address}/ws?width=100&height=30"
        async with asyncio.timeout(60), browser.client.ws_connect(address, headers={"Origin": browser.address}) as ws:
            drawn = b""
            while b"READ-ONLY" not in drawn or b"web" not in drawn:
                message = await ws.receive()
                assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), (message, drawn[-400:])
                drawn += message.data if isinstance(message.data, bytes) else b""


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("serve --bind 0.0.0.0", True),
        ("serve --bind ::", True),
        ("serve --bind localhost.example", True),
        ("serve --bind 0.0.0.0 --public-url http://name.example", True),
        ("serve --public-url https://name.example/below", True),
        ("serve --bind 0.0.0.0 --public-url https://name.example", False),
        ("serve", False),
        ("serve --bind ::1", False),
    ],
)
def test_it_listens_for_others_only_behind_tls(words: str, refused: bool) -> None:
    wanted = parse(words.split())
    if refused:
        with pytest.raises(ConfigError, match="can be reached by others"):
            serve._refuse_open(wanted)
    else:
        serve._refuse_open(wanted)


def test_what_changes_a_host_has_to_be_asked_for() -> None:
    assert not parse(["serve"]).allow_changes and parse(["serve", "--allow-changes"]).allow_changes
    for wrong in ("--port 0", "--port 70000", "--sessions 0", "--sessions x"):
        with pytest.raises(ConfigError, match="write a number from"):
            parse(["serve", *wrong.split()])


@pytest.mark.parametrize("words", [["serve"], ["serve", "--json"]], ids=str)
def test_the_address_is_printed_whole(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What takes secrets out of everything that is said leaves this one in."""
    for _ in range(50):
        address = f"http://127.0.0.1:8000/?open={secrets.token_urlsafe(32)}"
        serve._say(parse(words), "services.yaml", address, Narrator(color=False))
        assert address in capsys.readouterr().out


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    with pytest.raises(ConfigError) as refused:
        serve.serve(parse(["serve"]), Narrator(color=False))
    assert "dokku-rollback[serve]" in refused.value.fix
