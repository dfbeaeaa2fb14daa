"""The stand-ins refuse what the real ones would refuse, and remember it: else a test against them proves nothing."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.vendors import Vendors, running
from tests.vendors.github import TOKEN as GITHUB
from tests.vendors.linear import TEAM
from tests.vendors.linear import TOKEN as LINEAR
from tests.vendors.pagerduty import ROUTING_KEY, SENDER
from tests.vendors.pagerduty import TOKEN as PAGERDUTY
from tests.vendors.posthog import TOKEN as POSTHOG
from tests.vendors.sentry import TOKEN as SENTRY
from tests.vendors.slack import TOKEN as SLACK

PD = {"Authorization": f"Token token={PAGERDUTY}", "Accept": "application/vnd.pagerduty+json;version=2"}
GH = {
    "Authorization": f"Bearer {GITHUB}",
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
SL = {"Authorization": f"Bearer {SLACK}", "Content-Type": "application/json; charset=utf-8"}
QUIET = {"mrkdwn": False, "parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}
SERIES = "/api/0/organizations/acme/events-timeseries/?project=api&yAxis=count()&interval=60"
WINDOW = "&start=2026-11-25T15:00:00&end=2026-11-25T15:10:00"
CREATE = "mutation($input: IssueCreateInput!) { issueCreate(input: $input) { success } }"


@pytest.fixture
def careless() -> Iterator[Vendors]:
    """Stand-ins that are asked wrongly on purpose."""
    with running() as found:
        yield found


def ask(url: str, method: str = "GET", body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Status and body, by a client that knows nothing."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


HOGQL = {"kind": "HogQLQuery", "query": "SELECT 1"}
SE, PH = {"Authorization": f"Bearer {SENTRY}"}, {"Authorization": f"Bearer {POSTHOG}"}
WRONG: list[tuple[str, str, str, Any, dict[str, str], int]] = [
    ("sentry", "GET", f"{SERIES}{WINDOW}", None, SE, 400),  # no dataset
    ("sentry", "GET", f"{SERIES}&dataset=errors{WINDOW}%2B01:00", None, SE, 400),
    ("posthog", "POST", "/api/projects/77/query/", {"query": {"query": "SELECT 1"}}, PH, 400),
    ("posthog", "POST", "/api/projects/77/query/", {"query": HOGQL, "refresh": True}, PH, 400),
    ("pagerduty", "POST", "/incidents/PT4KHLK/notes", {"note": {"content": "x"}}, PD, 400),  # in whose name?
    ("pagerduty", "POST", "/incidents/PT4KHLK/notes", {"content": "x"}, {**PD, "From": SENDER}, 400),
    ("pagerduty", "PUT", "/incidents/PT4KHLK", {"incident": {"status": "acknowledged"}}, {**PD, "From": SENDER}, 400),
    ("pagerduty", "GET", "/oncalls?schedule_ids=PI7DH85", None, PD, 400),  # without []
    ("events", "POST", "/v2/change/enqueue", {"routing_key": ROUTING_KEY, "payload": {"summary": "x" * 1025}}, {}, 400),
    ("events", "POST", "/v2/change/enqueue", {"routing_key": "short", "payload": {"summary": "x"}}, {}, 400),
    ("events", "POST", "/v2/enqueue", {"routing_key": ROUTING_KEY, "event_action": "trigger"}, {}, 400),
    ("slack", "POST", "/chat.postMessage", {**QUIET, "channel": "#incidents", "text": "<!here>"}, SL, 200),
    ("slack", "POST", "/chat.postMessage", {"channel": "#incidents", "text": "x", "mrkdwn": True}, SL, 200),
    ("github", "POST", "/repos/acme/api/issues", {"title": "x" * 257}, GH, 422),
    ("github", "POST", "/repos/acme/api/issues", {"title": "x", "tags": []}, GH, 422),
    ("github", "GET", "/repos/acme/api/issues?per_page=100", None, {"Authorization": f"Bearer {GITHUB}"}, 422),
    ("linear", "POST", "/graphql", {"query": "{ viewer { salary } }"}, {"Authorization": LINEAR}, 400),
    ("linear", "POST", "/graphql", {"query": CREATE, "variables": {"input": {}}}, {"Authorization": LINEAR}, 400),
]  # fmt: skip


@pytest.mark.parametrize(
    ("vendor", "method", "path", "body", "headers", "status"), WRONG, ids=[f"{w[0]}-{n}" for n, w in enumerate(WRONG)]
)
def test_what_breaks_a_description_is_refused_and_remembered(
    careless: Vendors, vendor: str, method: str, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    found, said = ask(careless.urls[vendor] + path, method, body, headers)
    assert found == status
    assert vendor != "slack" or said["ok"] is False
    (complaint,) = careless.complaints
    assert complaint.startswith(f"{vendor}: ")


UNKNOWN = {"Authorization": "Bearer nobody"}


@pytest.mark.parametrize(
    ("vendor", "method", "path", "headers", "status"),
    [
        ("sentry", "GET", f"{SERIES}&dataset=errors{WINDOW}", UNKNOWN, 401),
        ("posthog", "GET", "/api/projects/77/", {}, 401),
        ("pagerduty", "GET", "/oncalls", {"Authorization": f"Bearer {PAGERDUTY}"}, 401),  # the scheme is another one
        ("github", "GET", "/repos/acme/api", {**GH, "Authorization": f"token{GITHUB}"}, 401),
        ("linear", "POST", "/graphql", {"Authorization": f"Bearer {LINEAR}"}, 401),  # an API key goes without Bearer
    ],
)
def test_who_does_not_prove_himself_is_refused(
    vendors: Vendors, vendor: str, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    body = {"query": "{ viewer { id } }"} if method == "POST" else None
    assert ask(vendors.urls[vendor] + path, method, body, headers)[0] == status


def test_slack_refuses_with_200(vendors: Vendors) -> None:
    body = {**QUIET, "channel": "#incidents", "text": "x"}
    assert ask(f"{vendors.urls['slack']}/chat.postMessage", "POST", body, UNKNOWN) == (
        200, {"ok": False, "error": "invalid_auth"},
    )  # fmt: skip


def test_linears_errors_come_with_200(vendors: Vendors) -> None:
    variables = {"input": {"id": "0e8c5ecb-7c4e-4d0a-b5b0-4a9a4a3f9e11", "teamId": "nowhere", "title": "x"}}
    body = {"query": CREATE, "variables": variables}
    status, said = ask(f"{vendors.urls['linear']}/graphql", "POST", body, {"Authorization": LINEAR})
    assert (status, said["data"]) == (200, None) and said["errors"][0]["extensions"]["userError"] is True
    variables["input"]["teamId"] = TEAM
    status, said = ask(f"{vendors.urls['linear']}/graphql", "POST", body, {"Authorization": LINEAR})
    assert (status, said) == (200, {"data": {"issueCreate": {"success": True}}})


def test_an_unknown_fault_is_no_fault(vendors: Vendors) -> None:
    with pytest.raises(KeyError):
        vendors.fault("slack", "sulks")


def test_they_run_as_a_process() -> None:
    process = subprocess.Popen([sys.executable, "-m", "tests.vendors"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        described = json.loads(process.stdout.readline())
        control, github = described["control"], described["urls"]["github"]
        assert described["environ"]["GITHUB_TOKEN"] == GITHUB
        assert ask(f"{control}/fault", "POST", {"vendor": "github", "kind": "disabled"}) == (200, {"ok": True})
        assert ask(f"{github}/repos/acme/api", headers=GH)[0] == 410
        assert ask(f"{github}/repos/acme/api", headers=GH)[0] == 200
        status, received = ask(f"{control}/received")
        assert status == 200 and [one["path"] for one in received] == ["/repos/acme/api"] * 2
        assert ask(f"{control}/complaints") == (200, [])
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()
