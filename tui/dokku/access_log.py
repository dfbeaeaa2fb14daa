"""Lines of an nginx access log → what kind of answer each was, and how many of each there were; never who asked what.

Understood are nginx's `combined` with anything before the address or after the user agent, and JSON lines. Stock Dokku
0.35.15 and 0.38.27 write `combined` (recorded). JSON formats are whatever a team wrote into its nginx: no recording
covers them, so keys are found by meaning, whatever their spelling, nesting or order, and a value may be a number or a
text. A line in which no status can be found is not understood, and is counted as such: the reader withholds its verdict
where there are many. nginx writes a quote inside a field as `\\x22`, in JSON too where `escape=json` is missing.

Only counts are kept, by the second, so that windows can begin and end where an incident does. Paths and addresses go
when the line has been read: they are personal, and a query may hold a token.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from tui.model import json_text
from tui.model.value import Value

OURS = ("rollback-console", "rollback-check")
"""marks of our own requests: the user agent of probes, the query of `rollback check`"""
KEPT = timedelta(hours=2)
"""how far back counts are kept"""
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
"""nginx's, whatever the locale here"""
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_LINE = re.compile(rf"\[([^\[\]]+)\] {_QUOTED} (\d{{3}}) (?:\d+|-)(?= |$)(.*)$")
_LOCAL = re.compile(r"(\d{2})/(\w{3})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})")
_STRING = re.compile(_QUOTED)
_NAMED_TIME = re.compile(r'(?:^|[ "])(?:rt|request_?time|time)[=:]\s*"?(\d+\.?\d*)', re.IGNORECASE)
_BARE_TIME = re.compile(r'(?:^|[ "])(\d+\.\d{3})(?=[ "]|$)')
_ESCAPED = re.compile(r"\\x([0-9A-Fa-f]{2})")
_METHOD = re.compile(r"[A-Z]+ ")


class Kind(StrEnum):
    """What became of a request."""

    ANSWERED = "answered"
    FAILED = "failed"
    """5xx"""
    REFUSED = "refused"
    """401, 403, 404, 429"""
    CLOSED = "closed"
    """499: the client left before the answer"""
    OWN = "own"
    """a probe of this console"""
    HEALTH = "health"
    """somebody else's look at a health path"""
    EMPTY = "empty"
    """a connection that asked for nothing, or for what is no request"""


APART = frozenset({Kind.OWN, Kind.HEALTH, Kind.EMPTY})
"""kinds that are no requests of users"""


class Entry(Value):
    """One line."""

    kind: Kind
    at: datetime | None = None
    """as the host's clock says"""
    seconds: float | None = None
    """time to the answer, where the format has it"""


def health_paths(urls: Iterable[str | None]) -> frozenset[str]:
    """The paths of these URLs."""
    return frozenset(urlsplit(url).path or "/" for url in urls if url)


def read(line: str, health: frozenset[str] = frozenset()) -> Entry | None:
    """What a line tells; None where it is not understood. `health`: paths that are no users' requests."""
    text = line.strip()
    return _json(text, health) if text[:1] == "{" else _combined(text, health)


def _combined(text: str, health: frozenset[str]) -> Entry | None:
    found = _LINE.search(text)
    if found is None:
        return None
    when, request, status, rest = found.groups()
    strings = _STRING.findall(rest)
    agent = strings[1] if len(strings) > 1 else (strings[0] if strings else "")
    tail = rest[rest.find(f'"{agent}"') + len(agent) + 2 :] if strings else rest
    took = _NAMED_TIME.search(tail) or _BARE_TIME.search(tail)
    return _entry(request, int(status), agent, _time(when), float(took[1]) if took else None, health)


def _entry(
    request: str, status: int, agent: str, at: datetime | None, seconds: float | None, health: frozenset[str]
) -> Entry:
    return Entry(kind=_kind(request, status, agent, health), at=at, seconds=seconds)


def _kind(request: str, status: int, agent: str, health: frozenset[str]) -> Kind:
    if any(mark in agent or mark in request for mark in OURS):
        return Kind.OWN
    words = request.split(" ")
    path = (words[1] if len(words) > 1 and _METHOD.match(request) else words[0]).partition("?")[0]
    if "://" in path:
        path = urlsplit(path).path
    if path in health:
        return Kind.HEALTH
    if status == 400 and (request in ("", "-") or not _METHOD.match(request + " ")):
        return Kind.EMPTY  # a port scan, or TLS spoken to a plain port: it never came to the app
    if status >= 500:
        return Kind.FAILED
    if status == 499:
        return Kind.CLOSED
    return Kind.REFUSED if status in (401, 403, 404, 429) else Kind.ANSWERED


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_STATUS = ("status", "statuscode", "responsestatus", "httpstatus", "responsecode", "code", "response")
_AGENT = ("httpuseragent", "useragent", "useragentoriginal", "requestuseragent", "agent", "ua")
_REQUEST = ("request", "requesturi", "requesturl", "uri", "url", "path", "requestpath", "urlpath", "urloriginal")
_TIME = ("timelocal", "timeiso8601", "timestamp", "time", "datetime", "date", "msec", "ts", "createdat")
_TOOK = ("requesttime", "requestresponsetime", "responsetime", "duration", "latency", "upstreamresponsetime", "took")


def _json(text: str, health: frozenset[str]) -> Entry | None:
    try:
        told: Any = json_text.read(text)
    except json_text.NotJson:
        try:
            told = json_text.read(_ESCAPED.sub(r"\\u00\1", text))
        except json_text.NotJson:
            return None
    if not isinstance(told, dict):
        return None
    found: dict[str, Any] = {}
    _flatten(told, "", found)
    status = _number(_first(found, _STATUS))
    if status is None or not 100 <= status <= 999:
        return None
    at = next((at for key in _TIME if (at := _time(found.get(key))) is not None), None)
    took = next((s for key in _TOOK if (s := _number(found.get(key))) is not None), None)
    request, agent = str(_first(found, _REQUEST) or ""), str(_first(found, _AGENT) or "")
    return _entry(request, int(status), agent, at, took, health)


def _flatten(told: Mapping[str, Any], above: str, found: dict[str, Any]) -> None:
    """Keys by letters and digits alone; a nested one by its own name and by its whole one. What comes first stays."""
    for key, value in told.items():
        name = "".join(c for c in str(key).lower() if c.isalnum())
        if isinstance(value, dict):
            _flatten(value, above + name, found)
            continue
        found.setdefault(above + name, value)
        if above:
            found.setdefault(name, value)


def _first(found: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((found[key] for key in keys if found.get(key) not in (None, "")), None)


def _number(value: Any) -> float | None:
    """A number, also as text; of several (`0.003, 0.004`: one an upstream) the last."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(str(value).replace(":", ",").split(",")[-1].strip())
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


# ── times ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _time(value: Any) -> datetime | None:
    """nginx's `time_local` with its own zone, ISO 8601, or seconds of the epoch (also milliseconds)."""
    if value is None or isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float):
            return _epoch(float(value))
        text = str(value)
        local = _LOCAL.fullmatch(text)
        if local is not None:
            day, month, year, hour, minute, second, sign, hours, minutes = local.groups()
            zone = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
            parts = (int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second))
            return datetime(*parts, tzinfo=timezone(zone)).astimezone(UTC)
        if re.fullmatch(r"\d{9,13}(\.\d+)?", text):
            return _epoch(float(text))
        read_ = datetime.fromisoformat(text)
    except (ValueError, KeyError, OverflowError, OSError):
        return None
    return None if read_.tzinfo is None else read_.astimezone(UTC)


def _epoch(value: float) -> datetime:
    return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)


# ── counting ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_STEP = 1.1
"""response times are kept in classes this much apart: 5 % is as near as a percentile comes"""


class Counted(Value):
    """What there was in one window."""

    answered: int = 0
    failed: int = 0
    refused: int = 0
    closed: int = 0
    own: int = 0
    health: int = 0
    empty: int = 0
    unparsed: int = 0
    p50: float | None = None
    """seconds, of users' requests that did not fail; None where the format has no times"""
    p95: float | None = None

    @property
    def total(self) -> int:
        """Requests of users."""
        return self.answered + self.failed + self.refused + self.closed

    @property
    def apart(self) -> int:
        """Requests that are not users'."""
        return self.own + self.health + self.empty


class Tally:
    """Counts by the second of one app's log."""

    def __init__(self) -> None:
        self._seconds: dict[int, Counter[str]] = {}
        self._times: dict[int, Counter[int]] = {}
        self._newest = 0

    def add(self, entry: Entry | None, at: datetime) -> None:
        """One line, understood or not, at this moment of our own clock."""
        second = int(at.timestamp())
        if second not in self._seconds:
            self._seconds[second] = Counter()
            self._forget(second)
        kind = entry.kind if entry is not None else "unparsed"
        self._seconds[second][kind] += 1
        if entry is None or entry.seconds is None or entry.kind in APART or entry.kind is Kind.FAILED:
            return
        step = round(math.log(max(entry.seconds, 0.0005), _STEP))
        self._times.setdefault(second, Counter())[step] += 1

    def _forget(self, second: int) -> None:
        self._newest = max(self._newest, second)
        oldest = self._newest - int(KEPT.total_seconds())
        for kept in (self._seconds, self._times):
            for old in [s for s in kept if s < oldest]:
                del kept[old]

    def counted(self, since: datetime, until: datetime) -> Counted:
        """The seconds that begin within the window, its end not among them."""
        first, last = math.ceil(since.timestamp()), math.ceil(until.timestamp())
        return self._together(second for second in self._seconds if first <= second < last)

    def series(self, since: datetime, width: float, count: int) -> tuple[Counted, ...]:
        """`count` windows of `width` seconds one after the other, read in one pass."""
        slices: list[list[int]] = [[] for _ in range(count)]
        begin = since.timestamp()
        for second in self._seconds:
            place = int((second - begin) // width)
            if 0 <= place < count:
                slices[place].append(second)
        return tuple(self._together(seconds) for seconds in slices)

    def _together(self, seconds: Iterable[int]) -> Counted:
        kinds: Counter[str] = Counter()
        times: Counter[int] = Counter()
        for second in seconds:
            kinds.update(self._seconds[second])
            times.update(self._times.get(second, {}))
        return Counted(
            **{kind.value: kinds[kind] for kind in Kind},
            unparsed=kinds["unparsed"],
            p50=_percentile(times, 0.5),
            p95=_percentile(times, 0.95),
        )


def _percentile(times: Mapping[int, int], share: float) -> float | None:
    wanted, seen = share * sum(times.values()), 0
    for step in sorted(times):
        seen += times[step]
        if seen >= wanted:
            return float(_STEP**step)
    return None
