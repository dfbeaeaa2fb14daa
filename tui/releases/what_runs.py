"""Which release runs, by everything that a host says of it: container labels, metadata, branches. Pure.

Dokku's own word is the commit that was pushed last. It is wrong after a rebuild, after a deploy that failed half-way,
and where the console died before it wrote the marks of its deploy: what the containers carry tells each of them.
"""

from msgspec.structs import replace

from tui.model.observation import RunningState
from tui.model.release import Release
from tui.releases.choose_release import identity, newest_first
from tui.releases.keepable import deployed_at

REBUILT = "rebuilt"
"""what runs is called so where a rebuild put it there: what it was built from, the host does not say"""


def rebuilt(releases: tuple[Release, ...], current: RunningState) -> bool:
    """True if something else runs than what was deployed last: a rebuild builds the deploy branch's tip, and writes no
    metadata. A commit of this program is known by it: what it deployed carries our label, and what was built since does
    not.
    """
    commit = current.commit
    if (
        commit is None
        or not current.serving
        or current.silent
        or any(c.attempt for c in current.containers if c.running)
    ):
        return False
    return any(commit in release.served_as and commit != release.commit for release in releases)


def running(releases: tuple[Release, ...], current: RunningState) -> Release:
    """The release that runs now, or was deployed last where nothing runs: one of the list where it can be named, else
    one known by its commit alone.

    Our own label names it where the marks on the holder were not written any more (the console died in between): the
    attempt must be on every container, because a release label alone is inherited by images built from ours.
    """
    return replace(_running(releases, current), restarting=current.restarting)


HALF_WAY = "half-way"
"""a deploy died: containers carry another release's label than the one that Dokku names, or no label and still their
interim names"""


def half_way(current: RunningState) -> str:
    """The warning for what `RunningState.half_way` tells of; empty where it does not hold."""
    if not current.half_way:
        return ""
    end = "has not ended (if nobody deploys, it died half-way)" if current.locked else "died half-way"
    return f"what serves was put there by a deploy that {end}: Dokku still names the release before"


def _labelled(releases: tuple[Release, ...], current: RunningState) -> Release | None:
    """The release that the labels of one of our attempts name on every running container."""
    labels = {c.release for c in current.containers if c.running}
    if current.attempt is None or len(labels) != 1:
        return None
    label = labels.pop()
    return next((r for r in releases if label is not None and str(r.number) == label), None)


def _made_then(releases: tuple[Release, ...], current: RunningState) -> Release | None:
    """The kept release whose containers were made in the very second in which these were.

    All archives have one name, and Dokku moves the branch before it builds: after one that failed, nothing else that
    the host says tells which of the others serves.
    """
    at = deployed_at(current)
    dated = all(c.created_at is not None for c in current.running.values())
    if current.source != "tar" or at is None or not dated or len({c.image for c in current.running.values()}) != 1:
        return None
    found = [r for r in releases if r.holder and r.deployed_at == at.replace(microsecond=0)]
    return found[0] if len(found) == 1 else None


def _running(releases: tuple[Release, ...], current: RunningState) -> Release:
    if current.half_way:
        return Release(app=current.app, running=True, said=HALF_WAY)
    if rebuilt(releases, current):
        return Release(app=current.app, running=True, said=REBUILT)
    commit, down = current.commit or current.metadata, not current.serving
    labelled = _labelled(releases, current)
    for release in releases:
        if commit and (release.is_commit(commit) or release.image in (commit, current.image or commit)):
            if labelled is not None and labelled.number != release.number and current.git_rev not in (None, commit):
                return Release(app=current.app, running=True, down=down, said=HALF_WAY)
            return replace(release, running=True, down=down)
    if labelled is not None and commit and commit == current.git_rev:
        return replace(labelled, running=True, served_as=(*labelled.served_as, commit))
    if labelled is not None and commit and not labelled.is_commit(commit) and current.git_rev is not None:
        return Release(app=current.app, running=True, down=down, said=HALF_WAY)
    if (made := _made_then(releases, current)) is not None:
        return replace(made, running=True, down=down)
    return Release(
        app=current.app,
        commit=current.commit,
        source=current.source,
        image=_image(current),
        running=True,
        down=down,
    )


def settled(current: RunningState, running: Release) -> bool | None:
    """True if a rebuild would deploy again what serves now; None where what serves is known by no commit."""
    if current.commit is None or running.commit is None:
        return None
    return current.tip is not None and (current.tip == current.commit or running.is_commit(current.tip))


def with_running(releases: tuple[Release, ...], current: RunningState) -> tuple[Release, ...]:
    """The list with the running release marked, added where it is not kept."""
    if current.metadata is None and not current.containers:
        return releases
    now = running(releases, current)
    others = tuple(r for r in releases if identity(r) != identity(now))
    return newest_first((now, *others))


def _image(current: RunningState) -> str | None:
    return current.image or _named(current)


def _named(current: RunningState) -> str | None:
    return current.metadata if current.source == "docker-image" else None
