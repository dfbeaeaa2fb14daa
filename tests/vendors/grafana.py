"""Grafana's annotations: POST and GET /api/annotations, as grafana.com/docs describes them (12.4, read 2026-11-29)."""

from typing import Any, ClassVar

from tests.vendors.server import Answer, Received, Vendor, bearer

TOKEN = "glsa_standin1234567890abcdefABCDEF_1a2b3c4d"


class Grafana(Vendor):
    """One organization's annotations."""

    name: ClassVar[str] = "grafana"

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self.annotations: list[dict[str, Any]] = []

    def answer(self, request: Received) -> Answer:
        """Find or create. Raises Refused."""
        bearer(request, TOKEN, self.unauthorized())
        if request.path != "/api/annotations":
            return Answer(status=404, body={"message": "Not found"})
        if request.method == "GET":
            self.operation("find", request)
            wanted = set(request.query.get("tags", []))
            found = [one for one in reversed(self.annotations) if wanted <= set(one["tags"])]
            return Answer(body=found[: int(request.query.get("limit", ["100"])[0])])
        self.operation("create", request)
        number = len(self.annotations) + 1
        self.annotations.append({"id": number, **request.body})
        return Answer(body={"message": "Annotation added", "id": number})

    def unauthorized(self) -> Answer:
        """A token that is not known."""
        return Answer(status=401, body={"message": "Invalid API key"})
