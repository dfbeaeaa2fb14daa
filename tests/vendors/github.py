"""GitHub's issues of one repository, acme/api.

Answers after https://docs.github.com/rest/issues/issues (2026-11-25)."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from tests.vendors.server import Answer, Received, Vendor, bearer

TOKEN = "github_pat_stand_in_11AAAAAAA0"
DOCS = "https://docs.github.com/rest/issues/issues"


class GitHub(Vendor):
    """acme/api, with issues and comments."""

    name: ClassVar[str] = "github"
    faults: ClassVar[tuple[str, ...]] = ("secondary", "primary", "disabled", "forbidden")

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.may_push = True

    def answer(self, request: Received) -> Answer:
        """Route, check, answer."""
        if not request.headers.get("user-agent"):
            return Answer(
                status=403,
                body="Request forbidden by administrative rules. Please make sure your request has a User-Agent.",
            )
        bearer(request, TOKEN, self.unauthorized())
        match [request.method, *request.parts]:
            case ["GET", "repos", "acme", "api"]:
                self.operation("any", request)
                rights = {"admin": False, "push": self.may_push, "pull": True, "triage": self.may_push}
                return Answer(body={"full_name": "acme/api", "has_issues": True, "permissions": rights})
            case ["GET", "repos", "acme", "api", "issues"]:
                self.operation("list", request)
                return Answer(body=self._page(sorted(self.issues, key=lambda i: -i["number"]), request))
            case ["POST", "repos", "acme", "api", "issues"]:
                self.operation("create", request)
                return self._create(request.body)
            case ["GET", "repos", "acme", "api", "issues", number, "comments"] if self._has(number):
                self.operation("comments", request)
                return Answer(body=self._page(self.comments.get(int(number), []), request))
            case ["POST", "repos", "acme", "api", "issues", number, "comments"] if self._has(number):
                self.operation("comment", request)
                return self._comment(int(number), request.body)
        return Answer(status=404, body={"message": "Not Found", "documentation_url": DOCS, "status": "404"})

    def _has(self, number: str) -> bool:
        return any(str(one["number"]) == number for one in self.issues)

    def _page(self, every: list[dict[str, Any]], request: Received) -> list[dict[str, Any]]:
        size, page = int(request.query["per_page"][0]), int(request.query.get("page", ["1"])[0])
        return every[(page - 1) * size : page * size]

    def _create(self, body: dict[str, Any]) -> Answer:
        labels = [{"name": name} for name in body.get("labels", ())] if self.may_push else []
        self.issues.append(issue(len(self.issues) + 1, body["title"], body.get("body", ""), labels))
        return Answer(status=201, body=self.issues[-1])

    def _comment(self, number: int, body: dict[str, Any]) -> Answer:
        found = self.comments.setdefault(number, [])
        link = f"https://github.com/acme/api/issues/{number}#issuecomment-{len(found) + 1}"
        found.append({"id": len(found) + 1, "body": body["body"], "html_url": link})
        return Answer(status=201, body=found[-1])

    def limited(self) -> Answer:
        """The primary limit."""
        return self.fault("primary")

    def unauthorized(self) -> Answer:
        """A token that is not known."""
        return Answer(status=401, body={"message": "Bad credentials", "documentation_url": DOCS, "status": "401"})

    def invalid(self, message: str) -> Answer:
        """Validation."""
        return Answer(status=422, body={"message": "Validation Failed", "errors": [message], "documentation_url": DOCS})

    def fault(self, kind: str) -> Answer:
        """Limits, issues that are switched off, a token without the right."""
        if kind == "disabled":
            return Answer(status=410, body={"message": "Issues has been disabled in this repository.", "status": "410"})
        if kind == "forbidden":
            return Answer(
                status=403, body={"message": "Resource not accessible by personal access token", "status": "403"}
            )
        if kind == "secondary":
            words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
            return Answer(status=403, body={"message": words, "documentation_url": DOCS}, headers={"Retry-After": "60"})
        reset = int((datetime.now(UTC) + timedelta(minutes=9)).timestamp())
        headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
        return Answer(status=403, body={"message": "API rate limit exceeded for user ID 1."}, headers=headers)


def issue(
    number: int, title: str, body: str, labels: list[dict[str, str]] | None = None, **more: Any
) -> dict[str, Any]:
    """One issue."""
    return {
        "id": 1000 + number,
        "number": number,
        "title": title,
        "body": body,
        "state": "open",
        "labels": labels or [],
        "html_url": f"https://github.com/acme/api/issues/{number}",
        "created_at": datetime.now(UTC).isoformat(),
        **more,
    }
