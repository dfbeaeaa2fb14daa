"""httpx clients: made in a thread with the first request, no redirects, bodies of a size that is agreed on.

There is one client for each proxy, because which one an address needs is decided here and not by httpx.

Trouble of the network is an OSError, an address that is none a ValueError: the callers turn both into values.
"""

import asyncio
import functools
import os
import ssl
import sys
import types
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tui import garbage
from tui.drivers import certificates, http_causes
from tui.drivers.certificates import UnusableCertificates
from tui.drivers.proxies import Proxies, Proxy, UnusableProxy
from tui.model.destination import is_loopback
from tui.text.redact import learn

if TYPE_CHECKING:
    import httpx

AGENT = "rollback-console"
sys.modules.setdefault("httpx._main", types.SimpleNamespace(main=types.SimpleNamespace()))  # type: ignore[arg-type]
"""httpx brings its own command line where click and rich are installed; they take longer than all the rest of it"""


class AnswerTooLarge(OSError):
    """The answer is longer than what was agreed on."""


class NoConnection(OSError):
    """There was no connection: nothing was sent."""


class Exposed(ValueError):
    """A request was not sent because others could read it on the way."""


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
        self._clients: dict[tuple[Proxy | None, bool], httpx.AsyncClient] = {}

    async def close(self) -> None:
        """End the kept connections; may be called again."""
        found, self._clients = self._clients, {}
        for client in found.values():
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
        client = await self._ready(url)
        if secret and not private(url):
            raise Exposed("its address is not https: no credential is sent there")
        import httpx
        import socksio

        try:
            asked = {"User-Agent": AGENT, "Accept-Encoding": "identity", **headers}
            async with client.stream(method, url, headers=asked, content=content) as answer:
                unpack = unpacking(answer.headers.get("content-encoding", ""))
                body = bytearray()
                async for chunk in answer.aiter_raw():
                    body += unpack(chunk, largest + 1 - len(body))
                    if len(body) > largest:
                        if not cut:
                            raise AnswerTooLarge(f"an answer of more than {largest} bytes")
                        break
                return Raw(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, bytes(body[:largest]))
        except zlib.error as error:
            raise OSError(f"the answer cannot be unpacked: {error}") from error
        except httpx.InvalidURL as error:
            raise ValueError(str(error)) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NoConnection(http_causes.words(error) + by_way_of(url)) from error
        except socksio.SOCKSError as error:  # httpx lets it through
            raise NoConnection(f"the proxy speaks no SOCKS: {error}{by_way_of(url)}") from error
        except httpx.HTTPError as error:
            raise OSError(http_causes.words(error) + by_way_of(url)) from error

    async def _ready(self, url: str) -> "httpx.AsyncClient":
        """The client for an address. Raises Unreachable where the environment does not let it be asked."""
        async with self._making:
            try:
                tls = url[:6].lower() == "https:"
                proxy = Proxies(os.environ).of(url)
                key = proxy, tls or (proxy is not None and proxy.url.startswith("https:"))
                if key not in self._clients:
                    make = functools.partial(self._make, *key)
                    self._clients[key] = await asyncio.get_running_loop().run_in_executor(None, make)
                return self._clients[key]
            except (UnusableProxy, UnusableCertificates) as error:
                raise NoConnection(str(error)) from error
            except (ImportError, OSError, RuntimeError, ValueError) as error:
                raise NoConnection(f"HTTP cannot be set up here: {error}") from error

    def _make(self, proxy: Proxy | None, tls: bool) -> "httpx.AsyncClient":
        """In a thread: importing and loading certificates take longer than a frame."""
        with garbage.put_off():
            import httpx

        through: httpx.Proxy | None = None
        if proxy is not None:
            if proxy.password:
                learn(proxy.password)
            login = (proxy.user, proxy.password) if proxy.user is not None else None
            own = _certificates() if proxy.url.startswith("https:") else None  # httpcore refuses one for any other kind
            through = httpx.Proxy(proxy.url, auth=login, ssl_context=own)
        # a request that asks for `Connection: close` gets a connection of its own only if no idle one is kept
        limits = httpx.Limits(max_keepalive_connections=10 if self._keep else 0)
        return httpx.AsyncClient(
            verify=_certificates(self._ca) if tls else False,
            limits=limits,
            follow_redirects=False,
            timeout=httpx.Timeout(self._timeout, connect=self._connect),
            proxy=through,
            trust_env=False,  # its own reading fails as a whole for one word that it does not know
        )


def by_way_of(url: str) -> str:
    """The proxy that an address was asked through, to be added to its trouble, which may be the proxy's; or nothing."""
    proxy = Proxies(os.environ).of(url)
    return f" (by way of the proxy {proxy.url})" if proxy is not None else ""


@functools.cache
def _certificates(file: str | None = None) -> ssl.SSLContext:
    """Loading them takes 20 ms, and every client may use the same."""
    return certificates.context(os.environ, file)


def unpacking(encoding: str) -> Callable[[bytes, int], bytes]:
    """The function that turns a piece of a body, and the bytes that are still wanted, into no more than so many.

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
    """True if what is sent there is read by nobody else: over TLS, or not out of this machine."""
    import httpx

    try:
        where = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return bool(where.host) and (where.scheme == "https" or (where.scheme == "http" and is_loopback(where.host)))
