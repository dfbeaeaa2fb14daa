"""WAYS BACK: pure, one file each. What a new one needs is listed in tui/README, "How to add"."""

from msgspec.structs import replace

from tui.model.release import Release
from tui.model.service import Service
from tui.ways import git, kept, registry, runbook, script
from tui.ways.way import Seen, Way

WAYS: tuple[Way, ...] = (kept.WAY, registry.WAY, runbook.WAY, git.WAY, script.WAY)
"""every way back, in the order of preference that holds where services.yaml names none"""
NAMES = tuple(way.name for way in WAYS)


def of(name: str) -> Way:
    """The way of that name. Raises KeyError for any other than `NAMES`."""
    return _BY_NAME[name]


_BY_NAME = {way.name: way for way in WAYS}


def offered(release: Release, service: Service, order: tuple[str, ...], seen: Seen) -> Release:
    """The release with every way of the order, each with its cost or the reason why not. Raises KeyError as `of`."""
    return replace(release, ways=tuple(of(name).offer(release, service, seen) for name in order))
