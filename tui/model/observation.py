"""What a host was seen to run, and what two such looks say about a step whose end nobody told us."""

import re
from datetime import datetime
from enum import StrEnum

from tui.model.value import Value


class Container(Value):
    """One container of an app, from `ps:inspect`."""

    id: str
    """12 hex digits"""
    process: str
    """process type, e.g. `web`"""
    index: int = 1
    image: str = ""
    """the image's id"""
    named: str = ""
    """the name it was started by: with push-on-release that of its number"""
    started_at: datetime | None = None
    running: bool = True
    restarts: int = 0
    oom_killed: bool = False
    exit_code: int | None = None
    release: str | None = None
    """label `rollback.release`: inherited by images built from ours, so it proves nothing alone"""
    attempt: str | None = None
    """label `rollback.attempt`: unique to one try"""
    builder: str | None = None
    """label `com.dokku.builder-type`: what built the image that runs"""


class Current(Value):
    """What an app runs now, as the host said at one moment. Unknown is None."""

    app: str
    at: datetime
    source: str | None = None
    metadata: str | None = None
    """`deploy-source-metadata`: the only field that names what was deployed successfully"""
    git_rev: str | None = None
    """what was *attempted* last: written before the build"""
    branch: str | None = None
    """the deploy branch"""
    tip: str | None = None
    """commit at the deploy branch's tip; None: the branch has no commit"""
    refs: tuple[tuple[str, str], ...] = ()
    locked: bool | None = None
    """whether a deploy is at work, as far as the host tells: 0.35 cannot tell one that died from one that runs"""
    stale_lock: bool = False
    """the lock's file is there and no build runs: somebody locked by hand, or a deploy died; it holds nobody up"""
    containers: tuple[Container, ...] = ()

    @property
    def commit(self) -> str | None:
        """The commit that serves, where the source names one: git-push's metadata, git-sync's after `#`."""
        if self.source == "git-push":
            return self.metadata
        if self.source == "git-sync" and self.metadata:
            return self.metadata.rpartition("#")[2] or None
        return None

    @property
    def attempt(self) -> str | None:
        """The attempt whose label every running container carries, if they agree on one."""
        attempts = {c.attempt for c in self.containers if c.running}
        return attempts.pop() if len(attempts) == 1 else None

    @property
    def image(self) -> str | None:
        """The numbered image that every running container was started by, if they agree on one."""
        names = {c.named for c in self.containers if c.running}
        name = names.pop() if len(names) == 1 else ""
        return name if re.fullmatch(r".*/.*:[0-9]+", name) else None

    @property
    def processes(self) -> tuple[tuple[str, int], ...]:
        """Process types with their number of running containers, sorted."""
        types = sorted({c.process for c in self.containers if c.running})
        return tuple((t, sum(1 for c in self.containers if c.running and c.process == t)) for t in types)

    @property
    def serving(self) -> frozenset[tuple[str, datetime | None]]:
        """Identity of what runs: ids and start times of the running containers."""
        return frozenset((c.id, c.started_at) for c in self.containers if c.running)


def differences(before: Current, now: Current) -> tuple[str, ...]:
    """What changed between two looks, in words; empty when what serves and what would be built next are the same."""
    found: list[str] = []
    if before.metadata != now.metadata:
        found.append(f"deployed was {before.metadata or 'unknown'}, is {now.metadata or 'unknown'}")
    if before.branch != now.branch:
        found.append(f"deploy branch was {before.branch}, is {now.branch}")
    elif before.tip != now.tip:
        found.append(f"tip of {now.branch} was {(before.tip or 'none')[:12]}, is {(now.tip or 'none')[:12]}")
    if before.serving != now.serving:
        found.append("containers were replaced or restarted")
    return tuple(found)


class Landed(StrEnum):
    """Whether what we sent took effect."""

    YES = "yes"
    """the target itself serves"""
    RUNNING = "running"
    """the host is still at it"""
    NO = "no"
    """two equal looks, at least ten seconds apart, say that nothing changed"""
    FELL = "fell"
    """two looks, at least ten seconds apart, say that nothing runs any more"""
    UNKNOWN = "unknown"
