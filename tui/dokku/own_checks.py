"""A check of this program in the commit that goes back, for a process type to which the release brings none.

Without one Dokku waits until each new container is 10 s old, one process type after the other (recorded on 0.35.15 and
0.38.27: 10.0 s + 10.0 s for web and worker; with `uptime: 3` 3.0 s + 3.0 s). That a web process listens is checked
beside it in both cases. Dokku reads checks from the app.json at the path of its setting, and from the older CHECKS
file; on a host where they are skipped or disabled it reads none, and an app's DOKKU_DEFAULT_CHECKS_WAIT (0.35) says
that the team has chosen how long to wait.
"""

from collections.abc import Mapping
from typing import Any

from tui.dokku.build_settings import Shape, places, to_write
from tui.model import json_text

WEB = "web"
UPTIME = 3
"""seconds that a container has to be up"""
USUAL = 10
"""seconds that Dokku waits by itself"""
ATTEMPTS = 30
"""times that a path is asked, a second apart: a slow start is no failure"""
TEAMS_OWN = "DOKKU_DEFAULT_CHECKS_WAIT"
"""the variable of 0.35 by which a team says how long Dokku waits"""
Files = tuple[tuple[str, str], ...]
Check = dict[str, Any]


def by_uptime() -> Check:
    """A check that the container stays up."""
    return {"type": "startup", "uptime": UPTIME}


def by_path(path: str) -> Check:
    """A check that a path answers well: asked of the container itself, without a site before it."""
    return {"type": "startup", "path": path, "attempts": ATTEMPTS, "wait": 1}


def brought(files: Files, of: Shape) -> frozenset[str] | None:
    """The process types that bring a check of their own, wherever in the files it may be read from.

    None where a file that may say so cannot be read: then nothing of it is changed.
    """
    found, held = set[str](), dict(files)
    if any(place in held for place in places(of.checks, of.build_dir)):
        found.add(WEB)
    for place in places(of.appjson, of.build_dir):
        if place not in held:
            continue
        checks = _checks(held[place])
        if checks is None:
            return None
        found.update(process for process, listed in checks.items() if listed)
    return frozenset(found)


def with_checks(files: Files, of: Shape, checks: Mapping[str, Check]) -> Files:
    """The files with these checks, wherever Dokku may look for its app.json; what else is in it stays as it is.

    Only to be called for process types that bring none, see `brought`.
    """
    held = dict(files)
    for place in to_write(of.appjson, of.build_dir, held):
        about = json_text.read(held.get(place, "{}"), dict[str, Any])
        known = about.get("healthchecks") or {}
        made = {**about, "healthchecks": {**known, **{process: [check] for process, check in checks.items()}}}
        held[place] = json_text.write(made)
    return tuple(sorted(held.items()))


def _checks(app_json: str) -> Mapping[str, Any] | None:
    """The checks of an app.json by process type; None where it, or they, cannot be read."""
    try:
        about = json_text.read(app_json, dict[str, Any])
    except json_text.NotJson:
        return None
    found = about.get("healthchecks") or {}
    return found if isinstance(found, Mapping) else None
