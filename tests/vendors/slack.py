"""Slack's chat.postMessage, chat.getPermalink and auth.test.

Answers after https://docs.slack.dev/reference/methods/chat.postMessage and
https://github.com/slackapi/slack-api-specs (bc08db4), read 2026-11-25.
"""

from typing import Any, ClassVar

from tests.vendors.server import Answer, Received, Vendor

TOKEN = "xoxb-stand-in-123456789012"
CHANNELS = {"#incidents": "C123ABC456", "C123ABC456": "C123ABC456"}


class Slack(Vendor):
    """One workspace with the channel #incidents, of which the bot is a member."""

    name: ClassVar[str] = "slack"
    faults: ClassVar[tuple[str, ...]] = ("not-ok", "not-in-channel", "internal")

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self.posted: list[dict[str, Any]] = []

    def answer(self, request: Received) -> Answer:
        """Everything is 200; `ok` says whether it worked."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _not_ok("invalid_auth")
        match [request.method, *request.parts]:
            case ["POST", "auth.test"]:
                found = {"url": "https://acme.slack.com/", "team": "Acme", "user": "rollback", "bot_id": "B19LU7CSY"}
                return Answer(body={"ok": True, **found}, headers={"X-OAuth-Scopes": "chat:write"})
            case ["POST", "chat.postMessage"]:
                self.operation("chat.postMessage", request)
                return self._post(request.body)
            case ["GET", "chat.getPermalink"]:
                self.operation("chat.getPermalink", request)
                channel, ts = request.query["channel"][0], request.query["message_ts"][0]
                link = f"https://acme.slack.com/archives/{channel}/p{ts.replace('.', '')}"
                return Answer(body={"ok": True, "channel": channel, "permalink": link})
        return _not_ok("unknown_method")

    def _post(self, body: dict[str, Any]) -> Answer:
        channel = CHANNELS.get(body["channel"])
        if channel is None:
            return _not_ok("channel_not_found")
        parents = {one["ts"] for one in self.posted if "thread_ts" not in one}
        if "thread_ts" in body and body["thread_ts"] not in parents:
            return _not_ok("thread_not_found")
        ts = f"1764085463.{len(self.posted):06d}"
        self.posted.append({**body, "channel": channel, "ts": ts})
        message = {"type": "message", "subtype": "bot_message", "text": body["text"], "ts": ts, "bot_id": "B19LU7CSY"}
        return Answer(body={"ok": True, "channel": channel, "ts": ts, "message": message})

    def limited(self) -> Answer:
        """HTTP 429, the only thing that is not 200."""
        return Answer(status=429, body={"ok": False, "error": "ratelimited"}, headers={"Retry-After": "30"})

    def unauthorized(self) -> Answer:
        """A token that was taken back: 200 all the same."""
        return _not_ok("token_revoked")

    def broken(self) -> Answer:
        """Their own fault."""
        return Answer(status=503, body={"ok": False, "error": "service_unavailable"})

    def invalid(self, message: str) -> Answer:
        """A bad request."""
        return Answer(body={"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": [message]}})

    def fault(self, kind: str) -> Answer:
        """Refusals that say 200."""
        return _not_ok(
            {"not-ok": "is_archived", "not-in-channel": "not_in_channel", "internal": "internal_error"}[kind]
        )


def _not_ok(error: str) -> Answer:
    return Answer(body={"ok": False, "error": error})
