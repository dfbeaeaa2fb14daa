"""Recorded answers of real hosts, and what must be taken out of an answer before two of them can be compared."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"

# Ids, times, addresses and versions differ between any two runs; sizes and cache hits between any two builds.
CHANGES = (
    (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d+", "<time>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
    (r"\b172\.31\.\d+\.\d+", "<address>"),
    (r"(?<![0-9a-f])([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{11,12})(?![0-9a-f])", "<id>"),
    (r"(?m)^\d\.\d{3} ", "<seconds> "),
    (r"\.upcoming-\d+", ".upcoming-<n>"),
    (r"\b1[67]\d{8}\b", "<epoch>"),
    (r'(?<=http:)\d+(?=:5000\b)|(?<=host_port":)\d+|(?<=host_port\\":)\d+', "<port>"),  # each app here has its own
    (r"(?m)^(    http +)\d+ +(?=5000$)|(?<=\.dokku\.lab):\d+", r"\1"),
    (r"version( |=)v?\d+\.\d+\.\d+(-\w+)?", r"version\1<version>"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    group: str
    name: str
    command: str
    exit: int
    stdout: str
    stderr: str


def records(kind: str, version: str) -> list[Record]:
    document = json.loads((DATA / f"{kind}-{version}.json").read_text(encoding="utf-8"))
    return [Record(**record) for record in document["records"]]


def record(version: str, group: str, name: str) -> Record:
    return next(found for found in records("deploys", version) if (found.group, found.name) == (group, name))


def neutral(text: str) -> str:
    for pattern, replacement in CHANGES:
        text = re.sub(pattern, replacement, text)
    return text


def progress_of(push: str) -> str:
    """What the server sent, from what the git client printed: without its ``remote:`` and padding."""
    lines = [line for line in push.splitlines() if line.startswith("remote: ") or line == "remote:"]
    return "\n".join(line.removeprefix("remote:").removeprefix(" ").removesuffix("        ") for line in lines)


def script(text: str, app: str) -> tuple[list[str], list[str]]:
    """A deploy's lines in order, and BuildKit's sorted: it numbers and orders its steps as it likes.

    Left out are the application's own output and, put in order, what runs at the same time: the two health checks.
    """
    lines: list[str] = []
    built: list[str] = []
    inside = False
    for line in neutral(text).replace(app, "APP").splitlines():
        if "End of APP container output" in line:
            inside = False
        if not inside and "WARN RESTY" not in line:
            if line.startswith("#") or not line.strip():
                built.append(re.sub(r"^#\d+|\d+(\.\d+)?M?B( \d\.\ds)?|CACHED|DONE \d\.\ds", "", line).strip())
            else:
                lines.append(line)
        if "Start of APP container output" in line:
            inside = True
    return together(lines), sorted(line for line in built if line)


def together(lines: list[str]) -> list[str]:
    """Neighbouring lines about health checks, sorted among themselves."""
    ordered: list[str] = []
    group: list[str] = []
    for line in [*lines, ""]:
        if "Running healthcheck" in line or "Healthcheck succeeded" in line:
            group.append(line)
            continue
        ordered += sorted(group)
        group.clear()
        ordered.append(line)
    return ordered[:-1]
