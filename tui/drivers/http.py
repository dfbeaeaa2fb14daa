"""Health URLs, asked with one httpx client. Trouble on the network is a result, never an exception."""

import asyncio
from typing import Any

from tui.drivers.web import Raw, Web
from tui.model import json_text
from tui.model.health import Probe, ProbeOutcome
from tui.model.service import Expect, IdentitySpec
from tui.text.clean import clean_line, decode

LARGEST = 64 * 1024
"""bytes of a body that are read"""


class HttpProbes:
    """Asks health URLs."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._web = Web(keep=False)

    async def close(self) -> None:
        """End the connections."""
        await self._web.close()

    async def probe(
        self,
        url: str,
        expect: Expect,
        *,
        host_header: str | None = None,
        identity_header: str | None = None,
        timeout: float = 5.0,
        fresh: bool = False,
    ) -> Probe:
        """One request; `fresh` uses a connection of its own, because a kept one may still lead to the old container."""
        at, began = self._clock.now(), self._clock.monotonic()
        try:
            async with asyncio.timeout(timeout):
                status, headers, body = await self._get(url, host_header, fresh)
        except (TimeoutError, OSError, ValueError) as error:
            why = f"no answer within {timeout:.0f} s" if isinstance(error, TimeoutError) else str(error)
            return Probe(at=at, url=url, outcome=ProbeOutcome.UNREACHABLE, detail=clean_line(why or repr(error), 200))
        why = unhealthy(expect, status, headers.get("content-type", ""), body)
        said = headers.get(identity_header) if identity_header else None
        return Probe(
            at=at,
            url=url,
            outcome=ProbeOutcome.UNHEALTHY if why else ProbeOutcome.HEALTHY,
            seconds=self._clock.monotonic() - began,
            status=status,
            detail=why,
            release=clean_line(said, 100) if said else None,
        )

    async def identity(self, spec: IdentitySpec, host_header: str | None = None) -> str | None:
        """What the service says it is; None: it did not say."""
        try:
            async with asyncio.timeout(5.0):
                _, headers, body = await self._get(spec.url, host_header, True)
        except (TimeoutError, OSError, ValueError):
            return None
        said = headers.get(spec.header.lower()) if spec.header is not None else _said(body, spec.json or "")
        return clean_line(said, 100) if said else None

    async def _get(self, url: str, host_header: str | None, fresh: bool) -> Raw:
        """The answer, its body's beginning. Raises OSError or ValueError for all trouble."""
        headers = {"Cache-Control": "no-cache"}
        if host_header:
            headers["Host"] = host_header
        if fresh:
            headers["Connection"] = "close"
        return await self._web.send("GET", url, headers, largest=LARGEST, cut=True)


def unhealthy(expect: Expect, status: int, content_type: str, body: bytes) -> str:
    """Why this answer is not that of a healthy service, in one harmless line; empty when it is."""
    if status != expect.status:
        return clean_line(f"HTTP {status}, expected {expect.status}: {decode(body[:200])}", 200)
    if expect.reject_html and ("text/html" in content_type.lower() or body.lstrip()[:1] == b"<"):
        return "answered with HTML: this is a web page, not the service"
    if expect.text is not None and decode(body).strip() != expect.text:
        return clean_line(f"answered {decode(body[:100]).strip()!r}, expected {expect.text!r}", 200)
    if not expect.json:
        return ""
    try:
        told: Any = json_text.read(body)
    except json_text.NotJson as error:
        return clean_line(f"answered what is not JSON ({error}): {decode(body[:100])!r}", 200)
    for path, wanted in expect.json:
        found = dotted(told, path)
        if found != wanted:
            return clean_line(f"{path} is {found!r}, expected {wanted!r}", 200)
    return ""


def _said(body: bytes, path: str) -> str | None:
    """The value at a dotted path of a body, as text; None where there is none, or the body is no JSON."""
    try:
        return dotted(json_text.read(body), path)
    except json_text.NotJson:
        return None


def dotted(told: object, path: str) -> str | None:
    """The value at a dotted path of what JSON told, as text; None where there is none."""
    level = told
    for key in path.split("."):
        if not isinstance(level, dict) or key not in level:
            return None
        level = level[key]
    if isinstance(level, bool):
        return "true" if level else "false"
    return None if level is None or isinstance(level, dict | list) else str(level)
