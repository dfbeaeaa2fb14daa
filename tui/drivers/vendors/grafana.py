"""Grafana: an annotation at each moment of an incident, found again by a tag of its own before one is made.

Source: grafana.com/docs, HTTP API, Annotations (12.4; read 2026-11-29).
"""

from typing import Annotated, Any

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.api import Api, bearer, dig
from tui.drivers.vendors.base import Vendor
from tui.drivers.vendors.one_api import OneApiChannel
from tui.model import value_parsers
from tui.model.finding import Finding
from tui.model.notice import Delivery, Message, Receipt
from tui.model.service import Service
from tui.model.vendor import Section, SectionPlace, VendorSettings
from tui.text.clean import clean, clean_line

TOPIC = "grafana"
FIX = "is it the token of a service account that may read and create annotations, and is the url right?"


class GrafanaSpec(VendorSettings):
    """The Grafana whose dashboards show when a rollback began, was proven and ended."""

    url: Annotated[str, value_parsers.base, "address of Grafana"]
    tags: Annotated[tuple[str, ...], value_parsers.word, "tags of every annotation"] = ()
    token_env: Annotated[str, value_parsers.variable, "name of the environment variable that holds the token"] = (
        "GRAFANA_TOKEN"  # noqa: S105 - the name of a variable
    )


SECTION = Section(SectionPlace.TOP, TOPIC, GrafanaSpec)


class GrafanaAnnotations(OneApiChannel):
    """The channel `grafana`."""

    name = TOPIC

    def __init__(self, secrets: Secrets, spec: GrafanaSpec | None) -> None:
        self._secrets, self._spec = secrets, spec
        token = secrets.held(spec.token_env) if spec is not None else None
        self._api = Api(spec.url, bearer(secrets.token(spec.token_env))) if spec is not None and token else None

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        """The annotation of this moment: the one that is there, or a new one."""
        if self._api is None or self._spec is None:
            return Receipt(delivered=False, detail="not set up", final=True)
        there = await self._api.get("/api/annotations", [("tags", message.key), ("limit", "1")])
        if there.trouble or not isinstance(there.json, list):
            return there.receipt() if there.trouble else Receipt(delivered=False, detail="an unknown form of answer")
        if there.json:
            return _made(dig(there.json, 0, "id"), "it was there")
        body: dict[str, Any] = {
            "time": round(message.at.timestamp() * 1000),
            "tags": [*self._spec.tags, "rollback", message.service, message.milestone.name.lower(), message.key],
            "text": f"{clean_line(message.title, 200)}\n{clean(message.text)}",
        }
        reply = await self._api.ask("POST", "/api/annotations", body)
        return reply.receipt() if reply.trouble else _made(dig(reply.json, "id"), "made")

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """Token and address, by asking for one annotation; nothing is made."""
        if self._spec is None:
            return (findings.absent(TOPIC, SECTION.path),)
        missing = findings.credential(self._secrets, "services", TOPIC, self._spec.token_env)
        if missing is not None or self._api is None:
            return (missing,) if missing is not None else ()
        reply = await self._api.get("/api/annotations", [("limit", "1")])
        return (findings.judged(reply, "services", TOPIC, f"{TOPIC}: reads annotations of {self._spec.url}", FIX),)


VENDOR = Vendor(
    name="grafana",
    section=SECTION,
    drivers=lambda given: (GrafanaAnnotations(given.secrets, given.fleet.vendor(GrafanaSpec)),),
)


def _made(number: object, how: str) -> Receipt:
    known = isinstance(number, int)
    return Receipt(delivered=True, detail=f"annotation {how}", ref=str(number) if known else None)
