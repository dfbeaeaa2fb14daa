"""Sentry: how many errors it counted in a window, which of its issues are new, and which feature flags were changed.

Errors are no requests: one request may raise several or none, sampling and filters drop some. So there is a number of
failures, never a share. Buckets that Sentry itself calls incomplete are left out, and the window ends where they begin.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.api import Apis, Params, RateLimit, Reply, dig, listed, number, segment
from tui.drivers.vendors.base import Checked, Counter, FlagKeeper, IssueTracker, Vendor
from tui.model import iso_time, value_parsers
from tui.model.evidence import NewIssues, Rate, RateSource
from tui.model.finding import Finding, Result
from tui.model.service import Service
from tui.model.taken_back import ChangeKind, FlagLog, Happened
from tui.model.vendor import Section, SectionPlace, VendorSettings
from tui.text.clean import clean_line
from tui.text.redact import redact

TOPIC = "sentry"
UNIT = "errors, not requests"
SHOWN = 10
"""titles of new issues"""
FLAGS = 50
"""changes of feature flags that are read"""
FIX = "is the token's scope org:read, project:read and event:read, and are organization, project and url right?"


LIMIT = RateLimit("x-sentry-rate-limit-remaining", "x-sentry-rate-limit-reset", "epoch")


class SentrySpec(VendorSettings):
    """The project in which Sentry counts a service's errors."""

    organization: Annotated[str, value_parsers.slug, "the organization's slug"]
    project: Annotated[str, value_parsers.slug, "the project's slug"]
    environment: Annotated[str | None, value_parsers.word, "count only errors of this environment"] = None
    url: Annotated[str, value_parsers.base, "address of your own Sentry"] = "https://sentry.io"
    token_env: Annotated[str, value_parsers.variable, "name of the environment variable that holds the token"] = (
        "SENTRY_TOKEN"  # noqa: S105 - the name of a variable
    )


SECTION = Section(SectionPlace.SERVICE, TOPIC, SentrySpec)


class Sentry(Counter, IssueTracker, FlagKeeper, Checked):
    """Asks for each service at the address that services.yaml gives."""

    source = RateSource.SENTRY

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._apis = Apis(secrets, LIMIT)
        self._numbers: dict[SentrySpec, str] = {}
        """projects whose number had to be asked for: an older Sentry filters by nothing else"""

    def covers(self, service: Service) -> bool:
        """True if it is set up for this service and there is a token."""
        spec = service.vendor(SentrySpec)
        return spec is not None and self._secrets.held(spec.token_env) is not None

    async def close(self) -> None:
        """End the connections."""
        await self._apis.close()

    async def rate(self, service: Service, since: datetime, until: datetime) -> Rate:
        """Errors counted from `since` on, up to `until` or to where it has not counted everything yet."""
        spec = service.vendor(SentrySpec)
        if spec is None or since >= until:
            return _unknown(since, until, "not set up" if spec is None else "an empty window")
        step = 60 if until - since <= timedelta(hours=1) else 300
        shared = [("yAxis", "count()"), *_window(since, until), ("interval", str(step)), ("dataset", "errors")]
        reply = await self._ask(spec, "events-timeseries", shared)
        if reply.status != 404:
            return _series(reply, since, until)
        # a Sentry of one's own may not have it yet; its elder is described nowhere and works
        return _stats(await self._ask(spec, "events-stats", shared), since, until)

    async def new_issues(self, service: Service, since: datetime, until: datetime) -> NewIssues:
        """Unresolved issues that were first seen in the window, the newest first."""
        spec = service.vendor(SentrySpec)
        if spec is None or since >= until:
            return NewIssues(since=since, until=until, total=None, note="not set up" if spec is None else "no window")
        query = f"is:unresolved firstSeen:>={_stamp(since)} firstSeen:<={_stamp(until)}"
        asked = [("query", query), ("sort", "new"), ("limit", str(SHOWN)), *_window(since, until)]
        reply = await self._ask(spec, "issues", asked)
        if reply.trouble or not isinstance(reply.json, list):
            return NewIssues(since=since, until=until, total=None, note=reply.trouble or "an unknown form of answer")
        titles = [clean_line(redact(str(dig(one, "title"))), 200) for one in reply.json if dig(one, "title")]
        hits = reply.headers.get("x-hits", "")
        total = int(hits) if hits.isdigit() else len(titles) if len(reply.json) < SHOWN else None
        where = urlencode([("query", query), ("project", self._numbers.get(spec, spec.project))])
        return NewIssues(
            since=since,
            until=until,
            total=total,
            titles=tuple(titles[:SHOWN]),
            link=f"{spec.url.rstrip('/')}/organizations/{segment(spec.organization)}/issues/?{where}",
            note="" if total is not None else f"at least {SHOWN}",
        )

    async def flag_changes(self, service: Service, since: datetime, until: datetime) -> FlagLog:
        """The organization's log of feature flags, newest first. A Sentry that has none (404) knows of no change.

        Source: docs.sentry.io, API, "List an Organization's Flag Logs" (2026-11).
        """
        spec = service.vendor(SentrySpec)
        if spec is None or since >= until:
            return FlagLog(trouble="not set up" if spec is None else "no window")
        api = self._apis.of(spec.url, spec.token_env)
        path = f"/api/0/organizations/{segment(spec.organization)}/flags/logs/"
        reply = await api.get(path, [*_window(since, until), ("sort", "-createdAt"), ("per_page", str(FLAGS))])
        rows = dig(reply.json, "data")
        if reply.trouble or not isinstance(rows, list):
            return FlagLog(trouble=reply.trouble or "an unknown form of answer")
        found = tuple(change for row in rows[:FLAGS] if (change := _flag(row)) is not None)
        said = "some entries have an unknown form" if len(found) < len(rows[:FLAGS]) else ""
        return FlagLog(changes=found, trouble=said or (f"only the newest {FLAGS}" if len(rows) >= FLAGS else ""))

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """Token, organization and project, by asking for the project."""
        found: list[Finding] = []
        for service in services:
            if (spec := service.vendor(SentrySpec)) is None:
                continue
            missing = findings.credential(self._secrets, service.name, TOPIC, spec.token_env)
            if missing is not None:
                found.append(missing)
                continue
            reply = await self._apis.of(spec.url, spec.token_env).get(_project(spec))
            if not reply.trouble:  # the scope to count, which the one to see the project does not bring along
                now = datetime.now(UTC)
                asked = [("query", f"is:unresolved firstSeen:>={_stamp(now)}"), ("sort", "new"), ("limit", "1")]
                reply = await self._ask(spec, "issues", asked)
            works = f"{TOPIC}: errors of {spec.organization}/{spec.project} can be counted"
            found.append(_renamed(reply, service.name, spec) or findings.judged(reply, service.name, TOPIC, works, FIX))
        return tuple(found) or (findings.absent(TOPIC, SECTION.path),)

    async def _ask(self, spec: SentrySpec, what: str, params: Params) -> Reply:
        api = self._apis.of(spec.url, spec.token_env)
        path = f"/api/0/organizations/{segment(spec.organization)}/{what}/"
        narrowed = [*([("environment", spec.environment)] if spec.environment else []), *params]
        project = self._numbers.get(spec, spec.project)
        reply = await api.get(path, [("project", project), *narrowed])
        if reply.status != 400 or project.isdigit() or "project" not in reply.said.lower():
            return reply
        asked = await api.get(_project(spec))
        named = str(dig(asked.json, "id") or "")
        if not named.isdigit():
            return reply
        self._numbers[spec] = named
        return await api.get(path, [("project", named), *narrowed])


VENDOR = Vendor(name=TOPIC, section=SECTION, drivers=lambda given: (Sentry(given.secrets),))


def _renamed(reply: Reply, subject: str, spec: SentrySpec) -> Finding | None:
    """The finding for a project, or an organization, that has another slug now: Sentry names it and sends there (302).
    Source: getsentry/sentry, src/sentry/api/exceptions.py, `ProjectMoved`; read, not run."""
    slug = dig(reply.json, "detail", "extra", "slug")
    if reply.status not in (301, 302, 307, 308) or not isinstance(slug, str) or not slug:
        return None
    new = clean_line(slug, 60)
    text = f"{TOPIC}: {spec.organization}/{spec.project} was renamed: it is {new} now"
    fix = f"write {new} in services.yaml, where the old slug is"
    return Finding(subject=subject, topic=TOPIC, result=Result.FINDING, text=text, fix=fix)


def _project(spec: SentrySpec) -> str:
    return f"/api/0/projects/{segment(spec.organization)}/{segment(spec.project)}/"


def _flag(row: object) -> Happened | None:
    """One entry of the log; None for one whose form is unknown."""
    name, action, by = (dig(row, key) for key in ("flag", "action", "createdBy"))
    at = iso_time.read(dig(row, "createdAt"))
    if not isinstance(name, str) or not isinstance(action, str) or not name or at is None:
        return None
    who = f" by {clean_line(redact(by), 60)}" if isinstance(by, str) and by else ""
    text = f"flag {clean_line(redact(name), 80)} {clean_line(action, 20)}{who}"
    return Happened(at=at, kind=ChangeKind.FLAG, service="", text=text)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def _window(since: datetime, until: datetime) -> list[tuple[str, str]]:
    return [("start", _stamp(since)), ("end", _stamp(max(until, since + timedelta(seconds=1))))]


def _unknown(since: datetime, until: datetime, note: str, lag: float | None = None) -> Rate:
    return Rate(source=RateSource.SENTRY, since=since, until=until, failed=None, total=None, note=note, lag=lag)


def _series(reply: Reply, since: datetime, until: datetime) -> Rate:
    """The complete buckets before the first incomplete one."""
    series = dig(reply.json, "timeSeries")
    if reply.trouble or not isinstance(series, list) or not series:
        return _unknown(since, until, reply.trouble or "an unknown form of answer")
    buckets: list[tuple[float, float, bool]] = []
    for one in series:
        for value in listed(one, "values"):
            at, count = number(dig(value, "timestamp")), number(dig(value, "value"))
            if at is None or count is None:
                return _unknown(since, until, "an unknown form of answer")
            buckets.append((at / 1000, count, dig(value, "incomplete") is not False))
    edge = min((at for at, _, incomplete in buckets if incomplete), default=None)
    failed = int(sum(count for at, count, _ in buckets if edge is None or at < edge))
    if edge is None:
        return Rate(source=RateSource.SENTRY, since=since, until=until, failed=failed, total=None, note=UNIT)
    counted, lag = datetime.fromtimestamp(edge, UTC), max(0.0, until.timestamp() - edge)
    if counted <= since:
        return _unknown(since, until, f"it has not counted this window yet: {lag:.0f} s behind", lag)
    note = f"{UNIT}; the last {lag:.0f} s are not counted yet"
    return Rate(source=RateSource.SENTRY, since=since, until=counted, failed=failed, total=None, lag=lag, note=note)


def _stats(reply: Reply, since: datetime, until: datetime) -> Rate:
    """The elder form: pairs of seconds and counts, without a word on what is incomplete."""
    data: Any = dig(reply.json, "data")
    if reply.trouble or not isinstance(data, list):
        return _unknown(since, until, reply.trouble or "an unknown form of answer")
    counts = [number(dig(one, 1, 0, "count")) for one in data]
    if any(count is None for count in counts):
        return _unknown(since, until, "an unknown form of answer")
    failed = int(sum(count or 0.0 for count in counts))
    note = f"{UNIT}; an older Sentry, which does not say how far behind it is"
    return Rate(source=RateSource.SENTRY, since=since, until=until, failed=failed, total=None, note=note)
