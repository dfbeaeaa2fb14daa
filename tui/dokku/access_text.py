"""Access lines that are no JSON: `combined` and its relatives, fields with names, tabs, HAProxy, in any order.

A quoted field cannot be forged: nginx writes a quote inside a field as `\\x22`, Apache as `\\"`. So a quoted request
that is behind the time and before three digits is believed at once. Every other form is believed only where all
that may be the status is one and the same: a client that writes a status into its own request, name or agent gets a
line that is not understood, never one that says something else.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from tui.dokku.access_json import STATUS, names
from tui.dokku.access_values import LOCAL, Fields, moment, status, took

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_GAP = r"[\s|,;]+"
_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_TIME = re.compile(rf"{LOCAL}|{_ISO}")
_AFTER_TIME = re.compile(rf"(?:\[[^\[\]]+\]|{LOCAL})(?:{_GAP}[\d.]+)*{_GAP}$")
_STATUS_NEXT = re.compile(rf'{_GAP}(?:"(\d{{3}})"|[\[(]?(\d{{3}})[\])]?)(?=[\s|,;]|$)')
_STATUS_BEFORE = re.compile(rf"(?:^|{_GAP})(\d{{3}}){_GAP}(?:\d+\.\d+{_GAP})*$|^(?:<\d+>)?(\d{{3}}){_GAP}")
_BETWEEN = re.compile(rf'{_GAP}(?:"[^"]*"|(?!\d{{3}}(?:[\s|,;]|$))[^\s|,;"=\[\]]+)')
"""one field between request and status, e.g. the name of the site"""
_BETWEEN_MOST = 2
_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"
_REQUEST = re.compile(rf"[A-Z][A-Z-]+ \S.*|{_METHODS}")
_WHOLE = re.compile(
    r"(?:^|(?<=[\s|,;>\[\]:']))[A-Z][A-Z-]+ (?:/|\*|[a-z]+://|[\w.-]+:\d+)\S* HTTP/\d(?:\.\d)?(?=[\s|,;\]']|$)"
)
_BARE = re.compile(r"(?:^|(?<=[\s|>\]]))(?:" + _METHODS + r") (?:/|https?://)\S*(?=[\s|])")
_NAMED = re.compile(r'(?<![\w.?&/=-])([A-Za-z][\w-]*)(?:=|:(?!//) ?)(?:"([^"]*)"|([^\s|,;"]+))')
_NAMED_TIME = re.compile(
    r'(?<!\w)(?:rt|req(?:uest)?_?time|time|took|duration)(?:[=:] ?|\s)"?(\d+\.\d+|\d+ ?ms)', re.IGNORECASE
)
_BARE_TIME = re.compile(r'(?:^|(?<=[\s|"]))(\d{1,5}\.\d{3}|\d+ms)(?=[\s|",]|$)')
_HAPROXY = re.compile(r" (?:-?\d+/){4}\+?(-?\d+) (-1|\d{3}) \+?\d+ \S+ \S+ [\w-]{4} ")
_OF_ERRORS = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[")
_LABEL = re.compile(r"([\w-]+):(.*)", re.DOTALL)
_STATUSES = frozenset(names((*STATUS, "st"))) - {"response", "code"}
_HIDDEN = "\x01"
_LOOKED_AT = 20
"""quoted fields among which the request is looked for"""


class _Quoted(NamedTuple):
    start: int
    end: int
    text: str


def read(text: str) -> Fields | None:
    """The fields of a line; None where its status cannot be told without doubt."""
    if _OF_ERRORS.match(text):
        return None
    labelled = _labelled(text)
    if labelled is not None:
        return labelled
    quoted = [_Quoted(m.start(), m.end(), m[1]) for m in _QUOTED.finditer(text)]
    masked = _QUOTED.sub(lambda m: f'"{_HIDDEN * len(m[1])}"', text)
    return _behind_the_time(text, masked, quoted) or _haproxy(text, masked, quoted) or _agreed(text, masked, quoted)


# ── forms that leave no doubt ────────────────────────────────────────────────────────────────────────────────────────


def _labelled(text: str) -> Fields | None:
    """LTSV: `name:value`, tabs between them; nginx writes a tab inside a field as `\\x09`."""
    parts = [_LABEL.fullmatch(part.strip()) for part in text.split("\t")]
    if len(parts) < 3 or not all(parts):
        return None
    told = [(names((part[1],))[0], part[2].strip().strip('"')) for part in parts if part]
    found = {status(value) for name, value in told if name in _STATUSES}
    if len(found) != 1 or (code := found.pop()) is None:
        return None
    by_name = dict(reversed(told))
    request = next((by_name[n] for n in ("request", "req", "requesturi", "uri", "path", "url") if n in by_name), None)
    lasted = next((by_name[n] for n in ("requesttime", "reqtime", "responsetime", "taken") if n in by_name), None)
    return Fields(
        status=code,
        request=request,
        agents=tuple(value for name, value in told if name in ("ua", "agent", "useragent", "httpuseragent")),
        at=moment(by_name.get("time", "").strip("[]")),
        seconds=took(lasted) if lasted is not None else None,
    )


def _behind_the_time(text: str, masked: str, quoted: list[_Quoted]) -> Fields | None:
    for n, request in enumerate(quoted[:_LOOKED_AT]):
        when = _AFTER_TIME.search(masked[: request.start])
        after = _STATUS_NEXT.match(text, request.end)
        if when is None or after is None:
            continue
        code = status(after[1] or after[2])
        if code is None:
            continue
        rest = [one.text for one in quoted[n + 1 :]]
        return Fields(
            status=code,
            request=request.text,
            agents=tuple(rest),
            at=_moment(when[0]),
            seconds=_seconds(text[after.end() :], masked[after.end() :], when[0]),
        )
    return None


def _haproxy(text: str, masked: str, quoted: list[_Quoted]) -> Fields | None:
    """HAProxy's HTTP log: timers, status, size, and the request last. -1: nothing was answered."""
    found = _HAPROXY.search(masked)
    if found is None or not quoted or quoted[-1].start < found.end():
        return None
    request = quoted[-1].text
    code = 0 if found[2] == "-1" else status(found[2])
    if code is None:
        return None
    lasted = int(found[1])
    return Fields(
        status=code,
        request="" if request == "<BADREQ>" else request,
        seconds=lasted / 1000 if lasted >= 0 else None,
    )


# ── every other form ─────────────────────────────────────────────────────────────────────────────────────────────────


def _agreed(text: str, masked: str, quoted: list[_Quoted]) -> Fields | None:
    """The status that everything which may be one agrees on."""
    whole, short = list(_WHOLE.finditer(masked)), list(_BARE.finditer(masked))
    bare = [*whole, *short]
    if masked.count(" HTTP/") > 1:
        return None
    hidden = masked
    for m in bare:
        hidden = hidden[: m.start()] + _HIDDEN * (m.end() - m.start()) + hidden[m.end() :]
    asked = [one for one in quoted if _REQUEST.fullmatch(one.text)]
    found = {value for name, value in _named(text, hidden) if name in _STATUSES}
    codes = {status(value) for value in found}
    for end in [*(one.end for one in asked), *(m.end() for m in whole)]:
        codes |= set(_next(text, masked, end))
    if not whole:
        codes |= {code for m in short for code in _next(text, masked, m.end(), between=0)}
    if not codes and asked and (before := _STATUS_BEFORE.search(masked[: asked[0].start])) is not None:
        codes = {status(before[1] or before[2])}
    if len(codes) != 1 or (code := codes.pop()) is None:
        return None
    request = asked[0].text if asked else bare[0][0] if bare else None
    when = _TIME.search(masked)
    return Fields(
        status=code,
        request=request,
        agents=tuple(one.text for one in quoted if one not in asked),
        at=_moment(when[0]) if when is not None else None,
        seconds=_seconds(text, hidden, ""),
    )


def _named(text: str, hidden: str) -> Iterator[tuple[str, str]]:
    for m in _NAMED.finditer(hidden):
        start, end = m.span(2) if m[2] is not None else m.span(3)
        yield names((m[1],))[0], text[start:end]


def _next(text: str, masked: str, end: int, between: int = _BETWEEN_MOST) -> Iterator[int]:
    """The status behind a request, with no more than a name or a time between."""
    end += masked[end : end + 1] in ("]", "'")
    for _ in range(between + 1):
        found = _STATUS_NEXT.match(text, end)
        code = status(found[1] or found[2]) if found is not None else None
        if code is not None:
            yield code
            return
        other = _BETWEEN.match(masked, end)
        if other is None:
            return
        end = other.end()


def _moment(text: str) -> datetime | None:
    found = _TIME.search(text)
    return moment(found[0].replace(",", ".")) if found is not None else None


def _seconds(text: str, masked: str, head: str) -> float | None:
    """The time to the answer: one with its name, else the first with three decimals. Quoted ones count, names of
    clients do not: a quoted field is looked into only where a name is before it."""
    named = _NAMED_TIME.search(masked)
    if named is not None:
        return took(named[1])
    for m in _NAMED.finditer(masked):
        if m[2] is not None and names((m[1],))[0] in ("requesttime", "reqtime", "rt"):
            return took(text[slice(*m.span(2))])
    found = _BARE_TIME.search(masked) or _BARE_TIME.search(head)
    return took(found[1]) if found is not None else None
