"""The names of hosts and services in a new file, and the order of services."""

import re
from collections.abc import Iterable

from tui.model import destination

_FRONT = re.compile(r"(?:^|[-.])(?:gateway|proxy|frontend|front|web|www|ui|edge|ingress|router|nginx)(?:$|[-.])")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def service(app: str, taken: Iterable[str], reserved: Iterable[str]) -> str | None:
    """A service's name: its app's, else with a word after it; None where nothing fits."""
    used = {*taken, *reserved}
    short = app[:58].rstrip("._-")  # an app's name may be longer than a service's
    for name in (app, f"{app}-app", *(f"{short}-{number}" for number in range(2, 100))):
        if name not in used and _NAME.fullmatch(name):
            return name
    return None


def host(ssh: str, taken: Iterable[str] = ()) -> str:
    """A host's name: the first part of where it is, or `dokku`. Raises ValueError for what is no destination."""
    first = destination.parse(ssh).host.partition(".")[0]
    name = first if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,40}", first) else "dokku"
    used = set(taken)
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, 1000))) if one not in used)


def ordered(apps: Iterable[str]) -> tuple[str, ...]:
    """By name, but what all come in by last: `rollback all` takes what others depend on first."""
    return tuple(sorted(apps, key=lambda app: (bool(_FRONT.search(app)), app)))
