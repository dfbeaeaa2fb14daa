"""Notification addresses against a real HTTP server that answers in every way there is."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest import mock

import pytest

from tests.incident.facts import T0
from tests.receivers import Receiver, receiving
from tests.sshd import free_port
from tui.drivers.vendors.apprise_channel import AppriseChannel
from tui.model.errors import ConfigError
from tui.model.notice import Message, Milestone
from tui.text import redact

TOKEN = "Zx81CanaryToken9"


@pytest.fixture(autouse=True)
def nothing_learned() -> Iterator[None]:
    redact.forget()
    yield
    redact.forget()


@pytest.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def message(text: str = "It is back.", title: str = "[P1] api: verified", **more: Any) -> Message:
    values = {"incident": "inc-1", "service": "api", "milestone": Milestone.VERIFIED, "at": T0, **more}
    return Message(title=title, text=text, **values)


async def test_it_is_posted_as_plain_text_with_its_title(hook: Receiver) -> None:
    channel = AppriseChannel("HOOK", lambda: f"json://127.0.0.1:{hook.port}/{TOKEN}")
    receipt = await channel.deliver(message("two\nlines"), None)
    assert (receipt.delivered, channel.name) == (True, "HOOK")
    (posted,) = hook.bodies
    assert (posted["title"], posted["message"]) == ("[P1] api: verified", "two\nlines")


@pytest.mark.parametrize(
    ("status", "final"), [(500, False), (503, False), (429, False), (408, False), (404, True), (403, True), (410, True)]
)
async def test_a_refusal_says_its_status_and_whether_to_try_again(hook: Receiver, status: int, final: bool) -> None:
    hook.answers = [status]
    receipt = await AppriseChannel("HOOK", lambda: f"json://127.0.0.1:{hook.port}/{TOKEN}").deliver(message(), None)
    assert (receipt.delivered, receipt.final) == (False, final)
    assert f"HTTP {status}" in receipt.detail and TOKEN not in receipt.detail


async def test_nobody_there_is_said_without_the_address() -> None:
    receipt = await AppriseChannel("HOOK", lambda: f"json://ada:{TOKEN}@127.0.0.1:{free_port()}/x").deliver(
        message(), None
    )
    assert not receipt.delivered and not receipt.final and receipt.detail
    assert TOKEN not in receipt.detail


async def test_what_is_no_address_is_final_and_not_repeated() -> None:
    receipt = await AppriseChannel("HOOK", lambda: f"nonsense-{TOKEN}").deliver(message(), None)
    assert not receipt.delivered and receipt.final and TOKEN not in receipt.detail


async def test_a_variable_that_is_unset_or_whose_file_is_gone_is_said() -> None:
    def gone() -> str:
        raise ConfigError("HOOK_FILE names /x, which cannot be read", "")

    assert (await AppriseChannel("HOOK", lambda: None).deliver(message(), None)).detail == "HOOK is not set"
    assert "cannot be read" in (await AppriseChannel("HOOK", gone).deliver(message(), None)).detail


async def test_a_server_that_never_answers_holds_nobody_up(hook: Receiver) -> None:
    hook.hang = True
    channel = AppriseChannel("HOOK", lambda: f"json://127.0.0.1:{hook.port}/?rto=1")
    task = asyncio.create_task(channel.deliver(message(), None))
    await hook.called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_apprise_logs_for_another_channel_is_not_ours(hook: Receiver) -> None:
    hook.answers = [500, 200]
    addresses = [f"json://127.0.0.1:{hook.port}/first", f"json://127.0.0.1:{hook.port}/second"]
    both = await asyncio.gather(
        *(AppriseChannel("HOOK", lambda a=a: a).deliver(message(), None) for a in addresses)  # type: ignore[misc]
    )
    assert sorted(r.delivered for r in both) == [False, True]
    assert "_Said" not in [type(handler).__name__ for handler in logging.getLogger("apprise").handlers]


HOSTILE = "@here <!channel> <@U0123456> [x](https://evil.example) <https://evil.example|docs> @everyone ||x||"


@pytest.mark.parametrize(
    "address",
    [
        f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}00000000/general",
        f"discord://123456789012345678/{TOKEN}abcdefgh",
        f"discord://123456789012345678/{TOKEN}abcdefgh?format=markdown",
        f"tgram://123456789:{TOKEN}abcdefghijklmnopq/12345",
        f"workflows://prod-1.westeurope.logic.azure.com:443/643e69f83c8944/{TOKEN}",
    ],
    ids=["slack", "discord", "discord markdown", "telegram", "teams"],
)
async def test_hostile_text_calls_nobody_in_any_chat(address: str) -> None:
    """What apprise would put on the wire for each of them; nothing leaves this machine."""
    sent: list[str] = []

    def post(url: str, *args: Any, **how: Any) -> Any:
        sent.append(str(how.get("data") or how.get("json") or args))
        return mock.Mock(status_code=200, content=b"ok", text="ok", headers={}, json=lambda: {"ok": True})

    with mock.patch("requests.post", post), mock.patch("requests.request", lambda method, url, **how: post(url, **how)):
        receipt = await AppriseChannel("CHAT", lambda: address).deliver(message(HOSTILE, title="@here"), None)
    assert receipt.delivered and sent, receipt.detail
    wire = "\n".join(json.dumps(json.loads(s), ensure_ascii=False) if s.startswith("{") else s for s in sent)
    for call in ("@here", "<!channel>", "<@U0123456>", "](https", "<https", "@everyone", "||"):
        assert call not in wire, wire
