"""PostHog: how many of the users of a window met an exception, by one HogQL query that may not come from a cache.

The share is one of users, not of requests, and holds the front end's exceptions too: the note says both.
"""

from datetime import UTC, datetime
from typing import Annotated

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.api import Apis, Reply, dig, number, segment
from tui.drivers.vendors.base import Checked, Counter, Vendor
from tui.model import iso_time, value_parsers
from tui.model.evidence import Rate, RateSource
from tui.model.finding import Finding, Result
from tui.model.service import Service
from tui.model.vendor import Section, SectionPlace, VendorSettings

TOPIC = "posthog"
FIX = "use a personal API key with the scope query:read for this project; are project and url right?"
PROJECT_KEY = "phc_"
"""how the keys begin that can only send events"""


class PosthogSpec(VendorSettings):
    """The project in which PostHog counts a service's exceptions and users."""

    project: Annotated[str, value_parsers.slug, "the project's number"]
    url: Annotated[str, value_parsers.base, "address of the region, or of your own PostHog"] = "https://us.posthog.com"
    token_env: Annotated[str, value_parsers.variable, "name of the environment variable that holds the API key"] = (
        "POSTHOG_API_KEY"  # noqa: S105 - the name of a variable
    )


SECTION = Section(SectionPlace.SERVICE, TOPIC, PosthogSpec)


class Posthog(Counter, Checked):
    """Asks for each service at the address that services.yaml gives."""

    source = RateSource.POSTHOG

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._apis = Apis(secrets)

    def covers(self, service: Service) -> bool:
        """True if it is set up for this service and there is a key."""
        spec = service.vendor(PosthogSpec)
        return spec is not None and self._secrets.held(spec.token_env) is not None

    async def close(self) -> None:
        """End the connections."""
        await self._apis.close()

    async def rate(self, service: Service, since: datetime, until: datetime) -> Rate:
        """Users with an exception out of all users that were seen in the window."""
        spec = service.vendor(PosthogSpec)
        if spec is None or since >= until:
            return _unknown(since, until, "not set up" if spec is None else "an empty window")
        return _read(await self._query(spec, COUNT, begin=_stamp(since), end=_stamp(until)), since, until)

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """Key, scope and project, by a query that reads nothing."""
        found: list[Finding] = []
        for service in services:
            if (spec := service.vendor(PosthogSpec)) is None:
                continue
            missing = findings.credential(self._secrets, service.name, TOPIC, spec.token_env)
            if missing is not None:
                found.append(missing)
            elif (self._secrets.held(spec.token_env) or "").startswith(PROJECT_KEY):
                text = f"{TOPIC}: {spec.token_env} is a project's key ({PROJECT_KEY}…), which can only send events"
                found.append(
                    Finding(subject=service.name, topic=TOPIC, result=Result.FINDING, text=text, fix=FIX),
                )
            else:
                reply = await self._query(spec, "SELECT 1")
                works = f"{TOPIC}: project {spec.project} can be asked"
                found.append(findings.judged(reply, service.name, TOPIC, works, FIX))
        return tuple(found) or (findings.absent(TOPIC, SECTION.path),)

    async def _query(self, spec: PosthogSpec, query: str, **values: str) -> Reply:
        body = {
            "query": {"kind": "HogQLQuery", "query": query, "values": values},
            "refresh": "force_blocking",
            "name": "rollback console",
        }
        api = self._apis.of(spec.url, spec.token_env)
        return await api.ask("POST", f"/api/projects/{segment(spec.project)}/query/", body)


VENDOR = Vendor(name=TOPIC, section=SECTION, drivers=lambda given: (Posthog(given.secrets),))

COUNT = (
    "SELECT countIf(event = '$exception') AS exceptions, uniqIf(person_id, event = '$exception') AS hit, "
    "count() AS events, uniq(person_id) AS users "
    "FROM events WHERE timestamp >= toDateTime({begin}) AND timestamp < toDateTime({end})"
)
"""one row: exceptions, users with one, events, users"""


def _stamp(at: datetime) -> str:
    """With its zone: the project may live in another."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _unknown(since: datetime, until: datetime, note: str) -> Rate:
    return Rate(source=RateSource.POSTHOG, since=since, until=until, failed=None, total=None, note=note)


def _read(reply: Reply, since: datetime, until: datetime) -> Rate:
    counts = [number(dig(reply.json, "results", 0, column)) for column in range(4)]
    error = dig(reply.json, "error")
    if reply.trouble or error or any(count is None for count in counts):
        return _unknown(since, until, reply.trouble or "an unknown form of answer")
    exceptions, hit, events, users = (int(count or 0) for count in counts)
    note = f"users with an exception, the front end's too; {exceptions} exceptions in {events} events"
    lag: float | None = None
    if dig(reply.json, "is_cached") is True:
        calculated = iso_time.read(dig(reply.json, "last_refresh"))
        if calculated is None or calculated <= since:
            return _unknown(since, until, "it answered from a cache that does not know this window")
        if calculated < until:
            until, lag = calculated, (until - calculated).total_seconds()
        note = f"{note}; from a cache of {calculated:%H:%M:%S} UTC"
    return Rate(source=RateSource.POSTHOG, since=since, until=until, failed=hit, total=users, lag=lag, note=note)
