"""The words of the recorded hosts: constant texts, the shape of every report, one whole container.

The JSON files beside this one were recorded on 2026-11-23 (buildpacks and k3s: 2026-11-28) on hosts of Dokku 0.35.15
and 0.38.27 (Debian 13, Docker 26.1.5, nginx 1.26.3). The one declared substitution is `{app}`, the name of the app
asked about.
"""

import copy
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

VERSIONS = ("0.35.15", "0.38.27")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One `X:report`: rows of label and recorded value, and the recorded JSON object if the version has one."""

    name: str
    title: str
    style: str  # "go" pads labels to the longest, "bash" pads label and value to fixed widths
    rows: tuple[tuple[str, str], ...]
    json: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """All that one version said: `texts` by command, `reports` by plugin."""

    version: str
    texts: dict[str, str]
    reports: dict[str, Report]
    _container: dict[str, Any]

    def container(self) -> dict[str, Any]:
        """A fresh copy of one recorded element of `ps:inspect`."""
        return copy.deepcopy(self._container)


@cache
def load(version: str) -> Recorded:
    """The recording of the version, read once. Raises FileNotFoundError for one that was not recorded."""
    raw = json.loads(resources.files(__name__).joinpath(f"{version}.json").read_text(encoding="utf-8"))
    reports = {
        name: Report(
            name=name,
            title=entry["title"],
            style=entry["style"],
            rows=tuple((label, value) for label, value in entry["rows"]),
            json=entry["json"],
        )
        for name, entry in raw["reports"].items()
    }
    texts = {name: "\n".join(lines) for name, lines in raw["texts"].items()}
    return Recorded(version=version, texts=texts, reports=reports, _container=raw["container"])
