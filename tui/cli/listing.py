"""A release in the table of `--list`: what it is, what is against it, the ways to it, where that is known from."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from tui.incident.deploy_or_not import ago
from tui.model.holder_look import ImageState
from tui.model.release import Release, Source, WayBack

_SHORT = 10


_HEADINGS = ("release", "", "age", "commit", "way", "what")


def table(releases: Sequence[Release], now: datetime, *, whole: bool) -> Iterator[str]:
    """One line a release, with headings; `whole`: everything that is known of each, without."""
    if whole:
        for release in releases:
            yield from rows(release, now)
        return
    cells = [_HEADINGS, *(_cells(release, now) for release in releases)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(_HEADINGS) - 1)]
    for *row, last in cells:
        yield "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=True)), last)).rstrip()


def way_back(releases: Sequence[Release], service: str) -> str | None:
    """The reason why no kept release is a way back, and what changes that; None where there is one."""
    if any(r.holder and r.way and not r.running for r in releases):
        return None
    kept = next((r for r in releases if r.holder and r.running and not r.gone), None)
    if kept is not None:
        return f"only {kept.name} is kept, and it runs: it is the way back once another release is deployed"
    return f"no way back is kept: `rollback keep {service}` before the next deploy"


def _cells(release: Release, now: datetime) -> tuple[str, ...]:
    served = release.deployed_at or release.kept_at or release.committed_at
    age = ago(served, now) if served is not None else "unknown"
    author = "" if release.author is None else f" ({release.author})"
    gone = release.holder is not None and release.looked is not None and release.looked.image is ImageState.GONE
    unread = "" if release.unread is None else f"its holder could not be read: {release.unread}"
    what = "; ".join(filter(None, ("IMAGE GONE" if gone else "", unread, f"{release.subject or ''}{author}".strip())))
    way = "" if release.running else _way(release.way) if release.way else "none"
    return (release.name, _mark(release), age, (release.commit or "unknown")[:_SHORT], way, what)


def _way(way: WayBack) -> str:
    return way.way if way.seconds is None else f"{way.way} ~{way.seconds:.0f} s"


def _mark(release: Release) -> str:
    if release.running:
        return _runs(release).partition(":")[0]
    return "BAD" if release.bad is not None else "FAILED" if release.failed is not None else ""


def rows(release: Release, now: datetime) -> tuple[str, ...]:
    """The release's lines; every word of them has been made harmless where it came in."""
    image = "" if release.image is None else f"  {release.image}"
    digest = "" if release.digest is None else f"  {release.digest[:19]}"
    subject = "" if release.subject is None else f"  {release.subject}"
    author = "" if release.author is None else f" ({release.author})"
    commit = (release.commit or "unknown")[:_SHORT]
    first = f"{release.name:<16} {release.tag or 'not kept':<26} {commit:<10}{image}{digest}{subject}{author}"
    lines = [first.rstrip()]
    if marks := _marks(release):
        lines.append(f"    {marks}")
    if times := _times(release):
        lines.append(f"    {times}")
    if image := image_seen(release, now):
        lines.append(f"    {image}")
    if not release.running:
        lines.extend(f"    {line}" for line in _ways(release.ways))
    lines.append(f"    known from {_sources(release)}")
    return tuple(lines)


def _marks(release: Release) -> str:
    marks = [_runs(release)] if release.running else []
    if release.bad is not None:
        marks.append(f"BAD: {release.bad}")
    if release.failed is not None:
        marks.append(f"FAILED: {release.failed}")
    return "  ".join(marks)


def image_seen(release: Release, now: datetime) -> str:
    """The finding of the last look at its image, with its age; empty for what no holder retains."""
    if release.holder is None:
        return ""
    look = release.looked
    if look is None:
        return "image not looked for yet (--list --look)"
    age = f"seen {ago(look.at, now)}"
    match look.image:
        case ImageState.THERE:
            return f"image there ({age})"
        case ImageState.GONE:
            return f"IMAGE GONE from the host ({age})"
        case ImageState.UNKNOWN:
            return f"whether its image is there is not known ({age}): {look.why}"


def _runs(release: Release) -> str:
    """The state of its containers: those that Docker starts again and again do not serve."""
    if release.down:
        return "DOWN: deployed last, nothing of it runs"
    return "RESTARTING: it does not stay up, Docker starts it again and again" if release.restarting else "RUNNING"


def _times(release: Release) -> str:
    by = f" by {release.deployed_by}" if release.deployed_by else ""
    found = (
        ("deployed", release.deployed_at, by),
        ("committed", release.committed_at, ""),
        ("kept", release.kept_at, f" by {release.kept_by}" if release.kept_by else ""),
        ("last served", release.last_served, ""),
        ("last seen healthy", release.last_healthy, ""),
    )
    return "  ".join(f"{word} {_time(at)}{who}" for word, at, who in found if at is not None)


def _ways(ways: tuple[WayBack, ...]) -> Iterator[str]:
    """A line for each way there is; one line for all that share the reason why not."""
    for way in ways:
        if way.available:
            cost = "" if way.seconds is None else f"~{way.seconds:.0f} s"
            yield f"by {way.way:<9} {cost}{f' ({way.reason})' if way.reason else ''}".rstrip()
    for reason in dict.fromkeys(way.reason for way in ways if not way.available):
        names = ", ".join(way.way for way in ways if not way.available and way.reason == reason)
        yield f"not by {names}: {reason}"


def _sources(release: Release) -> str:
    others: dict[Source, list[str]] = {}
    for fact, source in release.told:
        others.setdefault(source, []).append(fact.replace("_", " "))
    told = "".join(f"; {', '.join(facts)} from the {source.value}" for source, facts in sorted(others.items()))
    return f"the {release.origin.value}{told}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
