"""A health check by TCP: a port takes connections, and keeps them.

Docker's proxy takes every connection to a published port and closes it at once where nobody listens in the container:
a connection that is closed before anything was said is no sign of health.
"""

import asyncio
from typing import Any

from tui.model.health import Probe, ProbeOutcome
from tui.text.clean import clean_line

GRACE = 0.25
"""seconds that a connection has to last without a word"""


async def look(endpoint: str, clock: Any, timeout: float) -> Probe:
    """One connection to `host:port`. Trouble on the network is a result, never an exception."""
    at, began = clock.now(), clock.monotonic()
    url = f"tcp://{endpoint}"
    host, _, port = endpoint.rpartition(":")
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            taken = clock.monotonic() - began
            try:
                closed = await _closed(reader)
            finally:
                writer.close()
    except (TimeoutError, OSError, ValueError) as error:
        why = f"no connection within {timeout:.0f} s" if isinstance(error, TimeoutError) else str(error)
        return Probe(at=at, url=url, outcome=ProbeOutcome.UNREACHABLE, detail=clean_line(why or repr(error), 200))
    if closed:
        words = "the connection was taken and closed at once: nobody listens behind it"
        return Probe(at=at, url=url, outcome=ProbeOutcome.UNHEALTHY, seconds=taken, detail=words)
    return Probe(at=at, url=url, outcome=ProbeOutcome.HEALTHY, seconds=taken)


async def _closed(reader: asyncio.StreamReader) -> bool:
    """True if the other side ends the connection before it says anything."""
    try:
        async with asyncio.timeout(GRACE):
            return not await reader.read(1)
    except TimeoutError:
        return False
    except OSError:
        return True
