"""Sentry's numbers: errors of a window without a denominator, no further than it has counted; which issues are new."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.drivers.outside import secrets, service
from tests.vendors import Vendors
from tests.vendors.sentry import flag, issue
from tui.drivers.vendors.sentry import Sentry, SentrySpec
from tui.model.evidence import RateSource
from tui.model.finding import Result
from tui.model.service import Service

SINCE = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=15)


def asked(vendors: Vendors, project: str = "api", environment: str | None = None) -> Service:
    return service(
        SentrySpec(organization="acme", project=project, environment=environment, url=vendors.urls["sentry"])
    )


async def test_errors_of_a_window_have_no_denominator(vendors: Vendors) -> None:
    sentry = Sentry(secrets(vendors))
    rate = await sentry.rate(asked(vendors, environment="production"), SINCE, UNTIL)
    await sentry.close()
    assert (rate.source, rate.failed, rate.total) == (RateSource.SENTRY, 75, None)
    assert (rate.since, rate.until, rate.lag) == (SINCE, UNTIL, None)
    assert rate.note == "errors, not requests"
    (request,) = vendors.received
    assert request.query == {
        "project": ["api"],
        "environment": ["production"],
        "yAxis": ["count()"],
        "start": ["2026-11-25T15:30:00"],
        "end": ["2026-11-25T15:45:00"],
        "interval": ["60"],
        "dataset": ["errors"],
    }


async def test_what_it_has_not_counted_yet_is_left_out_and_said(vendors: Vendors) -> None:
    vendors.sentry.incomplete = 2
    sentry = Sentry(secrets(vendors))
    rate = await sentry.rate(asked(vendors), SINCE, UNTIL)
    assert (rate.failed, rate.until, rate.lag) == (65, UNTIL - timedelta(minutes=2), 120.0)
    assert rate.note == "errors, not requests; the last 120 s are not counted yet"
    vendors.sentry.incomplete = 15
    rate = await sentry.rate(asked(vendors), SINCE, UNTIL)
    await sentry.close()
    assert (rate.failed, rate.lag) == (None, 900.0)  # nothing counted is unknown, not zero


async def test_an_older_sentry_is_asked_its_way(vendors: Vendors) -> None:
    vendors.sentry.has_timeseries = False
    vendors.sentry.takes_slugs = False
    sentry = Sentry(secrets(vendors))
    rate = await sentry.rate(asked(vendors), SINCE, UNTIL)
    assert (rate.failed, rate.total) == (75, None)
    assert rate.note == "errors, not requests; an older Sentry, which does not say how far behind it is"
    stats, projects = "/api/0/organizations/acme/events-stats/", "/api/0/projects/acme/api/"
    ways = [request.path for request in vendors.received]
    assert ways == ["/api/0/organizations/acme/events-timeseries/", stats, projects, stats]
    await sentry.rate(asked(vendors), SINCE, UNTIL)
    await sentry.close()
    assert [request.query["project"] for request in vendors.received[4:]] == [["4501"]] * 2  # the number is remembered


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("limited", "asks us to wait (HTTP 429): You are attempting to use this endpoint too frequently."),
        ("html-ok", "answered with a web page"),
        ("unauthorized", "refuses the token (HTTP 401): Invalid token"),
        ("forbidden", "does not allow this (HTTP 403): You do not have permission"),
        ("cut", "what answers speaks no HTTP"),
    ],
)
async def test_what_it_cannot_say_is_unknown_with_the_reason(vendors: Vendors, kind: str, note: str) -> None:
    sentry = Sentry(secrets(vendors))
    vendors.fault("sentry", kind)
    rate = await sentry.rate(asked(vendors), SINCE, UNTIL)
    assert rate.failed is None and rate.note.startswith(note)
    vendors.fault("sentry", kind)
    issues = await sentry.new_issues(asked(vendors), SINCE, UNTIL)
    await sentry.close()
    assert issues.total is None and issues.note.startswith(note)


async def test_no_such_organization(vendors: Vendors) -> None:
    vendors.fault("sentry", "gone", times=2)
    sentry = Sentry(secrets(vendors))
    rate = await sentry.rate(asked(vendors), SINCE, UNTIL)
    await sentry.close()
    assert rate.failed is None and rate.note == "HTTP 404: The requested resource does not exist"


async def test_an_empty_window_is_not_asked_for(vendors: Vendors) -> None:
    sentry = Sentry(secrets(vendors))
    assert (await sentry.rate(asked(vendors), SINCE, SINCE)).failed is None
    assert (await sentry.new_issues(asked(vendors), UNTIL, SINCE)).total is None
    assert vendors.received == []


async def test_new_issues_are_named_harmlessly_with_a_link(vendors: Vendors) -> None:
    vendors.sentry.issues = [issue(str(n), f"Error {n}", "2026-11-25T15:40:00Z") for n in range(12)]
    vendors.sentry.issues[0]["title"] = "\x1b[31mBoom\n@here"
    sentry = Sentry(secrets(vendors))
    found = await sentry.new_issues(asked(vendors), SINCE, UNTIL)
    await sentry.close()
    assert found.total == 12
    assert found.titles[:2] == ("Boom @here", "Error 1") and len(found.titles) == 10
    (request,) = vendors.received
    query = "is:unresolved firstSeen:>=2026-11-25T15:30:00 firstSeen:<=2026-11-25T15:45:00"
    assert request.query["query"] == [query] and request.query["sort"] == ["new"]
    link = urlsplit(found.link or "")
    assert link.path == "/sentry/organizations/acme/issues/"
    assert parse_qs(link.query) == {"query": [query], "project": ["api"]}


async def test_check_tells_what_is_missing(vendors: Vendors) -> None:
    sentry = Sentry(secrets(vendors))
    (found,) = await sentry.check((asked(vendors),))
    assert (found.subject, found.topic, found.result) == ("api", "sentry", Result.OK)
    assert found.text == "sentry: errors of acme/api can be counted"
    vendors.fault("sentry", "unauthorized")
    (found,) = await sentry.check((asked(vendors),))
    assert found.result is Result.FINDING and "refuses the token" in found.text and "event:read" in found.fix
    await sentry.close()
    (found,) = await Sentry(secrets(vendors, SENTRY_TOKEN="")).check((asked(vendors),))
    assert found.result is Result.FINDING
    assert found.text == "sentry is set up, but SENTRY_TOKEN is not set: it is left out"
    (found,) = await Sentry(secrets(vendors)).check((service(),))
    assert (found.subject, found.result) == ("services", Result.NOTE)
    assert {r.method for r in vendors.received} == {"GET"}


async def test_changed_feature_flags_are_told_with_who_and_when(vendors: Vendors) -> None:
    sentry = Sentry(secrets(vendors))
    found = await sentry.flag_changes(asked(vendors), SINCE, UNTIL)
    assert [(c.text, c.at) for c in found.changes] == [
        ("flag new-checkout-flow updated by jane.doe@example.com", SINCE + timedelta(minutes=8))
    ]
    assert found.trouble == ""
    vendors.sentry.flags = [*vendors.sentry.flags, {**flag(2, "x", "yesterday")}, {"flag": 7}]
    found = await sentry.flag_changes(asked(vendors), SINCE, UNTIL)
    assert (len(found.changes), found.trouble) == (1, "some entries have an unknown form")
    vendors.sentry.flags = [flag(n, f"flag-{n}", "2026-11-25T15:38:00+00:00") for n in range(60)]
    found = await sentry.flag_changes(asked(vendors), SINCE, UNTIL)
    await sentry.close()
    assert (len(found.changes), found.trouble) == (50, "only the newest 50")


async def test_a_log_of_flags_that_cannot_be_read_is_not_an_empty_one(vendors: Vendors) -> None:
    vendors.fault("sentry", "forbidden")
    sentry = Sentry(secrets(vendors))
    found = await sentry.flag_changes(asked(vendors), SINCE, UNTIL)
    await sentry.close()
    assert found.changes == () and "403" in found.trouble
