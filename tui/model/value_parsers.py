"""Readers of single values: text in, value out, ValueError with the valid form. Config and vendors read by the same."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from tui.model.destination import is_loopback

PATTERNS: dict[Callable[[str], Any], str] = {}
"""of readers that take what matches a pattern as a whole: that pattern, as the JSON Schema of services.yaml has it"""
_PORT = r"0{0,3}(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"  # 1 to 65535
_HOST = r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])"
_ADDRESS = rf"://{_HOST}(?::{_PORT})?(?:[/?#]\S*)?"
URL = rf"[Hh][Tt][Tt][Pp][Ss]?{_ADDRESS}"
WEBSOCKET = rf"wss?{_ADDRESS}"
ENDPOINT = rf"{_HOST}:{_PORT}"
DURATION = r"(?=.)(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?"
_WHOLE_DURATION = re.compile(DURATION)


def url(text: str) -> str:
    """An http or https address."""
    return _address(text, URL, "http or https address; write e.g. https://example.com/health")


def websocket(text: str) -> str:
    """A ws or wss address."""
    return _address(text, WEBSOCKET, "WebSocket address; write e.g. wss://example.com/socket")


def _address(text: str, pattern: str, called: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = None
    if parts is not None and (parts.username or parts.password):
        raise ValueError("holds a password; secrets come from the environment only")
    if parts is None or not re.fullmatch(pattern, text):
        raise ValueError(f"{text!r} is no {called}")
    return text


def endpoint(text: str) -> str:
    """A host and a port."""
    if not re.fullmatch(ENDPOINT, text):
        raise ValueError(f"{text!r} is no host and port; write e.g. db.example.com:5432 or [::1]:5432")
    return text


def duration(text: str) -> timedelta:
    """`30s`, `5m`, `1h`, `1m30s`."""
    found = _WHOLE_DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration; write 30s, 5m, 1h or 1m30s")
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


PATTERNS |= {url: URL, websocket: WEBSOCKET, endpoint: ENDPOINT, duration: DURATION}


def base(text: str) -> str:
    """The address of an API to which credentials go: https, unless it is on this machine; nothing after the path."""
    parts = urlsplit(url(text))
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ValueError(f"{text!r} is not https: anybody on the way could read the credential")
    if parts.query or parts.fragment:
        raise ValueError(f"{text!r} has something after its path; write the address alone, e.g. https://sentry.io")
    return text.rstrip("/")


def variable(text: str) -> str:
    """The name of an environment variable."""
    if not re.fullmatch(VARIABLE, text):
        raise ValueError("must be the name of an environment variable, never the secret itself")
    return text


VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
PATTERNS[variable] = VARIABLE


def word(text: str) -> str:
    """A text of one line that is not empty."""
    if not text.strip() or len(text) > 100:
        raise ValueError(f"{text!r} must be a text of 1 to 100 characters")
    return text


def of_form(pattern: str, wrong: str) -> Callable[[str], str]:
    """A reader of texts that match `pattern` as a whole; `wrong` says what any other text is."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} is {wrong}")
        return text

    PATTERNS[read] = pattern
    return read


slug = of_form(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "no name or id: letters, digits, dot, dash and underscore")
"""a name or number in an address of a vendor"""
email = of_form(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "no e-mail address")
"""one that fits into a header"""
