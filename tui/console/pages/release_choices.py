"""Releases as choices: one for each release, and one more for every other way that leads to it."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from tui.console.drawing import tables
from tui.console.drawing.palette import Palette
from tui.console.page import Choice, button
from tui.model.release import Release

Chosen = Callable[[Release, str | None], Callable[[], Awaitable[None]]]
"""what makes the action of choosing a release by a way (None: there is none)"""


def choices(
    releases: Iterable[Release],
    previous: Release | None,
    chosen: Chosen,
    *,
    now: datetime,
    cells: int,
    palette: Palette,
    recorded: bool = False,
) -> list[Choice]:
    """In the given order; what cannot be chosen says why. `recorded`: choosing one goes on an incident's record."""
    found: list[Choice] = []
    for release in releases:
        ways = tables.ways_of(release)
        row = tables.release_row(
            release, previous=previous is not None and _same(release, previous), now=now, cells=cells, palette=palette
        )
        first = chosen(release, ways[0].way if ways else None)
        found.append(Choice(id=identity(release), row=row, do=first, off=tables.why_not(release), recorded=recorded))
        for way in ways[1:]:
            row = tables.release_row(release, previous=False, now=now, cells=cells, palette=palette, way=way)
            do = chosen(release, way.way)
            found.append(Choice(id=f"{identity(release)} {way.way}", row=row, do=do, recorded=recorded))
    return found


def again(releases: Iterable[Release], chosen: Chosen) -> list[Choice]:
    """A choice to deploy what runs anew: a deploy that failed has left a restart that would start its image."""
    found = next((r for r in releases if r.running and not r.down), None)
    if found is None:
        return []
    off = "" if found.holder is not None else f"{found.name} is not kept"
    label = f"Deploy {found.name} again: nothing else changes, and a restart is safe"
    return [button("again", label, chosen(found, None), off=off)]


def identity(release: Release) -> str:
    """A text that tells a release from every other one of the list."""
    return f"{release.name} {release.holder or release.commit or release.image or ''}"


def _same(one: Release, other: Release) -> bool:
    return identity(one) == identity(other)
