"""A moment that somebody else wrote, in ISO 8601, read in UTC."""

from datetime import UTC, datetime

_FIRST, _LAST = 1970, 8999
"""years: what is outside of them cannot be reckoned with, for other zones and watches go beyond the calendar's ends"""


def read(text: object) -> datetime | None:
    """The moment; None for what names none, has no zone or lies at an end of the calendar. Raises nothing."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        return in_utc(found) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def in_utc(at: datetime) -> datetime:
    """A moment with a zone, in UTC. Raises OverflowError where it lies at an end of the calendar."""
    found = at.astimezone(UTC)
    if not _FIRST <= found.year <= _LAST:
        raise OverflowError("the year is beyond what can be reckoned with")
    return found
