"""Is every number of a post-mortem on record? What is not there, and does not follow from what is, is said.

Written apart from what makes the document: it knows the journal's entries as JSON, the reader's time zone, and the
ways in which numbers may follow from others (differences of times, shares of counts, their intervals).
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import product
from math import ceil, sqrt
from typing import Any

from markdown_it import MarkdownIt

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_GAP = timedelta(seconds=15)


def plain(markdown: str) -> list[str]:
    """What a reader of the rendered document reads, block by block."""
    found = []
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type == "inline":
            found.append("".join("\n" if t.type == "softbreak" else t.content for t in token.children or []))
    return found


def unexplained(
    markdown: str, entries: Iterable[tuple[str, str]], zone: tzinfo, known: Iterable[str] = ()
) -> list[str]:
    """The numbers of the document that no entry explains, each with its line. `known` are texts from elsewhere
    (services.yaml) whose numbers count as explained."""
    texts = [payload for _, payload in entries]
    facts = _Facts(texts, zone, [*known, "P1", "P2", "95% interval", "p50", "p95"])
    lines = [line for block in plain(markdown) for line in block.split("\n")]
    return [f"{number} in {line!r}" for line in lines for number in facts.missing(line)]


class _Facts:
    """What the entries say, and what follows."""

    def __init__(self, texts: list[str], zone: tzinfo, known: Iterable[str]) -> None:
        values = [json.loads(text) for text in texts]
        turns = _turns(values)
        stamps = {_at(found) for text, turn in zip(texts, turns, strict=True) if turn for found in _STAMP.findall(text)}
        self.texts = texts
        lengths = {_length(found) for text in texts for found in re.findall(r'"(PT?[0-9TDHMS.]+)"', text)}
        ends = {at + length for at, length in product(stamps, lengths)}
        self.entries = len(texts)
        self.moments = {f"{at:%Y-%m-%d %H:%M:%S} UTC" for at in stamps | ends}
        self.moments |= {f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} local" for at in stamps}
        self.moments |= {f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in stamps | ends}
        self.clocks = {f"{at:%H:%M} - " for at in stamps}
        self.dates = {f"{at:%Y-%m-%d}" for at in stamps}
        self.offsets = {_offset(at.astimezone(zone)) for at in stamps}
        between = {abs((a - b).total_seconds()) for a, b in product(stamps | ends, stamps | ends)}
        self.seconds = {f"{s:.1f} s" for s in between} | {_exact(s) for s in between}
        self.seconds |= {f"{v['seconds']:.1f} s" for v in values if isinstance(v.get("seconds"), float)}
        self.minutes = {_minutes(s) for s in between}
        self.shares = {p for failed, total in _counts(values) for p in _shares(failed, total)} | _covered(
            values, stamps
        )
        self.verdicts = set(_verdicts(values))
        self.verdicts |= {f"{min(60, ceil(length.total_seconds() / 15))} are the least" for length in lengths}
        self.millis = {f"{v * 1000:.0f} ms" for v in _floats(values)} | {"1 ms"}  # of less than one
        self.numbers = {n for text in [*texts, *known] for n in _NUMBER.findall(text)}
        self.numbers |= {
            n
            for text in texts
            for sha in re.findall(r"[0-9a-f]{40}", text)
            for shown in (sha[:9], sha[:10])
            for n in _NUMBER.findall(shown)
        }
        looks = [v["sample"]["healthy"] for v in values if v.get("type") == "Sampled"]
        worded = ((True, "looks healthy"), (False, "unhealthy"), (None, "not measured"))
        self.looks = {f"{n} {words}" for look, words in worded for n in _runs(looks, look)}

    def missing(self, line: str) -> Iterator[str]:
        """The numbers of a line that are not explained: composed ones are looked up whole, the rest one by one."""
        kinds: list[tuple[str, set[str]]] = [
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?:UTC|local)", self.moments),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", self.moments),
            (r"\(UTC[+-]\d\d:\d\d\)", self.offsets),
            (r"^\d\d:\d\d - ", self.clocks),
            (r"\d{4}-\d\d-\d\d", self.dates),
            (
                r"\([\d.]+-[\d.]+%\)|needs (?:more than )?\d+ more requests"
                r"|only \d+ requests were seen|\d+ are the least",
                self.verdicts,
            ),
            (r"[\d.]+%(?! interval)", self.shares | self.verdicts),
            (r"(?<=Duration: )[\d.]+ minutes", self.minutes),
            (r"(?<![\d.])(?=\d)(?:\d+ h ?)?(?:\d+ min ?)?(?:[\d.]+ s)?(?!\w)", self.seconds),
            (r"\d+ ms", self.millis),
            (r"\d+ (?:looks healthy|unhealthy|not measured)", self.looks),
        ]
        for number in re.findall(r"journal entry (\d+)", line):
            if not 1 <= int(number) <= self.entries:
                yield f"journal entry {number}"
        rest = re.sub(r"journal entry \d+|^rollback \d+: ", " ", line)
        for pattern, explained in kinds:
            for found in re.finditer(pattern, rest):
                whole = found[0].strip() if pattern.startswith("(?<!") else found[0]
                if any(c.isdigit() for c in whole) and whole not in explained and not self._quoted(whole):
                    yield whole
            rest = re.sub(pattern, " ", rest)
        for number in _NUMBER.findall(rest):
            if number not in self.numbers:
                yield number

    def _quoted(self, whole: str) -> bool:
        """Whether it stands so in a text of an entry: evidence and reasons have numbers of their own."""
        return any(whole in text for text in self.texts)


def _turns(values: list[dict[str, Any]]) -> list[bool]:
    """Which entries have times that count: of the looks of a watch those that saw something else than the one before,
    and the last one. A look every few seconds would explain any time at all."""
    looks = [n for n, value in enumerate(values) if value.get("type") == "Sampled"]
    before: object = "nothing"
    kept: set[int] = set(looks[-1:])
    for n in looks:
        healthy = values[n]["sample"]["healthy"]
        if healthy != before:
            kept.add(n)
        before = healthy
    return [n in kept or n not in looks for n in range(len(values))]


# ── arithmetic, once more ────────────────────────────────────────────────────────────────────────────────────────


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _length(text: str) -> timedelta:
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?", text)
    if found is None:
        return timedelta(0)
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _offset(at: datetime) -> str:
    sign = "-" if (at.utcoffset() or timedelta(0)) < timedelta(0) else "+"
    minutes = abs(round((at.utcoffset() or timedelta(0)).total_seconds())) // 60
    return f"(UTC{sign}{minutes // 60:02}:{minutes % 60:02})"


def _exact(seconds: float) -> str:
    rest = round(seconds)
    hours, minutes, rest = rest // 3600, rest // 60 % 60, rest % 60
    words = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{rest} s" if rest else ""]
    return " ".join(filter(None, words)) or "0 s"


def _minutes(seconds: float) -> str:
    exact = seconds / 60
    text = f"{exact:.1f}" if exact < 10 else f"{exact:.0f}"
    return (text.removesuffix(".0")) + " minutes"


def _counts(values: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    for value in values:
        for rate in value.get("measurement", {}).get("rates", ()):
            if rate.get("failed") is not None and rate.get("total"):
                yield rate["failed"], rate["total"]


def _bounds(failed: int, total: int) -> tuple[float, float]:
    """Where the difference from the share is z standard errors of the bound itself."""
    failed, z2 = min(failed, total), 1.96**2
    a, b, c = total + z2, -(2 * failed + z2), failed * failed / total
    root = sqrt(max(0.0, b * b - 4 * a * c))
    low = 0.0 if failed == 0 else max(0.0, (-b - root) / (2 * a))
    return low, 1.0 if failed == total else min(1.0, (-b + root) / (2 * a))


def _shares(failed: int, total: int) -> set[str]:
    """The share and its interval."""
    bounds = (min(failed, total) / total, *_bounds(failed, total))
    return {_percent(s) for s in bounds} | {f"{0.01:.2%}"}


def _percent(share: float) -> str:
    """A share of the record; what rounding would make nothing or all of it is less, or more, than that number."""
    if 0 < share < 0.00005 or 0.9995 <= share < 0.999999999:
        return "0.01%" if share < 0.5 else "99.9%"
    return f"{share:.2%}" if 0 < share < 0.01 else f"{share:.1%}"


# ── what a watch says of its own numbers ─────────────────────────────────────────────────────────────────────────────


def _short(share: float) -> str:
    """A share as a watch words it."""
    value = share * 100
    if 99.95 <= value < 99.9999999:
        return ">99.9%"
    if value == 0 or 9.95 <= value < 99.5 or value > 99.95:
        return f"{value:.0f}%"
    return f"{value:.1f}%".replace(".0%", "%") if value >= 0.1 else f"{value:.2f}%"


def _verdicts(values: list[dict[str, Any]]) -> Iterator[str]:
    """Shares, intervals and limits of every rate; how many requests are missing for a word; what was not understood,
    not seen, and how many requests a watch has seen at any moment."""
    looks = 0
    yield from ("0%", "100%")
    for value in values:
        if value.get("type") == "Sampled":
            looks += value["sample"]["healthy"] is not None
            yield f"only {looks} requests were seen"
        measured = value.get("measurement")
        if measured is None:
            continue
        limit = measured["limit"]
        yield _short(limit)
        for rate in measured["rates"]:
            failed, total = rate["failed"], rate["total"]
            if rate["covered"] is not None:
                yield f"{int(rate['covered'] * 100 + 1e-9)}%"
            lines = (total or 0) + rate["unparsed"] + rate["excluded"]
            if lines:
                yield f"{rate['unparsed'] / lines:.0%}"
            if failed is None or not total:
                continue
            failed = min(failed, total)
            share = failed / total
            low, high = _bounds(failed, total)
            yield from (_short(share), _short(rate["refused"] / total), f"({_short(low)[:-1]}-{_short(high)})")
            yield from (f"only {seen + total} requests were seen" for seen in range(looks + 1))
            if share != limit:
                enough = 1.96**2 * limit * (1 - limit) / (share - limit) ** 2
                enough = max(enough, 3 / share) if share > limit else enough
                missing = max(1, int(enough) + 1 - total)
                yield f"needs {missing if missing <= 10_000 else 'more than 10000'} more requests"


def _covered(values: list[dict[str, Any]], stamps: set[datetime]) -> set[str]:
    """The share of each watch that was seen: sums of the gaps between looks, over any length on record."""
    found = {"0.0%", "1.00%"}
    starts = sorted(_at(v["at"]) for v in values if v.get("type") in ("ChecksDone", "WatchAsked"))
    for start in starts:
        last, seen = start, timedelta(0)
        for value in values:
            if value.get("type") != "Sampled" or _at(value["sample"]["at"]) < start:
                continue
            at = _at(value["sample"]["at"])
            if at - last <= _GAP and value["sample"]["healthy"] is not None:
                seen += at - last
            last = at
        lengths = {(at - start).total_seconds() for at in stamps if at > start}
        lengths |= {
            _length(v[k]).total_seconds() for v in values for k in ("watch", "length") if isinstance(v.get(k), str)
        }
        shares = {min(1.0, seen.total_seconds() / length) for length in lengths if length > 0}
        found |= {_percent(s) for s in shares} | {f"{int(s * 100 + 1e-9)}%" for s in shares}
    return found


def _floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _floats(part)
    elif value == 0:
        yield 0.0


def _runs(looks: list[bool | None], wanted: bool | None) -> set[int]:
    """How many of the looks are so, counted from each of them on: a watch may begin at any."""
    return {sum(1 for look in looks[start:] if look is wanted) for start in range(len(looks) + 1)}
