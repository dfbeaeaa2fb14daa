"""Sentry's releases and their deploys, as docs.sentry.io, API, Releases describes them (read 2026-11-29)."""

from typing import Any, ClassVar

from tests.vendors.server import Answer, Received, Vendor, bearer

TOKEN = "sntrys_standin_release_token_0123456789"


class SentryDeploys(Vendor):
    """The organization acme with the project api."""

    name: ClassVar[str] = "sentry_deploys"

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self.deploys: dict[str, list[dict[str, Any]]] = {}
        """by the version of their release"""

    def answer(self, request: Received) -> Answer:
        """Make what is asked for. Raises Refused."""
        bearer(request, TOKEN, Answer(status=401, body={"detail": "Invalid token"}))
        match [request.method, *request.parts]:
            case ["GET", "api", "0", "organizations", "acme", "releases"]:
                return Answer(body=[{"version": version} for version in self.deploys])
            case ["POST", "api", "0", "organizations", "acme", "releases"]:
                self.operation("release", request)
                if request.body["projects"] != ["api"]:
                    return Answer(status=400, body={"projects": ["Invalid project ids or slugs"]})
                known = request.body["version"] in self.deploys
                self.deploys.setdefault(request.body["version"], [])
                return Answer(status=208 if known else 201, body={"version": request.body["version"]})
            case [method, "api", "0", "organizations", "acme", "releases", version, "deploys"]:
                if version not in self.deploys:
                    return Answer(status=404, body={"detail": "The requested resource does not exist"})
                if method == "GET":
                    return Answer(body=self.deploys[version])
                self.operation("deploy", request)
                made = {"id": str(len(self.deploys[version]) + 1), "url": None, **request.body}
                self.deploys[version].append(made)
                return Answer(status=201, body=made)
        return Answer(status=404, body={"detail": "The requested resource does not exist"})
