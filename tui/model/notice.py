"""The messages to people outside, and what came of them."""

from datetime import datetime
from enum import StrEnum

from tui.model.value import Value


class Milestone(StrEnum):
    """A moment of an incident that is told once."""

    STARTED = "started"
    VERIFIED = "verified"
    VERDICT = "watch verdict"
    CLOSED = "closed"
    POSTMORTEM = "post-mortem"
    """its text, for the ticket"""


class EventFacts(Value):
    """The facts that programs are told of an incident beside the words for people. Unknown is None, never a guess."""

    environment: str
    host: str
    app: str
    opened_at: datetime
    target: str
    """the release that is gone to, as people name it"""
    commit: str | None = None
    """its own commit"""
    onward: bool = False
    """it goes forward again, or what runs is deployed anew: no release is left because of a fault"""
    began_at: datetime | None = None
    """when the first command that changes the host was sent"""
    ended_at: datetime | None = None
    """when the target was proven; None: it was not"""
    guarded: bool = False
    """a guard went back by itself: its one message, at its end, tells all of it"""
    recovered: bool = False
    """it was closed, and the service is well"""
    ticket: str | None = None
    """the ticket's address, where it is known by now"""


class Message(Value):
    """The message of a milestone, ready to be posted: plain text, redacted, no markup; the post-mortem is Markdown."""

    incident: str
    service: str
    milestone: Milestone
    at: datetime
    title: str
    text: str
    severity: str | None = None
    page: bool = False
    """somebody has to look now: channels that only note take it as well"""
    facts: EventFacts | None = None
    """None: of an older console, a test, a guard or a post-mortem"""

    @property
    def key(self) -> str:
        """The same for every attempt to tell this: the other side can know it again."""
        return f"rollback-{self.incident}-{self.milestone.name.lower()}"

    @property
    def tells_all(self) -> bool:
        """True for a message of a guard that went back by itself: begin, proof and end at once, as far as they are
        known. A second one comes only where a person had to decide meanwhile."""
        ends = (Milestone.VERDICT, Milestone.CLOSED)
        return self.facts is not None and self.facts.guarded and self.milestone in ends


class Receipt(Value):
    """The result of one attempt to deliver a message."""

    delivered: bool
    detail: str = ""
    """what the other side said, or why not; redacted"""
    link: str | None = None
    ref: str | None = None
    """what the other side calls it, for what follows: a thread, a ticket's number"""
    retry_after: float | None = None
    """seconds the other side wants us to wait"""
    final: bool = False
    """trying again is of no use"""


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
    ref: str | None = None
    """what the other side calls it"""
    by_hand: bool = False
    """a person said that they did it themselves"""


class OnCall(Value):
    """Who is on call, as it was read at one moment."""

    at: datetime
    people: tuple[str, ...] = ()
    note: str = ""
    """why it is not known, if so"""
