"""Which release a person means, and which one `previous` is.

`previous` is, by the last time it served, the newest release that finished, has a way back now, is not what runs and is
not marked bad. Every younger release that was passed over is named with the reason.
"""

from datetime import UTC, datetime

from msgspec.structs import replace

from tui.model.errors import AlreadyThere, Refused
from tui.model.release import Release, Target, TargetKind, matches
from tui.model.value import Value


class ChosenRelease(Value):
    """The release chosen, and what was passed over for it."""

    release: Release
    skipped: tuple[tuple[str, str], ...] = ()


_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def newest_first(releases: tuple[Release, ...]) -> tuple[Release, ...]:
    """By last time served, then by time kept or deployed, then by number; what was never seen to serve comes last."""

    def age(release: Release) -> tuple[bool, datetime, int]:
        served = release.last_served or release.kept_at or release.deployed_at or release.committed_at or _LONG_AGO
        return (release.running, served, release.number or _image_number(release))

    return tuple(sorted(releases, key=age, reverse=True))


def _image_number(release: Release) -> int:
    tag = (release.image or "").rpartition(":")[2]
    return int(tag) if tag.isascii() and tag.isdigit() and len(tag) <= 9 else 0


def marked(releases: tuple[Release, ...]) -> tuple[Release, ...]:
    """The same releases, with the bad marks that stand on other releases' holders carried over by commit."""
    left = {commit: reason for release in releases for commit, reason in release.left_bad}
    return tuple(
        replace(r, bad=left[r.commit]) if r.bad is None and r.commit is not None and r.commit in left else r
        for r in releases
    )


def identity(release: Release) -> tuple[str | None, ...]:
    """The words that tell releases of a list apart: two holders may retain one commit."""
    return (release.holder,) if release.holder is not None else (None, release.commit, release.image, release.tag)


def choose(target: Target, releases: tuple[Release, ...], way: str | None = None) -> ChosenRelease:
    """The release that `target` means among all known ones, to be reached by `way` (None: by any that is available).

    Raises Refused where there is none, it is ambiguous or that way does not lead to it, and AlreadyThere where it runs
    already. A refusal names the next way and how to ask for it: none is ever taken silently.
    """
    if target.kind is TargetKind.PREVIOUS:
        return _previous(releases, way)
    found = [r for r in releases if matches(target, r)]
    if not found:
        known = ", ".join(r.name for r in releases if r.way and not r.running) or "none"
        raise Refused(f"{target} is not known", f"releases with a way back: {known}")
    if len({identity(r) for r in found}) > 1:
        names = ", ".join(r.holder or r.commit or r.image or r.name for r in found)
        raise Refused(f"{target} names {len(found)} releases: {names}", "name it by release:N or sha:PREFIX")
    release = found[0]
    if release.running and not release.down:
        raise AlreadyThere(f"{release.name} is what runs now")
    if not _leads(release, way):
        to = f" by {way} to {release.name}" if way else f" to {release.name}"
        raise Refused(
            f"there is no way back{to}: {_why_not(release, way).removeprefix(f'{way}: ')}",
            _next_way(release, way, named=True) or "choose another release (--list)",
        )
    return ChosenRelease(release=release)


def _previous(releases: tuple[Release, ...], way: str | None) -> ChosenRelease:
    """A commit that is not known to have served is no candidate."""
    skipped: list[tuple[str, str]] = []
    fix = ""
    for release in newest_first(releases):
        if release.running:
            skipped.append((release.name, "it was deployed last, and is down" if release.down else "it runs now"))
        elif release.bad is not None:
            skipped.append((release.name, f"marked bad: {release.bad}"))
        elif release.failed is not None:
            skipped.append((release.name, release.failed))
        elif not release.served:
            continue
        elif not _leads(release, way):
            skipped.append((release.name, _why_not(release, way)))
            fix = fix or _next_way(release, way)
        else:
            return ChosenRelease(release=release, skipped=tuple(skipped))
    reasons = "; ".join(f"{name}: {why}" for name, why in skipped) or "no release is kept"
    unknown = next(
        (r for r in newest_first(releases) if not r.served and not r.running and r.way and not r.failed), None
    )
    if not fix and unknown is not None and unknown.way is not None:
        fix = f"{unknown.name} can be reached by {unknown.way.way}, but is not known to have served: name it if you "
        fix += f"know it was good: rollback {unknown.app} {unknown.name} --way {unknown.way.way}"
    running = next((r for r in releases if r.running and r.holder is not None and not r.gone and not r.down), None)
    if not fix and running is not None:  # a keep of it would be refused: it is kept
        fix = f"what runs is kept already: deploy the fix as usual; rollback {running.app} --list shows what there is"
    raise Refused(
        f"there is no previous release to go back to ({reasons})",
        fix or (f"rollback keep {releases[0].app}: keeps what runs" if releases else "deploy it again as usual"),
    )


def _leads(release: Release, way: str | None) -> bool:
    found = release.way if way is None else release.by(way)
    return found is not None and found.available


def _why_not(release: Release, way: str | None) -> str:
    shown = [w for w in release.ways if not w.available and way in (None, w.way)]
    return "; ".join(f"{w.way}: {w.reason}" for w in shown) or "no way back is known"


def _next_way(release: Release, way: str | None, *, named: bool = False) -> str:
    """The next way that leads there, with how to ask for it; empty where there is none. `named`: that release was asked
    for, and has not to be named again."""
    other = next((w for w in release.ways if w.available and w.way != way), None)
    if other is None:
        return ""
    cost = f", about {other.seconds:.0f} s" if other.seconds else ""
    cost += f"; {other.reason}" if other.reason else ""
    if named:
        return f"{other.way} leads there{cost}: add --way {other.way}"
    return f"{other.way} leads to {release.name}{cost}: add --way {other.way} and {release.name}"
