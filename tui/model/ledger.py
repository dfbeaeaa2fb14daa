"""The ledger: an app's releases as one console has seen them over time. It is what this machine saw, not what there
was."""

from datetime import datetime
from enum import StrEnum

from tui.model.holder_look import HolderLook
from tui.model.observation import RunningState
from tui.model.value import Value


class Sighting(Value):
    """One stretch of time in which the same release was seen to serve. Unknown is None."""

    source: str | None
    """Dokku's deploy source"""
    metadata: str | None
    commit: str | None
    first_seen: datetime
    last_seen: datetime
    attempt: str | None = None
    """the attempt of this program whose label every container carried"""
    started_at: datetime | None = None
    """when its containers had been started, as the host said when it was first seen"""
    last_healthy: datetime | None = None
    image: str | None = None
    """the numbered image of a registry that its containers were started by"""
    answered: tuple[str, ...] = ()
    """site and path of health addresses that answered well meanwhile"""
    images: tuple[str, ...] = ()
    """ids of the images its containers ran"""
    certain: bool = True
    """False: other images ran than before while the metadata stayed: a rebuild, or a deploy that writes none"""

    def is_same_deploy(self, other: "Sighting | RunningState") -> bool:
        """True if the host names the same deploy, no matter which images run."""
        return (self.source, self.metadata, self.attempt) == (other.source, other.metadata, other.attempt)

    def replaces(self, last: "Sighting") -> bool:
        """True if the host names the deploy of `last` still, though other images run, or they lost our label."""
        deployed = (self.source, self.metadata) == (last.source, last.metadata)
        return deployed and self.attempt in (last.attempt, None) and not self.is_same(last)

    def is_same(self, other: "Sighting") -> bool:
        """True if both are of one release brought there by one deploy."""
        return self.is_same_deploy(other) and self.images == other.images


class Reminded(Value):
    """The last time at which people here were reminded of a freeze."""

    freeze: str
    """which, see `freeze_age.identity`"""
    at: datetime


class RemarkKind(StrEnum):
    """The kinds of remarks on a commit."""

    BAD = "bad"
    """an incident left it"""
    FAILED = "failed"
    """its deploy was tried and did not succeed"""
    GOOD = "good"
    """a person went forward to it again on purpose: what was said against it before counts no more"""


class Remark(Value):
    """Something to know about a commit before going back to it."""

    kind: RemarkKind
    commit: str
    at: datetime
    reason: str


class ConfigSeen(Value):
    """One stretch of time in which an app's own variables were seen to be the same. No value is in it, nor any trace
    that could be followed without this machine's key.
    """

    keys: tuple[tuple[str, str], ...]
    """name and keyed hash of the value, sorted"""
    key: str
    """names the key of this machine that the hashes were made with: hashes of another one cannot be compared"""
    first_seen: datetime
    last_seen: datetime

    def is_same(self, other: "ConfigSeen") -> bool:
        """True if both are of the same variables with the same values."""
        return (self.keys, self.key) == (other.keys, other.key)


class HolderRead(Value):
    """A holder's config as this machine read it last. What it retains never changes; marks may."""

    holder: str
    pairs: tuple[tuple[str, str], ...]
    """this program's own keys and their values, sorted"""
    at: datetime


class Served(Value):
    """The time of one rollback of an app until the service answered again."""

    app: str
    way: str
    at: datetime
    seconds: float
    """from the word to the first good answer"""


class NamedHost(Value):
    """A machine that a host's name has stood for: two services files may give one name to two machines."""

    key: str
    """the host in the ledger"""
    address: str
    file: str
    """the services file that said so; empty: none"""


class Ledger(Value):
    """Everything this machine knows of one app, oldest first."""

    sightings: tuple[Sighting, ...] = ()
    remarks: tuple[Remark, ...] = ()
    configs: tuple[ConfigSeen, ...] = ()
    looks: tuple[HolderLook, ...] = ()
    """the last look at each holder whose image was looked for"""
    reads: tuple[HolderRead, ...] = ()
    """the last reading of each holder's config"""
