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

from tui.dokku.access_json import STATUS, like_a_status, names
from tui.dokku.access_values import KNOWN, LOCAL, Fields, agreed, moment, status, took

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_GAP = r"[\s|,;]+"
_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_TIME = re.compile(rf"{LOCAL}|{_ISO}")
_AFTER_TIME = re.compile(rf"(?:\[[^\[\]]+\]|{LOCAL})(?:{_GAP}[\d.]+)*{_GAP}$")
_UPSTREAM = r"(?:[/:](?:\d{3}|-)|\((?:\d{3}|-)\))?"
"""the status of what is behind, which some write at once: `502/502`, `502(502)`"""
_STATUS_NEXT = re.compile(rf'(?:{_GAP}|(?<=\])(?=\[))(?:"(\d{{3}})"|[\[(]?(\d{{3}})[\])]?{_UPSTREAM})(?=[\s|,;]|$)')
_NUMBERS_BEFORE = re.compile(rf"(?:(?<![^\s|,;])\d+(?:\.\d+)?{_GAP}){{2,12}}$")
"""a row of numbers in front of the request, of which one may be a length"""
_STATUS_BEFORE = re.compile(rf"(?:^|{_GAP})(\d{{3}}){_GAP}(?:\d+\.\d+{_GAP})*$")
_STATUS_FIRST = re.compile(rf"^(?:<\d+>)?(\d{{3}}){_GAP}")
_STATUS_AT_TIME = re.compile(rf"(?:{LOCAL}|{_ISO})\]?{_GAP}(\d{{3}}){_GAP}")
_THREE = re.compile(r"(?<=[\s|,;])(\d{3})(?=[\s|,;])")
_BETWEEN = re.compile(rf'{_GAP}(?:"[^"]*"|(?!\d{{3}}(?:[\s|,;]|$))[^\s|,;"=\[\]]+)')
"""one field between request and status, e.g. the name of the site"""
_BETWEEN_MOST = 4
_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"
_REQUEST = re.compile(rf"[A-Z][A-Z-]+ \S.*|{_METHODS}")
_PATH = re.compile(r'(?<=[A-Z] )"(?:/|https?://)[^"]*"$')
"""a quoted path behind a method that is not"""
_WHOLE = re.compile(
    r"(?:^|(?<=[\s|,;>\[\]:']))[A-Z][A-Z-]+ (?:/|\*|[a-z]+://|[\w.-]+(?::\d+|/))\S* HTTP/\d(?:\.\d)?(?=[\s|,;\]']|$)"
)
_BARE = re.compile(r"(?:^|(?<=[\s|>\]]))(?:" + _METHODS + r") (?:/|https?://|[\w.-]+(?::\d+)?/|[\w.-]+ /)\S*(?=[\s|])")
_NAMED = re.compile(r'(?<![\w.?&/=-])([A-Za-z][\w-]*)(?:=|:(?!//) ?)(?:"([^"]*)"|([^\s|,;"\])]+))')
_NAMED_TIME = re.compile(
    r'(?<!\w)(?:rt|req(?:uest)?_?time|time|took|duration)(?:[=:] ?|\s)"?(\d+\.\d+|\d+ ?ms)', re.IGNORECASE
)
_BARE_TIME = re.compile(r'(?:^|(?<=[\s|;"]))(\d{1,5}\.\d{3}|\d+ms)(?=[\s|;",]|$)')
_HAPROXY = re.compile(r" (?:-?\d+/){4}\+?(-?\d+) (-1|\d{3}) \+?\d+ \S+ \S+ [\w-]{4} ")
_OF_ERRORS = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[")
_LABEL = re.compile(r"([\w-]+):(.*)", re.DOTALL)
_STATUSES = frozenset(names((*STATUS, "st"))) - {"response", "code"}
_HIDDEN = "\x01"
_LOOKED_AT = 20
"""quoted fields among which the request is looked for"""


class _DoubtError(Exception):
    """Two numbers of a line may be its status."""


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
    try:
        return (
            _behind_the_time(text, masked, quoted)
            or _haproxy(text, masked, quoted)
            or _columns(text, masked)
            or _agreed(text, masked, quoted)
        )
    except _DoubtError:
        return None


# ── forms that leave no doubt ────────────────────────────────────────────────────────────────────────────────────────


def _labelled(text: str) -> Fields | None:
    """LTSV: `name:value`, tabs between them; nginx writes a tab inside a field as `\\x09`."""
    parts = [_LABEL.fullmatch(part.strip()) for part in text.split("\t")]
    if len(parts) < 3 or not all(parts):
        return None
    told = [(names((part[1],))[0], part[2].strip().strip('"')) for part in parts if part]
    found = {status(value) for name, value in told if name in _STATUSES}
    found = found or {status(value) for name, value in told if name == "code" or like_a_status(name)}
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
        first = _STATUS_FIRST.search(masked)
        earlier = [status(one) for one in (*_THREE.findall(when[0]), *([first[1]] if first is not None else []))]
        code = agreed([code, *(one for one in earlier if one is not None)])
        if code is None or (code not in KNOWN and _STATUS_NEXT.match(text, after.end()) is not None):
            raise _DoubtError  # what is behind the request may be a length
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


def _columns(text: str, masked: str) -> Fields | None:
    """Method, path and status in columns of their own, with a mark between: the status is the only field that can be
    one. A client can write such a mark into a path: that makes a second one, and a line that is not understood."""
    mark = next((one for one in "\t|;," if masked.count(one) >= _COLUMNS), None)
    if mark is None:
        return None
    fields = [one.strip().strip('"[]') for one in _unmasked(text, masked, mark)]
    at = next((n for n, one in enumerate(fields) if re.fullmatch(_METHODS, one) or _REQUEST.fullmatch(one)), None)
    if at is None:
        return None
    if mark == "," and not _ASKED.fullmatch(fields[at]):
        return None
    request = fields[at] if " " in fields[at] else " ".join(fields[at : at + 2])
    codes = {code for one in fields if (code := status(one)) in KNOWN and code is not None}
    if len(codes) != 1:
        return None
    when = _TIME.search(text)
    return Fields(
        status=codes.pop(),
        request=request,
        agents=tuple(one for one in fields if one != fields[at]),
        at=_moment(when[0]) if when is not None else None,
        seconds=_seconds(text, masked, ""),
    )


_ASKED = re.compile(rf"(?:{_METHODS})(?: \S+(?: HTTP/\d(?:\.\d)?)?)?")
"""a field that is a request and nothing more: between commas there may be any words"""
_COLUMNS = 3
"""marks that a line has at least where it is made of columns"""


def _unmasked(text: str, masked: str, mark: str) -> Iterator[str]:
    """The fields of a line between marks, those within quotes left out."""
    begins = 0
    for field in masked.split(mark):
        yield text[begins : begins + len(field)]
        begins += len(field) + 1


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
    asked = [one for one in quoted if _REQUEST.fullmatch(one.text) or _PATH.match(text[: one.end], one.start)]
    named = dict.fromkeys(_named(text, hidden))
    found = {value for name, value in named if name in _STATUSES}
    codes: set[int | None] = set()
    for end in [*(one.end for one in asked), *(m.end() for m in whole)]:
        codes |= set(_next(text, masked, end))
    if not whole:
        codes |= {code for m in short for code in _next(text, masked, m.end(), between=0)}
    begins = asked[0].start if asked else bare[0].start() if bare else 0
    codes |= set(_earlier(masked[:begins], alone=not codes and not found))
    if not found and not codes:
        found = {value for name, value in named if name == "code" or like_a_status(name)}
    told = {status(value) for value in found} | ({agreed(codes)} if codes else set())
    if len(told) != 1 or (code := told.pop()) is None:
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


def _earlier(head: str, *, alone: bool) -> Iterator[int]:
    """The numbers in front of the request that may be its status; at more places where none behind it may be."""
    for form in (_STATUS_FIRST, _STATUS_AT_TIME, _STATUS_BEFORE):
        found = form.search(head)
        code = status(found[1]) if found is not None else None
        lone = form is _STATUS_BEFORE and code not in KNOWN and _NUMBERS_BEFORE.search(head) is not None
        if code is not None and not lone and (alone or code in KNOWN):
            yield code
    row = _NUMBERS_BEFORE.search(head)
    for word in re.findall(r"(?<![\d.])\d{3}(?![\d.])", row[0] if row is not None else ""):
        if (known := status(word)) in KNOWN and known is not None:
            yield known


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
