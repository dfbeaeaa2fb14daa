"""An address in the parts that a request needs.

What is written as usual is taken apart here. Logins, escapes, steps up, capitals and other alphabets are for httpx,
which is imported only for them: that takes longer than the request.
"""

import re
import sys
import types
from base64 import b64encode
from typing import NamedTuple

from tui.model.destination import is_ip

sys.modules.setdefault("httpx._main", types.SimpleNamespace(main=types.SimpleNamespace()))  # type: ignore[arg-type]
"""httpx brings its own command line where click and rich are installed; they take longer than all the rest of it"""
_USUAL = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::([1-9][0-9]{0,4}))?"
    r"((?:/(?:[A-Za-z0-9_~!$&()*+,;=:@-][A-Za-z0-9._~!$&()*+,;=:@-]*)?)*)(\?[A-Za-z0-9._~!$&()*+,;=:@/-]*)?"
)
"""an address that nobody reads in two ways"""
_IN_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_PORTS = {"http": 80, "https": 443}
_LARGEST_PORT = 65_535


class HttpAddress(NamedTuple):
    """Where a request goes."""

    scheme: str
    host: str
    """in ASCII, an IPv6 address without brackets; its zone, if any, as the system reads it"""
    port: int | None
    """None: the scheme's own"""
    target: bytes
    """path and query as they are sent"""
    login: str = ""
    """the Authorization header that the address asks for, if any"""

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host.partition('%')[0]}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def usual(url: str) -> HttpAddress | None:
    """The parts of an address that is written as usual; None for every other."""
    found = _USUAL.fullmatch(url)
    if found is None or int(found[3] or 0) > _LARGEST_PORT:
        return None
    scheme, host, written, path, query = found.groups()
    if _IN_NUMBERS.fullmatch(host) and not is_ip(host):
        return None  # 0177.0.0.1 is 127.0.0.1 for some, a name for others, and no address for httpx
    port = int(written) if written else None
    return HttpAddress(scheme, host, None if port == _PORTS[scheme] else port, f"{path or '/'}{query or ''}".encode())


def read(url: str) -> HttpAddress:
    """The parts of any address. Raises ValueError where it is none."""
    return usual(url) or _by_httpx(url)


def _by_httpx(url: str) -> HttpAddress:
    import httpx

    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error
    if (parts.port or 0) > _LARGEST_PORT:
        raise ValueError(f"there is no port {parts.port}")
    login = f"{parts.username}:{parts.password}" if parts.userinfo else ""
    return HttpAddress(
        scheme=parts.scheme,
        host=parts.raw_host.decode("ascii").replace("%25", "%"),
        port=parts.port,
        target=parts.raw_path,
        login=f"Basic {b64encode(login.encode()).decode()}" if login else "",
    )
