"""The common parts of an access log's lines, in any format: their fields, how a status, a time and a
duration are written."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tui.model import iso_time
from tui.model.value import Value

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
"""nginx's, in any locale here"""
LOCAL = r"\d{2}/\w{3}/\d{4}:\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?: [+-]\d{4})?"
"""nginx's `time_local`; HAProxy writes milliseconds and no zone"""
_LOCAL = re.compile(r"(\d{2})/(\w{3})/(\d{4}):(\d{2}):(\d{2}):(\d{2})(?:\.\d+)? ([+-])(\d{2})(\d{2})")
_EPOCH = re.compile(r"\d{9,13}(?:\.\d+)?")
_TOOK = re.compile(r"(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(ns|us|µs|ms|s)?")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}


_INFORMED, _DONE, _ELSEWHERE = range(100, 104), (*range(200, 209), 218, 226), range(300, 309)
_ASKED_WRONG = (*range(400, 419), *range(420, 432), 440, 444, 449, 450, 451, 460, 463, *range(494, 500))
_BROKEN = (*range(500, 512), *range(520, 531), 561, 598, 599)
KNOWN = frozenset((0, 9, *_INFORMED, *_DONE, *_ELSEWHERE, *_ASKED_WRONG, *_BROKEN))
"""statuses that servers and proxies are known to answer; a number of another size may be a count of bytes"""


class Fields(Value):
    """The request of one line. Personal: it is used at once and not kept."""

    status: int
    """0 and 9 too: nginx's `000` (no answer was begun) and `009` (HTTP/0.9)"""
    request: str | None = None
    """the request line, or its path; None: the format does not show it, which is not the same as an empty one"""
    agents: tuple[str, ...] = ()
    """texts of which one may be the user agent"""
    at: datetime | None = None
    seconds: float | None = None


def status(text: str) -> int | None:
    """A status as it is logged: three digits, of which `000` and `009` mean that none was sent."""
    if len(text) != 3 or not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if 100 <= number <= 599 or number in (0, 9) else None


def agreed(candidates: Iterable[int | None]) -> int | None:
    """The one status among all numbers that may be it: the only one, else the only one that is known; None in doubt."""
    codes = set(candidates)
    if len(codes) > 1:
        codes &= KNOWN
    return codes.pop() if len(codes) == 1 else None


def number(value: Any) -> float | None:
    """A number, also as text; of several (`0.003, 0.004`: one an upstream) the last."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(str(value).replace(" : ", ",").split(",")[-1].strip())
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def took(value: Any) -> float | None:
    """Seconds that something took. A whole number without a unit is none: it may be of seconds or of thousandths."""
    if isinstance(value, float):
        return number(value)
    if not isinstance(value, str):
        return None
    last = value.replace(" : ", ",").split(",")[-1].strip()
    found = _TOOK.fullmatch(last)
    if found is None or ("." not in found[1] and "e" not in found[1].lower() and found[2] is None):
        return None
    return float(found[1]) * _UNITS[found[2] or "s"]


def moment(value: Any) -> datetime | None:
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
            return iso_time.in_utc(datetime(*parts, tzinfo=timezone(zone)))
        if _EPOCH.fullmatch(text):
            return _epoch(float(text))
        return iso_time.read(text)
    except (ValueError, KeyError, OverflowError, OSError):
        return None


def _epoch(value: float) -> datetime:
    return iso_time.in_utc(datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC))
