"""What the drivers of things outside are tested with: messages, credentials, a service that is set up."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.vendors import Vendors
from tui.drivers.secrets import Secrets
from tui.model.notice import Delivery, Message, Milestone, Receipt
from tui.model.service import Service
from tui.model.vendor import VendorSettings

AT = datetime(2026, 11, 25, 15, 44, 23, tzinfo=UTC)
INCIDENT = "20261125-154423-a1b2"


def secrets(vendors: Vendors, **changed: str) -> Secrets:
    """What the stand-ins accept, with changes; an empty value is none."""
    environ: Mapping[str, str] = {**vendors.environ, **changed}
    return Secrets({name: value for name, value in environ.items() if value})


def message(milestone: Milestone = Milestone.STARTED, **changed: Any) -> Message:
    """One message of the incident."""
    given: dict[str, Any] = {
        "incident": INCIDENT,
        "service": "api",
        "milestone": milestone,
        "at": AT,
        "title": f"api: {milestone}",
        "text": f"what is said when it is {milestone}",
        "severity": "P1",
    }
    return Message(**{**given, **changed})


def earlier(receipt: Receipt, channel: str = "somewhere") -> Delivery:
    """A delivery that came to this receipt, as the next message is given it."""
    return Delivery(
        milestone=Milestone.STARTED,
        channel=channel,
        at=AT,
        delivered=receipt.delivered,
        link=receipt.link,
        ref=receipt.ref,
    )


def service(*vendors: VendorSettings) -> Service:
    """The service `api`."""
    return Service(name="api", title="API", host="h", app="api", vendors=vendors)
