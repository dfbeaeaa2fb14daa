"""Readers of single values: text in, value out, ValueError with the valid form. Config and vendors read by the same."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from tui.model.destination import is_loopback


def url(text: str) -> str:
    """An http or https address."""
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_fits = None, False
    if parts is not None and (parts.username or parts.password):
        raise ValueError("holds a password; secrets come from the environment only")
    named = parts is not None and re.fullmatch(r"[\w.-]+|[0-9a-f:.]+", parts.hostname or "")
    if parts is None or parts.scheme not in ("http", "https") or not named or not port_fits or re.search(r"\s", text):
        raise ValueError(f"{text!r} is no http or https address; write e.g. https://example.com/health")
    return text


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
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError("must be the name of an environment variable, never the secret itself")
    return text


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

    return read


slug = of_form(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "no name or id: letters, digits, dot, dash and underscore")
"""a name or number in an address of a vendor"""
email = of_form(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "no e-mail address")
"""one that fits into a header"""
