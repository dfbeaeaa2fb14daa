"""A drill: the whole way back, tried in daylight on a throw-away app of a real host."""

import re
from datetime import datetime
from enum import StrEnum

from tui.model.value import Value

PREFIX = "zz-rollback-drill-"
_NAME = re.compile(re.escape(PREFIX) + r"[0-9a-f]{6}")


def is_drill(app: str) -> bool:
    """True if the app has the name of a drill's. The name alone proves nothing of who made it."""
    return _NAME.fullmatch(app) is not None


class DrillEnd(StrEnum):
    """The ends of a drill."""

    PROVEN = "proven"
    """back, and seen to be what serves"""
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class DrillResult(Value):
    """One drill, as it goes on record."""

    at: datetime
    """when it began"""
    app: str
    dokku: str
    """the host's version then; empty: it did not say"""
    end: DrillEnd
    steps: tuple[tuple[str, float], ...] = ()
    """name and seconds, in order, of those that were measured"""
    back_seconds: float | None = None
    """from the word to the proof; None: it did not come to that"""
    promise_seconds: float | None = None
    """what the plan had promised until it serves again"""
    why: str = ""
    left: tuple[str, ...] = ()
    """apps of it that could not be removed"""
