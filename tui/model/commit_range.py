"""The range between two commits of an app, as far as its repository on the host tells."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tui.model.history import Commit
from tui.model.value import Value


class SourceTree(NamedTuple):
    """One commit's files."""

    files: Mapping[str, bytes]
    """path → the id of its content"""
    content: Callable[[str], str | None]
    """the text of a path; None where there is no such file"""


class Migrated(Value):
    """Migrations of one tool in one folder, between the release that runs and the one to go back to."""

    tool: str
    folder: str
    target: str | None
    """the newest revision that the target knows; None: none"""
    at: str = ""
    """the project's folder in the tree, where what undoes them is typed; empty: the top"""
    between: tuple[str, ...] = ()
    """those that it does not know, oldest first"""
    down: tuple[str, ...] = ()
    """what undoes them, in order, inside the app's container; empty: nothing does"""
    forward_only: tuple[str, ...] = ()
    """those among them that say no way back"""
    only_target: tuple[str, ...] = ()
    """those that the target has and what runs has not"""
    changed: tuple[str, ...] = ()
    """those that are in both and differ"""


class CommitRange(Value):
    """The range between the release that runs and the one to go back to. Unknown is not none."""

    unknown: str = ""
    """why it is not known; empty: it is"""
    migrations: tuple[str, ...] = ()
    """paths of migrations that one of the two has and the other has not, or has changed"""
    databases: tuple[Migrated, ...] = ()
    """the same by the tools that are known, with what undoes them"""
    tasks: tuple[str, ...] = ()
    """release and deploy tasks of the release that runs: they ran when it was deployed"""
    cron: tuple[str, ...] | None = None
    """cron tasks of the release that runs, each its schedule and its command; None: not known"""
    commits: tuple[Commit, ...] = ()
    """commits that run and that the target has not, newest first, as many as are kept"""
    commit_count: int = 0
    returns: int = 0
    """commits of the target that what runs has not"""
    files: tuple[str, ...] = ()
    """paths that differ, as many as are kept"""
    file_count: int = 0
