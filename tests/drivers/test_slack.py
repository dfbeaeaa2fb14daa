"""Slack: one thread; 200 is no success; nothing in a message calls anybody, links anywhere or is mark-up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drivers.outside import earlier, message, secrets
from tests.vendors import Vendors
from tui.drivers.vendors import api as apis
from tui.drivers.vendors.slack import LONGEST, SlackThread, ThreadSpec, escaped
from tui.model.finding import Result
from tui.model.notice import Milestone


def thread(vendors: Vendors, channel: str = "#incidents", token: str | None = None) -> SlackThread:
    """The thread's channel, with the right token or another one."""
    spec = ThreadSpec(channel=channel, url=vendors.urls["slack"])
    return SlackThread(secrets(vendors, **({} if token is None else {"SLACK_BOT_TOKEN": token})), spec)


async def test_what_follows_answers_the_first_message(vendors: Vendors) -> None:
    slack = thread(vendors)
    first = await slack.deliver(message(), None)
    assert (first.delivered, first.detail, first.ref) == (True, "posted in #incidents", "1764085463.000000")
    assert first.link == "https://acme.slack.com/archives/C123ABC456/p1764085463000000"
    for milestone in (Milestone.VERIFIED, Milestone.VERDICT, Milestone.CLOSED):
        assert slack.wants(message(milestone))
        told = await slack.deliver(message(milestone), earlier(first))
        assert (told.delivered, told.ref, told.link) == (True, first.ref, first.link)
    await slack.close()
    assert not slack.wants(message(Milestone.POSTMORTEM))
    assert [one.get("thread_ts") for one in vendors.slack.posted] == [None, *["1764085463.000000"] * 3]
    assert vendors.slack.posted[0]["text"] == "api: started\nwhat is said when it is started"


async def test_a_message_is_shown_as_it_stands(vendors: Vendors) -> None:
    slack = thread(vendors)
    text = "<!channel> @here <https://evil.example|click> a & b *bold*"
    assert (await slack.deliver(message(text=text), None)).delivered
    await slack.close()
    (posted,) = vendors.slack.posted
    assert posted["text"].endswith("&lt;!channel&gt; @\u200bhere &lt;https://evil.example|click&gt; a &amp; b *bold*")
    assert (posted["mrkdwn"], posted["parse"], posted["link_names"]) == (False, "none", False)
    assert (posted["unfurl_links"], posted["unfurl_media"]) == (False, False)


@given(
    st.text(alphabet="a&<>@here \n", max_size=3 * LONGEST) | st.builds(lambda n: "&" * n, st.integers(0, 2 * LONGEST))
)
def test_whatever_is_said_fits_and_holds_no_half_escape(text: str) -> None:
    made = escaped(text)
    assert len(made) <= LONGEST + 1
    back = made.rstrip("…").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("\u200b", "")
    assert text.startswith(back)
    assert "<" not in made and ">" not in made and "@here" not in made


@pytest.mark.parametrize(
    ("kind", "detail", "final", "wait"),
    [
        ("limited", "asks us to wait (HTTP 429): ratelimited", False, 30.0),
        ("not-ok", "Slack says no: the channel is archived", True, None),
        ("not-in-channel", "Slack says no: the bot is not in the channel: /invite it there", True, None),
        ("internal", "Slack says no: internal_error", False, None),
        ("broken", "Slack says no: service_unavailable", False, None),
        ("unauthorized", "Slack says no: the token was revoked", True, None),
        ("html", "HTTP 502, with a web page", False, None),
        ("html-ok", "answered with a web page instead of JSON: is the url right?", False, None),
    ],
)
async def test_what_is_no_success(vendors: Vendors, kind: str, detail: str, final: bool, wait: float | None) -> None:
    slack = thread(vendors)
    vendors.fault("slack", kind)
    told = await slack.deliver(message(), None)
    await slack.close()
    assert (told.delivered, told.detail, told.final, told.retry_after) == (False, detail, final, wait)
    assert vendors.slack.posted == []


async def test_an_unknown_channel_and_a_wrong_token_are_final(vendors: Vendors) -> None:
    slack = thread(vendors, channel="#nowhere")
    told = await slack.deliver(message(), None)
    await slack.close()
    assert told.final and "there is no such channel" in told.detail
    slack = thread(vendors, token="xoxb-not-this-one")
    told = await slack.deliver(message(), None)
    await slack.close()
    assert told.final and "the token is refused" in told.detail


async def test_a_lost_answer_says_that_it_may_have_been_posted(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = thread(vendors)
    vendors.fault("slack", "lost")
    told = await slack.deliver(message(), None)
    assert not told.delivered and not told.final and told.detail.endswith("it may have been posted all the same")
    monkeypatch.setattr(apis, "TOTAL", 0.2)
    vendors.fault("slack", "hang")
    told = await slack.deliver(message(), None)
    await slack.close()
    assert told.detail == "no answer within 0 s; it may have been posted all the same"


async def test_a_link_that_cannot_be_had_is_no_failure(vendors: Vendors) -> None:
    slack = thread(vendors)
    vendors.fault("slack", "html", on="chat.getPermalink")
    told = await slack.deliver(message(), None)
    await slack.close()
    assert (told.delivered, told.link) == (True, None)


async def test_check_asks_who_the_token_belongs_to(vendors: Vendors) -> None:
    slack = thread(vendors)
    (found,) = await slack.check(())
    assert (found.topic, found.result) == ("thread", Result.OK)
    assert found.text == "thread: posts in #incidents as rollback of Acme, if it is invited there"
    vendors.fault("slack", "unauthorized")
    (found,) = await slack.check(())
    await slack.close()
    assert found.result is Result.FINDING and "the token was revoked" in found.text
    (found,) = await thread(vendors, token="").check(())
    assert found.text == "thread is set up, but SLACK_BOT_TOKEN is not set: it is left out"
    (found,) = await SlackThread(secrets(vendors), None).check(())
    assert (found.result, found.text) == (Result.NOTE, "thread is not set up")
    assert vendors.slack.posted == []
