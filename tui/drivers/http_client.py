"""Requests over HTTP by httpcore, the part of httpx that speaks it: no redirects, bodies of a size that is agreed on.

httpx itself would add cookies, redirects, logins and the environment's proxies, none of which are wanted here, and
twice the time of importing. It reads the addresses that are unusual (`http_address`).

There is one pool of connections for each proxy, because which one an address needs is decided here. It is made in a
thread.

Trouble of the network is an OSError, an address that is none a ValueError: the callers turn both into values.
"""

import asyncio
import contextlib
import functools
import importlib
import os
import re
import ssl
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tui import garbage, regular_file
from tui.drivers import certificates, http_address, http_causes
from tui.drivers.certificates import UnusableCertificates
from tui.drivers.http_address import HttpAddress
from tui.drivers.proxies import Proxies, Proxy, UnusableProxy
from tui.model.destination import is_ip, is_loopback
from tui.text.redact import learn

if TYPE_CHECKING:
    import httpcore

    Ready = tuple[HttpAddress, httpcore.AsyncConnectionPool]

Stamp = tuple[regular_file.Stamp | None, ...]
"""of each file; None: there is none"""
AGENT = "rollback-console"
KEPT = 5.0
"""seconds for which a connection is kept without a request"""


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
    """Asks over HTTP. httpcore is imported with the first request: not every command asks."""

    def __init__(
        self, *, keep: bool = True, timeout: float = 30.0, connect: float | None = None, ca: str | None = None
    ) -> None:
        """`keep`: connections are used again. `timeout`: seconds for each read; the callers limit the whole.

        `ca`: a file of certificates that are trusted, as the system's are."""
        self._ca = ca
        self._keep, self._timeout, self._connect = keep, timeout, connect or timeout
        self._making = asyncio.Lock()  # two first questions at once need one pool
        self._pools: dict[tuple[Proxy | None, Stamp | None], httpcore.AsyncConnectionPool] = {}

    async def close(self) -> None:
        """End the kept connections; may be called again."""
        found, self._pools = self._pools, {}
        for pool in found.values():
            await pool.aclose()

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
        ready: "Ready | None" = None,
    ) -> Raw:
        """One answer with a body of at most `largest` bytes: beyond that it is cut, or AnswerTooLarge is raised.

        `ready`: what `Web.ready` returned for this address, where it was called. What is `secret` goes nowhere where
        others can read it: Exposed is raised. Raises OSError, ValueError.
        """
        to, pool = ready or await self.ready(url)
        if secret and not _private(to):
            raise Exposed("its address is not https: no credential is sent there")
        import httpcore
        import socksio

        if content is None and method in ("POST", "PUT", "PATCH"):
            content = b""  # said to be empty; the other methods say nothing
        limits = {"connect": self._connect, **dict.fromkeys(("read", "write", "pool"), self._timeout)}
        asked, where = _asked(to, headers), _where(to, url)

        async def answer(**more: str) -> Raw:
            how = {"timeout": limits, **more}
            coming = pool.stream(method, where, headers=asked, content=content, extensions=how)
            return await _answer(coming, largest, cut=cut)

        try:
            name = _name(to, headers)
            try:
                return await answer(sni_hostname=name) if name else await answer()
            except httpcore.ConnectError as by_name:
                if not name or not http_causes.of_tls(by_name):
                    raise
                why = http_causes.words(by_name)
                try:  # its certificate may be for the address itself
                    return await answer()
                except httpcore.ConnectError as error:
                    raise NoConnection(why + by_way_of(url)) from error
        except zlib.error as error:
            raise OSError(f"the answer cannot be unpacked: {error}") from error
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise NoConnection(http_causes.words(error) + by_way_of(url)) from error
        except socksio.SOCKSError as error:  # httpcore lets it through
            raise NoConnection(f"the proxy speaks no SOCKS: {error}{by_way_of(url)}") from error
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.ProxyError,
            httpcore.TimeoutException,
            httpcore.UnsupportedProtocol,
        ) as error:
            raise OSError(http_causes.words(error) + by_way_of(url)) from error

    async def ready(self, url: str) -> "Ready":
        """The parts of an address and the pool that asks it, made if there is none; nothing is sent.

        Raises ValueError where it is none, NoConnection where the environment does not let it be asked.
        """
        in_thread = asyncio.get_running_loop().run_in_executor
        to = http_address.usual(url)
        if to is None:
            to = await in_thread(None, http_address.read, url)
        async with self._making:
            try:
                proxy = Proxies(os.environ).of(url)
                tls = to.scheme == "https" or (proxy is not None and proxy.url.startswith("https:"))
                key = proxy, _stamp(self._ca) if tls else None
                if key not in self._pools:
                    self._pools[key] = await in_thread(None, self._make, *key)
                return to, self._pools[key]
            except (UnusableProxy, UnusableCertificates) as error:
                raise NoConnection(str(error)) from error
            except (ImportError, OSError, RuntimeError, ValueError) as error:
                raise NoConnection(f"HTTP cannot be set up here: {error}") from error

    def _make(self, proxy: Proxy | None, stamp: Stamp | None) -> "httpcore.AsyncConnectionPool":
        """In a thread: importing and loading certificates take longer than a frame. `stamp` None: without TLS."""
        with garbage.put_off():
            import anyio.lowlevel
            import httpcore

            anyio.connect_tcp  # noqa: B018 - imports what the first request would, and hold its answer up
            with contextlib.suppress(ImportError):  # no part that is promised: without it the first answer waits for it
                importlib.import_module("anyio._backends._asyncio")

        through: httpcore.Proxy | None = None
        if proxy is not None:
            if proxy.password:
                learn(proxy.password)
            login = (proxy.user.encode(), proxy.password.encode()) if proxy.user is not None else None
            own = None  # httpcore refuses one for any other kind
            if proxy.url.startswith("https:"):
                own = _certificates(None, _stamp(None))
            through = httpcore.Proxy(proxy.url, auth=login, ssl_context=own)
        return httpcore.AsyncConnectionPool(
            ssl_context=_certificates(self._ca, stamp) if stamp is not None else None,
            proxy=through,
            max_connections=None,
            # a request that asks for `Connection: close` gets a connection of its own only if no idle one is kept
            max_keepalive_connections=10 if self._keep else 0,
            keepalive_expiry=KEPT,
        )


async def _answer(coming: Any, largest: int, *, cut: bool) -> Raw:
    async with coming as answer:
        told = _told(answer.headers)
        unpack = unpacking(told.get("content-encoding", ""))
        body = bytearray()
        async for chunk in answer.aiter_stream():
            body += unpack(chunk, largest + 1 - len(body))
            if len(body) > largest:
                if not cut:
                    raise AnswerTooLarge(f"an answer of more than {largest} bytes")
                break
        return Raw(answer.status, told, bytes(body[:largest]))


def _where(to: HttpAddress, url: str) -> "httpcore.URL":
    """The address as httpcore takes it. Raises NoConnection where it would send it on misspelt.

    What it writes for a proxy it writes as it is; for TLS the brackets would be part of the name."""
    import httpcore

    host, proxy = to.host, Proxies(os.environ).of(url) if ":" in to.host else None
    if proxy is not None and proxy.url.startswith("http"):
        if to.scheme == "https":
            raise NoConnection(f"{proxy.url} takes no IPv6 address over TLS; write a name, or [{host}] into no_proxy")
        host = f"[{host}]"
    return httpcore.URL(scheme=to.scheme, host=host, port=to.port, target=to.target)


def _name(to: HttpAddress, headers: Mapping[str, str]) -> str:
    """The name that an IP address is asked for over TLS, by the Host header; empty for every other address."""
    asked = next((value for name, value in headers.items() if name.lower() == "host"), "")
    found = re.fullmatch(r"([A-Za-z0-9.-]*[A-Za-z][A-Za-z0-9.-]*)(?::[0-9]+)?", asked)
    return found[1] if found and to.scheme == "https" and is_ip(to.host) else ""


def _asked(to: HttpAddress, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """The headers of a request. Raises ValueError for letters that no header may have."""
    named = {name.lower() for name in headers}
    own = {"Host": to.authority, "Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": AGENT}
    if to.login:
        own["Authorization"] = to.login
    asked = [*((name, value) for name, value in own.items() if name.lower() not in named), *headers.items()]
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in asked]


def _told(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of an answer, names in small letters; those that came twice in one."""
    told: dict[str, str] = {}
    for name, raw in headers:
        key, value = name.decode("latin-1").lower(), _text(raw)
        told[key] = f"{told[key]}, {value}" if key in told else value
    return told


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def by_way_of(url: str) -> str:
    """The proxy that an address was asked through, to be added to its trouble, which may be the proxy's; or nothing."""
    proxy = Proxies(os.environ).of(url)
    return f" (by way of the proxy {proxy.url})" if proxy is not None else ""


def _stamp(file: str | None) -> Stamp:
    """What differs once any file is changed that says whom TLS trusts: the system's, the variables', or this one."""
    return tuple(regular_file.stamp(Path(one)) for one in certificates.files(os.environ, file))


@functools.lru_cache(maxsize=16)
def _certificates(file: str | None, stamp: Stamp) -> ssl.SSLContext:
    """Loading them takes 20 ms, and every client may use the same as long as the files have this stamp."""
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
    try:
        return _private(http_address.read(url))
    except ValueError:
        return False


def _private(to: HttpAddress) -> bool:
    return bool(to.host) and (to.scheme == "https" or (to.scheme == "http" and is_loopback(to.host)))
