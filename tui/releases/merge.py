"""One list of an app's releases out of everything that knows of them.

A release is what its commit (or, for images, its name) says it is; a holder's config is believed before the ledger,
the ledger before a repository, whose commits say nothing about having been deployed. What a source adds to a release of
another one is noted in `told`, so that nobody takes what this console happened to see for what the host knows.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from tui.model.history import Commit
from tui.model.ledger import Ledger, RemarkKind, Sighting
from tui.model.observation import RunningState
from tui.model.release import Release, Source


def merged(
    holders: tuple[Release, ...],
    commits: tuple[Commit, ...],
    ledger: Ledger,
    *,
    app: str,
    others: tuple[Release, ...] = (),
    who: Mapping[str, str] | None = None,
) -> tuple[Release, ...]:
    """Every release known, in no particular order. `others`: images and tags. `who`: incident → who led it."""
    known = list(holders)
    for seen in ledger.sightings:
        _add_sighting(known, seen, app, who or {})
    for commit in commits:
        _add_commit(known, commit, app)
    for other in others:
        _add_other(known, other)
    looks = {look.holder: look for look in ledger.looks}
    return tuple(replace(_remarked(r, ledger), looked=looks.get(r.holder or "")) for r in known)


def _add_sighting(known: list[Release], seen: Sighting, app: str, who: Mapping[str, str]) -> None:
    name = seen.commit or (seen.metadata if seen.source == "docker-image" else None)
    if name is None or not seen.certain:
        return
    found = [i for i, r in enumerate(known) if r.is_commit(name) or r.image in (name, seen.image or name)]
    if not found:
        if seen.attempt is not None and seen.source == "git-push":
            return  # a commit of this program whose holder is gone: which release it was nobody can tell any more
        image = seen.image or (None if seen.commit else name)
        known.append(Release(app=app, commit=seen.commit, image=image, source=seen.source, origin=Source.LEDGER))
        found = [len(known) - 1]
    for index in found:
        release = known[index]
        values: dict[str, datetime | str | None] = {
            "last_served": _later(release.last_served, seen.last_seen),
            "last_healthy": _later(release.last_healthy, seen.last_healthy),
        }
        if seen.image is not None:
            values["image"] = seen.image
        if release.deployed_at is None:
            values["deployed_at"] = seen.started_at or seen.first_seen
        by = who.get(seen.attempt.rpartition(".")[0]) if seen.attempt else None
        if by is not None:
            values["deployed_by"] = by
        known[index] = _told(release, Source.LEDGER, values)


def _add_commit(known: list[Release], commit: Commit, app: str) -> None:
    if any(commit.id in r.served_as for r in known):
        return  # a commit of this program: it names the release that it brought back, and is none itself
    values = {"subject": commit.subject, "author": commit.author, "committed_at": commit.at}
    found = [i for i, r in enumerate(known) if r.commit == commit.id]
    for index in found:
        known[index] = _told(known[index], Source.REPOSITORY, values)
    if not found:
        known.append(Release(app=app, commit=commit.id, origin=Source.REPOSITORY, **values))  # type: ignore[arg-type]


def _add_other(known: list[Release], other: Release) -> None:
    """An image or a tag: it is a release of its own unless one of that name is known."""
    for index, release in enumerate(known):
        if (other.tag is not None and release.tag == other.tag) or (
            other.image is not None and release.image == other.image
        ):
            known[index] = _told(release, other.origin, {"image": other.image, "digest": other.digest})
            return
    known.append(other)


def _told(release: Release, source: Source, values: Mapping[str, object]) -> Release:
    """The release with these facts, and where they are from; what is None changes nothing."""
    new = {name: value for name, value in values.items() if value and value != getattr(release, name)}
    if not new:
        return release
    told = {**dict(release.told), **(dict.fromkeys(new, source) if source is not release.origin else {})}
    return replace(release, told=tuple(sorted(told.items())), **new)


def _remarked(release: Release, ledger: Ledger) -> Release:
    said = [remark for remark in ledger.remarks if remark.commit == release.commit]
    judged = [remark for remark in said if remark.kind is not RemarkKind.FAILED]
    if judged and judged[-1].kind is RemarkKind.BAD and release.bad is None:
        release = _told(release, Source.LEDGER, {"bad": judged[-1].reason})
    failed = next((remark for remark in said if remark.kind is RemarkKind.FAILED), None)
    if failed is not None and not release.served:
        release = _told(release, Source.LEDGER, {"failed": failed.reason})
    return release


def with_failure(releases: tuple[Release, ...], current: RunningState) -> tuple[Release, ...]:
    """The last attempt marked as failed where another release serves than was tried last.

    A release that has served is not: that it could not be built again says nothing against its kept image.
    """
    tried = current.git_rev
    if current.locked is not False or not tried or current.commit in (None, tried):
        return releases
    return tuple(
        replace(r, failed="the last deploy tried it and did not succeed") if r.commit == tried and not r.served else r
        for r in releases
    )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)
