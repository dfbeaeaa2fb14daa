"""Trackers that moved, were archived or limit us: followed on their own host, named, tried again later."""

import json
from typing import Any

import pytest

from tests.drivers.outside import message, service
from tui.drivers.http_client import Raw
from tui.drivers.secrets import Secrets
from tui.drivers.vendors import api as apis
from tui.drivers.vendors.api import Api, read, there
from tui.drivers.vendors.github import GitHubIssues, GitHubSpec, repository
from tui.drivers.vendors.sentry import Sentry, SentrySpec
from tui.model.finding import Result

BASE = "https://api.example"
OLD = f"{BASE}/repos/acme/old"
NEW = f"{BASE}/repositories/1"
REPOSITORY = {"full_name": "acme/new", "has_issues": True, "permissions": {"push": True}}


def answer(status: int, body: Any = None, **headers: str) -> Raw:
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return Raw(status, {"content-type": "application/json", **named}, json.dumps(body).encode())


def page(status: int, words: str) -> Raw:
    return Raw(status, {"content-type": "text/html; charset=utf-8"}, f"<html><p>{words}".encode())


class Wire:
    """What is on the other side, by method and address without its query."""

    def __init__(self, answers: dict[str, Raw]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def send(self, method: str, url: str, headers: dict[str, str], **how: Any) -> Raw:
        self.asked.append(f"{method} {url.partition('?')[0]}")
        found = self.answers.get(self.asked[-1]) or self.answers.get(url.partition("?")[0])
        return found if found is not None else answer(404, {"message": "Not Found"})

    async def close(self) -> None: ...


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    found = Wire({})
    monkeypatch.setattr(apis, "Web", lambda **how: found)
    return found


def tracker() -> GitHubIssues:
    return GitHubIssues(GitHubSpec(where="acme/old", url=BASE), "token")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_renamed_repository_gets_the_issue_under_its_new_name(wire: Wire, status: int) -> None:
    wire.answers = {
        OLD: answer(status, {}, location=NEW),
        f"{OLD}/issues": answer(status, {}, location=f"{NEW}/issues"),
        NEW: answer(200, REPOSITORY),
        f"GET {NEW}/issues": answer(200, []),
        f"POST {NEW}/issues": answer(201, {"number": 7, "html_url": "https://github.com/acme/new/issues/7"}),
    }
    found = await tracker().check("api", "ticket")
    assert found.result is Result.NOTE and "renamed" in found.text and "acme/new" in found.fix
    made = await tracker().open(message())
    assert made.delivered and made.link == "https://github.com/acme/new/issues/7"
    assert wire.asked.count(f"POST {NEW}/issues") == 1


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/repositories/1",
        "http://api.example/repositories/1",
        "https://api.example:8443/repositories/1",
        "https://user@api.example/repositories/1",
        "//evil.example/x",
        "https://[broken",
        "",
        OLD,
    ],
)
async def test_nothing_is_followed_to_another_host_and_no_token_goes_there(wire: Wire, location: str) -> None:
    wire.answers = {OLD: answer(301, {}, location=location)}
    found = await tracker().check("api", "ticket")
    assert found.result is Result.FINDING and "renamed or moved" in found.text
    assert wire.asked == [f"GET {OLD}"]


async def test_a_circle_ends_and_is_no_ok(wire: Wire) -> None:
    wire.answers = {
        f"{BASE}/a": answer(301, {}, location="/b"),
        f"{BASE}/b": answer(301, {}, location="/a"),
    }
    reply = await Api(BASE, {}).get("/a")
    assert reply.trouble and reply.final and len(wire.asked) == apis.HOPS + 1


async def test_see_other_is_followed_by_questions_that_change_nothing(wire: Wire) -> None:
    wire.answers = {OLD: answer(303, {}, location="/repositories/1"), NEW: answer(200, REPOSITORY)}
    assert (await Api(BASE, {}).get("/repos/acme/old")).moved == NEW
    refused = await Api(BASE, {}).ask("POST", "/repos/acme/old", {})
    assert refused.final and "HTTP 303" in refused.trouble and f"POST {NEW}" not in wire.asked


def test_what_is_only_elsewhere_for_now_is_not_followed() -> None:
    for status in (200, 302, 303, 304):
        assert there(OLD, answer(status, {}, location=NEW)) is None
    assert there(OLD, answer(301, {}, location="/repositories/1")) == NEW
    away = read(answer(302, None, location="https://sso.example/login?token=s3cret"))
    assert "sso.example/login" in away.trouble and "s3cret" not in away.trouble and away.final


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({**REPOSITORY, "archived": True}, "is archived"),
        ({**REPOSITORY, "disabled": True}, "disabled by GitHub"),
        ({**REPOSITORY, "has_issues": False}, "switched off"),
        ({"login": "captive portal"}, "not GitHub"),
        ([], "not GitHub"),
    ],
)
async def test_check_never_says_ok_where_no_issue_can_be_made(wire: Wire, told: Any, words: str) -> None:
    wire.answers = {OLD: answer(200, told), f"{OLD}/issues": answer(200, [])}
    found = await tracker().check("api", "ticket")
    assert found.result is Result.FINDING and words in found.text and found.fix


@pytest.mark.parametrize(
    ("refused", "final", "words"),
    [
        (answer(403, {"message": "You have exceeded a secondary rate limit."}), False, "asks us to wait"),
        (answer(429, {"message": "slow down"}), False, "asks us to wait"),
        (answer(403, {"message": "You have triggered an abuse detection mechanism."}), False, "asks us to wait"),
        (answer(403, {"message": "Repository was archived so is read-only."}), True, "is archived"),
        (answer(403, {"message": "Unable to create comment because issue is locked."}), True, "is locked"),
        (answer(403, {"message": "Resource protected by organization SAML enforcement."}), True, "SAML"),
        (answer(410, {"message": "Issues has been disabled in this repository."}), True, "switched off"),
        (answer(451, {"message": "Repository access blocked"}), True, "blocked by GitHub"),
        (answer(401, {"message": "Bad credentials"}), True, "refuses the token"),
        (answer(502, None), False, "HTTP 502"),
        (page(403, "You have exceeded a secondary rate limit."), False, "asks us to wait"),
        (page(403, "Request forbidden by administrative rules."), True, "with a web page"),
        (answer(403, {"message": "API rate limit exceeded"}, x_ratelimit_remaining="0"), False, "asks us to wait"),
        (
            answer(422, {"message": "Validation Failed", "errors": [{"field": "title", "code": "missing"}]}),
            True,
            "title",
        ),
        (page(404, "Not Found"), True, "no API of GitHub"),
        (answer(302, None, location="/login"), True, "is asked for at https://api.example/login"),
    ],
)
async def test_a_refusal_has_its_own_name_and_limits_are_tried_again(
    wire: Wire, refused: Raw, final: bool, words: str
) -> None:
    wire.answers = {f"GET {OLD}/issues": answer(200, []), f"POST {OLD}/issues": refused}
    told = await tracker().open(message())
    assert not told.delivered and told.final is final and words in told.detail
    if "to wait" in told.detail and "slow down" not in told.detail:  # then the outbox's own pauses hold
        assert told.retry_after is not None and told.retry_after >= 60


@pytest.mark.parametrize("odd", [True, 5, "x", {"a": 1}, None, [5, None, {"name": 1}]])
async def test_a_field_of_another_form_than_githubs_ends_nothing(wire: Wire, odd: Any) -> None:
    """As what stands in for GitHub may answer, or a proxy before it."""
    made = answer(201, {"number": 7, "html_url": odd, "labels": odd, "body": odd})
    wire.answers = {f"GET {OLD}/issues": answer(200, [odd]), f"POST {OLD}/issues": made}
    labelled = GitHubIssues(GitHubSpec(where="acme/old", url=BASE, labels=("incident",)), "token")
    told = await labelled.open(message())
    assert told.delivered and told.ref == "7" and "without incident" in told.detail
    wire.answers[f"POST {OLD}/issues"] = answer(422, {"message": odd, "errors": odd})
    assert not (await labelled.open(message())).delivered


@pytest.mark.parametrize(
    ("refused", "fix"),
    [
        (answer(503, {"message": "Service unavailable"}), "tried again"),
        (answer(429, {"message": "slow down"}, retry_after="soon"), "tried again"),
        (answer(403, {"message": "API rate limit exceeded for user ID 1."}), "tried again"),
        (answer(403, {"message": "Resource protected by organization SAML enforcement."}), "Configure SSO"),
        (answer(403, {"message": "the `acme` organization has an IP allow list enabled"}), "IP allow list"),
        (answer(403, {"message": "`acme` forbids access via a personal access token (classic)."}), "of the kind"),
        (answer(403, {"message": "Resource not accessible by personal access token"}), "Issues: read and write"),
        (answer(401, {"message": "Bad credentials"}), "Issues: read and write"),
        (answer(404, {"message": "Not Found"}), "Issues: read and write"),
        (answer(410, {"message": "Issues has been disabled"}), "switch issues on"),
        (answer(451, {"message": "Repository access blocked"}), "another repository"),
        (page(404, "Page not found"), "/api/v3"),
        (page(200, "Sign in"), "/api/v3"),
        (answer(301, {}, location="https://elsewhere.example/"), "/api/v3"),
    ],
)
async def test_check_names_the_fix_of_each_trouble(wire: Wire, refused: Raw, fix: str) -> None:
    wire.answers = {OLD: refused}
    found = await tracker().check("api", "ticket")
    assert found.result is Result.FINDING and fix in found.fix


@pytest.mark.parametrize(
    "written",
    [
        "https://github.com/acme/old",
        "https://www.github.com/acme/old/",
        "git@github.com:acme/old.git",
        "ssh://git@ssh.github.com:443/acme/old.git",
        "github.com/acme/old",
        "https://github.acme.example/acme/old.git",
        "acme/old.git",
        "acme/old/",
    ],
)
async def test_a_repository_is_known_by_every_address_that_people_have_for_it(wire: Wire, written: str) -> None:
    assert repository(written) == "acme/old"
    wire.answers = {OLD: answer(200, REPOSITORY), f"{OLD}/issues": answer(200, [])}
    found = await GitHubIssues(GitHubSpec(where=written, url=BASE), "token").check("api", "ticket")
    assert found.result is Result.OK


def test_what_is_no_repository_is_refused_and_unusual_names_are_not() -> None:
    for name in ("octo_acme/x", "ACME/My.Repo.js", "acme/.github"):
        assert repository(name) == name
    for text in (
        "acme",
        "acme/..",
        "acme/old/issues",
        "/acme/old",
        "https://gitlab.com/acme/old",
        "https://x:y@github.com/a/b",
    ):
        with pytest.raises(ValueError, match="write owner/repository"):
            repository(text)


async def test_the_address_of_the_site_is_that_of_its_api(wire: Wire) -> None:
    wire.answers = {"https://api.github.com/repos/acme/old": answer(200, REPOSITORY)}
    await GitHubIssues(GitHubSpec(where="acme/old", url="https://github.com"), "token").check("api", "ticket")
    assert wire.asked[0] == "GET https://api.github.com/repos/acme/old"


async def test_a_sentry_project_with_another_slug_is_named(wire: Wire) -> None:
    moved = {"detail": {"code": "resource-moved", "message": "Resource has been moved", "extra": {"slug": "api-2"}}}
    project = f"{BASE}/api/0/projects/acme/api/"
    wire.answers = {project: answer(302, moved, location="/api/0/projects/acme/api-2/")}
    sentry = Sentry(Secrets({"SENTRY_TOKEN": "token"}))
    (found,) = await sentry.check((service(SentrySpec(organization="acme", project="api", url=BASE)),))
    assert found.result is Result.FINDING and "renamed: it is api-2 now" in found.text and "api-2" in found.fix
    wire.answers = {project: answer(302, None, location="https://sso.example/")}
    (other,) = await sentry.check((service(SentrySpec(organization="acme", project="api", url=BASE)),))
    assert "renamed" not in other.text and other.result is Result.FINDING
