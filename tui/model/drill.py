"""A drill: the whole way back, tried in daylight on a throw-away app of a real host."""

import re
from datetime import datetime
from enum import StrEnum

from tui.model.value import Value

PREFIX = "zz-rollback-drill-"
"""it sorts last: where the host answers a name without a site by the first one, it is never that"""
MARKER = "ROLLBACK_DRILL"
"""config key whose value is the drill's incident; without it the app is destroyed by nobody"""
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


class DrillBegun(Value):
    """The intent, on disk before anything leaves."""

    at: datetime
    incident: str
    app: str
    host: str
    """its name in services.yaml, or the destination that was typed"""
    ssh: str


class DrillResult(Value):
    """One drill, as it goes on record."""

    at: datetime
    """when it began"""
    host: str
    app: str
    dokku: str
    """the host's version then; empty: it did not say"""
    end: DrillEnd
    steps: tuple[tuple[str, float], ...] = ()
    """name and seconds of those that came to their end, in order"""
    back_seconds: float | None = None
    """from the word to the proof; None: it did not come to that"""
    promise_seconds: float | None = None
    """what the runbook gives rolling back and verifying together"""
    why: str = ""
    left: tuple[str, ...] = ()
    """apps of it that are on the host still, each with the reason"""
