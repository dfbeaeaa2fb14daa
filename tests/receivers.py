"""A real HTTP server on this machine that takes notifications and answers as it is told."""

import asyncio
import contextlib
import http.server
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any


class Receiver:
    """What came, and what is answered next."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.bodies: list[Any] = []
        """what was posted and accepted, in order"""
        self.requests = 0
        self.answers: list[int] = []
        """statuses for the next requests; 200 afterwards"""
        self.hang = False
        self.called = asyncio.Event()
        self.lock = threading.Lock()

    @property
    def titles(self) -> list[str]:
        """Of what was accepted."""
        return [body["title"] for body in self.bodies]


@contextlib.contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """A receiver in threads of its own, for command lines and for this process."""
    let_go = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with made.lock:
                made.requests += 1
                status = made.answers.pop(0) if made.answers else 200
                if loop is not None:
                    loop.call_soon_threadsafe(made.called.set)
                if status == 200 and not made.hang:
                    made.bodies.append(json.loads(raw))
            if made.hang:
                let_go.wait(30)
                return
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    try:
        loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    made = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        let_go.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """The same, inside a running loop."""
    with receiver() as made:
        yield made
