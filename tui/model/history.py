"""A repository's word on a commit. All of it was written by whoever made the commit: claims, made harmless."""

from datetime import datetime

from tui.model.value import Value


class Commit(Value):
    """One commit. A commit in a repository says nothing about whether it was ever deployed."""

    id: str
    """40 hex digits"""
    parent: str | None
    """the first one"""
    subject: str
    author: str
    """the name alone"""
    at: datetime | None
    """when it was committed, by the committer's clock"""
