"""One httpx client: made in a thread with the first request, no redirects, bodies of a size that is agreed on.

Trouble of the network is an OSError, an address that is none a ValueError: the callers turn both into values.
"""

import asyncio
import functools
import ssl
import zlib
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tui import regular_file

if TYPE_CHECKING:
    import httpx

AGENT = "rollback-console"


class TooLarge(OSError):
    """The answer is longer than what was agreed on."""


class Unreachable(OSError):
    """There was no connection: nothing was sent."""


class Exposed(ValueError):
    """What should be sent would be read by others on the way."""


class Raw(NamedTuple):
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    """names in small letters"""
    body: bytes


class Web:
    """Asks over HTTP. httpx is imported with the first request: it costs more than the first screen."""

    def __init__(
        self, *, keep: bool = True, timeout: float = 30.0, connect: float | None = None, ca: str | None = None
    ) -> None:
        """`keep`: connections are used again. `timeout`: seconds for each read; the callers limit the whole.

        `ca`: a file of certificates that are trusted, as the system's are."""
        self._ca = ca
        self._keep, self._timeout, self._connect = keep, timeout, connect or timeout
        self._making = asyncio.Lock()  # two first questions at once need one client
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """End the kept connections; may be called again."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        largest: int,
        content: bytes | None = None,
        cut: bool = False,
        secret: bool = False,
    ) -> Raw:
        """One answer with a body of at most `largest` bytes: beyond that it is cut, or TooLarge is raised.

        What is `secret` goes nowhere where others can read it: Exposed is raised.
        """
        client = await self._ready()
        if secret and not private(url):
            raise Exposed("its address is not https: no credential is sent there")
        import httpx

        try:
            asked = {"User-Agent": AGENT, "Accept-Encoding": "identity", **headers}
            async with client.stream(method, url, headers=asked, content=content) as answer:
                unpack = unpacking(answer.headers.get("content-encoding", ""))
                body = bytearray()
                async for chunk in answer.aiter_raw():
                    body += unpack(chunk, largest + 1 - len(body))
                    if len(body) > largest:
                        if not cut:
                            raise TooLarge(f"an answer of more than {largest} bytes")
                        break
                return Raw(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, bytes(body[:largest]))
        except zlib.error as error:
            raise OSError(f"the answer cannot be unpacked: {error}") from error
        except httpx.InvalidURL as error:
            raise ValueError(str(error)) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        except httpx.HTTPError as error:
            raise OSError(f"{type(error).__name__}: {error}".rstrip(": ")) from error

    async def _ready(self) -> "httpx.AsyncClient":
        async with self._making:
            if self._client is None:
                try:
                    self._client = await asyncio.get_running_loop().run_in_executor(None, self._make)
                except (ImportError, OSError, ValueError) as error:  # a proxy or certificates of the environment
                    raise Unreachable(f"HTTP cannot be set up here: {error}") from error
            return self._client

    def _make(self) -> "httpx.AsyncClient":
        """In a thread: importing and loading certificates take longer than a frame."""
        import httpx

        # a request that asks for `Connection: close` gets a connection of its own only if no idle one is kept
        limits = httpx.Limits(max_keepalive_connections=10 if self._keep else 0)
        return httpx.AsyncClient(
            verify=_certificates() if self._ca is None else _certificates_with(self._ca),
            limits=limits,
            follow_redirects=False,
            timeout=httpx.Timeout(self._timeout, connect=self._connect),
        )


@functools.cache
def _certificates() -> ssl.SSLContext:
    """The system's; loading them takes 20 ms, and every client may use the same."""
    return ssl.create_default_context()


def _certificates_with(file: str) -> ssl.SSLContext:
    """The system's and those of a file. Raises OSError naming it where they cannot be used."""
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cadata=regular_file.read(Path(file)).decode())
    except (OSError, ValueError) as error:
        raise OSError(f"the certificates of {file} cannot be used: {error}") from error
    return context


def unpacking(encoding: str) -> Callable[[bytes, int], bytes]:
    """What turns a piece of a body, and the bytes that are still wanted, into no more than so many.

    Nothing packed is asked for, because 200 kB may unpack to gigabytes; a proxy may pack all the same. Raises OSError
    for a packing that is not known; what is returned raises zlib.error for what is damaged.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return lambda chunk, wanted: chunk[:wanted]
    if name not in ("gzip", "x-gzip", "deflate"):
        raise OSError(f"the answer is packed as {name[:40]!r}, which was not asked for")
    inflating = zlib.decompressobj(zlib.MAX_WBITS if name == "deflate" else 16 + zlib.MAX_WBITS)
    return lambda chunk, wanted: inflating.decompress(chunk, wanted)


def private(url: str) -> bool:
    """Whether what is sent there is read by nobody else: over TLS, or not out of this machine."""
    import httpx

    try:
        where = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return bool(where.host) and (where.scheme == "https" or (where.scheme == "http" and loopback(where.host)))


def loopback(host: str) -> bool:
    """Whether a host's name or address is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
