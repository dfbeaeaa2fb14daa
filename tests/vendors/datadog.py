"""Datadog's POST /api/v1/events and GET /api/v1/validate, as docs.datadoghq.com describes them (read 2026-11-29)."""

from typing import Any, ClassVar

from tests.vendors.server import Answer, Received, Vendor

TOKEN = "0123456789abcdef0123456789abcdef"


class Datadog(Vendor):
    """One organization's event stream."""

    name: ClassVar[str] = "datadog"

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self.events: list[dict[str, Any]] = []

    def answer(self, request: Received) -> Answer:
        """Take an event, or say whether the key is valid. Raises Refused."""
        good = request.headers.get("dd-api-key") == TOKEN
        if (request.method, request.path) == ("GET", "/api/v1/validate"):
            return Answer(body={"valid": True}) if good else self.unauthorized()
        if not good:
            return self.unauthorized()
        if (request.method, request.path) != ("POST", "/api/v1/events"):
            return Answer(status=404, body={"errors": ["Not found"]})
        self.operation("post", request)
        self.events.append(request.body)
        return Answer(status=202, body={"status": "ok", "event": {"id": 7000000000 + len(self.events)}})

    def unauthorized(self) -> Answer:
        """A key that is not known."""
        return Answer(status=403, body={"errors": ["Forbidden"]})

    def invalid(self, message: str) -> Answer:
        """A request that is not of its form."""
        return Answer(status=400, body={"errors": [message]})
