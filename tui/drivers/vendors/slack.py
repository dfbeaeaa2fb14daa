"""Slack: one thread for an incident. Its first message is the parent, what follows answers it.

Slack says 200 to nearly everything; `ok` in the body is what counts. Nothing in a message becomes mark-up, a mention
or a preview.
"""

import re
from typing import Annotated
from urllib.parse import urlencode

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.api import Api, Reply, bearer, dig
from tui.drivers.vendors.base import Vendor
from tui.drivers.vendors.one_api import OneApiChannel
from tui.model import value_parsers
from tui.model.finding import Finding
from tui.model.notice import Delivery, Message, Milestone, Receipt
from tui.model.service import Service
from tui.model.vendor import Section, SectionPlace, VendorSettings
from tui.text.chat import silent
from tui.text.clean import clean_line

TOPIC = "thread"
LONGEST = 3900
"""characters after escaping: Slack splits or cuts what is longer than 4000"""
PASSING = frozenset(
    ("ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
     "team_added_to_org", "message_limit_exceeded")
)  # fmt: skip
"""errors that may be gone at the next attempt"""
HINTS = {
    "not_in_channel": "the bot is not in the channel: /invite it there",
    "channel_not_found": "there is no such channel, or the bot may not see it: /invite it there",
    "is_archived": "the channel is archived",
    "missing_scope": "the token lacks the scope chat:write",
    "invalid_auth": "the token is refused",
    "not_authed": "the token is refused",
    "token_revoked": "the token was revoked",
    "token_expired": "the token has expired",
    "account_inactive": "the bot was removed",
}


channel = value_parsers.of_form(
    r"#[^\s#@<>&]{1,80}|[CDG][A-Z0-9]{8,20}", "no channel; write '#incidents' (in quotes, # begins a comment) or its id"
)
"""reader of a channel's name or id"""


class ThreadSpec(VendorSettings):
    """The Slack channel in which an incident gets one thread."""

    channel: Annotated[str, channel, "the channel's name in quotes, or its id"]
    url: Annotated[str, value_parsers.base, "address of the API"] = "https://slack.com/api"
    token_env: Annotated[str, value_parsers.variable, "name of the environment variable that holds the bot's token"] = (
        "SLACK_BOT_TOKEN"  # noqa: S105 - the name of a variable
    )


SECTION = Section(SectionPlace.TOP, TOPIC, ThreadSpec)


class SlackThread(OneApiChannel):
    """The channel `thread`: told everything but the post-mortem, which is too long for a chat."""

    name = TOPIC

    def __init__(self, secrets: Secrets, spec: ThreadSpec | None) -> None:
        self._secrets, self._spec = secrets, spec
        token = secrets.held(spec.token_env) if spec is not None else None
        self._api = Api(spec.url, bearer(secrets.token(spec.token_env))) if spec is not None and token else None

    def wants(self, message: Message) -> bool:
        """Every milestone but the post-mortem's text."""
        return message.milestone is not Milestone.POSTMORTEM

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        """Post it, into the thread that an earlier message began."""
        if self._api is None or self._spec is None:
            return Receipt(delivered=False, detail="not set up", final=True)
        parent = earlier.ref if earlier is not None else None
        body = {
            "channel": self._spec.channel,
            "text": escaped(f"{message.title}\n{message.text}"),
            "mrkdwn": False,
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
            **({"thread_ts": parent} if parent else {}),
        }
        reply = _judge(await self._api.ask("POST", "/chat.postMessage", body))
        ts = dig(reply.json, "ts")
        if reply.doubt:
            # nothing tells whether it was posted, and Slack knows no idempotency key: better twice than not at all
            return Receipt(delivered=False, detail=f"{reply.trouble}; it may have been posted all the same")
        if reply.trouble or not isinstance(ts, str):
            return reply.receipt() if reply.trouble else Receipt(delivered=False, detail="Slack named no message")
        link = earlier.link if earlier is not None and parent else await self._link(dig(reply.json, "channel"), ts)
        return Receipt(delivered=True, detail=f"posted in {self._spec.channel}", ref=parent or ts, link=link)

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """Token and scope, by asking who it belongs to; whether the channel lets it in only a message would tell."""
        if self._spec is None:
            return (findings.absent(TOPIC, SECTION.path),)
        missing = findings.credential(self._secrets, "services", TOPIC, self._spec.token_env)
        if missing is not None or self._api is None:
            return (missing,) if missing is not None else ()
        reply = _judge(await self._api.ask("POST", "/auth.test", {}))
        scopes = [one.strip() for one in reply.headers.get("x-oauth-scopes", "").split(",")]
        if not reply.trouble and scopes != [""] and "chat:write" not in scopes:
            reply = Reply(trouble=HINTS["missing_scope"])
        who = clean_line(f"{dig(reply.json, 'user')} of {dig(reply.json, 'team')}", 100)
        works = f"{TOPIC}: posts in {self._spec.channel} as {who}, if it is invited there"
        fix = f"{self._spec.token_env}: a bot token (xoxb-…) with the scope chat:write"
        return (findings.judged(reply, "services", TOPIC, works, fix),)

    async def _link(self, channel: object, ts: str) -> str | None:
        """The address at which a message can be read; not worth a failure."""
        if self._api is None or not isinstance(channel, str):
            return None
        query = urlencode([("channel", channel), ("message_ts", ts)])
        found = dig(_judge(await self._api.ask("GET", f"/chat.getPermalink?{query}")).json, "permalink")
        return clean_line(found, 300) if isinstance(found, str) and found.startswith("https://") else None


VENDOR = Vendor(
    name="slack",
    section=SECTION,
    drivers=lambda given: (SlackThread(given.secrets, given.fleet.vendor(ThreadSpec)),),
)


def _judge(reply: Reply) -> Reply:
    """200 with ok: false is a failure."""
    error = dig(reply.json, "error")
    if reply.status == 429 or not isinstance(error, str) or dig(reply.json, "ok") is True:
        if not reply.trouble and dig(reply.json, "ok") is not True:
            return Reply(status=reply.status, trouble="an unknown form of answer")
        return reply
    said = HINTS.get(error, clean_line(error, 100))
    passing = error in PASSING or reply.status >= 500
    return Reply(
        status=reply.status, trouble=f"Slack says no: {said}", retry_after=reply.retry_after, final=not passing
    )


def escaped(text: str) -> str:
    """The text so that Slack shows it letter by letter and calls nobody; at most LONGEST characters and an ellipsis."""
    safe = silent(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return safe if len(safe) <= LONGEST else re.sub(r"&[a-z]*$", "", safe[:LONGEST]) + "…"
