"""A pretend vendor, all of it: what somebody writes who adds one."""

from typing import Annotated

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.api import Apis, RateLimit
from tui.drivers.vendors.base import Checked, Vendor
from tui.model import value_parsers
from tui.model.finding import Finding
from tui.model.service import Service
from tui.model.vendor import Section, SectionPlace, VendorSettings

TOPIC = "opsgenie"


class OpsgenieSpec(VendorSettings):
    """The team that is paged for a service."""

    team: Annotated[str, value_parsers.slug]
    tags: Annotated[tuple[str, ...], value_parsers.word] = ()
    url: Annotated[str, value_parsers.base] = "https://api.opsgenie.com"
    key_env: Annotated[str, value_parsers.variable] = "OPSGENIE_KEY_OF_TEAM"


SECTION = Section(SectionPlace.SERVICE, TOPIC, OpsgenieSpec)


class Opsgenie(Checked):
    """Asks for a service's team."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._apis = Apis(secrets, RateLimit("x-ratelimit-left", "x-ratelimit-in", "seconds"))

    async def close(self) -> None:
        """End the connections."""
        await self._apis.close()

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """Key and team, by asking for the team."""
        found: list[Finding] = []
        for service in services:
            if (spec := service.vendor(OpsgenieSpec)) is None:
                continue
            missing = findings.credential(self._secrets, service.name, TOPIC, spec.key_env)
            if missing is not None:
                found.append(missing)
                continue
            reply = await self._apis.of(spec.url, spec.key_env).get(f"/v2/teams/{spec.team}")
            found.append(findings.judged(reply, service.name, TOPIC, f"{TOPIC}: {spec.team}", "is the team right?"))
        return tuple(found) or (findings.absent(TOPIC, SECTION.path),)


VENDOR = Vendor(name=TOPIC, section=SECTION, drivers=lambda given: (Opsgenie(given.secrets),))
