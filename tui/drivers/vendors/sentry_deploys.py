"""Sentry's deploys: the release that serves again is told as a deploy of it, so that errors are told apart by it.

A deploy belongs to a release, which is made where Sentry has none (it answers with the one that is there). It is looked
for by its name before it is made.

Source: docs.sentry.io, API, Releases: "Create a New Release for an Organization", "Create a Deploy", "List a Release's
Deploys" (read 2026-11-29).
"""

from typing import Annotated, Any

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.api import Apis, RateLimit, dig, segment
from tui.drivers.vendors.base import Checked, MessageChannel, Vendor
from tui.model import value_parsers
from tui.model.finding import Finding
from tui.model.notice import Delivery, Message, Milestone, Receipt
from tui.model.service import Service
from tui.model.vendor import Section, SectionPlace, VendorSettings

TOPIC = "sentry_deploys"
LIMIT = RateLimit("x-sentry-rate-limit-remaining", "x-sentry-rate-limit-reset", "epoch")
FIX = "is the token's scope project:releases, and are organization, project and url right?"


class SentryDeploysSpec(VendorSettings):
    """The project that is told of the release that serves again; its version is the release's own commit."""

    organization: Annotated[str, value_parsers.slug, "the organization's slug"]
    project: Annotated[str, value_parsers.slug, "the project's slug"]
    url: Annotated[str, value_parsers.base, "address of your own Sentry"] = "https://sentry.io"
    token_env: Annotated[str, value_parsers.variable, "name of the environment variable that holds the token"] = (
        "SENTRY_RELEASE_TOKEN"  # noqa: S105 - the name of a variable
    )


SECTION = Section(SectionPlace.SERVICE, TOPIC, SentryDeploysSpec)


class SentryDeploys(MessageChannel, Checked):
    """The channel `sentry_deploys`, for every service that has the section."""

    name = TOPIC

    def __init__(self, secrets: Secrets, services: tuple[Service, ...]) -> None:
        self._secrets = secrets
        self._apis = Apis(secrets, LIMIT)
        found = ((one.name, one.vendor(SentryDeploysSpec)) for one in services)
        self._specs = {name: spec for name, spec in found if spec is not None}

    @property
    def ready(self) -> bool:
        """True if a service has it, with its token."""
        return any(self._secrets.held(spec.token_env) is not None for spec in self._specs.values())

    def wants(self, message: Message) -> bool:
        """The proof that the target serves, where the target's commit is known."""
        facts, spec = message.facts, self._specs.get(message.service)
        if spec is None or facts is None or facts.commit is None:
            return False
        at_once = message.tells_all and facts.ended_at is not None
        if not at_once and message.milestone is not Milestone.VERIFIED:
            return False
        return self._secrets.held(spec.token_env) is not None

    async def close(self) -> None:
        """End the connections."""
        await self._apis.close()

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        """The deploy of this incident: the one that is there, or a new one."""
        spec, facts = self._specs.get(message.service), message.facts
        if spec is None or facts is None or facts.commit is None:
            return Receipt(delivered=False, detail="not set up", final=True)
        api = self._apis.of(spec.url, spec.token_env)
        releases = f"/api/0/organizations/{segment(spec.organization)}/releases/"
        made = await api.ask("POST", releases, {"version": facts.commit, "projects": [spec.project]})
        if made.trouble:
            return made.receipt()
        deploys = f"{releases}{segment(facts.commit)}/deploys/"
        there = await api.get(deploys)
        if there.trouble or not isinstance(there.json, list):
            return there.receipt() if there.trouble else Receipt(delivered=False, detail="an unknown form of answer")
        ours = f"rollback-{message.incident}-"
        if any(str(dig(one, "name")).startswith(ours) for one in there.json):
            return Receipt(delivered=True, detail="the deploy was there")
        body: dict[str, Any] = {
            "environment": facts.environment,
            "name": message.key,
            "projects": [spec.project],
            "dateFinished": (facts.ended_at or message.at).isoformat(),
        }
        if facts.began_at is not None:
            body["dateStarted"] = facts.began_at.isoformat()
        reply = await api.ask("POST", deploys, body)
        return reply.receipt() if reply.trouble else Receipt(delivered=True, detail=f"deploy of {facts.commit[:10]}")

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """Token and project, by asking for releases; nothing is made."""
        asked = [(one.name, self._specs[one.name]) for one in services if one.name in self._specs]
        if not asked:
            return () if self._specs else (findings.absent(TOPIC, SECTION.path),)
        return tuple([await self._one(name, spec) for name, spec in asked])

    async def _one(self, name: str, spec: SentryDeploysSpec) -> Finding:
        missing = findings.credential(self._secrets, name, TOPIC, spec.token_env)
        if missing is not None:
            return missing
        api = self._apis.of(spec.url, spec.token_env)
        reply = await api.get(f"/api/0/organizations/{segment(spec.organization)}/releases/", [("per_page", "1")])
        works = f"{TOPIC}: reads releases of {spec.organization}; only a deploy shows whether it may write"
        return findings.judged(reply, name, TOPIC, works, FIX)


VENDOR = Vendor(
    name="sentry_deploys",
    section=SECTION,
    drivers=lambda given: (SentryDeploys(given.secrets, given.fleet.services),),
)
