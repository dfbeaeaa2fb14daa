"""Releases, and the ways a person names one."""

import re
from datetime import datetime
from enum import StrEnum

from tui.model.holder_look import HolderLook
from tui.model.value import Value


class Source(StrEnum):
    """The source of a fact about a release."""

    HOLDER = "holder"
    """the config of its holder on the host"""
    HOST = "host"
    """asked of the host just now"""
    LEDGER = "ledger"
    """seen by this console earlier"""
    REPOSITORY = "repository"
    """a commit of the app's own repository: that it was ever deployed is not known from that"""
    REGISTRY = "registry"
    """an image of the registry"""
    TAGS = "tags"
    """a tag that the host's own `tags` lists"""
    NAMED = "named"
    """nothing but the person's word"""


class WayBack(Value):
    """One way to a release: available at a cost, or not and why."""

    way: str
    available: bool
    seconds: float | None = None
    reason: str = ""
    sure: bool = True
    """whether it was seen just now that it leads there; otherwise only trying it tells"""


class Came(StrEnum):
    """The manner in which one of these consoles brought a release to where it runs."""

    BACK = "back"
    """by a rollback"""
    FORWARD = "forward"
    """by an undo: forward again on purpose"""
    AGAIN = "again"
    """it ran already, and was deployed anew from its holder"""


class Arrival(Value):
    """The last time one of these consoles brought a release. Unknown is None."""

    kind: Came
    attempt: str
    """`<incident>.<n>`"""
    at: datetime | None = None
    by: str | None = None
    """user@machine"""

    @property
    def incident(self) -> str:
        """The id of the incident, as the host was told it."""
        return self.attempt.rpartition(".")[0]


class Release(Value):
    """One deployed state of an app. Unknown is None."""

    app: str
    number: int | None = None
    tag: str | None = None
    """`pre-deploy-YYYYMMDD-HHMMSS`, the UTC time it was kept"""
    commit: str | None = None
    """the release's own commit, 40 hex digits"""
    served_as: tuple[str, ...] = ()
    """ids of commits of this program that brought it back: what GIT_REV and the metadata say while it serves again"""
    source: str | None = None
    """Dokku's deploy source: git-push, git-sync, docker-image, tar"""
    image: str | None = None
    builder: str | None = None
    """what built its image, as its holder remembers it; older holders were all filled from a Dockerfile's image"""
    config_keys: tuple[str, ...] = ()
    """names of the variables that were set when it was kept, the host's global ones included"""
    digest: str | None = None
    """`sha256:…` of its image in the registry"""
    subject: str | None = None
    author: str | None = None
    committed_at: datetime | None = None
    deployed_at: datetime | None = None
    deployed_by: str | None = None
    kept_at: datetime | None = None
    kept_by: str | None = None
    last_served: datetime | None = None
    last_healthy: datetime | None = None
    """when this console last saw it healthy"""
    failed: str | None = None
    """why its deploy did not succeed; None: nothing is known of a failure"""
    bad: str | None = None
    """why nobody should go back to it; None: not marked"""
    left_bad: tuple[tuple[str, str], ...] = ()
    """commits left by going back to this release, each with the reason: releases without a holder of their own"""
    came: Arrival | None = None
    """how it was brought the last time that one of these consoles did, as its holder remembers it"""
    holder: str | None = None
    sealed: bool | None = None
    unread: str | None = None
    """why its holder could not be read: of the release only its number and time are known"""
    looked: HolderLook | None = None
    """the last look at its holder's image; None: nobody has looked from here"""
    running: bool = False
    """it was deployed last, and nothing else runs"""
    down: bool = False
    """it was deployed last, but no container of it runs: going back to it starts it anew"""
    restarting: bool = False
    """it was deployed last, and does not stay up: Docker starts it again and again"""
    ways: tuple[WayBack, ...] = ()
    origin: Source = Source.HOST
    told: tuple[tuple[str, Source], ...] = ()
    """facts that come from elsewhere than `origin`: name of the field → where it is from"""
    said: str | None = None
    """what it is called where nothing else is known of it: the words that somebody else will understand"""
    elsewhere: str | None = None
    """the Git remote that has to be asked for its commit, where the app's own repository is not known to have it"""

    @property
    def name(self) -> str:
        """Its name for people: `release:7`, or its commit, or its image's number, or its image."""
        if self.number is not None:
            return f"release:{self.number}"
        if self.commit:
            return f"sha:{self.commit[:10]}"
        if self.image and re.fullmatch(r".*/.*:[0-9]{1,9}", self.image):
            return f"image:{self.image.rpartition(':')[2]}"
        return self.image or self.said or "unknown"

    @property
    def served(self) -> bool:
        """True if it is known to have served at some time; a commit of a repository alone is not."""
        return self.holder is not None or self.last_served is not None or self.origin is Source.TAGS

    @property
    def gone(self) -> bool:
        """True if its holder's image was seen to be gone from the host."""
        return self.looked is not None and self.looked.gone

    def by(self, way: str) -> WayBack | None:
        """That way to this release, as far as it is known."""
        return next((w for w in self.ways if w.way == way), None)

    @property
    def way(self) -> WayBack | None:
        """The preferred way back that is available, if there is one."""
        return next((w for w in self.ways if w.available), None)

    def is_commit(self, commit: str) -> bool:
        """True if this commit id, the release's own or one of this program that brought it back, names this release."""
        return bool(commit) and (self.commit == commit or commit in self.served_as)


class TargetKind(StrEnum):
    """The forms a target can have."""

    PREVIOUS = "previous"
    CURRENT = "current"
    """what runs, deployed anew"""
    RELEASE = "release"
    TAG = "tag"
    IMAGE = "image"
    SHA = "sha"


_WORDS = (TargetKind.PREVIOUS, TargetKind.CURRENT)
"""targets that need no value, and name no release by themselves"""


class Target(Value):
    """The release that a person asked to go back to."""

    kind: TargetKind
    value: str = ""

    def __str__(self) -> str:
        return self.kind.value if self.kind in _WORDS else f"{self.kind.value}:{self.value}"


_TARGET_FORMS = {
    TargetKind.RELEASE: re.compile(r"[0-9]{1,9}"),
    TargetKind.TAG: re.compile(r"pre-deploy-[0-9]{8}-[0-9]{6}"),
    TargetKind.IMAGE: re.compile(r"[0-9]{1,9}"),
    TargetKind.SHA: re.compile(r"[0-9a-f]{7,40}"),
}

TARGET_HELP = (
    "previous, release:N, tag:pre-deploy-YYYYMMDD-HHMMSS, image:N or sha:PREFIX (at least 7 hex digits); "
    "current deploys what runs again"
)


def parse_target(text: str) -> Target | None:
    """The target that `text` names, or None where it has none of the forms of `TARGET_HELP`."""
    if text in _WORDS:
        return Target(kind=TargetKind(text))
    word, colon, value = text.partition(":")
    if not colon or word not in _TARGET_FORMS:
        return None
    kind = TargetKind(word)
    return Target(kind=kind, value=value) if _TARGET_FORMS[kind].fullmatch(value) else None


_MEANT = (
    (re.compile(r"(?:release|r)?[\s:#+]*([0-9]{1,5})"), TargetKind.RELEASE),
    (re.compile(r"(?:sha|commit)?[\s:]*([0-9a-f]{7,40})"), TargetKind.SHA),
    (re.compile(r"https?://.*(?:/commits?/|[?&;](?:id|h)=)([0-9a-f]{7,40})(?:[/?#&;].*)?"), TargetKind.SHA),
    (re.compile(r"(?:tag)?[\s:]*(pre-deploy-[0-9]{8}-[0-9]{6})"), TargetKind.TAG),
)
"""what people write instead: a number, a commit or its page at any Git host, a tag"""


def likely_target(text: str) -> Target | None:
    """The target that a text of no valid form most likely means; it is only proposed, never taken."""
    low = text.strip().lower()
    if (found := parse_target(low)) is not None:
        return found
    return next((Target(kind=kind, value=m[1]) for form, kind in _MEANT if (m := form.fullmatch(low))), None)


def target_of(release: Release) -> Target:
    """The explicit target that names this release and no other."""
    if release.number is not None:
        return Target(kind=TargetKind.RELEASE, value=str(release.number))
    if release.commit:
        return Target(kind=TargetKind.SHA, value=release.commit)
    return Target(kind=TargetKind.IMAGE, value=(release.image or "").rpartition(":")[2])


def matches(target: Target, release: Release) -> bool:
    """True if an explicit target names this release; `previous` and `current` name none by themselves."""
    match target.kind:
        case TargetKind.PREVIOUS | TargetKind.CURRENT:
            return False
        case TargetKind.RELEASE:
            return release.number is not None and release.number == int(target.value)
        case TargetKind.TAG:
            return release.tag == target.value
        case TargetKind.IMAGE:
            return release.image is not None and release.image.rpartition(":")[2] == target.value
        case TargetKind.SHA:
            names = (release.commit or "", *release.served_as)
            return any(name.startswith(target.value) for name in names)
