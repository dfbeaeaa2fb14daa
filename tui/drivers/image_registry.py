"""An image registry over its HTTP API: the tags of a repository, and the digest that a tag names.

Anonymous first; a registry that wants to know who asks answers 401 with a challenge. `Bearer` names a realm that gives
a token for this repository, `Basic` wants the credentials themselves. Credentials come from the environment alone
(`ROLLBACK_REGISTRY_USER`, `ROLLBACK_REGISTRY_PASSWORD`), go to the registry and to a realm over TLS only (loopback
aside), and never into a message. Redirects are not followed, and the next page has to be on the same registry.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from tui.drivers import http_address
from tui.drivers.http_client import Raw, Web, private
from tui.model import json_text
from tui.model.destination import is_loopback
from tui.model.image_registry import Digest, Tags
from tui.text.clean import clean_line, decode

USER, PASSWORD = "ROLLBACK_REGISTRY_USER", "ROLLBACK_REGISTRY_PASSWORD"
LIMIT = 15.0
"""seconds for one question, its pages and tokens included"""
LARGEST = 4 * 1024 * 1024
PAGES = 50
PAGE = 200
MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
HUB = "registry-1.docker.io"
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class Trouble(Exception):
    """Why an answer cannot be had, in words for people."""


class HttpRegistry:
    """Asks registries."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        user, password = environ.get(USER), environ.get(PASSWORD)
        self._credentials = (user, password) if user and password else None
        self._web = Web(timeout=LIMIT)
        self._tokens: dict[str, str] = {}

    async def close(self) -> None:
        """End the kept connections."""
        await self._web.close()

    async def tags(self, repository: str) -> Tags:
        """Every tag of `HOST[:PORT]/PATH`. Never raises for what the registry says."""
        found: list[str] = []
        try:
            async with asyncio.timeout(LIMIT):
                base, path = split(repository)
                url: str | None = f"{base}/v2/{path}/tags/list?n={PAGE}"
                for _ in range(PAGES):
                    if url is None:
                        return Tags(names=tuple(found))
                    answer = await self._ask("GET", url, path)
                    found.extend(_names(answer))
                    url = _next(url, answer.headers.get("link", ""))
                raise Trouble(f"more than {PAGES * PAGE} tags")
        except TimeoutError:
            return Tags(names=tuple(found), trouble=f"no answer within {LIMIT:.0f} s")
        except Trouble as trouble:
            return Tags(names=tuple(found), trouble=str(trouble))

    async def digest(self, repository: str, tag: str) -> Digest:
        """The digest that the tag names now. Never raises for what the registry says."""
        try:
            async with asyncio.timeout(LIMIT):
                base, path = split(repository)
                answer = await self._ask("HEAD", f"{base}/v2/{path}/manifests/{tag}", path)
        except TimeoutError:
            return Digest(trouble=f"no answer within {LIMIT:.0f} s")
        except Trouble as trouble:
            return Digest(trouble=str(trouble))
        said = answer.headers.get("docker-content-digest", "")
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", said):
            return Digest(trouble="the registry named no digest")
        return Digest(value=said)

    async def _ask(self, method: str, url: str, path: str) -> Raw:
        """One answer, after proving who we are where that is asked for. Raises Trouble."""
        answer = await self._send(method, url, self._tokens.get(path))
        if answer.status == 401:
            self._tokens[path] = await self._prove(url, answer.headers.get("www-authenticate", ""), path)
            answer = await self._send(method, url, self._tokens[path])
        if answer.status == 404:
            raise Trouble("the registry does not know it")
        if answer.status in (401, 403):
            hint = "" if self._credentials else f"; {USER} and {PASSWORD} are not set"
            raise Trouble(f"the registry refuses us (HTTP {answer.status}){hint}")
        if answer.status != 200:
            raise Trouble(clean_line(f"HTTP {answer.status}: {decode(answer.body[:200])}", 200))
        return answer

    async def _prove(self, url: str, challenge: str, path: str) -> str:
        """The Authorization header that answers a challenge. Raises Trouble."""
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "basic":
            return self._basic(url)
        if kind.lower() != "bearer":
            raise Trouble(clean_line(f"the registry wants {kind or 'a login'!r}, which this console cannot", 200))
        values = dict(_CHALLENGE.findall(rest))
        realm = values.get("realm", "")
        _guard(realm)
        import httpx

        try:
            wanted = {"service": values.get("service", ""), "scope": values.get("scope") or f"repository:{path}:pull"}
            where = str(httpx.URL(realm).copy_merge_params({k: v for k, v in wanted.items() if v}))
        except httpx.InvalidURL as error:
            raise Trouble("the registry names a realm that is no address") from error
        answer = await self._send("GET", where, self._basic(realm) if self._credentials else None)
        if answer.status != 200:
            raise Trouble(f"no token: HTTP {answer.status} from {httpx.URL(realm).host}")
        return f"Bearer {_token(answer.body)}"

    def _basic(self, url: str) -> str:
        import base64

        _guard(url)
        if self._credentials is None:
            raise Trouble(f"the registry wants a login: set {USER} and {PASSWORD}")
        return f"Basic {base64.b64encode(':'.join(self._credentials).encode()).decode()}"

    async def _send(self, method: str, url: str, authorization: str | None) -> Raw:
        headers = {"Accept": MANIFESTS if method == "HEAD" else "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        try:
            return await self._web.send(method, url, headers, largest=LARGEST)
        except ValueError as error:
            raise Trouble("that is no address") from error
        except OSError as error:
            raise Trouble(clean_line(str(error), 200)) from error


def split(repository: str) -> tuple[str, str]:
    """Base address and path of a repository as Docker writes it. Raises Trouble."""
    host, slash, path = repository.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, path = HUB, repository if slash else f"library/{repository}"
    if not re.fullmatch(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*", path) or not re.fullmatch(r"[\w.-]+(?::\d{1,5})?", host):
        raise Trouble(clean_line(f"{repository!r} is no repository", 200))
    return f"{'http' if is_loopback(host.partition(':')[0]) else 'https'}://{host}", path


def _guard(url: str) -> None:
    """Secrets travel over TLS, or not out of this machine. Raises Trouble."""
    try:
        http_address.read(url)
    except ValueError as error:
        raise Trouble("the registry names a realm that is no address") from error
    if not private(url):
        raise Trouble("the registry wants a login over a connection that anybody can read")


def _names(answer: Raw) -> list[str]:
    try:
        found = json_text.read(answer.body, dict[str, Any]).get("tags") or []
    except json_text.NotJson as error:
        raise Trouble("what the registry answered is no list of tags") from error
    if not isinstance(found, list):
        raise Trouble("what the registry answered is no list of tags")
    return [name for name in found if isinstance(name, str) and re.fullmatch(r"\w[\w.-]{0,127}", name, re.ASCII)]


def _next(url: str, link: str) -> str | None:
    """The next page's address, or None. Raises Trouble where it leads elsewhere."""
    import httpx

    found = re.search(r'<([^>]*)>\s*;\s*rel="?next"?', link)
    if found is None:
        return None
    try:
        here = httpx.URL(url)
        there = here.join(found[1])
    except httpx.InvalidURL as error:
        raise Trouble("the registry's next page has no address") from error
    if (here.scheme, here.host, here.port) != (there.scheme, there.host, there.port):
        raise Trouble("the registry's next page is on another host")
    return str(there)


def _token(body: bytes) -> str:
    try:
        found = json_text.read(body, dict[str, Any])
    except json_text.NotJson as error:
        raise Trouble("no token in what the realm answered") from error
    token = found.get("token") or found.get("access_token")
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise Trouble("no token in what the realm answered")
    return token
