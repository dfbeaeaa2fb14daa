"""One GET of an address that nobody described yet: what came back, or why nothing did."""

import asyncio

from tui.drivers.http_client import Web
from tui.init_config.facts import WebAnswer
from tui.text.clean import clean_line

PATIENCE = 4.0
"""seconds for an answer"""
LARGEST = 16 * 1024
"""bytes of a body that are read"""


class Pages:
    """Asks, each time on a connection of its own."""

    def __init__(self) -> None:
        self._web = Web(keep=False)

    async def look(self, url: str, host_header: str | None) -> WebAnswer:
        """The answer. Never raises for trouble of the network."""
        headers = {"Cache-Control": "no-cache", "Connection": "close"}
        if host_header is not None:
            headers["Host"] = host_header
        try:
            async with asyncio.timeout(PATIENCE):
                status, told, body = await self._web.send("GET", url, headers, largest=LARGEST, cut=True)
        except (TimeoutError, OSError, ValueError) as error:
            why = f"no answer within {PATIENCE:.0f} s" if isinstance(error, TimeoutError) else str(error)
            return WebAnswer(url=url, host_header=host_header, why=clean_line(why or repr(error), 160))
        kind = told.get("content-type", "").lower()
        return WebAnswer(url=url, host_header=host_header, status=status, kind=kind, body=body)

    async def close(self) -> None:
        """End the connections."""
        await self._web.close()
