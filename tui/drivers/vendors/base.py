"""The content of a vendor's file: a `VENDOR`, its settings, and drivers in one or more of the roles below.

The engine's ports ask for the same methods: a driver that lacks one is found by the type checker. A vendor counts once
it is in `REGISTRY` (`drivers/vendors/__init__`); all that a new one needs is listed in tui/README, "How to add".
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from tui.drivers.secrets import Secrets, Token
from tui.model.evidence import NewIssues, Rate, RateSource
from tui.model.finding import Finding
from tui.model.notice import Delivery, Message, OnCall, Receipt
from tui.model.service import Fleet, Service
from tui.model.taken_back import FlagLog
from tui.model.value import Value
from tui.model.vendor import Section


class VendorClock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time now, in UTC."""


class Given(NamedTuple):
    """The parts that drivers are made of."""

    fleet: Fleet
    secrets: Secrets
    clock: VendorClock


class Driver(ABC):
    """The common part of all roles. The vendor's answer is returned as a value; trouble with it is never raised."""

    @abstractmethod
    async def close(self) -> None:
        """End the connections; may be called again."""


class Checked(Driver):
    """A driver that `rollback check` looks at."""

    @abstractmethod
    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """Findings on settings and credential, and on one question that changes nothing."""


class Counter(Driver):
    """A driver that counts errors."""

    source: RateSource

    @abstractmethod
    def covers(self, service: Service) -> bool:
        """True if it is set up for this service and has its credential."""

    @abstractmethod
    async def rate(self, service: Service, since: datetime, until: datetime) -> Rate:
        """The failures of a window; a note instead where they cannot be counted."""


class IssueTracker(Driver):
    """A driver that knows which errors are new."""

    @abstractmethod
    def covers(self, service: Service) -> bool:
        """True if it is set up for this service and has its credential."""

    @abstractmethod
    async def new_issues(self, service: Service, since: datetime, until: datetime) -> NewIssues:
        """The errors that were seen for the first time in a window."""


class FlagKeeper(Driver):
    """A driver that has the changes of feature flags on record."""

    @abstractmethod
    def covers(self, service: Service) -> bool:
        """True if it is set up for this service and has its credential."""

    @abstractmethod
    async def flag_changes(self, service: Service, since: datetime, until: datetime) -> FlagLog:
        """The feature flags that were changed in a window."""


class MessageChannel(Driver):
    """A driver that is told how an incident goes."""

    name: str

    @property
    @abstractmethod
    def ready(self) -> bool:
        """True if it is set up and has its credential."""

    @abstractmethod
    def wants(self, message: Message) -> bool:
        """True if it is told this message."""

    @abstractmethod
    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        """Send it. `earlier`: the first message of this incident that was delivered here."""


class OnCallSource(Driver):
    """A driver that knows who is on call."""

    @property
    @abstractmethod
    def knows_on_call(self) -> bool:
        """True if it is set up for that and has its credential."""

    @abstractmethod
    async def on_call(self) -> OnCall:
        """Everybody who is on call now; a note where that is not known."""


class Tracker(ABC):
    """A tracker that keeps tickets of a service. All trackers together are one channel, `tickets.Tickets`."""

    @abstractmethod
    async def open(self, message: Message) -> Receipt:
        """Make the incident's ticket, once, with this message in it."""

    @abstractmethod
    async def comment(self, message: Message, ref: str) -> Receipt:
        """Write this message into the ticket `ref`, once."""

    @abstractmethod
    async def check(self, subject: str, topic: str) -> Finding:
        """The finding: could tickets be made? Nothing is written."""

    @abstractmethod
    async def close(self) -> None:
        """End the connections."""


class Vendor(Value):
    """One vendor: its section of services.yaml, and what is made of it."""

    name: str
    section: Section | None = None
    """its settings and, as defaults of their `…_env` keys, the names of its credentials"""
    drivers: Callable[[Given], tuple[Driver, ...]] = lambda given: ()
    """makes its drivers; nothing is contacted"""
    tracker: Callable[[Any, Token], Tracker] | None = None
    """makes the tracker of one service from its settings and credential"""
