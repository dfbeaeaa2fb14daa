"""As much of an HTTP/1.1 server as the sandbox needs: GET and POST, bodies with a length, connections kept open."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

LARGEST_BODY = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; the names of its headers are in small letters."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One response; the server itself adds its length and whether the connection stays."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


Responder = Callable[[Request], Awaitable[Response]]


class HttpServer:
    """One listening port. `respond` is awaited for every request, and cancelled if the server closes."""

    def __init__(self, respond: Responder) -> None:
        self._respond = respond
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def listen(self, port: int = 0) -> None:
        """Opens the port on 127.0.0.1; 0 takes any free one, which is then in `port`."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Closes the port and ends the requests that are being answered."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            while await self._one(reader, writer):
                pass
        except (
            ConnectionError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
            UnicodeDecodeError,
        ):
            pass  # whoever speaks no HTTP, or leaves in the middle, is not answered
        except asyncio.CancelledError:
            pass  # the server closes; asyncio.streams would report a cancelled handler as an error
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await read_request(reader)
        if request is None:
            return False
        response = await self._respond(request)
        stays = request.headers.get("connection", "").lower() != "close"
        head = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
        headers = {**response.headers, "Content-Length": str(len(response.body))}
        headers["Connection"] = "keep-alive" if stays else "close"
        head += [f"{name}: {value}" for name, value in headers.items()]
        body = b"" if request.method == "HEAD" else response.body
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        await writer.drain()
        return stays


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """None at the end of the connection. Raises ValueError for what is no request."""
    first = await reader.readline()
    if not first:
        return None
    method, target, _ = first.decode("ascii").split(" ", 2)
    headers: dict[str, str] = {}
    while (line := (await reader.readline()).decode("latin-1").strip()) and len(headers) < 100:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= LARGEST_BODY:
        raise ValueError("body too large")
    body = await reader.readexactly(length)
    return Request(method=method, target=target, headers=headers, body=body)
