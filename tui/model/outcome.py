"""The end of a command. A lost link, a signal, a time-out and an exit code are different things."""

from datetime import datetime

from tui.model.value import Value


class Exited(Value, tag=True):
    """The command ended by itself and said so. A code is a claim, not a proof."""

    code: int


class Signalled(Value, tag=True):
    """The command was ended by a signal on the far side."""

    signal: str


class TimedOut(Value, tag=True):
    """We stopped waiting. What was sent may still be running there."""

    after: float
    """seconds waited"""


class Lost(Value, tag=True):
    """The link ended after the command had been sent: nobody told us how it ended."""

    why: str


class Overflowed(Value, tag=True):
    """It said more than is read, and was hung up on. Only what changes nothing ends so."""

    limit: int
    """bytes"""


class NeverStarted(Value, tag=True):
    """Certain: nothing of this command reached the host."""

    why: str


Outcome = Exited | Signalled | TimedOut | Lost | Overflowed | NeverStarted


class Answer(Value):
    """The answer to one command."""

    argv: tuple[str, ...]
    outcome: Outcome
    started_at: datetime
    seconds: float
    stdout: bytes = b""
    stderr: bytes = b""

    @property
    def ok(self) -> bool:
        """It ended with exit code 0: necessary, never sufficient."""
        return self.outcome == Exited(code=0)

    @property
    def code(self) -> int | None:
        """The exit code, where there is one."""
        return self.outcome.code if isinstance(self.outcome, Exited) else None


def describe(outcome: Outcome) -> str:
    """A few words for people."""
    match outcome:
        case Exited(code=code):
            return f"exit {code}"
        case Signalled(signal=signal):
            return f"ended by signal {signal}"
        case TimedOut(after=after):
            return f"no end within {after:.0f} s"
        case Lost(why=why):
            return f"link lost: {why}"
        case Overflowed(limit=limit):
            return f"more output than is read ({limit >> 20} MB)"
        case NeverStarted(why=why):
            return f"not sent: {why}"
