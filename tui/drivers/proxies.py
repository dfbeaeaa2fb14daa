"""Which proxy an address is asked through, from the environment, as curl, Python and Go programs read it.

`http_proxy`, `https_proxy` and `all_proxy`, the small spelling first, then capitals, then any; `no_proxy` with names,
addresses, networks and ports. What cannot be used is an `UnusableProxy` for the addresses that need it and for no
others. This machine itself is never asked through a proxy: there, 127.0.0.1 would be another machine.
"""

import functools
import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from tui.text.clean import clean_line

USABLE = ("http", "https", "socks5", "socks5h")
_SAME = {"socks": "socks5", "socks5": "socks5", "socks5h": "socks5h"}
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_PROXY = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?:(?P<login>.*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[\w.-]+)(?::(?P<port>[0-9]{0,6}))?(?:/(?!/).*)?"
)
_NO_NAME = re.compile(
    r"(?:https?|socks[0-9a-z]*)(?::?/(?!/).*|:)?|direct|none|null|no|off|false|true|0|1|-", re.IGNORECASE
)
"""a scheme with a slash too few, and the words for "no proxy" of other programs"""
_HERE = ("localhost", "127.0.0.0/8", "::1", "0.0.0.0", "::")  # noqa: S104 - nothing listens here


class UnusableProxy(OSError):
    """A proxy variable cannot be used; it is named, with the fix. Nothing was sent."""


class Proxy(NamedTuple):
    """One proxy."""

    url: str
    """without its login"""
    user: str | None = None
    password: str = ""


class Proxies:
    """The proxies that an environment names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {name: environ[name] for name in environ if name.lower().endswith("_proxy")}
        self._except = [word for word in re.split(r"[,\s]+", self._said("no_proxy")[1]) if word]

    def of(self, url: str) -> Proxy | None:
        """The proxy for an address, or None where it is asked directly. Raises UnusableProxy."""
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or _PORTS.get(parts.scheme, 0)
        if not host or any(excepts(word, host, port) for word in (*_HERE, *self._except)):
            return None
        for name in (f"{parts.scheme}_proxy", "all_proxy"):
            variable, value = self._said(name)
            if value:
                return read(variable, value)
        return None

    def troubles(self) -> tuple[UnusableProxy, ...]:
        """The proxies that cannot be used, whether or not anything needs them."""
        found: list[UnusableProxy] = []
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            variable, value = self._said(name)
            try:
                if value:
                    read(variable, value)
            except UnusableProxy as error:
                found.append(error)
        return tuple(found)

    def _said(self, name: str) -> tuple[str, str]:
        """A variable's own spelling and its value; set and empty in small letters means none."""
        others = sorted(one for one in self._environ if one.lower() == name)
        for spelling in (name, name.upper(), *others):
            if spelling in self._environ:
                return spelling, self._environ[spelling].strip().strip("\"'").strip()
        return name, ""


def read(variable: str, value: str) -> Proxy:
    """The proxy that a variable's value names. Raises UnusableProxy."""
    found = _PROXY.fullmatch(value)
    shown = clean_line(re.sub(r"^((?:[^/]*//)?).*@", r"\1…@", value), 100)
    if (
        found is None
        or _NO_NAME.fullmatch(value[found.end("login") + 1 :] if found["login"] is not None else value)
        or not found["host"]
        or (found["port"] and not 0 < int(found["port"]) < 65536)
    ):
        raise UnusableProxy(f"{variable} names no proxy: {shown!r}; write http://HOST:PORT, or unset it")
    written = (found["scheme"] or "http").lower()
    scheme = _SAME.get(written, written)
    if scheme not in USABLE:
        raise UnusableProxy(
            f"{variable} names a kind of proxy that cannot be used here: {shown!r}; "
            f"write {', '.join(f'{one}://' for one in USABLE)}, or unset it"
        )
    host = found["host"]
    where = f"{scheme}://{host}:{int(found['port'] or 0) or _PORTS[scheme]}"
    if found["login"] is None:
        return Proxy(where)
    user, _, password = found["login"].partition(":")
    return Proxy(where, unquote(user), unquote(password))


@functools.lru_cache(maxsize=4096)  # asked for each look at a service
def excepts(word: str, host: str, port: int) -> bool:
    """True if a word of `no_proxy` holds for this host and port."""
    if word == "*":
        return True
    name, wanted = _taken_apart(word)
    if wanted is not None and wanted != port:
        return False
    address = _address(host)
    if address is None:
        name = name.lower().removeprefix("*").strip(".")
        return bool(name) and (host.lower() == name or host.lower().endswith(f".{name}"))
    try:
        network = ip_network(name, strict=False)
    except ValueError:
        return False
    return address.version == network.version and address in network


def _taken_apart(word: str) -> tuple[str, int | None]:
    """Name and port of `name`, `name:port`, `[::1]:port`, `::1` and networks."""
    if bracketed := re.fullmatch(r"\[([^\]]*)\](?::([0-9]{1,5}))?(/[0-9]{1,3})?", word):
        return bracketed[1] + (bracketed[3] or ""), int(bracketed[2]) if bracketed[2] else None
    if named := re.fullmatch(r"([^:]*):([0-9]{1,5})", word):
        return named[1], int(named[2])
    return word, None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
