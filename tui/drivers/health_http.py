"""Health addresses (HTTP, WebSocket, TCP), asked afresh each time. Trouble on the network is a result, no exception."""

import asyncio
from typing import Any

from tui.drivers import tcp, websocket
from tui.drivers.http_client import Raw, Web
from tui.incident.healthy_answer import dotted, from_a_cache, unhealthy
from tui.model import json_text
from tui.model.health import PLAIN, Probe, ProbeOutcome, RequestExtras
from tui.model.service import Expect, IdentitySpec
from tui.text.clean import clean_line

LARGEST = 64 * 1024
"""bytes of a body that are read"""


class HttpProbes:
    """Asks health addresses."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._webs: dict[str | None, Web] = {}
        """by the certificates that are trusted with the system's"""

    async def close(self) -> None:
        """End the connections."""
        for web in self._webs.values():
            await web.close()

    async def probe(
        self, url: str, expect: Expect, asking: RequestExtras = PLAIN, *, timeout: float = 5.0, fresh: bool = False
    ) -> Probe:
        """One request; `fresh` uses a connection of its own, because a kept one may still lead to the old container."""
        at = self._clock.now()
        try:
            async with asyncio.timeout(timeout):
                answer, seconds = await self._get(url, asking, {"Connection": "close"} if fresh else {})
        except (TimeoutError, OSError, ValueError) as error:
            return self._unreachable(url, at, error, timeout)
        why = unhealthy(expect, url, *answer)
        doubt = "" if why else from_a_cache(answer.headers)
        return self._answered(url, at, seconds, answer.status, why or doubt, well=not why)

    async def websocket(self, url: str, asking: RequestExtras = PLAIN, *, timeout: float = 5.0) -> Probe:
        """One handshake of a WebSocket."""
        at = self._clock.now()
        key, wanted = websocket.handshake()
        try:
            async with asyncio.timeout(timeout):
                answer, seconds = await self._get(websocket.address(url), asking, wanted)
        except (TimeoutError, OSError, ValueError) as error:
            return self._unreachable(url, at, error, timeout)
        why = websocket.unhealthy(key, answer)
        return self._answered(url, at, seconds, answer.status, why, well=not why)

    async def tcp(self, endpoint: str, *, timeout: float = 5.0) -> Probe:
        """One connection to a host and port."""
        return await tcp.look(endpoint, self._clock, timeout)

    async def identity(self, spec: IdentitySpec, asking: RequestExtras = PLAIN) -> str | None:
        """The service's own word on what it is; None: it did not say, or a cache said it in its place."""
        try:
            async with asyncio.timeout(5.0):
                (_, headers, body), _ = await self._get(spec.url, asking, {"Connection": "close"})
        except (TimeoutError, OSError, ValueError):
            return None
        if from_a_cache(headers):
            return None
        said = headers.get(spec.header.lower()) if spec.header is not None else _said(body, spec.json or "")
        return clean_line(said, 100) if said else None

    def _answered(self, url: str, at: Any, seconds: float, status: int, detail: str, *, well: bool) -> Probe:
        return Probe(
            at=at,
            url=url,
            outcome=ProbeOutcome.HEALTHY if well else ProbeOutcome.UNHEALTHY,
            seconds=seconds,
            status=status,
            detail=detail,
        )

    def _unreachable(self, url: str, at: Any, error: Exception, timeout: float) -> Probe:
        why = f"no answer within {timeout:.0f} s" if isinstance(error, TimeoutError) else str(error)
        return Probe(at=at, url=url, outcome=ProbeOutcome.UNREACHABLE, detail=clean_line(why or repr(error), 200))

    async def _get(self, url: str, asking: RequestExtras, more: dict[str, str]) -> tuple[Raw, float]:
        """The answer, its body's beginning, and the seconds that it took. Raises OSError or ValueError for all trouble.

        What this machine does before its first question, importing and reading certificates, is no answer's time.
        """
        headers = {"cache-control": "no-cache"} | {
            name.lower(): value for name, value in (*asking.headers, *more.items())
        }
        if asking.host_header:
            headers["host"] = asking.host_header
        web = self._webs.setdefault(asking.ca, Web(keep=False, ca=asking.ca))
        ready = await web.ready(url)
        began = self._clock.monotonic()
        answer = await web.send("GET", url, headers, largest=LARGEST, cut=True, ready=ready)
        return answer, self._clock.monotonic() - began


def _said(body: bytes, path: str) -> str | None:
    """The value at a dotted path of a body, as text; None where there is none, or the body is no JSON."""
    try:
        found = dotted(json_text.read_lenient(body), path)
    except json_text.NotJson:
        return None
    return None if found == "null" else found
