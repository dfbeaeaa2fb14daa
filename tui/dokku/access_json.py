"""Access lines in JSON: nginx with a format of the team's own, Caddy, Traefik, and others' envelopes around a line.

No recording covers them, so keys are found by meaning, in any spelling, nesting or order, and a value may be a
number or a text. What is nearer to the top counts; what clients send (headers, cookies, queries, bodies) is not
searched. A client can write a key of its own where the format does not escape: so two statuses that differ make a line
that is not understood, never one that is believed.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tui.dokku.access_values import Fields, moment, number, status, took

STATUS = (
    "status", "statuscode", "responsestatus", "responsestatuscode", "httpstatus", "httpstatuscode", "httpcode",
    "responsecode", "downstreamstatus", "scstatus", "code", "response",
)  # fmt: skip
_LIKE_A_STATUS = re.compile(
    r"(?:(?:nginx|https?|proxy|res|resp|rsp|response|request|req|reply|return|downstream|client|server|edge|frontend|final)+"
    r"(?:status|statuscode|code))|returncode"
)
"""other names of it, believed where all of them say the same"""
_AGENT = ("httpuseragent", "useragent", "useragentoriginal", "requestuseragent", "agent", "ua", "requestheaders")
_REQUEST = (
    "request", "req", "requestline", "requesturi", "requesturl", "uri", "url", "path", "requestpath", "urlpath",
    "urloriginal",
)  # fmt: skip
_TIME = (
    "timelocal", "timeiso8601", "timestamp", "time", "datetime", "date", "msec", "ts", "createdat", "startutc", "t",
)  # fmt: skip
_TOOK = (
    "requesttime", "reqtime", "requestresponsetime", "responsetime", "duration", "latency", "elapsed", "rt",
    "upstreamresponsetime", "took",
)  # fmt: skip
_WRAPPED = ("message", "log", "msg", "line")
_SENT = ("header", "cookie", "query", "args", "params", "body", "form")
"""words in the names of what clients send"""
_HEX = re.compile(r"\\x([0-9A-Fa-f]{2})")
_PAIR = re.compile(r'"([\w.@-]+)"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|)(?=\s*[,}])')


class _Twice(ValueError):
    """One key, two values."""


def read(text: str, again: Callable[[str], Fields | None]) -> Fields | None:
    """The fields of a line in JSON; None where it does not. `again` reads a line that is wrapped in it."""
    told = _strict(text) or _strict(_HEX.sub(r"\\u00\1", text))
    if told is None:
        return _loosely(text)
    found: dict[str, Any] = {}
    _flatten(told, found)
    code = _status(found)
    if code is None:
        inner = next((found[key] for key in _WRAPPED if isinstance(found.get(key), str)), None)
        return again(inner) if inner is not None and inner.strip()[:1] != "{" else None
    return _fields(code, found)


def _strict(text: str) -> dict[str, Any] | None:
    try:
        told = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless a key is in it twice with different values."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise _Twice(key)
    return found


def _loosely(text: str) -> Fields | None:
    """Text that is JSON but for one field (an empty number, a body that is not escaped): its simple pairs, and a
    status only where all that may be one are the same."""
    found: dict[str, Any] = {}
    codes: set[str] = set()
    for key, raw in _PAIR.findall(text):
        name, value = _name(key), raw.strip('"')
        if name in STATUS or like_a_status(name):
            codes.add(value)
        found.setdefault(name, value)
    if len(codes) != 1 or _status(found) is None:
        return None
    return _fields(_status(found) or 0, found)


def _fields(code: int, found: Mapping[str, Any]) -> Fields:
    shown = [found[key] for key in _REQUEST if isinstance(found.get(key), str)]
    request = next((value for value in shown if value), shown[0] if shown else None)
    said = tuple(_text(found[key]) for key in _AGENT if found.get(key))
    at = next((at for key in _TIME if (at := moment(found.get(key))) is not None), None)
    return Fields(status=code, request=request, agents=said, at=at, seconds=_seconds(found))


def _seconds(found: Mapping[str, Any]) -> float | None:
    if "downstreamstatus" in found and isinstance(found.get("duration"), int):
        return float(found["duration"]) * 1e-9  # Traefik's
    return next((s for key in _TOOK if (s := took(found.get(key))) is not None), None)


def _status(found: Mapping[str, Any]) -> int | None:
    for key in STATUS:
        value = found.get(key)
        if isinstance(value, str) and (code := status(value.strip()[:3])) is not None:
            return code if value.strip()[3:4] in ("", " ", ".") else None
        told = number(value) if isinstance(value, int | float) else None
        if told is not None and (0 <= told < 10 or 100 <= told <= 599):
            return int(told)
    others = {status(str(value)) for key, value in found.items() if like_a_status(key)}
    return others.pop() if len(others) == 1 else None


def like_a_status(name: str) -> bool:
    """True if a key, as `names` writes it, is that of a status under another name than the usual ones."""
    return _LIKE_A_STATUS.fullmatch(name) is not None


def _name(key: str) -> str:
    return "".join(c for c in key.lower() if c.isalnum())


def _flatten(told: Mapping[str, Any], found: dict[str, Any]) -> None:
    """Keys by letters and digits alone; a nested one by its own name and by its whole one. What is higher stays."""
    level: list[tuple[str, Mapping[str, Any]]] = [("", told)]
    while level:
        below: list[tuple[str, Mapping[str, Any]]] = []
        for above, here in level:
            for key, value in here.items():
                name = _name(key)
                if not isinstance(value, dict):
                    found.setdefault(above + name, value)
                    found.setdefault(name, value)
                elif any(word in name for word in _SENT):
                    agent = next((v for k, v in value.items() if _name(k) == "useragent"), None)
                    if agent is not None:
                        found.setdefault("useragent", agent)
                else:
                    below.append((above + name, value))
        level = below


def _text(value: Any) -> str:
    """A header is a list of texts with Caddy."""
    return str(value[0]) if isinstance(value, list) and value else str(value)


def starts(text: str) -> int | None:
    """Returns where the JSON of a line begins: at its start, or behind a head without quotes that a logger put
    there. Its end may be cut off, as syslog does."""
    at = text.find("{")
    if at < 0 or '"' in text[:at] or text[at + 1 :].lstrip()[:1] != '"':
        return None
    return at


def names(keys: Iterable[str]) -> tuple[str, ...]:
    """Keys as `read` compares them."""
    return tuple(_name(key) for key in keys)
