"""One HTTP server for all stand-ins: the first part of the path names the vendor.

Requests are recorded, faults injected.
"""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import jsonschema

PAGE = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n"
FAULTS = ("limited", "limited-date", "html", "html-ok", "broken", "unauthorized", "hang", "cut", "lost", "redirect")
"""limited: as the vendor does; -date: Retry-After as an HTTP date; html: 502, -ok: 200; broken: 500; hang: no answer
until the server ends; cut: the connection closes before anything is done, lost: after it was done"""
SCHEMAS = Path(__file__).parent / "schemas"


@dataclass(slots=True, kw_only=True)
class Received:
    """One request as it came."""

    vendor: str
    method: str
    path: str
    """after the vendor's base, still quoted"""
    query: dict[str, list[str]]
    headers: dict[str, str]
    """names in small letters"""
    body: Any
    """JSON, or None"""

    @property
    def parts(self) -> list[str]:
        """The path's parts, unquoted."""
        return [unquote(part) for part in self.path.strip("/").split("/")]


@dataclass(slots=True, kw_only=True)
class Answer:
    """What is answered: JSON, or text as it stands."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The vendor would answer this instead."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.body))
        self.answer = answer


class Vendor:
    """The base of a stand-in. `operation` holds requests to the vendor's description."""

    name: ClassVar[str]
    faults: ClassVar[tuple[str, ...]] = ()
    """kinds of its own"""

    def __init__(self, complaints: list[str]) -> None:
        self._complaints = complaints
        file = SCHEMAS / f"{self.name}.json"
        self._schemas: dict[str, Any] = json.loads(file.read_text())["operations"] if file.exists() else {}

    def answer(self, request: Received) -> Answer:
        """What it says. Raises Refused."""
        raise NotImplementedError

    def limited(self) -> Answer:
        """Too many requests, as this vendor says it."""
        return Answer(status=429, body={"message": "slow down"}, headers={"Retry-After": "7"})

    def unauthorized(self) -> Answer:
        """A token that is not known."""
        return Answer(status=401, body={"message": "Bad credentials"})

    def broken(self) -> Answer:
        """A fault of its own."""
        return Answer(status=500, body={"message": "Internal Server Error"})

    def fault(self, kind: str) -> Answer:
        """One of its own kinds."""
        raise KeyError(kind)

    def complain(self, text: str) -> None:
        """A request broke the vendor's description: note it."""
        self._complaints.append(f"{self.name}: {text}")

    def operation(self, name: str, request: Received) -> None:
        """Hold a request to the description of that operation: query, headers, body. Raises Refused(400)."""
        for part, wanted in self._schemas[name].items():
            checker = jsonschema.Draft202012Validator(wanted, format_checker=jsonschema.FormatChecker())
            for error in checker.iter_errors(getattr(request, part)):
                self.complain(f"{name}: {part}: {error.message}")
                raise Refused(self.invalid(error.message))

    def invalid(self, message: str) -> Answer:
        """A request that is not of the vendor's form."""
        return Answer(status=400, body={"message": message})


class Server:
    """The HTTP side of all of them."""

    def __init__(self, vendors: Mapping[str, Vendor], port: int = 0) -> None:
        self.vendors = vendors
        self.received: list[Received] = []
        self.complaints: list[str] = []
        self._faults: dict[str, list[tuple[str, str]]] = {name: [] for name in vendors}
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Serve in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End; what hangs is let go."""
        self._ended.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def add_fault(self, vendor: str, kind: str, times: int = 1, on: str = "") -> None:
        """The next requests to a vendor in which `on` stands (`METHOD /path body`) fail so. Raises KeyError."""
        if kind not in (*FAULTS, *self.vendors[vendor].faults):
            raise KeyError(kind)
        self._faults[vendor] += [(kind, on)] * times

    def _fault(self, request: Received) -> str:
        waiting = self._faults[request.vendor]
        said = f"{request.method} {request.path} {json.dumps(request.body)}"
        found = next((fault for fault in waiting if fault[1] in said), None)
        if found is None:
            return ""
        waiting.remove(found)
        return found[0]

    def handle(self, request: Received) -> Answer | None:
        """The answer, or None where the connection just ends."""
        if request.vendor == "control":
            return self._control(request)
        vendor = self.vendors.get(request.vendor)
        if vendor is None:
            return Answer(status=404, body=PAGE)
        with self._lock:
            self.received.append(request)
            kind = self._fault(request)
        match kind:
            case "":
                return self._said(vendor, request)
            case "limited":
                return vendor.limited()
            case "limited-date":
                return Answer(status=429, body={}, headers={"Retry-After": formatdate(time.time() + 30, usegmt=True)})
            case "html":
                return Answer(status=502, body=PAGE)
            case "html-ok":
                return Answer(body=PAGE)
            case "broken":
                return vendor.broken()
            case "unauthorized":
                return vendor.unauthorized()
            case "redirect":
                return Answer(status=302, body="", headers={"Location": f"{self.address}/elsewhere"})
            case "hang":
                self._ended.wait()
                return None
            case "cut":
                return None
            case "lost":
                self._said(vendor, request)
                return None
        return vendor.fault(kind)

    def _said(self, vendor: Vendor, request: Received) -> Answer:
        with self._lock:
            try:
                return vendor.answer(request)
            except Refused as refused:
                return refused.answer

    def _control(self, request: Received) -> Answer:
        if request.path == "/fault" and request.method == "POST":
            wanted = request.body
            self.add_fault(wanted["vendor"], wanted["kind"], wanted.get("times", 1), wanted.get("on", ""))
            return Answer(body={"ok": True})
        found: dict[str, list[Any]] = {
            "/complaints": list(self.complaints),
            "/received": [
                {"vendor": r.vendor, "method": r.method, "path": r.path, "query": r.query, "body": r.body}
                for r in self.received
            ],
        }
        return Answer(body=found[request.path]) if request.path in found else Answer(status=404, body={})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has there
                """Say nothing."""

            def do_GET(self) -> None:
                where = urlsplit(self.path)
                vendor, _, path = where.path.lstrip("/").partition("/")
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    body = json.loads(raw) if raw else None
                except ValueError:
                    body = raw.decode("utf-8", "replace")
                answer = server.handle(
                    Received(
                        vendor=vendor,
                        method=self.command,
                        path=f"/{path}",
                        query=parse_qs(where.query, keep_blank_values=True, strict_parsing=bool(where.query)),
                        headers={name.lower(): value for name, value in self.headers.items()},
                        body=body,
                    )
                )
                if answer is None:
                    self.close_connection = True
                    return
                text = isinstance(answer.body, str)
                sent = answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                self.send_header("Content-Type", "text/html" if text else "application/json; charset=utf-8")
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_POST = do_PUT = do_GET  # noqa: N815 - the names that they have there

        return Handler


def bearer(request: Received, token: str, refusal: Answer, scheme: str = "Bearer ") -> None:
    """Raises Refused unless the request proves itself with exactly this."""
    if request.headers.get("authorization") != f"{scheme}{token}":
        raise Refused(refusal)
