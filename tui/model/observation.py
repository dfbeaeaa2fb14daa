"""The containers that a host was seen to run, and the word of two such looks on a step whose end nobody told us."""

import re
from datetime import datetime, timedelta
from enum import StrEnum

from tui.model.value import Value

_WHOLE = timedelta(seconds=1)


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
    created_at: datetime | None = None
    """when it was put there: a restart keeps it, where the container stays the same"""
    started_at: datetime | None = None
    """when its process began: every restart of the container or its host changes it"""
    running: bool = True
    restarting: bool = False
    """Docker starts it again and again, and it does not stay up; it counts as running all the same"""
    restarts: int = 0
    oom_killed: bool = False
    exit_code: int | None = None
    release: str | None = None
    """label `rollback.release`: inherited by images built from ours, so it proves nothing alone"""
    attempt: str | None = None
    """label `rollback.attempt`: unique to one try"""
    told: bool = True
    """False: a pod that did not say which attempt brought it, or was not asked"""
    builder: str | None = None
    """what built the image that runs, see `dokku/builders`"""
    command: tuple[str, ...] = ()
    """what it was started with, behind the image's own entry point"""
    predeploy: bool = False
    """its image is what a predeploy task left behind: the values of all config of then are in it"""
    upcoming: bool = False
    """its deploy has not ended, or died after the switch: Dokku's own word still names the release before"""

    @property
    def name(self) -> str:
        """Its name for people, e.g. `web.1`."""
        return f"{self.process}.{self.index}"

    @property
    def deployed_at(self) -> datetime | None:
        """When it was put there; in records of older consoles, which did not read that, when it was started."""
        return self.created_at or self.started_at

    def is_same_release(self, other: "Container") -> bool:
        """True if both are of one image and one attempt. Ids and start times say nothing: a restart may change them.

        Where a record does not name the image, the same id counts, or the same attempt.
        """
        if self.image and other.image:
            return (self.image, self.attempt) == (other.image, other.attempt)
        return self.id == other.id or (self.attempt is not None and self.attempt == other.attempt)

    def is_same_run(self, other: "Container") -> bool:
        """True if it was neither replaced nor started anew between two looks."""
        return (self.id, self.started_at) == (other.id, other.started_at)


class RunningState(Value):
    """The state of an app that runs, as the host said at one moment. Unknown is None."""

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
    source_image: str | None = None
    """the image whose files Dokku reads in place of those of a commit; written before a build, like `git_rev`"""
    updated_at: datetime | None = None
    """when the deploy branch moved last"""
    pods: str | None = None
    """on the scheduler k3s: Dokku's word for whether the pods run, true, mixed or false. `containers` then names those
    that should run, without ids, times or images, which nothing tells. None: containers of the host itself"""
    neighbours: tuple[tuple[str, datetime], ...] = ()
    """other apps of the host, each with the earliest start of its running containers; asked only where it matters
    whether the host restarted"""

    @property
    def commit(self) -> str | None:
        """The commit that serves, where the source names one: git-push's metadata, git-sync's after `#`."""
        if self.half_way:
            return None
        if self.source == "git-push":
            return self.metadata
        if self.source == "git-sync" and self.metadata:
            return self.metadata.rpartition("#")[2] or None
        return self.own_commit if self.source == "tar" else None

    @property
    def unheld(self) -> str | None:
        """The team's kind of deploy, where no freeze holds that back; None where it does."""
        return unheld(self.source, self.metadata)

    @property
    def own_commit(self) -> str | None:
        """Dokku's own commit of the image or archive that serves; None where it is not known to be of what serves.

        Dokku moves the deploy branch to that commit before it builds (both versions, 1-6 s after the command), and
        makes containers seconds later: so it is of what serves only where every container was made afterwards, by the
        host's clock in whole seconds. An image is known by its name as well.
        """
        made = [c.created_at for c in self.running.values()]
        if self.half_way:
            return None
        if self.source not in ("docker-image", "tar") or not made or self.updated_at is None or self.tip is None:
            return None
        if any(at is None or at < self.updated_at - _WHOLE for at in made) or self.git_rev != self.tip:
            return None
        return self.tip if self.source == "tar" or self.source_image == self.metadata else None

    @property
    def half_way(self) -> bool:
        """True if a deploy that has not ended, or died after the switch, put there what serves, and no label of ours
        says which release that is: the metadata names the one before.
        """
        return any(c.upcoming and c.attempt is None for c in self.containers if c.running)

    @property
    def attempt(self) -> str | None:
        """The attempt whose label every running container carries, if they agree on one."""
        attempts = {c.attempt for c in self.containers if c.running}
        if self.silent:
            return None
        return attempts.pop() if len(attempts) == 1 else None

    @property
    def silent(self) -> tuple[Container, ...]:
        """The pods that should run and did not say what they run."""
        return tuple(c for c in self.containers if c.running and not c.told)

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
    def running(self) -> dict[tuple[str, int], Container]:
        """The running containers, by process type and index."""
        return {(c.process, c.index): c for c in self.containers if c.running}

    @property
    def serving(self) -> bool:
        """True if any container runs."""
        return bool(self.running)

    @property
    def restarting(self) -> bool:
        """True if containers run, but none stays up: Docker starts them again and again."""
        running = self.running.values()
        return bool(running) and all(c.restarting for c in running)


FETCHED = "git-sync"
UNHELD = ("docker-image", "tar")
"""deploy sources that no deploy branch holds back: `git:from-image` and `git:from-archive`"""


def unheld(source: str | None, metadata: str | None) -> str | None:
    """The deploy source, where a freeze does not hold back the next deploy of that kind; None where it does.

    `git:sync --build` moves the deploy branch, whatever it is called, and deploys it. A team's CI fetches from
    elsewhere; from the app's own repository, a path of the host, this program or a person did.
    """
    fetched = source == FETCHED and metadata is not None and not metadata.startswith("/")
    return source if source in UNHELD or fetched else None


def same_release(before: RunningState, now: RunningState) -> bool:
    """True if the same release runs at both looks: every process of the same image and the same attempt."""
    then, later = before.running, now.running
    return then.keys() == later.keys() and all(later[key].is_same_release(c) for key, c in then.items())


def started_anew(before: RunningState, now: RunningState) -> tuple[Container, ...]:
    """Containers of `now` that run the release of `before` and were started since: restarted, or made anew."""
    then = before.running
    return tuple(
        c
        for key, c in sorted(now.running.items())
        if key in then and c.is_same_release(then[key]) and not c.is_same_run(then[key])
    )


def differences(before: RunningState, now: RunningState) -> tuple[str, ...]:
    """The changes between two looks, in words; empty when what serves and what would be built next are the same.

    A restart changes neither: see `started_anew`.
    """
    found: list[str] = []
    if before.metadata != now.metadata:
        found.append(f"deployed was {before.metadata or 'unknown'}, is {now.metadata or 'unknown'}")
    if before.branch != now.branch:
        found.append(f"deploy branch was {before.branch}, is {now.branch}")
    elif before.tip != now.tip:
        found.append(f"tip of {now.branch} was {(before.tip or 'none')[:12]}, is {(now.tip or 'none')[:12]}")
    found.extend(_replaced(before.running, now.running))
    return tuple(found)


def _replaced(before: dict[tuple[str, int], Container], now: dict[tuple[str, int], Container]) -> list[str]:
    gone = [c.name for key, c in sorted(before.items()) if key not in now]
    new = [c.name for key, c in sorted(now.items()) if key not in before]
    other = [c.name for key, c in sorted(now.items()) if key in before and not c.is_same_release(before[key])]
    words = {"not running any more": gone, "running since": new, "of another image": other}
    return [f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} {what}" for what, names in words.items() if names]


class Landed(StrEnum):
    """The answers to: did the deploy that was sent take effect?"""

    YES = "yes"
    """the target itself serves"""
    RUNNING = "running"
    """the host is still at it"""
    NO = "no"
    """two equal looks, at least ten seconds apart, say that nothing changed"""
    NOTHING_RUNS = "fell"
    """two looks, at least ten seconds apart, say that nothing runs any more"""
    UNKNOWN = "unknown"
