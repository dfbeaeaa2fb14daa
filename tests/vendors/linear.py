"""Linear's GraphQL API, validated and executed against its schema as far as it is used (`schemas/linear.graphql`).

How errors come is after https://linear.app/developers/graphql and /rate-limiting (2026-11-25). Which words it has for
an id that is taken is written nowhere: that answer is a guess, and nothing may depend on its words.
"""

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

import graphql

from tests.vendors.server import SCHEMAS, Answer, Received, Vendor

TOKEN = "lin_api_standin0123456789abcdef"
TEAM = "9cfb482a-81e3-4154-b5b9-2c805e70a02d"
LABEL = "b5d5b2a7-6c1f-4d53-9e7b-0d9f4f0c1a11"


class Linear(Vendor):
    """One team, ENG, with one label, incident."""

    name: ClassVar[str] = "linear"
    faults: ClassVar[tuple[str, ...]] = ("ratelimited", "errors-ok", "missing")

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self._schema = graphql.build_schema((SCHEMAS / "linear.graphql").read_text())
        self.issues: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, dict[str, Any]] = {}

    def answer(self, request: Received) -> Answer:
        """Validate, execute."""
        if request.headers.get("authorization") != TOKEN:
            return self.unauthorized()
        if [request.method, *request.parts] != ["POST", "graphql"] or not isinstance(request.body, dict):
            self.complain(f"{request.method} {request.path}")
            return Answer(status=404, body={})
        text, variables = request.body.get("query", ""), request.body.get("variables") or {}
        wrong = graphql.validate(self._schema, graphql.parse(text))
        if wrong:
            self.complain(wrong[0].message)
            return Answer(status=400, body=_errors(wrong[0].message, "GRAPHQL_VALIDATION_FAILED"))
        done = graphql.graphql_sync(self._schema, text, self, variable_values=variables)
        if any(error.path is None for error in done.errors or ()):  # of the variables: no resolver was asked
            self.complain(str(done.errors))
            return Answer(status=400, body=_errors(str(done.errors), "GRAPHQL_VALIDATION_FAILED"))
        if done.errors:
            return Answer(body={"data": None, **_errors(done.errors[0].message, "INVALID_INPUT", user=True)})
        return Answer(body={"data": done.data})

    # ── resolvers ────────────────────────────────────────────────────────────────────────────────────────────────

    def viewer(self, _: Any) -> dict[str, Any]:
        """Who asks."""
        return {"id": "u1", "name": "rollback", "email": "bot@acme.example"}

    def team(self, _: Any, id: str) -> dict[str, Any]:  # noqa: A002 - the argument's name there
        """The team, by id or key."""
        if id not in (TEAM, "ENG"):
            raise ValueError("Entity not found: Team")
        return {"id": TEAM, "key": "ENG", "name": "Engineering"}

    def issue(self, _: Any, id: str) -> dict[str, Any]:  # noqa: A002 - the argument's name there
        """One issue."""
        if id not in self.issues:
            raise ValueError("Entity not found: Issue")
        return self.issues[id]

    def comment(self, _: Any, id: str) -> dict[str, Any]:  # noqa: A002 - the argument's name there
        """One comment."""
        if id not in self.comments:
            raise ValueError("Entity not found: Comment")
        return self.comments[id]

    def issueLabels(self, _: Any, filter: dict[str, Any], first: int = 50) -> dict[str, Any]:  # noqa: A002, N802
        """Labels by name."""
        wanted = filter["name"]["in"]
        return {"nodes": [{"id": LABEL, "name": "incident"}] if "incident" in wanted else []}

    def issueCreate(self, _: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002, N802 - the names there
        """Make an issue."""
        self._fresh(input["id"], self.issues)
        if input["teamId"] != TEAM:
            raise ValueError("Entity not found: Team")
        number = len(self.issues) + 1
        made = {**input, "identifier": f"ENG-{number}", "url": f"https://linear.app/acme/issue/ENG-{number}"}
        self.issues[input["id"]] = made
        return {"success": True, "lastSyncId": 1, "issue": made}

    def commentCreate(self, _: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002, N802 - the names there
        """Make a comment."""
        self._fresh(input["id"], self.comments)
        if input["issueId"] not in self.issues:
            raise ValueError("Entity not found: Issue")
        made = {**input, "url": f"{self.issues[input['issueId']]['url']}#comment-{len(self.comments) + 1}"}
        self.comments[input["id"]] = made
        return {"success": True, "lastSyncId": 2, "comment": made}

    def _fresh(self, identity: str, among: dict[str, dict[str, Any]]) -> None:
        if uuid.UUID(identity).version != 4:
            self.complain(f"{identity} is no UUID v4, which its schema asks for")
        if identity in among:
            raise ValueError("Entity with that id already exists")

    # ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────

    def limited(self) -> Answer:
        """HTTP 400 and a code; when there is more again stands in a header, in milliseconds."""
        reset = int(datetime.now(UTC).timestamp() * 1000) + 45_000
        headers = {"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": str(reset)}
        return Answer(status=400, body=_errors("Rate limit exceeded", "RATELIMITED"), headers=headers)

    def unauthorized(self) -> Answer:
        """A key that is not known."""
        words = "Authentication required, not authenticated"
        return Answer(status=401, body=_errors(words, "AUTHENTICATION_ERROR", user=True))

    def broken(self) -> Answer:
        """Their own fault."""
        return Answer(status=500, body=_errors("Internal server error", "INTERNAL_SERVER_ERROR"))

    def fault(self, kind: str) -> Answer:
        """A limit; errors with 200; something that is not there."""
        if kind == "missing":
            return Answer(body={"data": None, **_errors("Entity not found: Issue", "INVALID_INPUT", user=True)})
        if kind == "ratelimited":
            return self.limited()
        return Answer(body={"data": None, **_errors("conflict on insert", "INTERNAL_SERVER_ERROR")})


def _errors(message: str, code: str, *, user: bool = False) -> dict[str, Any]:
    presentable = {"userPresentableMessage": message} if user else {}
    extensions = {"code": code, "type": code.lower(), "userError": user, **presentable}
    return {"errors": [{"message": message, "extensions": extensions}]}
