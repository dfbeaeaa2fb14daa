"""What people outside are told, and what came of it."""

from datetime import datetime
from enum import StrEnum

from tui.model.value import Value


class Milestone(StrEnum):
    """A moment of an incident that is told once."""

    STARTED = "started"
    VERIFIED = "verified"
    VERDICT = "watch verdict"
    CLOSED = "closed"


class Delivery(Value):
    """One attempt, the last one or a person's, to tell a milestone somewhere."""

    milestone: Milestone
    channel: str
    """a name people know: the variable that holds the address, `pagerduty`, `ticket`; never an address with a secret"""
    at: datetime
    delivered: bool
    detail: str = ""
    """what the other side said, or why not; redacted"""
    link: str | None = None
    """where it can be read, e.g. the ticket's address"""
    by_hand: bool = False
    """a person said that they did it themselves"""
