"""The channel of tickets: each service has its own tracker, an incident has one ticket."""

from typing import Protocol

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.github import TOKEN as GITHUB_TOKEN
from tui.drivers.vendors.github import GitHubIssues
from tui.drivers.vendors.linear import TOKEN as LINEAR_TOKEN
from tui.drivers.vendors.linear import LinearIssues
from tui.model.finding import Finding
from tui.model.notice import Delivery, Message, Receipt
from tui.model.outside import TicketKind, TicketSpec
from tui.model.service import Service

TOPIC = "ticket"


class Tracker(Protocol):
    """Who keeps the tickets of a service."""

    async def open(self, message: Message) -> Receipt:
        """The incident's ticket, made once, with this message in it."""

    async def comment(self, message: Message, ref: str) -> Receipt:
        """This message in the ticket, once."""

    async def check(self, subject: str, topic: str) -> Finding:
        """Whether it would work; nothing is written."""

    async def close(self) -> None:
        """End the connections."""


class Tickets:
    """Every milestone is told to the ticket, the post-mortem too."""

    name = TOPIC

    def __init__(self, secrets: Secrets, services: tuple[Service, ...]) -> None:
        self._secrets = secrets
        self._trackers: dict[str, Tracker] = {}
        for service in services:
            spec = service.ticket
            token = secrets.held(variable(spec)) if spec is not None else None
            if spec is not None and token:
                made = GitHubIssues if spec.kind is TicketKind.GITHUB else LinearIssues
                self._trackers[service.name] = made(spec, token)

    @property
    def ready(self) -> bool:
        """Whether any service has one."""
        return bool(self._trackers)

    def wants(self, message: Message) -> bool:
        """Whatever is said of a service that has a tracker."""
        return message.service in self._trackers

    async def close(self) -> None:
        """End the connections."""
        for tracker in self._trackers.values():
            await tracker.close()

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        """Make the ticket, or say it in the one that is there."""
        tracker = self._trackers.get(message.service)
        if tracker is None:
            return Receipt(delivered=False, detail="not set up", final=True)
        if earlier is not None and earlier.ref is not None:
            return await tracker.comment(message, earlier.ref)
        return await tracker.open(message)

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """Each service's tracker, by a question that changes nothing."""
        found: list[Finding] = []
        for service in services:
            if service.ticket is None:
                continue
            missing = findings.credential(self._secrets, service.name, TOPIC, variable(service.ticket))
            if missing is not None:
                found.append(missing)
            elif service.name in self._trackers:
                found.append(await self._trackers[service.name].check(service.name, TOPIC))
        return tuple(found) or (findings.absent(TOPIC, "services.NAME.ticket"),)


def variable(spec: TicketSpec) -> str:
    """The name of the variable that holds its credential."""
    return spec.token_env or (GITHUB_TOKEN if spec.kind is TicketKind.GITHUB else LINEAR_TOKEN)
