"""PostHog's query endpoint. Answers after https://posthog.com/docs/api/queries (2026-11-25)."""

import re
from typing import Any, ClassVar

from tests.vendors.server import Answer, Received, Vendor, bearer

TOKEN = "phx_stand_in_6f5e4d3c2b1a"


class Posthog(Vendor):
    """One project, 77."""

    name: ClassVar[str] = "posthog"
    faults: ClassVar[tuple[str, ...]] = ("forbidden", "wrong-query", "slow-query")

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self.rows: list[list[Any]] = [[31, 7, 4120, 512]]
        """exceptions, users with one, events, active users"""
        self.cached_at: str | None = None

    def answer(self, request: Received) -> Answer:
        """Route, check, answer."""
        bearer(request, TOKEN, self.unauthorized())
        if [request.method, *request.parts] == ["GET", "api", "projects", "77"]:
            return Answer(body={"id": 77, "name": "scenextras"})
        if [request.method, *request.parts] != ["POST", "api", "projects", "77", "query"]:
            return Answer(status=404, body=_error("invalid_request", "not_found", "Not found."))
        self.operation("query", request)
        query = request.body["query"]["query"]
        columns = re.findall(r"\bAS (\w+)", query)
        rows = [[1]] if query == "SELECT 1" else self.rows
        return Answer(
            body={
                "results": rows,
                "columns": columns,
                "is_cached": self.cached_at is not None,
                "last_refresh": self.cached_at or "2026-11-25T15:50:00Z",
                "hasMore": False,
                "limit": 100,
                "hogql": query,
                "error": None,
            }
        )

    def limited(self) -> Answer:
        """Django REST framework's throttling."""
        words = "Request was throttled. Expected available in 12 seconds."
        return Answer(status=429, body=_error("throttled_error", "throttled", words), headers={"Retry-After": "12"})

    def unauthorized(self) -> Answer:
        """A key that is none, or a project's own."""
        words = "Personal API key found in request Authorization header is invalid."
        return Answer(status=401, body=_error("authentication_error", "authentication_failed", words))

    def broken(self) -> Answer:
        """Their own fault."""
        return Answer(status=500, body=_error("server_error", "error", "A server error occurred."))

    def invalid(self, message: str) -> Answer:
        """A bad request."""
        return Answer(status=400, body=_error("validation_error", "invalid_input", message))

    def fault(self, kind: str) -> Answer:
        """No scope; a query that is not understood; one that took too long."""
        if kind == "forbidden":
            words = "API key missing required scope 'query:read'"
            return Answer(status=403, body=_error("authentication_error", "permission_denied", words))
        if kind == "slow-query":
            words = "Query has hit the max execution time before completing."
            return Answer(status=504, body=_error("server_error", "estimated_query_execution_time_too_long", words))
        return self.invalid("Unable to resolve field: nothing")


def _error(kind: str, code: str, detail: str) -> dict[str, Any]:
    return {"type": kind, "code": code, "detail": detail, "attr": None}
