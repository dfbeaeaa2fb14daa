"""GitHub Issues: one issue for an incident, found again by a line of our own, and comments for what follows.

The issues of the repository are listed, not searched: the search index is behind, and a retry would not find what the
first attempt made.
"""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from tui.drivers.secrets import Token
from tui.drivers.vendors.api import MOVED, Api, RateLimit, Reply, dig, listed, segment, with_token
from tui.drivers.vendors.base import Tracker, Vendor
from tui.drivers.vendors.markdown import body, marker
from tui.drivers.vendors.tickets import TicketSpec, section
from tui.model import value_parsers
from tui.model.finding import Finding, Result
from tui.model.notice import Message, Receipt
from tui.text.clean import clean_line

FIX = "a token with the permission Issues: read and write for that repository"
LONGEST_TITLE = 256
LIMIT = RateLimit("x-ratelimit-remaining", "x-ratelimit-reset", "epoch")
LONGEST_BODY = 60_000
"""characters; GitHub takes 65536"""
PAGES = 5
"""of 100 issues each: ours is among the newest"""


_NAME = r"[A-Za-z0-9_-]{1,39}/(?!\.{1,2}(?:\.git)?/?$)[A-Za-z0-9._-]{1,100}"
_AT = r"[A-Za-z0-9.-]*(?:github|ghe)[A-Za-z0-9.-]*"
# no `(?:git@)`: what prints the schema would take it for a password in an address
REPOSITORY = (
    rf"(?:(?:git\+)?(?:https?|ssh|git)://(git@)?{_AT}(?::[0-9]{{1,5}})?/|git@{_AT}:/?|(?:www\.)?github\.com/)?"
    rf"({_NAME})/?"
)


def repository(text: str) -> str:
    """The name of a repository, `owner/repository`, also out of the address that Git or a browser has for it."""
    found = re.fullmatch(REPOSITORY, text)
    if found is None:
        raise ValueError(f"{text!r} is no repository of GitHub; write owner/repository")
    return found[2].removesuffix(".git")


value_parsers.PATTERNS[repository] = REPOSITORY


class GitHubSpec(TicketSpec):
    """The repository in which an incident's ticket is made."""

    where: Annotated[str, repository, "owner/repository in which the issue is made"] = msgspec.field(name="github")
    url: Annotated[str, value_parsers.base, "address of the API of GitHub Enterprise"] = "https://api.github.com"
    token_env: Annotated[str, value_parsers.variable, "name of the environment variable that holds the token"] = (
        "GITHUB_TOKEN"  # noqa: S105 - the name of a variable
    )


class GitHubIssues(Tracker):
    """One repository."""

    def __init__(self, spec: GitHubSpec, token: Token) -> None:
        self._spec = spec
        fixed = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        headers = with_token(token, lambda now: {**fixed, "Authorization": f"Bearer {now}"})
        self._api = Api(_base(spec.url), headers, LIMIT, moved=(*MOVED, 302))
        self._where = repository(spec.where)
        owner, _, name = self._where.partition("/")
        self._repository = f"/repos/{segment(owner)}/{segment(name)}"

    async def close(self) -> None:
        """End the connections."""
        await self._api.close()

    async def open(self, message: Message) -> Receipt:
        """The incident's issue: the one that is there, with this said in it, or a new one."""
        known = await self._find(message)
        if isinstance(known, Receipt):
            return known
        if known is not None:
            ref = str(dig(known, "number"))
            if message.key in str(dig(known, "body")):
                return Receipt(delivered=True, detail=f"{self._where}#{ref}", ref=ref, link=_link(known))
            told = await self.comment(message, ref)
            return Receipt(
                delivered=told.delivered, detail=told.detail, ref=ref, link=_link(known),
                retry_after=told.retry_after, final=told.final,
            )  # fmt: skip
        title = clean_line(message.title, LONGEST_TITLE)
        asked: dict[str, Any] = {"title": title, "body": body(message, LONGEST_BODY)}
        if self._spec.labels:
            asked["labels"] = list(self._spec.labels)
        reply = await self._api.ask("POST", f"{self._repository}/issues", asked)
        if reply.trouble or not isinstance(dig(reply.json, "number"), int):
            return self._failed(reply)
        ref = str(dig(reply.json, "number"))
        have = {str(dig(label, "name")).lower() for label in listed(reply.json, "labels")}
        dropped = [label for label in self._spec.labels if label.lower() not in have]
        said = f", without {', '.join(dropped)}: the token may not push, GitHub drops labels then" if dropped else ""
        return Receipt(delivered=True, detail=f"{self._where}#{ref}{said}", ref=ref, link=_link(reply.json))

    async def comment(self, message: Message, ref: str) -> Receipt:
        """Comment on the issue `ref`, unless this message is there already."""
        path = f"{self._repository}/issues/{segment(ref)}/comments"
        for page in range(1, PAGES + 1):
            reply = await self._api.get(path, [("per_page", "100"), ("page", str(page))])
            if reply.trouble or not isinstance(reply.json, list):
                return self._failed(reply)
            found = next((one for one in reply.json if message.key in str(dig(one, "body"))), None)
            if found is not None:
                return Receipt(delivered=True, detail=f"{self._where}#{ref}", ref=ref, link=_link(found))
            if len(reply.json) < 100:
                break
        reply = await self._api.ask("POST", path, {"body": body(message, LONGEST_BODY)})
        if reply.trouble:
            return self._failed(reply)
        return Receipt(delivered=True, detail=f"{self._where}#{ref}", ref=ref, link=_link(reply.json))

    async def check(self, subject: str, topic: str) -> Finding:
        """Repository and rights, by reading it."""
        reply = await self._api.get(self._repository)
        where, told = self._where, reply.json

        def wrong(text: str, fix: str) -> Finding:
            return Finding(subject=subject, topic=topic, result=Result.FINDING, text=f"{topic}: {text}", fix=fix)

        if reply.trouble:
            return wrong(self._failed(reply).detail, _fix(reply))
        if not isinstance(dig(told, "has_issues"), bool):
            return wrong(f"what answers for {where} is not GitHub: it names no repository", URL_FIX)
        if dig(told, "archived") is True:
            return wrong(
                f"{where} is archived: nothing can be written there", "unarchive it, or name another repository"
            )
        if dig(told, "disabled") is True:
            return wrong(f"{where} is disabled by GitHub", "name another repository")
        if dig(told, "has_issues") is False:
            return wrong(f"issues are switched off in {where}", "switch them on, or name another repository")
        listed = await self._api.get(f"{self._repository}/issues", [("per_page", "1")])
        if listed.trouble:
            return wrong(self._failed(listed).detail, _fix(listed))
        if reply.moved:
            name = dig(told, "full_name")
            new = clean_line(name, 150) if isinstance(name, str) else reply.moved
            text = f"{topic}: issues in {where}, which was renamed: it is {new} now"
            fix = f"write {new} in services.yaml: the old name may be given to another repository"
            return Finding(subject=subject, topic=topic, result=Result.NOTE, text=text, fix=fix)
        if self._spec.labels and dig(reply.json, "permissions", "push") is False:
            text = f"{topic}: issues in {where}, but without labels: the token may not push"
            return Finding(subject=subject, topic=topic, result=Result.NOTE, text=text, fix=FIX)
        return Finding(subject=subject, topic=topic, result=Result.OK, text=f"{topic}: issues in {where}")

    async def _find(self, message: Message) -> Any:
        """The incident's issue, None where there is none yet, or a Receipt of the trouble."""
        wanted = marker(message.incident)
        newest = [("state", "all"), ("sort", "created"), ("direction", "desc"), ("per_page", "100")]
        for page in range(1, PAGES + 1):
            reply = await self._api.get(f"{self._repository}/issues", [*newest, ("page", str(page))])
            if reply.trouble or not isinstance(reply.json, list):
                return self._failed(reply)
            for one in reply.json:
                text = dig(one, "body")
                if isinstance(text, str) and wanted in text and dig(one, "pull_request") is None:
                    return one
            if len(reply.json) < 100:
                break
        return None

    def _failed(self, reply: Reply) -> Receipt:
        where, said = self._where, reply.said.lower()
        match reply.status:
            case 404 if reply.json is None:
                trouble = f"what answers for {where} is no API of GitHub: HTTP 404, without JSON"
            case 404:
                trouble = f"{where} is not there, or the token may not see it"
            case 410:
                trouble = f"issues are switched off in {where}, or the issue was deleted"
            case 451:
                trouble = f"{where} is blocked by GitHub"
            case 403 if "archived" in said:
                trouble = f"{where} is archived: nothing can be written there"
            case 403 if "is locked" in said:
                trouble = f"the issue in {where} is locked"
            case 403 if "saml" in said or "x-github-sso" in reply.headers:
                trouble = (
                    f"the token is not authorised for the organisation of {where} (SAML): do that in GitHub's settings"
                )
            case 301 | 307 | 308:
                trouble = f"{where} was renamed or moved: {reply.trouble}"
            case 422 if (fields := _fields(reply)) and fields not in said:
                trouble = f"{reply.trouble}: {fields}"
            case _:
                trouble = reply.trouble or "an unknown form of answer"
        if reply.moved and "/repos" not in reply.moved:
            trouble = f"{where} is asked for at {reply.moved}: {trouble}"
        elif reply.moved:
            trouble = f"{where} was renamed, and under its new address ({reply.moved}): {trouble}"
        return Receipt(delivered=False, detail=trouble, retry_after=reply.retry_after, final=reply.final)


VENDOR = Vendor(name="github", section=section(GitHubSpec, "github", "owner/repository"), tracker=GitHubIssues)


def _link(one: Any) -> str | None:
    link = dig(one, "html_url")
    return clean_line(link, 300) if isinstance(link, str) and link.startswith("https://") else None


URL_FIX = "is the url right? GitHub Enterprise has its API at https://HOST/api/v3; github.com needs no url"


def _fix(reply: Reply) -> str:
    """The fix for a trouble that `check` found."""
    said = reply.said.lower()
    if reply.retry_after is not None or reply.status in (408, 425, 429) or reply.status >= 500:
        return "it passes: tickets are tried again by themselves; https://www.githubstatus.com says how GitHub is"
    if reply.status == 0:
        return "can this machine reach it? try: curl -I https://api.github.com (or the url of services.yaml)"
    if reply.status < 400 or reply.json is None:
        return URL_FIX
    if reply.status in (410, 451):
        return "switch issues on, or name another repository" if reply.status == 410 else "name another repository"
    if reply.status == 403 and ("saml" in said or "x-github-sso" in reply.headers):
        return "in GitHub's settings, under the token: Configure SSO, Authorize"
    if reply.status == 403 and "ip allow list" in said:
        return "the organisation's owner adds this machine's address to its IP allow list"
    if reply.status == 403 and ("forbids access via" in said or "suspended" in said or "blocked" in said):
        return "a token of the kind that the organisation allows, or another repository"
    return FIX


def _fields(reply: Reply) -> str:
    """Which fields GitHub did not like, and why."""
    told = [one for one in listed(reply.json, "errors") if isinstance(one, dict)]
    words = (" ".join(str(one[key]) for key in ("resource", "field", "code") if one.get(key)) for one in told[:3])
    return clean_line("; ".join(filter(None, words)), 150)


def _base(url: str) -> str:
    """The address of the API, where a browser's is written."""
    return "https://api.github.com" if (urlsplit(url).hostname or "") in ("github.com", "www.github.com") else url
