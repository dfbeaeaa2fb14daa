"""The changes that a plan takes back, and the others shortly before: kept in the plan, so that it is what the person
saw."""

from datetime import datetime
from enum import StrEnum

from tui.model.history import Commit
from tui.model.value import Value


class ChangeKind(StrEnum):
    """The kinds of change that may have caused trouble."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    CONFIG = "config"
    INCIDENT = "incident"
    FLAG = "flag"


class Happened(Value):
    """One thing that changed near the incident."""

    at: datetime
    """when it happened, or was first seen from here"""
    kind: ChangeKind
    service: str
    """empty for a flag: nobody says which services ask for it"""
    text: str
    """in words, with the service's name"""


class FlagLog(Value):
    """The changes of feature flags in a window, as far as somebody outside has them on record."""

    changes: tuple[Happened, ...] = ()
    trouble: str = ""
    """why it is not known, or not all of it; empty: it is"""


class TakenBack(Value):
    """Everything that leaves with the release that is left. Unknown is not none."""

    unknown: str = ""
    """why commits, files and migrations are not known; empty: they are"""
    commits: tuple[Commit, ...] = ()
    """commits that run now and that the target has not, newest first, as many as are kept"""
    commit_count: int = 0
    returns: int = 0
    """commits of the target that what runs now has not"""
    files: tuple[str, ...] = ()
    """paths that differ, as many as are kept"""
    file_count: int = 0
    migrations: tuple[str, ...] = ()
    config_unknown: str = ""
    """why it is not known whether values of config keys changed; names may be known all the same"""
    config_added: tuple[str, ...] = ()
    config_removed: tuple[str, ...] = ()
    config_changed: tuple[str, ...] = ()
    """names only: nothing of the config is taken back by a rollback"""
    since: datetime | None = None
    """where the look at what else changed begins; None: nobody looked"""
    nearby: tuple[Happened, ...] = ()
    """what else changed since then, newest first"""
    gaps: tuple[str, ...] = ()
    """what could not be asked for that"""
