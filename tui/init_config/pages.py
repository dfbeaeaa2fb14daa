"""The worth of an answer as a health check, and the part of it that may be expected every time.

Expected is only what is the same in two answers and says something: a word under a key such as `status`, a short text.
Names under keys such as `service` are added, because they tell one app's answer from another's.
"""

import re
from enum import IntEnum
from typing import Any

from tui.init_config.facts import WebAnswer
from tui.model import json_text
from tui.model.value import Value
from tui.text.clean import clean_line, decode

WELL = frozenset({"status", "state", "health", "ok", "healthy", "ready", "alive", "up", "live", "success", "result"})
"""keys whose value says whether the service is well"""
WHO = frozenset({"service", "app", "application", "component", "name"})
"""keys whose value says which service answers"""
ILL = frozenset({
    "starting", "degraded", "down", "error", "fail", "failed", "failing", "unhealthy", "unready", "not ready",
    "not_ready", "false", "critical", "unavailable", "dead", "warn", "warning", "0",
})  # fmt: skip
"""values that no healthy service says"""
DEEPEST = 3
LONGEST = 64
"""letters of a text that is expected as a whole"""
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,39}")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_TEXT = re.compile(r"[!-~](?:[ -~]*[!-~])?")


class Worth(IntEnum):
    """The worth of an answer, from none to best."""

    NONE = 0
    """no answer, or one that says that nothing is there"""
    ILL = 1
    """a service that answers and says that it is not well"""
    WEB_PAGE = 2
    """a web page: it says that something answers, not what"""
    GOOD = 3
    """JSON, a text or nothing, with 2xx"""


class Expected(Value):
    """The marks of a healthy answer, as far as two answers tell."""

    status: int = 200
    json: tuple[tuple[str, str], ...] = ()
    text: str | None = None
    web_page: bool = False

    @property
    def says_something(self) -> bool:
        """True if it asks for more than a status."""
        return bool(self.json) or self.text is not None


def worth(page: WebAnswer, *, own_check: bool = False) -> Worth:
    """The worth of an answer. `own_check`: the app's own checks name the path, so anything that answers there is
    meant."""
    if page.status is None:
        return Worth.NONE
    if 200 <= page.status < 300:
        if is_html(page):
            return Worth.WEB_PAGE
        told = _json(page)
        return Worth.ILL if told is not None and any(v.lower() in ILL for _, v in _words(told, WELL)) else Worth.GOOD
    if page.status >= 500 and (own_check or (page.status == 503 and not is_html(page))):
        return Worth.ILL
    return Worth.NONE


def is_html(page: WebAnswer) -> bool:
    """True if it is a web page."""
    return "text/html" in page.kind or page.body.lstrip()[:1] == b"<"


def expected(page: WebAnswer, again: WebAnswer | None) -> Expected:
    """The marks that may be expected of every healthy answer."""
    if page.status is None or not 200 <= page.status < 300:
        return Expected()
    if is_html(page):
        return Expected(status=page.status, web_page=True)
    told, twice = _json(page), _json(again) if again is not None else None
    if told is not None:
        if twice is None:
            return Expected(status=page.status)
        both = set(_words(twice, WELL | WHO))
        well = [pair for pair in _words(told, WELL) if pair in both and pair[1].lower() not in ILL][:2]
        who = [pair for pair in _words(told, WHO) if pair in both][:1]
        return Expected(status=page.status, json=tuple(dict.fromkeys((*well, *who))))
    text = decode(page.body).strip()
    same = again is not None and again.status == page.status and decode(again.body).strip() == text
    usable = same and len(text) <= LONGEST and bool(_TEXT.fullmatch(text)) and "${" not in text
    return Expected(status=page.status, text=text if usable and clean_line(text) == text else None)


def meets(page: WebAnswer, what: Expected) -> bool:
    """True if an answer would pass for a healthy one."""
    if page.status != what.status or (is_html(page) and not what.web_page):
        return False
    if what.text is not None and decode(page.body).strip() != what.text:
        return False
    if not what.json:
        return True
    told = _json(page)
    return told is not None and set(what.json) <= set(_words(told, WELL | WHO))


def alike(page: WebAnswer, other: WebAnswer, again: WebAnswer | None = None) -> bool:
    """True if two answers may come from the same site: what differs between two of one site counts for nothing."""
    if page.status != other.status or page.status is None:
        return False
    if page.body == other.body:
        return True
    told, there = _json(page), _json(other)
    if told is None or there is None:
        # a page with a counter or a token in it: its length says as much as can be said
        return is_html(page) == is_html(other) and again is not None and page.body != again.body
    steady = _pairs(told) & _pairs(_json(again) or {}) if again is not None else _pairs(told)
    return set(told) == set(there) and steady <= _pairs(there)


def _json(page: WebAnswer) -> dict[str, Any] | None:
    """The JSON object of a body; None where it is none."""
    try:
        found: Any = json_text.read_lenient(page.body)
    except json_text.NotJson:
        return None
    return found if isinstance(found, dict) else None


def _words(told: dict[str, Any], keys: frozenset[str], above: str = "", depth: int = 0) -> list[tuple[str, str]]:
    """Dotted path and value of every plain word under one of these keys."""
    found: list[tuple[str, str]] = []
    for key, value in told.items():
        if not _KEY.fullmatch(key):
            continue
        path = f"{above}.{key}" if above else key
        if isinstance(value, dict):
            found += _words(value, keys, path, depth + 1) if depth + 1 < DEEPEST else []
        elif key.lower() in keys and isinstance(value, str | bool | int):
            said = ("true" if value else "false") if isinstance(value, bool) else str(value)
            if _VALUE.fullmatch(said) and clean_line(f"{path}={said}") == f"{path}={said}":
                found.append((path, said))
    return found


def _pairs(told: dict[str, Any]) -> set[tuple[str, str]]:
    return {(key, repr(value)) for key, value in told.items()}
