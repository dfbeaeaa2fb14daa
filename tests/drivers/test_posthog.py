"""PostHog's numbers: users who met an exception out of the users of a window, never from an old cache unsaid."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.drivers.outside import secrets, service
from tests.vendors import Vendors
from tui.drivers.vendors.posthog import Posthog, PosthogSpec
from tui.model.evidence import RateSource
from tui.model.finding import Result
from tui.model.service import Service

SINCE = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=15)


def asked(vendors: Vendors) -> Service:
    return service(PosthogSpec(project="77", url=vendors.urls["posthog"]))


async def test_users_with_an_exception_of_all_users(vendors: Vendors) -> None:
    posthog = Posthog(secrets(vendors))
    rate = await posthog.rate(asked(vendors), SINCE, UNTIL)
    await posthog.close()
    assert (rate.source, rate.failed, rate.total, rate.lag) == (RateSource.POSTHOG, 7, 512, None)
    assert rate.note == "users with an exception, the front end's too; 31 exceptions in 4120 events"
    body = vendors.received[0].body
    assert body["refresh"] == "force_blocking"
    assert body["query"]["values"] == {"begin": "2026-11-25T15:30:00Z", "end": "2026-11-25T15:45:00Z"}
    assert "{begin}" in body["query"]["query"] and "{end}" in body["query"]["query"]


async def test_a_cache_is_said_and_its_window_is_the_one_it_knows(vendors: Vendors) -> None:
    posthog = Posthog(secrets(vendors))
    vendors.posthog.cached_at = "2026-11-25T15:40:00Z"
    rate = await posthog.rate(asked(vendors), SINCE, UNTIL)
    assert (rate.failed, rate.until, rate.lag) == (7, SINCE + timedelta(minutes=10), 300.0)
    assert rate.note.endswith("; from a cache of 15:40:00 UTC")
    vendors.posthog.cached_at = "2026-11-25T15:20:00Z"
    rate = await posthog.rate(asked(vendors), SINCE, UNTIL)
    await posthog.close()
    assert (rate.failed, rate.total) == (None, None)


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("limited", "asks us to wait (HTTP 429): Request was throttled. Expected available in 12 seconds."),
        ("forbidden", "does not allow this (HTTP 403): API key missing required scope 'query:read'"),
        ("wrong-query", "HTTP 400: Unable to resolve field: nothing"),
        ("slow-query", "HTTP 504: Query has hit the max execution time"),
        ("html", "HTTP 502, with a web page"),
    ],
)
async def test_what_it_cannot_say_is_unknown_with_the_reason(vendors: Vendors, kind: str, note: str) -> None:
    vendors.fault("posthog", kind)
    posthog = Posthog(secrets(vendors))
    rate = await posthog.rate(asked(vendors), SINCE, UNTIL)
    await posthog.close()
    assert (rate.failed, rate.total) == (None, None) and rate.note.startswith(note)


@pytest.mark.parametrize("rows", [[], [[1, 2]], [["a", 1, 2, 3]], [[None, 1, 2, 3]]])
async def test_an_answer_of_another_form_is_no_zero(vendors: Vendors, rows: list[list[Any]]) -> None:
    vendors.posthog.rows = rows
    posthog = Posthog(secrets(vendors))
    rate = await posthog.rate(asked(vendors), SINCE, UNTIL)
    await posthog.close()
    assert (rate.failed, rate.note) == (None, "an unknown form of answer")


async def test_check_tells_a_projects_key_from_a_persons(vendors: Vendors) -> None:
    posthog = Posthog(secrets(vendors))
    (found,) = await posthog.check((asked(vendors),))
    assert (found.topic, found.result, found.text) == ("posthog", Result.OK, "posthog: project 77 can be asked")
    await posthog.close()
    (found,) = await Posthog(secrets(vendors, POSTHOG_API_KEY="phc_onlyforsending")).check((asked(vendors),))
    assert found.result is Result.FINDING and "can only send events" in found.text
    assert "phc_onlyforsending" not in found.text
    posthog = Posthog(secrets(vendors, POSTHOG_API_KEY="phx_wrong_one"))
    (found,) = await posthog.check((asked(vendors),))
    await posthog.close()
    assert found.result is Result.FINDING and "refuses the token" in found.text
