"""Datadog: an event at each moment of an incident; its aggregation key holds an incident's events together.

Datadog knows no key by which an event is known again: one that may have arrived is sent again.

Source: docs.datadoghq.com, API, "Post an event" (v1) and "Validate API key" (read 2026-11-29).
"""

from typing import Annotated

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.api import Api, Reply, dig, with_token
from tui.drivers.vendors.base import Vendor
from tui.drivers.vendors.one_api import OneApiChannel
from tui.model import value_parsers
from tui.model.finding import Finding
from tui.model.notice import Delivery, Message, Milestone, Receipt
from tui.model.service import Service
from tui.model.vendor import Section, SectionPlace, VendorSettings
from tui.text.clean import clean, clean_line

TOPIC = "datadog"
LONGEST = 3900
"""characters; Datadog takes 4000"""
FIX = "is it an API key (no application key), and is url that of your site, e.g. https://api.datadoghq.eu?"


class DatadogSpec(VendorSettings):
    """The Datadog that gets an event when a rollback began, was proven and ended."""

    url: Annotated[str, value_parsers.base, "address of your site's API"] = "https://api.datadoghq.com"
    tags: Annotated[tuple[str, ...], value_parsers.word, "tags of every event, e.g. team:api"] = ()
    key_env: Annotated[str, value_parsers.variable, "name of the environment variable that holds the API key"] = (
        "DD_API_KEY"
    )


SECTION = Section(SectionPlace.TOP, TOPIC, DatadogSpec)


class DatadogEvents(OneApiChannel):
    """The channel `datadog`."""

    name = TOPIC

    def __init__(self, secrets: Secrets, spec: DatadogSpec | None) -> None:
        self._secrets, self._spec = secrets, spec
        key = secrets.held(spec.key_env) if spec is not None else None
        self._api = None
        if spec is not None and key:
            self._api = Api(spec.url, with_token(secrets.token(spec.key_env), lambda key: {"DD-API-KEY": key}))

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        """Send it."""
        if self._api is None or self._spec is None or message.facts is None:
            return Receipt(delivered=False, detail="not set up", final=True)
        body = {
            "title": clean_line(message.title, 200),
            "text": clean(message.text)[:LONGEST],
            "date_happened": round(message.at.timestamp()),
            "alert_type": _alert(message),
            "aggregation_key": message.incident[:100],
            "tags": [
                *self._spec.tags,
                f"service:{message.service}",
                f"env:{message.facts.environment}",
                f"rollback:{message.milestone.name.lower()}",
                message.key,
            ],
        }
        reply = await self._api.ask("POST", "/api/v1/events", body)
        if reply.doubt:
            return Receipt(delivered=False, detail=f"{reply.trouble}; it may have arrived all the same")
        number = dig(reply.json, "event", "id")
        known = isinstance(number, int)
        return reply.receipt() if reply.trouble else Receipt(delivered=True, ref=str(number) if known else None)

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """The key, by asking whether it is valid; nothing is made."""
        if self._spec is None:
            return (findings.absent(TOPIC, SECTION.path),)
        missing = findings.credential(self._secrets, "services", TOPIC, self._spec.key_env)
        if missing is not None or self._api is None:
            return (missing,) if missing is not None else ()
        reply = await self._api.get("/api/v1/validate")
        if not reply.trouble and dig(reply.json, "valid") is not True:
            reply = Reply(trouble="the key is not valid")
        return (findings.judged(reply, "services", TOPIC, f"{TOPIC}: the key is valid at {self._spec.url}", FIX),)


VENDOR = Vendor(
    name="datadog",
    section=SECTION,
    drivers=lambda given: (DatadogEvents(given.secrets, given.fleet.vendor(DatadogSpec)),),
)


def _alert(message: Message) -> str:
    assert message.facts is not None
    if message.milestone is Milestone.VERIFIED or message.facts.recovered:
        return "success"
    return "warning" if message.milestone is Milestone.STARTED else "info"
