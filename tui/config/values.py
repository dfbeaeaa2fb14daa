"""Readers of single values that only config reads: text in, value out, ValueError with the valid form."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from tui.model import destination
from tui.model.service import Transport

_DURATION = re.compile(r"([0-9]{1,6})(s|m|h)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_APP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


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
    share = float(number) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", number) else -1.0
    if not sign or rest or not 0 <= share <= 100:
        raise ValueError(f"{text!r} is no percentage; write e.g. 1%")
    return share / 100


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers within a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return read


def yes_no(text: str) -> bool:
    """`true` or `false`."""
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def ssh(text: str) -> str:
    """An ssh destination, in the one form `user@host:port`. A leading dash would be an option of ssh."""
    return str(destination.parse(text))


def transport(text: str) -> Transport:
    """What carries the link to a host."""
    if text not in list(Transport):
        raise ValueError(f"{text!r} is no transport; write {' or '.join(Transport)}")
    return Transport(text)


def remote(text: str) -> str:
    """A Git remote: an address or a path. Options and Git's command-running transports (`ext::`) are refused."""
    if not text or text.startswith("-") or "::" in text or re.search(r"\s", text):
        raise ValueError(f"{text!r} is no Git remote; write e.g. git@github.com:team/app.git")
    return text


def written_login(text: str) -> str | None:
    """The name or password that an address holds in plain letters; None where variables stand for them, as in
    `https://${GIT_TOKEN}@example.com/app.git`. The name alone is none in `ssh://git@example.com`."""
    found = re.search(r"(\w+)://([^/@\s]*)@", text)
    if found is None:
        return None
    scheme, login = found[1], re.sub(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", "", found[2])
    name, _, password = login.partition(":")
    kept = ":" in found[2] or scheme not in ("http", "https")  # then the name is no credential
    return (password or (None if kept else name)) or None


def repository(text: str) -> str:
    """An image repository without a tag."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9][a-z0-9._-]*)*", text):
        raise ValueError(f"{text!r} is no image repository; write e.g. registry.example.com/team/app, without a tag")
    return text


def header_value(text: str) -> str:
    """A host name for a Host header, with or without a port."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?", text):
        raise ValueError(f"{text!r} is no host name; write e.g. api.example.com")
    return text


def path(beside: Path) -> Callable[[str], str]:
    """A reader of paths: `~` is the home directory, a relative path starts where services.yaml lies."""

    def read(text: str) -> str:
        try:
            return str(beside / Path(text).expanduser())
        except RuntimeError as error:
            raise ValueError(f"{text!r} names the home directory of an unknown user") from error

    return read


def name(text: str) -> str:
    """A name of a service or host."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name: letters, digits, dot, dash and underscore, at most 63")
    return text


def app(text: str) -> str:
    """A Dokku app's name. Capitals and underscores are those of older hosts, which go on with such apps."""
    if not _APP.fullmatch(text):
        raise ValueError(f"{text!r} is no Dokku app: letters, digits, dot, dash and underscore, at most 63")
    return text


def address(text: str) -> str:
    """Host and port of an address: what decides who is asked."""
    parts = urlsplit(text)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
