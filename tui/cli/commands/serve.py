"""`rollback serve`: the console in a browser, for one person at a time who was given the address.

A browser on this machine carries out what any page tells it to, so being on loopback protects nobody: the address that
is printed holds a token, which is exchanged once for a cookie; a request needs that cookie, the very host name that was
printed and, where a browser names the page that asks, that page to be ours. Each session is a process of its own,
read-only unless `--allow-changes` was said.
"""

import asyncio
import contextlib
import hmac
import importlib.util
import io
import ipaddress
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from tui.cli import interrupts, output
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.model.errors import ConfigError

if TYPE_CHECKING:
    from aiohttp import web

COOKIE = "rollback"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PATIENCE = 10.0
"""seconds that a session has to end in order once its browser is gone"""
LARGEST = 500
"""columns or rows of a terminal that a browser may ask for"""
NO_MESSAGE = (ValueError, KeyError, IndexError, TypeError, AssertionError, AttributeError)
"""what textual-serve raises on what is no message of its page"""
KEYS_TO_THE_CONSOLE = """<script>
new MutationObserver((_, waiting) => {
  const keys = document.querySelector(".xterm-helper-textarea");
  if (keys) { waiting.disconnect(); keys.focus(); }
}).observe(document, {childList: true, subtree: true});
</script>"""
"""textual-serve's page gives the keys to nobody until it is clicked: what is typed before would be lost"""
Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]


class BrowserDoor:
    """The check of who may come in: by token once, then by cookie, from our own page only."""

    def __init__(self, address: str, token: str) -> None:
        seen = urlsplit(address)
        self.host, self.origin, self._secure = seen.netloc, f"{seen.scheme}://{seen.netloc}", seen.scheme == "https"
        self._token: str | None = token
        self._session = secrets.token_urlsafe(32)

    async def watch(self, request: "web.Request", handler: Handler) -> "web.StreamResponse":
        """Let a request through, exchange its token, or refuse it. Raises HTTPException."""
        from aiohttp import web

        if request.headers.get("Host") != self.host:
            raise web.HTTPForbidden(text="another host name than the one that was printed\n")
        origin = request.headers.get("Origin")
        asks = request.path == "/ws" or request.method not in ("GET", "HEAD")
        if origin != self.origin and (asks or origin is not None):
            raise web.HTTPForbidden(text="asked by another page\n")
        if (token := request.query.get("open")) is not None:
            return self._exchanged(token)
        if not hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self._session.encode()):
            raise web.HTTPUnauthorized(text="open the address that `rollback serve` printed; it is good for once\n")
        return await handler(request)

    def _exchanged(self, token: str) -> "web.StreamResponse":
        from aiohttp import web

        if self._token is None or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise web.HTTPForbidden(text="this token is not good, or no more: start `rollback serve` again\n")
        self._token = None
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(COOKIE, self._session, httponly=True, samesite="Strict", secure=self._secure, path="/")
        return answer


async def application(argv: list[str], address: str, token: str, sessions: int) -> "web.Application":
    """The application that is served: `argv` is started for each session, of which so many go on at once at most."""
    from aiohttp import web
    from textual_serve.app_service import AppService
    from textual_serve.server import Server

    class BrowserSession(AppService):
        """One process; it ends with its browser, whatever it does."""

        async def _open_app_process(self, width: int = 80, height: int = 24) -> asyncio.subprocess.Process:
            """Without a shell between, which would be ended in its place."""
            pipe = asyncio.subprocess.PIPE
            environ = self._build_environment(width=width, height=height)
            self._process = await asyncio.create_subprocess_exec(
                *argv, stdin=pipe, stdout=pipe, stderr=pipe, env=environ, start_new_session=True
            )
            self._stdin = self._process.stdin
            return self._process

        async def stop(self) -> None:
            """Ask it to end, wait for PATIENCE seconds, and end it."""
            try:
                async with asyncio.timeout(PATIENCE):
                    await super().stop()
            except TimeoutError:
                pass  # it is killed next
            finally:
                if self._process is not None and self._process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):  # it has just ended
                        self._process.kill()
                    await self._process.wait()

    class BrowserServer(Server):
        """textual-serve without its own words, and with a limit."""

        open_now = 0
        browsers: ClassVar[set[web.WebSocketResponse]] = set()

        async def on_startup(self, app: web.Application) -> None:
            """Nothing is said: the command has said it."""

        async def handle_index(self, request: web.Request) -> web.StreamResponse:
            """The page, with the keys where they are wanted."""
            page = await super().handle_index(request)
            if isinstance(page, web.Response):
                page.text = (page.text or "").replace("</head>", f"{KEYS_TO_THE_CONSOLE}</head>", 1)
            return page

        async def on_shutdown(self, app: web.Application) -> None:
            """Every session ends in order: what it sent goes on at its host."""
            for browser in tuple(self.browsers):
                await browser.close()

        async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
            """One session, where there is room for it."""
            for name in ("width", "height"):
                value = request.query.get(name, "80")
                if not (value.isascii() and value.isdigit() and len(value) < 5 and 1 <= int(value) <= LARGEST):
                    raise web.HTTPBadRequest(text=f"{name} has to be 1 to {LARGEST}\n")
            if self.open_now >= sessions:
                raise web.HTTPServiceUnavailable(text=f"{sessions} sessions are open already\n")
            self.open_now += 1
            try:
                return await self._session(request)
            finally:
                self.open_now -= 1

        async def _session(self, request: web.Request) -> web.WebSocketResponse:
            websocket = web.WebSocketResponse(heartbeat=15)
            await websocket.prepare(request)

            async def close() -> None:
                await websocket.close()

            session = BrowserSession(
                self.command,
                write_bytes=websocket.send_bytes,
                write_str=websocket.send_str,
                close=close,
                download_manager=self.download_manager,
            )
            self.browsers.add(websocket)
            try:
                await session.start(int(request.query.get("width", "80")), int(request.query.get("height", "24")))
                with contextlib.suppress(*NO_MESSAGE):  # what is no message of our page ends the session
                    await self._process_messages(websocket, session)
            finally:
                self.browsers.discard(websocket)
                await session.stop()
                await websocket.close()
            return websocket

    door = BrowserDoor(address, token)

    @web.middleware
    async def watched(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await door.watch(request, handler)

    async def sealed(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)

    app = await BrowserServer(shlex.join(argv), title="rollback", public_url=address)._make_app()
    app.middlewares.append(watched)
    app.on_response_prepare.append(sealed)
    return app


def serve(options: CommandOptions, narrator: Narrator) -> int:
    """Serve until Ctrl-C. Raises ConfigError where that would not be safe, or the extra is not installed."""
    if importlib.util.find_spec("textual_serve") is None:
        raise ConfigError("the console in a browser is an extra", "pip install 'dokku-rollback[serve]'")
    _refuse_open(options)
    return asyncio.run(_served(options, narrator))


def _refuse_open(options: CommandOptions) -> None:
    """Raises ConfigError for an address that others can reach without TLS."""
    if _loopback(options.bind) and options.public_url is None:
        return
    seen = urlsplit(options.public_url or "")
    if seen.scheme != "https" or not seen.netloc or seen.path not in ("", "/"):
        raise ConfigError(
            f"{options.bind} can be reached by others: the token and every key would be readable on the way",
            "put a proxy with TLS before it and name it: --public-url https://name; or reach it by ssh -L",
        )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _served(options: CommandOptions, narrator: Narrator) -> int:
    from aiohttp import web

    from tui import bootstrap
    from tui.cli import trust_question

    ask = trust_question.ask(narrator) if narrator.interactive else None
    services = await bootstrap.agreed(options.services, ask, trust=options.trust)
    fleet = bootstrap.fleet(services)
    argv = [sys.executable, "-m", "tui.console.web", "--services", services]
    argv += [] if options.allow_changes else ["--read-only"]
    argv += ["--accept-host-key", options.accept_host_key] if options.accept_host_key else []
    host = f"[{options.bind}]" if ":" in options.bind else options.bind
    address = (options.public_url or f"http://{host}:{options.port}").rstrip("/")
    token = secrets.token_urlsafe(32)
    runner = web.AppRunner(
        await application(argv, address, token, options.sessions), access_log=None, shutdown_timeout=PATIENCE + 5
    )
    stop = asyncio.Event()
    with interrupts.taken(stop.set):
        await runner.setup()
        try:
            await web.TCPSite(runner, options.bind, options.port).start()
        except OSError as error:
            raise ConfigError(f"{options.bind}:{options.port} cannot be served: {error.strerror}", "--port") from error
        _say(options, fleet.path, f"{address}/?open={token}", narrator)
        with contextlib.redirect_stdout(_Told(narrator)):  # no session can begin before the address was printed
            await stop.wait()
            await runner.cleanup()
    return int(Exit.DONE)


def _say(options: CommandOptions, path: str, address: str, narrator: Narrator) -> None:
    changes = "changes are possible" if options.allow_changes else "read-only (--allow-changes lets changes through)"
    narrator.say(f"services: {path}; {changes}; {options.sessions} sessions at most; Ctrl-C ends it", "dim")
    narrator.say("this address is good for one browser, once: give it to nobody else", "yellow")
    if options.json:
        output.write({"schema": output.SCHEMA, "kind": "serve", "url": address, "changes": options.allow_changes})
    else:
        output.text(address)


class _Told(io.TextIOBase):
    """A stdout that tells what a session's process complained of, which textual-serve prints."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator

    def write(self, text: str) -> int:
        for line in text.splitlines():
            self._narrator.say(f"  session: {line}", "yellow")
        return len(text)
