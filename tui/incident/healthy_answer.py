"""Judges an answer over HTTP: is it that of a healthy service?"""

import codecs
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from tui.model import json_text
from tui.model.service import Expect
from tui.text.clean import clean_line, decode

_TRUTH = {"true": ("true", "yes", "on"), "false": ("false", "no", "off")}
_CACHES = ("cf-cache-status", "x-cache", "x-cache-status", "x-proxy-cache")
"""headers in which caches say HIT"""
_HIT = re.compile(r"(?i)(?<![a-z])hit(?![a-z])")
MOVED = (301, 302, 303, 307, 308)


def unhealthy(expect: Expect, url: str, status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Why this answer is not that of a healthy service, in one harmless line; empty when it is.

    `headers`: names in small letters."""
    if status not in expect.status:
        return _other_status(expect, url, status, headers, body)
    body = body.removeprefix(codecs.BOM_UTF8)  # some frameworks begin every answer with it
    if expect.reject_html and ("text/html" in headers.get("content-type", "").lower() or body.lstrip()[:1] == b"<"):
        wanted = expect.contains or expect.text is not None
        hint = "; for a website write reject_html: false" if wanted else ""
        return f"answered with HTML: this is a web page, not the service{hint}"
    text = decode(body)
    if expect.text is not None and text.strip() != expect.text:
        return clean_line(f"answered {text[:100].strip()!r}, expected {expect.text!r}", 200)
    for part in expect.contains:
        if part not in text:
            return clean_line(f"{part!r} is not in the answer: {text[:100].strip()!r}", 200)
    if not expect.json:
        return ""
    try:
        told: Any = json_text.read_lenient(body)
    except json_text.NotJson as error:
        return clean_line(f"answered what is not JSON ({error}): {decode(body[:100])!r}", 200)
    for path, wanted_value in expect.json:
        found = dotted(told, path)
        if not _same(found, wanted_value):
            return clean_line(f"{path} is {found!r}, expected {wanted_value!r}", 200)
    return ""


def _other_status(expect: Expect, url: str, status: int, headers: Mapping[str, str], body: bytes) -> str:
    wanted = " or ".join(map(str, expect.status))
    to = headers.get("location", "")
    if status not in MOVED or not to:
        said = decode(body[:200])
        return clean_line(f"HTTP {status}, expected {wanted}{f': {said}' if said.strip() else ''}", 200)
    hint = ""
    try:
        leads = urljoin(url, to)
    except ValueError:  # `http://[`: the other side writes what it likes
        return clean_line(f"HTTP {status}, sent on to {to[:100]}, which is no address; expected {wanted}", 250)
    if leads == url:
        hint = ", which is this very address"
    elif _only_tls(url, leads):
        hint = "; write https://, or, behind a proxy that ends TLS, headers: {X-Forwarded-Proto: https}"
    return clean_line(f"HTTP {status}, sent on to {to[:100]}, expected {wanted}{hint}", 250)


def _only_tls(url: str, leads: str) -> bool:
    """True if a redirect leads to the same page over TLS: on the same host or, but for a start page, on any, because
    a site may be asked by its IP."""
    try:
        was, to = urlsplit(url), urlsplit(leads)
    except ValueError:
        return False
    page = was.path or "/"
    same = (page, was.query) == (to.path or "/", to.query) and (page != "/" or was.hostname == to.hostname)
    return same and (was.scheme, to.scheme) == ("http", "https")


def from_a_cache(headers: Mapping[str, str]) -> str:
    """A word on an answer that a cache gave (RFC 9111, 5.1: `Age`), empty for one that the service gave.

    A CDN answers so while the service is down, and asks nobody because of our `no-cache`."""
    age = headers.get("age", "").partition(",")[0].strip()
    if age.isdecimal() and int(age) > 0:
        return clean_line(f"from a cache, {age[:12]} s old: the service itself was not asked", 200)
    hit = any(_HIT.search(headers.get(name, "")) for name in _CACHES)
    return "from a cache: the service itself was not asked" if hit else ""


def _same(found: str | None, wanted: str) -> bool:
    """Numbers may be written in several ways (1, 1.0), truth in capitals (True) and in the words of YAML (yes, on)."""
    if found == wanted or found is None:
        return found == wanted
    if found in ("true", "false"):
        return wanted.lower() in _TRUTH[found]
    try:
        return float(found) == float(wanted)
    except ValueError:
        return False


def dotted(told: object, path: str) -> str | None:
    """The value at a dotted path of what JSON told, as text; None where there is none. A key that holds dots itself
    counts before what is below it; a list is entered by position."""
    if isinstance(told, list):
        head, dot, rest = path.partition(".")
        if not head.isdecimal() or int(head) >= len(told):
            return None
        return dotted(told[int(head)], rest) if dot else _text(told[int(head)])
    if not isinstance(told, dict):
        return None
    if path in told:
        return _text(told[path])
    at = -1
    while (at := path.find(".", at + 1)) >= 0:
        if path[:at] in told and (found := dotted(told[path[:at]], path[at + 1 :])) is not None:
            return found
    return None


def _text(level: object) -> str | None:
    if isinstance(level, bool):
        return "true" if level else "false"
    if level is None:
        return "null"
    return None if isinstance(level, dict | list) else str(level)
