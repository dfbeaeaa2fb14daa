"""The address of a host over SSH, in every way that OpenSSH's own programs write it."""

import re
from ipaddress import IPv6Address, ip_address

from tui.model.value import Value

FORMS = "user@host, user@host:port, ssh://user@host:port, user@[::1]:port or an alias of ~/.ssh/config"
_BRACKETED = re.compile(r"\[([^\[\]]+)\](?::([0-9]{1,5}))?")
_PLAIN = re.compile(r"([^\[\]:]+)(?::([0-9]{1,5}))?")
_USER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.+\\@$-]*")
_NAME = re.compile(r"[\w.][\w.+=~-]*")
"""an alias of ~/.ssh/config may hold more than a host's name"""


class Destination(Value):
    """A login's place. What is not written is None: the SSH configuration says it, or the defaults hold."""

    host: str
    """a name, an alias, or an address without brackets"""
    user: str | None = None
    port: int | None = None

    @property
    def bare(self) -> str:
        """`user@host`, as `ssh` takes it; a port is an option there."""
        return f"{self.user}@{self.host}" if self.user is not None else self.host

    @property
    def bracketed(self) -> str:
        """The same for what goes on with a colon: an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}" if self.user is not None else host

    def __str__(self) -> str:
        return self.bracketed if self.port is None else f"{self.bracketed}:{self.port}"


def parse(text: str) -> Destination:
    """The destination that a text writes. Raises ValueError with the forms there are."""
    scheme, found, rest = text.rpartition("://")
    if re.match(r"[^@:]*:[^@]+@", rest):
        raise ValueError("an ssh destination holds no password; write ssh://user@host, and use a key")
    if found and scheme.lower() != "ssh":
        raise ValueError(f"{text!r} is no ssh destination: {scheme}:// leads elsewhere; write {FORMS}")
    if found:
        rest, _, path = rest.partition("/")
        if path:
            raise ValueError(f"{text!r} has a path, which an ssh destination has not; write ssh://{rest}")
    user, at, where = rest.rpartition("@")
    if _is_ipv6(where):
        host, port, fits = where, None, True
    elif apart := _BRACKETED.fullmatch(where):
        host, port, fits = apart[1], apart[2], _is_ipv6(apart[1])
    else:
        apart = _PLAIN.fullmatch(where)
        host, port = (apart[1], apart[2]) if apart else ("", None)
        fits = _NAME.fullmatch(host) is not None
    if not fits or (at and not _USER.fullmatch(user)):
        raise ValueError(f"{text!r} is no ssh destination; write {FORMS}")
    if port is not None and not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} has no port from 1 to 65535; write {FORMS}")
    return Destination(host=host, user=user if at else None, port=int(port) if port is not None else None)


def is_ip(host: str) -> bool:
    """True if it is an address, without brackets, and no name."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """True if a host's name or address, with or without brackets, is this machine."""
    try:
        return ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _is_ipv6(text: str) -> bool:
    address, percent, zone = text.partition("%")
    if percent and not re.fullmatch(r"[A-Za-z0-9_.-]+", zone):
        return False
    try:
        return isinstance(ip_address(address), IPv6Address)
    except ValueError:
        return False
