"""One question to a vendor: what comes back is a value in clean words; no credential leaves where it may not."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.vendors import Vendors
from tui.drivers.http_client import Raw
from tui.drivers.vendors import api as apis
from tui.drivers.vendors import github, linear, pagerduty, sentry
from tui.drivers.vendors.api import Api, RateLimit, Reply, read, wait_for, words
from tui.text.redact import learn

SECRET = "sesame-open-sesame"


async def ask(base: str, path: str = "/api/projects/77/", **headers: str) -> Reply:
    api = Api(base, {"Authorization": f"Bearer {SECRET}", **headers})
    try:
        return await api.get(path)
    finally:
        await api.close()


@pytest.mark.parametrize(
    ("kind", "status", "final", "wait", "said"),
    [
        ("limited", 429, False, 12.0, "asks us to wait (HTTP 429): Request was throttled."),
        ("limited-date", 429, False, 30.0, "asks us to wait (HTTP 429)"),
        ("html", 502, False, None, "HTTP 502, with a web page"),
        ("html-ok", 200, False, None, "answered with a web page instead of JSON: is the url right?"),
        ("broken", 500, False, None, "HTTP 500: A server error occurred."),
        ("unauthorized", 401, True, None, "refuses the token (HTTP 401): Personal API key found in request"),
        ("forbidden", 403, True, None, "does not allow this (HTTP 403): API key missing required scope"),
        ("redirect", 302, True, None, "sends us to another address (HTTP 302), where we do not go: is the url right?"),
        ("cut", 0, False, None, "what answers speaks no HTTP, or broke off: "),
    ],
)
async def test_trouble_is_a_value_in_words(
    vendors: Vendors, kind: str, status: int, final: bool, wait: float | None, said: str
) -> None:
    vendors.fault("posthog", kind)
    reply = await ask(vendors.urls["posthog"])
    assert (reply.status, reply.final) == (status, final)
    assert reply.trouble.startswith(said)
    assert reply.retry_after == (None if wait is None else pytest.approx(wait, abs=1.5))
    assert [r.path for r in vendors.received] == ["/api/projects/77/"]  # and nothing is asked again, or elsewhere


async def test_silence_ends_and_leaves_a_doubt(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apis, "TOTAL", 0.2)
    vendors.fault("posthog", "hang")
    reply = await ask(vendors.urls["posthog"])
    assert reply.trouble == "no answer within 0 s"
    assert (reply.doubt, reply.final) == (True, False)


async def test_nobody_there_leaves_no_doubt() -> None:
    reply = await ask("http://127.0.0.1:9")
    assert reply.trouble.startswith("cannot be reached: ")
    assert (reply.doubt, reply.final) == (False, False)


@pytest.mark.parametrize(
    "base", ["http://sentry.example", "http://127.0.0.1.evil.example", "ftp://127.0.0.1", "sentry.io"]
)
async def test_no_credential_goes_where_anybody_can_read_it(base: str) -> None:
    reply = await ask(base)
    assert reply.trouble == "its address is not https: no credential is sent there"
    assert reply.final


async def test_an_answer_without_end_is_cut_off(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apis, "LARGEST", 30)
    reply = await ask(vendors.urls["posthog"])
    assert reply.trouble == "an answer of more than 30 bytes"


def test_words_hold_no_secret_and_nothing_that_a_terminal_obeys() -> None:
    learn(SECRET)
    body = f'{{"message": "no \\u001b[31mtoken {SECRET}\\nhere", "errors": [{{"detail": "x"}}]}}'.encode()
    reply = read(Raw(422, {}, body))
    assert reply.trouble == "HTTP 422: no token [redacted] here: x"


@pytest.mark.parametrize(
    ("json", "said"),
    [
        (
            {"error": {"message": "Invalid Input Provided", "errors": ["Too short"]}},
            "Invalid Input Provided: Too short",
        ),
        ({"detail": "Not found."}, "Not found."),
        ({"message": "Bad credentials", "status": "401"}, "Bad credentials"),
        ({"message": "same", "detail": "same"}, "same"),
        ([["deep"]], "deep"),
        ({"error": None, "message": 7}, ""),
        (7, ""),
    ],
)
def test_the_words_of_every_kind_of_error(json: Any, said: str) -> None:
    assert words(json) == said


NOW = datetime(2026, 11, 25, 16, 0, 0, tzinfo=UTC)
DATED = {"date": format_datetime(NOW, usegmt=True)}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90.0),
        ({"retry-after": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, 0.0),
        ({"retry-after": "864000"}, 3600.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_for({**DATED, **headers}) == seconds  # by their clock: ours may be wrong


IN_A_MINUTE = int(NOW.timestamp()) + 60
LEFT = (
    (github.LIMIT, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(IN_A_MINUTE)}, 60.0),
    (github.LIMIT, {"x-ratelimit-remaining": "4999", "x-ratelimit-reset": str(IN_A_MINUTE)}, None),
    (github.LIMIT, {"x-ratelimit-remaining": "0"}, None),
    (
        linear.LIMIT,
        {"x-ratelimit-requests-remaining": "0", "x-ratelimit-requests-reset": f"{IN_A_MINUTE}000"},
        60.0,
    ),
    (sentry.LIMIT, {"x-sentry-rate-limit-remaining": "0", "x-sentry-rate-limit-reset": str(IN_A_MINUTE)}, 60.0),
    (pagerduty.LIMIT, {"ratelimit-remaining": "0", "ratelimit-reset": "23"}, 23.0),
)


@pytest.mark.parametrize(("limit", "headers", "seconds"), LEFT)
def test_a_limit_of_which_nothing_is_left(limit: RateLimit, headers: dict[str, str], seconds: float | None) -> None:
    assert wait_for({**DATED, **headers}, limit) == seconds
    assert read(Raw(429, {**DATED, **headers}, b""), limit).retry_after == seconds
    assert wait_for({**DATED, **headers}) is None
