"""A freeze that is likely forgotten: how old it is, and when it is told again.

CI stays green while deploys are held back, so a freeze that nobody ends is seen by nobody. Deploys of a day's work wait
behind one that is older than `LONG`.
"""

from datetime import datetime, timedelta

from tui.dokku import holders
from tui.dokku.holders import IncidentRecord

LONG = timedelta(hours=4)
"""after which a freeze is likely forgotten"""
AGAIN = timedelta(days=1)
"""how often it is told at most"""


def age(record: IncidentRecord | None, branch: str | None, now: datetime) -> timedelta | None:
    """How long deploys have been held back; None: they are not, or nobody knows since when."""
    since = record.began if record is not None and record.frozen and holders.is_frozen(branch) else None
    return max(timedelta(0), now - since) if since is not None else None


def forgotten(record: IncidentRecord | None, branch: str | None, now: datetime) -> timedelta | None:
    """The age of a freeze that is older than `LONG`; None for every other."""
    found = age(record, branch, now)
    return found if found is not None and found >= LONG else None


def identity(record: IncidentRecord) -> str:
    """The same freeze as long as nobody unfreezes: who froze it as the host has it, and when."""
    since = record.began.isoformat() if record.began is not None else "unknown"
    return f"{record.app} {record.incident or 'unknown'} {since}"


def due(told: datetime | None, now: datetime) -> bool:
    """True if it was not told within the last day. A clock that went back tells it no sooner."""
    return told is None or now - told >= AGAIN


def hours(length: timedelta) -> str:
    """The age in words: hours, from two days on days."""
    whole = int(length.total_seconds() // 3600)
    return f"{whole // 24} days" if whole >= 48 else f"{whole} hours"


def doubt(age: timedelta | None) -> str:
    """The question behind the line about a freeze that is older than `LONG`; empty for every other."""
    return f", for {hours(age)} now: was it forgotten?" if age is not None and age >= LONG else ""
