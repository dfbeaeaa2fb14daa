"""Which ways lead to a release, in the fleet's order of preference, each with its cost or the reason why not."""

from msgspec.structs import replace

from tui.model.host import Capabilities
from tui.model.release import Release, WayBack
from tui.model.service import Service
from tui.model.value import Value
from tui.ways import git, registry, runbook, script
from tui.ways import kept as kept_way


class Seen(Value):
    """What was found out for offering ways."""

    commits: frozenset[str] | None = None
    """the newest commits of the app's repository; None: it could not be read"""
    host: Capabilities | None = None
    tags: frozenset[str] | None = None
    """the tags that the host's own `tags` lists; None: they were not listed"""
    images: frozenset[str] | None = None
    """every tag of the service's repository; None: the registry could not be asked"""


def kept(release: Release, service: Service) -> WayBack:
    """Whether the release's holder leads back to it."""
    name = kept_way.WAY
    if release.holder is None:
        return WayBack(way=name, available=False, reason="not kept")
    if release.sealed is None:
        return WayBack(way=name, available=False, reason="its seal could not be read")
    if not release.sealed:
        words = "its holder is not sealed: it may hold another release by now"
        return WayBack(way=name, available=False, reason=words)
    return WayBack(way=name, available=True, seconds=service.rollback.expected.total_seconds())


def offered(release: Release, service: Service, order: tuple[str, ...], seen: Seen) -> Release:
    """The release with every way of the order."""
    return replace(release, ways=tuple(_way(name, release, service, seen) for name in order))


def _way(name: str, release: Release, service: Service, seen: Seen) -> WayBack:
    if name == kept_way.WAY:
        return kept(release, service)
    match name:
        case git.WAY:
            recent = None if seen.commits is None else release.commit in seen.commits
            return git.way_back(release, recent=recent)
        case registry.WAY:
            return registry.way_back(release, service, seen.images)
        case runbook.WAY:
            return runbook.way_back(release, seen.host, seen.tags)
        case script.WAY:
            return script.way_back(service)
        case _:
            return WayBack(way=name, available=False, reason="not possible with this console")
