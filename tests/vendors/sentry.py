"""Sentry's events-timeseries, events-stats, issues, flag logs and projects.

Answers after https://docs.sentry.io/api/ (2026-11-25)."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from tests.vendors.server import Answer, Received, Refused, Vendor, bearer

TOKEN = "sntrys_stand_in_0a1b2c3d4e5f"
RATE_HEADERS = ("X-Sentry-Rate-Limit-Limit", "X-Sentry-Rate-Limit-Remaining", "X-Sentry-Rate-Limit-Reset")


class Sentry(Vendor):
    """One organization, `acme`, with the project `api` (id 4501)."""

    name: ClassVar[str] = "sentry"
    faults: ClassVar[tuple[str, ...]] = ("forbidden", "gone")

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self.per_minute = 5
        self.incomplete = 0
        """how many of the newest buckets are"""
        self.has_timeseries = True
        """False: an older one, hosted by oneself"""
        self.takes_slugs = True
        """False: projects are filtered by number only, as older ones do"""
        self.issues: list[dict[str, Any]] = [
            issue("4509", "ZeroDivisionError: division by zero", "2026-11-25T15:40:00Z")
        ]

        self.flags: list[dict[str, Any]] = [flag(1, "new-checkout-flow", "2026-11-25T15:38:00.000000+00:00")]

    def answer(self, request: Received) -> Answer:
        """Route, check, answer."""
        bearer(request, TOKEN, self.unauthorized())
        match [request.method, *request.parts]:
            case ["GET", "api", "0", "organizations", "acme", "events-timeseries"] if self.has_timeseries:
                self.operation("events-timeseries", request)
                self._project(request)
                return self._timeseries(request)
            case ["GET", "api", "0", "organizations", "acme", "events-stats"]:
                self.operation("events-stats", request)
                self._project(request)
                return self._stats(request)
            case ["GET", "api", "0", "organizations", "acme", "issues"]:
                self.operation("issues", request)
                self._project(request)
                return self._issues(request)
            case ["GET", "api", "0", "organizations", "acme", "flags", "logs"]:
                self.operation("flags-logs", request)
                return Answer(body={"data": self.flags[: int(request.query["per_page"][0])]})
            case ["GET", "api", "0", "projects", "acme", "api" | "4501"]:
                return Answer(body={"id": "4501", "slug": "api", "name": "api", "organization": {"slug": "acme"}})
        return Answer(status=404, body={"detail": "The requested resource does not exist"})

    def _project(self, request: Received) -> None:
        found = request.query.get("project", [])
        if not self.takes_slugs and any(not one.isdigit() for one in found):
            raise Refused(Answer(status=400, body={"detail": "Invalid project parameter. Values must be numbers."}))
        if found not in (["api"], ["4501"]):
            raise Refused(Answer(status=403, body={"detail": "You do not have permission to perform this action."}))

    def _buckets(self, request: Received) -> list[int]:
        start, end = (_moment(request.query[key][0]) for key in ("start", "end"))
        step = int(request.query["interval"][0])
        return list(range(int(start) // step * step, int(end), step))

    def _timeseries(self, request: Received) -> Answer:
        found = self._buckets(request)
        values = [
            {"timestamp": at * 1000, "value": self.per_minute, "incomplete": number >= len(found) - self.incomplete}
            for number, at in enumerate(found)
        ]
        meta = {"valueUnit": None, "valueType": "integer", "interval": 60000}
        series = [{"values": values, "yAxis": "count()", "meta": meta}]
        edges = {"start": found[0] * 1000, "end": found[-1] * 1000}
        return Answer(body={"timeSeries": series, "meta": {"dataset": "errors", **edges}})

    def _stats(self, request: Received) -> Answer:
        data = [[at, [{"count": self.per_minute}]] for at in self._buckets(request)]
        return Answer(body={"data": data, "start": data[0][0], "end": data[-1][0], "isMetricsData": False})

    def _issues(self, request: Received) -> Answer:
        limit = int(request.query["limit"][0])
        headers = {"X-Hits": str(len(self.issues)), "X-Max-Hits": "1000"}
        return Answer(body=self.issues[:limit], headers=headers)

    def limited(self) -> Answer:
        """No Retry-After here: the moment of the reset stands in a header of their own."""
        values = ("40", "0", str(int(datetime.now(UTC).timestamp()) + 12))
        words = "You are attempting to use this endpoint too frequently. Limit is 40 requests in 1 seconds"
        return Answer(status=429, body={"detail": words}, headers=dict(zip(RATE_HEADERS, values, strict=True)))

    def unauthorized(self) -> Answer:
        """As the documentation's 401."""
        return Answer(status=401, body={"detail": "Invalid token"})

    def broken(self) -> Answer:
        """Their own fault."""
        return Answer(status=500, body={"detail": "Internal Error", "errorId": None})

    def invalid(self, message: str) -> Answer:
        """A bad request."""
        return Answer(status=400, body={"detail": message})

    def fault(self, kind: str) -> Answer:
        """A token without the scope; an organization that is not there."""
        if kind == "gone":
            return Answer(status=404, body={"detail": "The requested resource does not exist"})
        return Answer(status=403, body={"detail": "You do not have permission to perform this action."})


def issue(number: str, title: str, first_seen: str) -> dict[str, Any]:
    """One issue, as much of it as the documentation's example has in common with everybody's."""
    return {
        "id": number,
        "shortId": f"API-{number}",
        "title": title,
        "culprit": "api.handle",
        "permalink": f"https://acme.sentry.io/issues/{number}/",
        "level": "error",
        "status": "unresolved",
        "count": "12",
        "userCount": 3,
        "firstSeen": first_seen,
        "lastSeen": first_seen,
        "project": {"id": "4501", "name": "api", "slug": "api"},
    }


def flag(number: int, name: str, at: str) -> dict[str, Any]:
    """One entry of the log, as the documentation's example."""
    return {
        "id": number,
        "action": "updated",
        "createdAt": at,
        "createdBy": "jane.doe@example.com",
        "createdByType": "email",
        "flag": name,
        "provider": "launchdarkly",
        "tags": {"environment": "production"},
    }


def _moment(text: str) -> float:
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC).timestamp()
