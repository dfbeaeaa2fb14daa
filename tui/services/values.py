"""Readers of single values: text in, value out, ValueError with the valid form."""

import re
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

_DURATION = re.compile(r"(\d{1,6})(s|m|h)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_APP = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")


def duration(text: str) -> timedelta:
    """`30s`, `5m`, `1h`."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration; write 30s, 5m or 1h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def downtime(text: str) -> tuple[timedelta, timedelta] | None:
    """`none`, or a range like `10s-30s`."""
    if text == "none":
        return None
    low, dash, high = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no downtime; write none or a range like 10s-30s")
    found = (duration(low), duration(high))
    if found[0] > found[1]:
        raise ValueError(f"{text!r} runs backwards; write the shorter time first")
    return found


def percentage(text: str) -> float:
    """`1%` as a fraction."""
    number, sign, rest = text.partition("%")
    try:
        share = float(number)
    except ValueError:
        share = -1.0
    if not sign or rest or not 0 <= share <= 100:
        raise ValueError(f"{text!r} is no percentage; write e.g. 1%")
    return share / 100


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers within a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return read


def yes_no(text: str) -> bool:
    """`true` or `false`."""
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def url(text: str) -> str:
    """An http or https address."""
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_fits = None, False
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or not port_fits:
        raise ValueError(f"{text!r} is no http or https address")
    if parts.username or parts.password:
        raise ValueError("holds a password; secrets come from the environment only")
    return text


def ssh(text: str) -> str:
    """`user@host[:port]`, or an alias of ~/.ssh/config."""
    if not re.fullmatch(r"([A-Za-z0-9_.-]+@)?[A-Za-z0-9._-]+(:\d{1,5})?", text) or text.startswith("-"):
        raise ValueError(f"{text!r} is no ssh destination; write user@host, user@host:port or an alias")
    return text


def is_loopback(destination: str) -> bool:
    """Whether an ssh destination or a host name is this machine."""
    name = destination.rpartition("@")[2].partition(":")[0]
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def name(text: str) -> str:
    """A name of a service or host."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name: letters, digits, dot, dash and underscore, at most 63")
    return text


def app(text: str) -> str:
    """A Dokku app's name."""
    if not _APP.fullmatch(text):
        raise ValueError(f"{text!r} is no Dokku app: small letters, digits, dot and dash, at most 63")
    return text


def variable(text: str) -> str:
    """The name of an environment variable."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError("must be the name of an environment variable, never the secret itself")
    return text


def address(text: str) -> str:
    """Host and port of an address: what decides who is asked."""
    parts = urlsplit(text)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
