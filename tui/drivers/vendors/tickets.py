"""The channel of tickets: each service has its own tracker, an incident has one ticket."""

from collections.abc import Iterable
from typing import Annotated

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.base import Checked, MessageChannel, Tracker, Vendor
from tui.model import value_parsers
from tui.model.finding import Finding
from tui.model.notice import Delivery, Message, Receipt
from tui.model.service import Service
from tui.model.vendor import Section, SectionPlace, VendorSettings

TOPIC = "ticket"


class TicketSpec(VendorSettings):
    """The place of an incident's ticket: the settings that every tracker has."""

    where: str
    labels: Annotated[tuple[str, ...], value_parsers.word, "labels of the ticket"] = ()
    url: str = ""
    token_env: str = ""


def section(settings: type[TicketSpec], choice: str, hint: str) -> Section:
    """`ticket: {CHOICE: WHERE, labels, url, token_env}` of a service."""
    return Section(SectionPlace.SERVICE, TOPIC, settings, choice=choice, hint=hint)


class Tickets(MessageChannel, Checked):
    """Every milestone is told to the ticket, the post-mortem too."""

    name = TOPIC

    def __init__(self, secrets: Secrets, services: tuple[Service, ...], vendors: Iterable[Vendor]) -> None:
        self._secrets = secrets
        self._trackers: dict[str, Tracker] = {}
        makers = {one.section.settings: one.tracker for one in vendors if one.section and one.tracker}
        for service in services:
            spec = service.vendor(TicketSpec)
            token = secrets.held(spec.token_env) if spec is not None else None
            if spec is not None and token and (make := makers.get(type(spec))) is not None:
                self._trackers[service.name] = make(spec, secrets.token(spec.token_env))

    @property
    def ready(self) -> bool:
        """True if any service has a tracker and its credential."""
        return bool(self._trackers)

    def wants(self, message: Message) -> bool:
        """True if the message is of a service that has a tracker."""
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
            if (spec := service.vendor(TicketSpec)) is None:
                continue
            missing = findings.credential(self._secrets, service.name, TOPIC, spec.token_env)
            if missing is not None:
                found.append(missing)
            elif service.name in self._trackers:
                found.append(await self._trackers[service.name].check(service.name, TOPIC))
        return tuple(found) or (findings.absent(TOPIC, "services.NAME.ticket"),)
