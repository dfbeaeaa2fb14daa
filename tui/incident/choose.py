"""Which release a person means, and which one `previous` is.

`previous` is, by the last time it served, the newest release that finished, has a way back now, is not what runs and is
not marked bad. Every younger release that was passed over is named with the reason.
"""

from datetime import UTC, datetime

from msgspec.structs import replace

from tui.model.errors import AlreadyThere, Refused
from tui.model.observation import Current
from tui.model.release import Release, Target, TargetKind, matches
from tui.model.value import Value


class Choice(Value):
    """The release chosen, and what was passed over for it."""

    release: Release
    skipped: tuple[tuple[str, str], ...] = ()


_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def newest_first(releases: tuple[Release, ...]) -> tuple[Release, ...]:
    """By last time served, then by time kept or deployed, then by number; what was never seen to serve comes last."""

    def age(release: Release) -> tuple[bool, datetime, int]:
        served = release.last_served or release.kept_at or release.deployed_at or _LONG_AGO
        return (release.running, served, release.number or 0)

    return tuple(sorted(releases, key=age, reverse=True))


def marked(releases: tuple[Release, ...]) -> tuple[Release, ...]:
    """The same releases, with the bad marks that stand on other releases' holders carried over by commit."""
    left = {commit: reason for release in releases for commit, reason in release.left_bad}
    return tuple(
        replace(r, bad=left[r.commit]) if r.bad is None and r.commit is not None and r.commit in left else r
        for r in releases
    )


def running(releases: tuple[Release, ...], current: Current) -> Release:
    """What runs now as a release: one of the list where it can be named, else one known by its commit alone.

    Our own label names it where the marks on the holder were not written any more (the console died in between):
    the attempt must be on every container, because a release label alone is inherited by images built from ours.
    """
    commit = current.commit or current.metadata
    for release in releases:
        if commit and release.is_commit(commit):
            return replace(release, running=True)
    labels = {c.release for c in current.containers if c.running}
    if current.attempt is not None and len(labels) == 1 and commit == current.git_rev:
        label = labels.pop()
        for release in releases:
            if commit and label is not None and str(release.number) == label:
                return replace(release, running=True, served_as=(*release.served_as, commit))
    return Release(app=current.app, commit=current.commit, source=current.source, image=_image(current), running=True)


def with_running(releases: tuple[Release, ...], current: Current) -> tuple[Release, ...]:
    """The list with the running release marked, added where it is not kept."""
    if current.metadata is None and not current.containers:
        return releases
    now = running(releases, current)
    others = tuple(r for r in releases if r.holder is None or r.holder != now.holder)
    return newest_first((now, *others))


def choose(target: Target, releases: tuple[Release, ...]) -> Choice:
    """The release that `target` means among all known ones.

    Raises Refused where there is none, it is ambiguous or it has no way back, and AlreadyThere where it runs already.
    """
    if target.kind is TargetKind.PREVIOUS:
        return _previous(releases)
    found = [r for r in releases if matches(target, r)]
    if not found:
        known = ", ".join(r.name for r in releases if r.way) or "none"
        raise Refused(f"{target} is not known", f"releases with a way back: {known}")
    if len({(r.holder, r.commit) for r in found}) > 1:
        raise Refused(f"{target} names {len(found)} releases", "name it by release:N")
    release = found[0]
    if release.running:
        raise AlreadyThere(f"{release.name} is what runs now")
    if release.way is None:
        raise Refused(f"there is no way back to {release.name}: {_why_not(release)}", "choose another release (--list)")
    return Choice(release=release)


def _previous(releases: tuple[Release, ...]) -> Choice:
    skipped: list[tuple[str, str]] = []
    for release in newest_first(releases):
        if release.running:
            skipped.append((release.name, "it runs now"))
        elif release.bad is not None:
            skipped.append((release.name, f"marked bad: {release.bad}"))
        elif release.way is None:
            skipped.append((release.name, _why_not(release)))
        else:
            return Choice(release=release, skipped=tuple(skipped))
    reasons = "; ".join(f"{name}: {why}" for name, why in skipped) or "no release is kept"
    raise Refused(
        f"there is no previous release to go back to ({reasons})", "see --list; keep releases with `rollback keep`"
    )


def _why_not(release: Release) -> str:
    return "; ".join(f"{w.way}: {w.reason}" for w in release.ways if not w.available) or "no way back is known"


def _image(current: Current) -> str | None:
    return current.metadata if current.source == "docker-image" else None
