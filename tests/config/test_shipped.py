"""The file that ships loads as it is, and holds what the runbook says: its services, times, words and addresses."""

import re
from datetime import timedelta as time
from pathlib import Path

import pytest

from tests.config.fleets import SHIPPED, load_text
from tui.config import load
from tui.drivers.vendors import sections
from tui.drivers.vendors.pagerduty import PagerDutySpec
from tui.drivers.vendors.posthog import PosthogSpec
from tui.drivers.vendors.sentry import SentrySpec
from tui.drivers.vendors.slack import ThreadSpec
from tui.drivers.vendors.tickets import TicketSpec
from tui.model.runbook_numbers import SeveritySpec
from tui.model.service import Expect, Fleet
from tui.ways import NAMES

HOST = "dokku-scenextras.eastus.cloudapp.azure.com"


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return load(SHIPPED, environ={}, sections=sections())


@pytest.mark.parametrize(
    ("name", "title", "app", "order", "expected", "downtime", "url"),
    [
        ("search", "Go Search Engine", "scenextras-autocomplete", 10, 45, (10, 30), "http://52.149.141.25:5000/health"),
        (
            "transcription", "Go Transcription Service", "scenextras-transcription", 20, 30, None,
            "http://52.149.141.25:5001/health",
        ),
        ("api", "Python API", "scenextras", 30, 30, None, "http://52.149.141.25:5000/healthcheck/ready"),
        ("gateway", "Go Auth Gateway", "scenextras-gateway", 40, 30, None, "http://52.149.141.25:8080/health"),
    ],
)  # fmt: skip
def test_each_service_is_the_runbooks(
    fleet: Fleet,
    name: str,
    title: str,
    app: str,
    order: int,
    expected: int,
    downtime: tuple[int, int] | None,
    url: str,
) -> None:
    service = fleet.service(name)
    assert service is not None and service.health is not None
    assert (service.title, service.app, service.order) == (title, app, order)
    assert service.rollback.expected == time(seconds=expected)
    assert service.rollback.downtime == (
        None if downtime is None else (time(seconds=downtime[0]), time(seconds=downtime[1]))
    )
    assert service.health.url == url
    assert fleet.service(app) is service
    assert fleet.host(service.host).ssh == f"dokku@{HOST}"


def test_services_come_in_the_order_of_all(fleet: Fleet) -> None:
    assert [s.name for s in fleet.services] == ["search", "transcription", "api", "gateway"]


def test_only_search_stops_first_and_says_why(fleet: Fleet) -> None:
    assert [s.name for s in fleet.services if s.rollback.stop_first] == ["search"]
    search = fleet.service("search")
    assert search is not None
    assert search.rollback.reason == "BadgerDB requires stop-rebuild"
    assert search.rollback.settle == time(seconds=5)


def test_the_api_is_asked_inside_and_outside_and_pinged(fleet: Fleet) -> None:
    api = fleet.service("api")
    assert api is not None and api.health is not None
    assert api.health.public_url == "https://scenextras.com/healthcheck/ready"
    assert [(s.url, s.expect) for s in api.smoke] == [
        ("https://scenextras.com/ping", Expect(status=(200,), text="pong")),
    ]


def test_severities_have_the_runbooks_exact_words(fleet: Fleet) -> None:
    assert fleet.severities == (
        SeveritySpec(
            level="P1",
            criteria="Service down, all users affected",
            response="Immediate",
            respond_within=time(0),
            action="Rollback NOW",
        ),
        SeveritySpec(
            level="P2",
            criteria="Major feature broken, >50% users affected",
            response="< 5 minutes",
            respond_within=time(minutes=5),
            action="Evaluate then rollback",
        ),
        SeveritySpec(
            level="P3",
            criteria="Minor feature broken, <50% users affected",
            response="< 15 minutes",
            respond_within=time(minutes=15),
            action="Evaluate fix vs rollback",
        ),
        SeveritySpec(
            level="P4",
            criteria="Cosmetic issue, no functional impact",
            response="Next business day",
            respond_within=None,
            action="Fix forward",
        ),
    )


def test_times_rates_retention_and_contacts(fleet: Fleet) -> None:
    assert fleet.environment == "production"
    assert fleet.watch.after_rollback == time(minutes=15)
    assert fleet.watch.longest == time(minutes=30)
    assert fleet.watch.after_clean_deploy == time(minutes=10)
    assert fleet.watch.error_rate == 0.01
    assert fleet.retention == 5
    assert fleet.postmortem_within == time(hours=24)
    assert fleet.ways == NAMES, "every way is listed, in the order that holds without the line"
    assert fleet.vendor(PagerDutySpec) == PagerDutySpec(words="Check PagerDuty schedule")
    assert fleet.contacts.slack == ("#incidents", "#engineering")
    assert fleet.contacts.email == "engineering@scenextras.com"


def test_what_is_commented_out_is_right_once_it_is_not(tmp_path: Path) -> None:
    optional = r"(?m)^( *)# (?=(sentry|posthog|ticket|schedules|services|sender|thread): *[\[{a-z])"
    text, count = re.subn(optional, r"\1", SHIPPED.read_text())
    assert count == 7
    fleet = load_text(text, tmp_path)
    api = fleet.service("api")
    assert api is not None and all(api.vendor(kind) for kind in (SentrySpec, PosthogSpec, TicketSpec))
    assert fleet.vendor(ThreadSpec) is not None
    pagerduty = fleet.vendor(PagerDutySpec)
    assert pagerduty is not None and pagerduty.schedules and pagerduty.services


def test_the_one_warning_is_the_shared_address(fleet: Fleet) -> None:
    assert fleet.warnings == (
        "search and api are both asked at 52.149.141.25:5000 without different host headers: "
        "another app may answer for one of them",
    )


def test_the_host_comes_from_the_environment_where_the_file_says_so(tmp_path: Path) -> None:
    environ = {"DOKKU_HOST": "10.0.0.7", "DOKKU_USER": "deploy", "DOKKU_SSH_KEY": "/keys/id", "DOKKU_PORT": "1"}
    (host,) = load(SHIPPED, environ=environ, sections=sections()).hosts
    assert (host.ssh, host.identity_file) == ("deploy@10.0.0.7", "/keys/id")
    (host,) = load(SHIPPED, environ={"DOKKU_HOST": ""}, sections=sections()).hosts
    assert host.ssh == f"dokku@{HOST}"
    assert host.identity_file == str(Path("~/.ssh/dokku_azure").expanduser())
