"""The end of sending a commit to a host."""

from typing import assert_never

from tui.model.outcome import Exited, NeverStarted, Outcome
from tui.model.value import Value


class TipMoved(Value, tag=True):
    """A branch was not where the plan had seen it: nothing was sent."""

    branch: str
    expected: str | None
    found: str | None


class NotSent(Value, tag=True):
    """Certain: the pack did not leave."""

    why: str


class Reported(Value, tag=True):
    """The host's report says `ok` for our branch. A claim, to be proven by observation."""

    exit: int | None = None


class Declined(Value, tag=True):
    """The host's report says `ng`, or that it could not unpack."""

    reason: str
    exit: int | None = None
    progress: bytes = b""
    """the end of what it printed meanwhile"""


class Unheard(Value, tag=True):
    """The pack left, and no report came back."""

    outcome: Outcome


PushEnd = TipMoved | NotSent | Reported | Declined | Unheard


def outcome_of(end: PushEnd) -> Outcome:
    """The end of a push as the outcome of a command."""
    match end:
        case TipMoved(branch=branch):
            return NeverStarted(why=f"the tip of {branch} had moved")
        case NotSent(why=why):
            return NeverStarted(why=why)
        case Reported(exit=code):
            return Exited(code=code or 0)
        case Declined(exit=code):
            return Exited(code=code or 1)
        case Unheard(outcome=outcome):
            return outcome
        case _:
            assert_never(end)
