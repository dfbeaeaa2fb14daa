"""A registry over real HTTP, for as long as a test runs: pages, tokens, and answers that are wrong on purpose."""

import base64
import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.sandboxes import Sandbox


@dataclass(slots=True, kw_only=True)
class Registry:
    """What it holds, and what it was asked."""

    port: int = 0
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    """repository path → tag → digest"""
    login: str = ""
    """empty: for everybody; `bearer` or `basic`"""
    user: str = ""
    """`name:password`; empty: tokens for everybody"""
    realm: str = ""
    page: int = 2
    next_link: str = ""
    status: int = 0
    body: bytes = b""
    seen: list[tuple[str, str]] = field(default_factory=list)
    """path and Authorization of each request"""

    @property
    def address(self) -> str:
        """As it stands before the path of an image."""
        return f"127.0.0.1:{self.port}"


@contextlib.contextmanager
def running_registry() -> Iterator[Registry]:
    """Start one, end it."""
    registry = Registry()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has there
            """Say nothing."""

        def do_GET(self) -> None:
            where = urlsplit(self.path)
            authorization = self.headers.get("Authorization", "")
            registry.seen.append((self.path, authorization))
            if where.path == "/token":
                self.token(authorization, where.query)
            elif registry.status:
                self.answer(registry.status, registry.body)
            elif registry.login and authorization != self.wanted():
                self.answer(401, b"{}", **{"WWW-Authenticate": self.challenge()})
            else:
                self.serve(where.path.removeprefix("/v2/"), parse_qs(where.query))

        do_HEAD = do_GET  # noqa: N815 - the name that it has there

        def wanted(self) -> str:
            basic = base64.b64encode(registry.user.encode()).decode()
            return f"Basic {basic}" if registry.login == "basic" else "Bearer sesame"

        def challenge(self) -> str:
            realm = registry.realm or f"http://{registry.address}/token"
            return 'Basic realm="x"' if registry.login == "basic" else f'Bearer realm="{realm}",service="reg"'

        def token(self, authorization: str, query: str) -> None:
            basic = base64.b64encode(registry.user.encode()).decode()
            if registry.user and authorization != f"Basic {basic}":
                self.answer(401, b"{}")
                return
            assert parse_qs(query)["service"] == ["reg"]
            assert parse_qs(query)["scope"][0].startswith("repository:")
            self.answer(200, b'{"token": "sesame"}')

        def serve(self, path: str, query: dict[str, list[str]]) -> None:
            name = path.removesuffix("/tags/list")
            if name != path:
                self.tags(name, int(query.get("from", ["0"])[0]))
                return
            name, _, tag = path.partition("/manifests/")
            digest = registry.images.get(name, {}).get(tag)
            if digest is None:
                self.answer(404, b"{}")
            else:
                self.answer(200, b"", **{"Docker-Content-Digest": digest})

        def tags(self, name: str, start: int) -> None:
            if name not in registry.images:
                self.answer(404, b"{}")
                return
            tags = list(registry.images[name])
            end = start + registry.page
            more = {}
            if end < len(tags):
                link = registry.next_link or f"/v2/{name}/tags/list?from={end}"
                more["Link"] = f'<{link}>; rel="next"'
            self.answer(200, json.dumps({"name": name, "tags": tags[start:end]}).encode(), **more)

        def answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        registry.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield registry
        finally:
            server.shutdown()
            thread.join()


def released(box: Sandbox, registry: Registry, app: str, versions: tuple[str, ...]) -> str:
    """Deploy these versions with push-on-release, looking at each; the repository that holds them as 1, 2, …"""
    repository = f"{registry.address}/dokku/{app}"
    images = registry.images[f"dokku/{app}"] = {}
    for line in (f"server {registry.address}", "push-on-release true"):
        assert box.pull("command", command=f"registry:set {app} {line}")["exit"] == 0
    for number, version in enumerate(versions, 1):
        box.pull("deploy", app=app, version=version, wait=True)
        tags = {tag: image for image, known in box.look()["images"].items() for tag in known["tags"]}
        images[str(number)] = tags[f"{repository}:{number}"]
        assert box.run("status").code == 0  # which number is which commit is told nowhere: it has to be seen
    return repository
