"""Linear: one issue for an incident, comments for what follows, by GraphQL.

Linear knows no idempotency key, but takes ids that we choose: made of the incident and the milestone, so that a second
attempt collides with the first. Which words a collision has is written nowhere: after any refusal it is asked
whether the thing is there.
"""

import hashlib
import re
import uuid
from typing import Annotated, Any

import msgspec

from tui.drivers.secrets import Token
from tui.drivers.vendors.api import Api, RateLimit, Reply, dig, listed, with_token
from tui.drivers.vendors.base import Tracker, Vendor
from tui.drivers.vendors.markdown import body
from tui.drivers.vendors.tickets import TicketSpec, section
from tui.model import value_parsers
from tui.model.finding import Finding, Result
from tui.model.notice import Message, Receipt
from tui.text.clean import clean_line
from tui.text.redact import redact

FIX = "an API key of a member of that team (Linear: Settings, Security & access); where is the team's id"
LIMIT = RateLimit("x-ratelimit-requests-remaining", "x-ratelimit-requests-reset", "milliseconds")
LONGEST_BODY = 60_000
PRIORITIES = {"P1": 1, "P2": 2, "P3": 3, "P4": 4}
"""urgent, high, medium, low"""
FINAL = frozenset(("INPUT_ERROR", "INVALID_INPUT", "AUTHENTICATION_ERROR", "FORBIDDEN", "GRAPHQL_VALIDATION_FAILED",
                   "BAD_USER_INPUT", "FEATURE_NOT_ACCESSIBLE"))  # fmt: skip

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

CREATE = """mutation($input: IssueCreateInput!) {
  issueCreate(input: $input) { success issue { id identifier url } } }"""
COMMENT = """mutation($input: CommentCreateInput!) {
  commentCreate(input: $input) { success comment { id url } } }"""
ISSUE = "query($id: String!) { issue(id: $id) { id identifier url description } }"
SAID = "query($id: String!) { comment(id: $id) { id url } }"
TEAM = "query($id: String!) { viewer { name } team(id: $id) { id key name } }"
LABELS = """query($names: [String!]) {
  issueLabels(filter: { name: { in: $names } }, first: 50) { nodes { id name team { id } } } }"""


class LinearSpec(TicketSpec):
    """The team in which an incident's ticket is made."""

    where: Annotated[str, value_parsers.slug, "the team's id, in which the issue is made"] = msgspec.field(
        name="linear"
    )
    url: Annotated[str, value_parsers.base, "address of the API"] = "https://api.linear.app"
    token_env: Annotated[str, value_parsers.variable, "name of the environment variable that holds the API key"] = (
        "LINEAR_API_KEY"  # noqa: S105 - the name of a variable
    )


def _authorized(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}" if token.startswith("lin_oauth_") else token}


class LinearIssues(Tracker):
    """One team."""

    def __init__(self, spec: LinearSpec, token: Token) -> None:
        self._spec = spec
        self._api = Api(spec.url, with_token(token, _authorized), LIMIT)

    async def close(self) -> None:
        """End the connections."""
        await self._api.close()

    async def open(self, message: Message) -> Receipt:
        """The incident's issue: a new one, or the one that is there, with this said in it."""
        identity = own_id(f"rollback-{message.incident}-{self._spec.where}")
        there = await self._ask(ISSUE, id=identity)
        if not there.trouble:
            return await self._again(message, dig(there.json, "data", "issue"))
        if _hopeless(there):
            return there.receipt()
        labels, missing = await self._labels()
        asked = {
            "id": identity,
            "teamId": self._spec.where,
            "title": clean_line(message.title, 255),
            "description": body(message, LONGEST_BODY),
            **({"labelIds": labels} if labels else {}),
            **({"priority": PRIORITIES[message.severity]} if message.severity in PRIORITIES else {}),
        }
        reply, made = await self._make((CREATE, "issueCreate", "issue"), asked, ISSUE)
        if made is None:
            return reply.receipt()
        said = f", without {', '.join(missing)}: Linear knows no such label" if missing else ""
        detail = clean_line(f"{dig(made, 'identifier')}{said}", 200)
        return Receipt(delivered=True, detail=detail, ref=identity, link=_link(made))

    async def comment(self, message: Message, ref: str) -> Receipt:
        """Comment on the issue `ref`, unless this message is there already."""
        identity = own_id(f"{message.key}-{ref}")
        asked = {"id": identity, "issueId": ref, "body": body(message, LONGEST_BODY)}
        reply, made = await self._make((COMMENT, "commentCreate", "comment"), asked, SAID)
        if made is None:
            return reply.receipt()
        return Receipt(delivered=True, detail="commented", ref=ref, link=_link(made))

    async def check(self, subject: str, topic: str) -> Finding:
        """Key and team, by reading both."""
        reply = await self._ask(TEAM, id=self._spec.where)
        if reply.trouble:
            text = f"{topic}: {reply.trouble}"
            return Finding(subject=subject, topic=topic, result=Result.FINDING, text=text, fix=FIX)
        identity = dig(reply.json, "data", "team", "id")
        if identity != self._spec.where:
            text, fix = f"{topic}: {self._spec.where!r} is not the team's id", f"services.yaml: linear: {identity}"
            return Finding(subject=subject, topic=topic, result=Result.FINDING, text=text, fix=clean_line(fix, 200))
        team, who = dig(reply.json, "data", "team", "name"), dig(reply.json, "data", "viewer", "name")
        text = clean_line(f"{topic}: issues of {team} in Linear, as {who}", 200)
        return Finding(subject=subject, topic=topic, result=Result.OK, text=text)

    async def _make(self, mutation: tuple[str, str, str], asked: dict[str, Any], query: str) -> tuple[Reply, Any]:
        """The answer, and what was made or was there already under its id; None where neither is."""
        text, name, kind = mutation
        reply = await self._ask(text, input=asked)
        made = dig(reply.json, "data", name, kind)
        if not reply.trouble and made is not None:
            return reply, made
        if not _hopeless(reply):  # somebody was faster, or an attempt whose answer was lost
            there = await self._ask(query, id=asked["id"])
            if not there.trouble:
                return reply, dig(there.json, "data", kind)
        return (reply if reply.trouble else Reply(trouble="an unknown form of answer")), None

    async def _again(self, message: Message, made: Any) -> Receipt:
        """The issue was made before: by this very message, or by an earlier one whose answer was lost."""
        ref, detail = str(dig(made, "id")), clean_line(str(dig(made, "identifier")), 100)
        if message.key in str(dig(made, "description")):
            return Receipt(delivered=True, detail=detail, ref=ref, link=_link(made))
        told = await self.comment(message, ref)
        return Receipt(
            delivered=told.delivered, detail=detail if told.delivered else told.detail, ref=ref, link=_link(made),
            retry_after=told.retry_after, final=told.final,
        )  # fmt: skip

    async def _labels(self) -> tuple[list[str], list[str]]:
        """Ids of the labels, and the names that lead to none."""
        given = [label for label in self._spec.labels if _UUID.fullmatch(label)]
        names = [label for label in self._spec.labels if label not in given]
        if not names:
            return given, []
        reply = await self._ask(LABELS, names=names)
        nodes = listed(reply.json, "data", "issueLabels", "nodes")
        ours = [one for one in nodes if dig(one, "team", "id") in (None, self._spec.where)]
        found = {str(dig(one, "name")): str(dig(one, "id")) for one in ours}
        return [*given, *(found[name] for name in names if name in found)], [n for n in names if n not in found]

    async def _ask(self, query: str, **variables: Any) -> Reply:
        """One question; errors[] with 200, and a limit as HTTP 400, become trouble."""
        reply = await self._api.ask("POST", "/graphql", {"query": query, "variables": variables})
        first = dig(reply.json, "errors", 0)
        if first is None:
            return reply
        code = str(dig(first, "extensions", "code") or dig(first, "extensions", "type") or "")
        text = dig(first, "extensions", "userPresentableMessage") or dig(first, "message") or code
        said = clean_line(redact(str(text)), 200)
        if code.upper() == "RATELIMITED":
            trouble = "Linear asks us to wait"
            return Reply(status=reply.status, json=reply.json, trouble=trouble, retry_after=reply.retry_after or 60.0)
        words = reply.trouble if reply.status == 401 else f"Linear says no: {said}"
        final = reply.final or code.upper() in FINAL
        return Reply(status=reply.status, json=reply.json, trouble=words, said=said, final=final)


VENDOR = Vendor(name="linear", section=section(LinearSpec, "linear", "the team's id"), tracker=LinearIssues)


def own_id(of: str) -> str:
    """The same UUID for the same thing. Linear wants the form of version 4, so its bits are set."""
    return str(uuid.UUID(bytes=hashlib.sha256(of.encode()).digest()[:16], version=4))


def _hopeless(reply: Reply) -> bool:
    """True if the next question would fare no better."""
    return reply.doubt or reply.retry_after is not None or reply.status in (0, 401, 403) or reply.status >= 500


def _link(made: Any) -> str | None:
    link = dig(made, "url")
    return clean_line(link, 300) if isinstance(link, str) and link.startswith("https://") else None
