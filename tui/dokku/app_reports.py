"""The reports of all apps at once, and what of them says where an app is reached.

`PLUGIN:report` without an app prints one part for each, below `=====> APP … information`; its JSON names no app, so the
text is read. Recorded on 0.35.15 and 0.38.27. The command ends with the first app that it cannot report: what was
printed before it counts, every other app is asked for by itself.
"""

import re
from typing import Any

from tui.dokku.reports import AppReport, app_report, text_report
from tui.model import json_text
from tui.text.clean import plain

Argv = tuple[str, ...]
PLUGINS = ("domains", "ports", "storage", "checks", "git", "app-json", "scheduler", "builder")
"""whose reports tell where an app is reached, what it mounts and how it is deployed"""
_HEADER = re.compile(r"=====> (\S+) .*information\s*")
_MAPPING = re.compile(r"(https?):([0-9]{1,5}):[0-9]{1,5}")
_KINDS = ("readiness", "startup", "liveness")
"""of checks in app.json, the one first that says most"""


def report_all(plugin: str) -> Argv:
    """A plugin's report of every app, as text."""
    return (f"{plugin}:report",)


def by_app(raw: bytes) -> dict[str, dict[str, str]]:
    """App → its report, labels in small letters, of what a report of all apps printed."""
    return {app: text_report(part) for app, part in parts(raw).items()}


def parts(raw: bytes) -> dict[str, bytes]:
    """App → its part of what a report of all apps printed."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in plain(raw).split("\n"):
        if header := _HEADER.fullmatch(line):
            lines = found.setdefault(header[1], [])
        else:
            lines.append(line)
    return {app: "\n".join(part).encode() for app, part in found.items()}


def apps(raw: bytes) -> dict[str, AppReport] | None:
    """Every app of a host with its report, of what `apps:report` without an app printed; None where one part cannot be
    read: then nobody knows which apps there are."""
    found: dict[str, AppReport] = {}
    for app, labels in by_app(raw).items():
        told = {label.removeprefix("app ").replace(" ", "-"): value for label, value in labels.items()}
        if not {"created-at", "deploy-source", "deploy-source-metadata", "locked"} <= told.keys():
            return None
        found[app] = app_report(told)
    return found or None


def ports(report: dict[str, str]) -> tuple[tuple[str, int], ...]:
    """Scheme and port of the host for every mapping: the one that was set, else the one that Dokku found."""
    text = report.get("ports map") or report.get("ports map detected") or ""
    return tuple(
        (found[1], int(found[2]))
        for word in text.split()
        if (found := _MAPPING.fullmatch(word)) and int(found[2]) < 65536
    )


def domains(report: dict[str, str]) -> tuple[str, ...]:
    """The names of an app, where it has a site by name at all."""
    if report.get("domains app enabled") == "false":
        return ()
    return tuple(report.get("domains app vhosts", "").split())


def scale(statuses: tuple[tuple[str, str], ...]) -> tuple[tuple[str, int], ...]:
    """Process types and how many containers each has, from the `status-` lines of `ps:report`."""
    found: dict[str, int] = {}
    for key, _ in statuses:
        kind = key.rpartition(".")[0]
        if kind:
            found[kind] = found.get(kind, 0) + 1
    return tuple(sorted(found.items()))


def check_paths(app_json: bytes | None, checks: bytes | None) -> tuple[str, ...]:
    """The paths that an app's own checks ask: `healthchecks` of its app.json, else lines of the older CHECKS file."""
    found = _of_app_json(app_json) if app_json is not None else []
    return tuple(dict.fromkeys(found or (_of_checks(checks) if checks is not None else [])))


def _of_app_json(raw: bytes) -> list[str]:
    try:
        told: Any = json_text.read(raw)
    except json_text.NotJson:
        return []
    section = told.get("healthchecks") if isinstance(told, dict) else None
    every = section.get("web") if isinstance(section, dict) else None
    found: list[tuple[int, str]] = []
    for check in every if isinstance(every, list) else []:
        if isinstance(check, dict) and isinstance(path := check.get("path"), str) and path.startswith("/"):
            kind = check.get("type")
            found.append((_KINDS.index(kind) if kind in _KINDS else len(_KINDS), path))
    return [path for _, path in sorted(found, key=lambda one: one[0])]


def _of_checks(raw: bytes) -> list[str]:
    """Lines are `/path words`, or `//name/path words` and `http://name/path words`; `WAIT=5` and comments are none."""
    found: list[str] = []
    for line in plain(raw).splitlines():
        word = (line.split() or [""])[0]
        if match := re.fullmatch(r"(?:(?:https?:)?//[^/]+)?(/[^/].*|/)", word):
            found.append(match[1])
    return found
