"""One command that left this console, as trail and journal have it."""

from datetime import datetime

from tui.model.outcome import Outcome
from tui.model.value import Value

OUTSIDE = "-"
"""the journal's name for what belongs to no incident"""


class Sent(Value):
    """One line of the command trail."""

    at: datetime
    host: str
    argv: tuple[str, ...]
    writes: bool
    incident: str = OUTSIDE
    outcome: Outcome | None = None
    seconds: float | None = None
