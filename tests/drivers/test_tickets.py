"""One ticket for an incident, in GitHub and in Linear: however often it is tried, and whatever got lost on the way."""

from collections.abc import Callable

import pytest

from tests.drivers.outside import INCIDENT, earlier, message, secrets, service
from tests.vendors import Vendors
from tests.vendors.github import issue
from tests.vendors.linear import LABEL, TEAM
from tui.drivers.vendors import REGISTRY, markdown
from tui.drivers.vendors import api as apis
from tui.drivers.vendors.github import GitHubSpec
from tui.drivers.vendors.linear import LinearSpec, own_id
from tui.drivers.vendors.tickets import Tickets
from tui.model.finding import Result
from tui.model.notice import Milestone


def github(vendors: Vendors, *labels: str, where: str = "acme/api") -> Tickets:
    """The tickets of `api` in GitHub."""
    spec = GitHubSpec(where=where, labels=labels, url=vendors.urls["github"])
    return Tickets(secrets(vendors), (service(spec),), REGISTRY)


def linear(vendors: Vendors, *labels: str, where: str = TEAM) -> Tickets:
    """The tickets of `api` in Linear."""
    spec = LinearSpec(where=where, labels=labels, url=vendors.urls["linear"])
    return Tickets(secrets(vendors), (service(spec),), REGISTRY)


Maker = Callable[..., Tickets]
EACH = pytest.mark.parametrize("of", [github, linear], ids=["github", "linear"])


def held(vendors: Vendors) -> tuple[int, int]:
    """How many tickets and comments there are, in both."""
    comments = sum(map(len, vendors.github.comments.values())) + len(vendors.linear.comments)
    return len(vendors.github.issues) + len(vendors.linear.issues), comments


# ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@EACH
async def test_one_ticket_and_a_comment_for_all_that_follows(vendors: Vendors, of: Maker) -> None:
    tickets = of(vendors)
    first = await tickets.deliver(message(), None)
    assert first.delivered and first.ref and first.link
    for milestone in list(Milestone)[1:]:
        assert tickets.wants(message(milestone))
        told = await tickets.deliver(message(milestone), earlier(first))
        assert told.delivered and told.ref == first.ref
    await tickets.close()
    assert held(vendors) == (1, 4)


@EACH
async def test_trying_again_makes_nothing_twice(vendors: Vendors, of: Maker) -> None:
    tickets = of(vendors)
    first = await tickets.deliver(message(), None)
    again = await tickets.deliver(message(), None)
    assert (again.delivered, again.ref, again.link) == (True, first.ref, first.link)
    for _ in range(2):
        assert (await tickets.deliver(message(Milestone.VERIFIED), earlier(first))).delivered
    await tickets.close()
    assert held(vendors) == (1, 1)


@EACH
@pytest.mark.parametrize("kind", ["lost", "html"])
async def test_a_lost_answer_leaves_one_ticket(vendors: Vendors, of: Maker, kind: str) -> None:
    tickets = of(vendors)
    vendors.fault("github", kind, on="POST /repos/acme/api/issues ")
    vendors.fault("linear", kind, on="issueCreate")
    first = await tickets.deliver(message(), None)
    assert not first.delivered and not first.final
    assert held(vendors) == (1 if kind == "lost" else 0, 0)
    again = await tickets.deliver(message(), None)
    assert again.delivered and again.ref
    assert held(vendors) == (1, 0)
    vendors.fault("github", kind, on="POST /repos/acme/api/issues/1/comments")
    vendors.fault("linear", kind, on="commentCreate")
    assert not (await tickets.deliver(message(Milestone.VERIFIED), earlier(again))).delivered
    assert (await tickets.deliver(message(Milestone.VERIFIED), earlier(again))).delivered
    await tickets.close()
    assert held(vendors) == (1, 1)


async def test_an_id_that_collides_counts_as_delivered(vendors: Vendors) -> None:
    tickets = linear(vendors)
    assert (await tickets.deliver(message(), None)).delivered
    vendors.fault("linear", "missing", on="issue(id")  # somebody else's console makes it between question and mutation
    again = await tickets.deliver(message(), None)
    await tickets.close()
    assert again.delivered and again.link == "https://linear.app/acme/issue/ENG-1"
    assert held(vendors) == (1, 0)


@EACH
async def test_what_comes_first_makes_the_ticket_and_the_start_is_added(vendors: Vendors, of: Maker) -> None:
    tickets = of(vendors)
    assert (await tickets.deliver(message(Milestone.VERIFIED), None)).delivered
    late = await tickets.deliver(message(Milestone.STARTED), None)
    await tickets.close()
    assert late.delivered and late.ref
    assert held(vendors) == (1, 1)


@EACH
async def test_nothing_said_is_no_delivery(vendors: Vendors, of: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apis, "TOTAL", 0.2)
    tickets = of(vendors)
    vendors.fault("github", "hang")
    vendors.fault("linear", "hang")
    told = await tickets.deliver(message(), None)
    await tickets.close()
    assert (told.delivered, told.final, told.detail) == (False, False, "no answer within 0 s")


async def test_a_service_without_a_tracker_or_a_token_has_no_ticket(vendors: Vendors) -> None:
    spec = GitHubSpec(where="acme/api", url=vendors.urls["github"])
    without = Tickets(secrets(vendors, GITHUB_TOKEN=""), (service(spec),), REGISTRY)
    assert not without.ready and not without.wants(message())
    assert (await without.deliver(message(), None)).final
    (found,) = await without.check((service(spec),))
    assert found.text == "ticket is set up, but GITHUB_TOKEN is not set: it is left out"
    (found,) = await without.check((service(),))
    assert (found.result, found.text) == (Result.NOTE, "ticket is not set up")
    assert vendors.received == []


# ── GitHub ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_issue_of_github(vendors: Vendors) -> None:
    tickets = github(vendors, "incident")
    text = "@acme/everyone: ```\n![x](https://evil.example/a.png) #1"
    told = await tickets.deliver(message(text=text, title="api: " + "x" * 400), None)
    await tickets.close()
    assert (told.detail, told.ref, told.link) == ("acme/api#1", "1", "https://github.com/acme/api/issues/1")
    (made,) = vendors.github.issues
    assert len(made["title"]) == 256 and made["labels"] == [{"name": "incident"}]
    known = f"rollback incident {INCIDENT} ({message().key})"
    assert made["body"] == f"````text\n{text}\n````\n\n{known}"  # letter by letter: no mention, no image


async def test_labels_that_were_dropped_are_said(vendors: Vendors) -> None:
    vendors.github.may_push = False
    tickets = github(vendors, "incident", "P1")
    told = await tickets.deliver(message(), None)
    await tickets.close()
    assert told.delivered
    assert told.detail == "acme/api#1, without incident, P1: the token may not push, GitHub drops labels then"


@pytest.mark.parametrize(
    ("kind", "detail", "final", "wait"),
    [
        ("secondary", "asks us to wait (HTTP 403): You have exceeded a secondary rate limit.", False, 60.0),
        ("primary", "asks us to wait (HTTP 403): API rate limit exceeded for user ID 1.", False, 540.0),
        ("limited-date", "asks us to wait (HTTP 429)", False, 30.0),
        ("disabled", "issues are switched off in acme/api", True, None),
        ("forbidden", "does not allow this (HTTP 403): Resource not accessible by personal access token", True, None),
        ("unauthorized", "refuses the token (HTTP 401): Bad credentials", True, None),
        ("html", "HTTP 502, with a web page", False, None),
        ("html-ok", "answered with a web page instead of JSON", False, None),
        ("cut", "what answers speaks no HTTP", False, None),
    ],
)
async def test_github_refuses(vendors: Vendors, kind: str, detail: str, final: bool, wait: float | None) -> None:
    tickets = github(vendors)
    vendors.fault("github", kind)
    told = await tickets.deliver(message(), None)
    await tickets.close()
    assert not told.delivered and told.detail.startswith(detail) and told.final is final
    assert told.retry_after == (None if wait is None else pytest.approx(wait, abs=2))
    assert vendors.github.issues == []


async def test_the_issue_is_found_behind_others_and_a_pull_request_is_none(vendors: Vendors) -> None:
    tickets = github(vendors)
    await tickets.deliver(message(), None)
    quoting = f"see rollback incident {INCIDENT} (x)"
    vendors.github.issues += [issue(n, "another", "…") for n in range(2, 230)]
    vendors.github.issues.append(issue(230, "fix", quoting, pull_request={"url": "x"}))
    told = await tickets.deliver(message(), None)
    await tickets.close()
    assert (told.delivered, told.ref) == (True, "1")
    assert vendors.asked("github").count("POST /repos/acme/api/issues") == 1


async def test_a_repository_that_is_not_there(vendors: Vendors) -> None:
    tickets = github(vendors, where="acme/secret")
    told = await tickets.deliver(message(), None)
    await tickets.close()
    assert told.final and told.detail == "acme/secret is not there, or the token may not see it"


async def test_check_of_github_reads_only(vendors: Vendors) -> None:
    tickets = github(vendors, "incident")
    spec = service(GitHubSpec(where="acme/api"))
    (found,) = await tickets.check((spec,))
    assert (found.subject, found.result, found.text) == ("api", Result.OK, "ticket: issues in acme/api")
    vendors.github.may_push = False
    (found,) = await tickets.check((spec,))
    assert found.result is Result.NOTE and "without labels" in found.text
    vendors.fault("github", "unauthorized")
    (found,) = await tickets.check((spec,))
    await tickets.close()
    assert found.result is Result.FINDING and "Issues: read and write" in found.fix
    assert {r.method for r in vendors.received} == {"GET"}


# ── Linear ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_issue_of_linear(vendors: Vendors) -> None:
    tickets = linear(vendors, "incident", "nowhere")
    told = await tickets.deliver(message(), None)
    await tickets.close()
    assert told.detail == "ENG-1, without nowhere: Linear knows no such label"
    assert told.link == "https://linear.app/acme/issue/ENG-1"
    (made,) = vendors.linear.issues.values()
    assert (made["title"], made["priority"], made["labelIds"]) == ("api: started", 1, [LABEL])
    assert made["description"].endswith(f"rollback incident {INCIDENT} ({message().key})")


def test_its_ids_are_ours_and_of_the_form_it_wants() -> None:
    assert own_id("a") == own_id("a") != own_id("b")
    assert own_id("a")[14] == "4"


@pytest.mark.parametrize(
    ("kind", "detail", "final", "wait"),
    [
        ("ratelimited", "Linear asks us to wait", False, 45.0),
        ("errors-ok", "Linear says no: conflict on insert", False, None),
        ("unauthorized", "refuses the token (HTTP 401): Authentication required, not authenticated", True, None),
        ("html", "HTTP 502, with a web page", False, None),
        ("html-ok", "answered with a web page instead of JSON", False, None),
        ("broken", "Linear says no: Internal server error", False, None),
    ],
)
async def test_linear_refuses(vendors: Vendors, kind: str, detail: str, final: bool, wait: float | None) -> None:
    tickets = linear(vendors)
    vendors.fault("linear", kind, times=3)
    told = await tickets.deliver(message(), None)
    await tickets.close()
    assert not told.delivered and told.detail.startswith(detail) and told.final is final
    assert told.retry_after == (None if wait is None else pytest.approx(wait, abs=2))
    assert vendors.linear.issues == {}


async def test_check_of_linear_tells_the_teams_id(vendors: Vendors) -> None:
    spec = service(LinearSpec(where=TEAM))
    tickets = linear(vendors)
    (found,) = await tickets.check((spec,))
    await tickets.close()
    assert (found.result, found.text) == (Result.OK, "ticket: issues of Engineering in Linear, as rollback")
    tickets = linear(vendors, where="ENG")
    (found,) = await tickets.check((spec,))
    await tickets.close()
    assert found.result is Result.FINDING and found.fix == f"services.yaml: linear: {TEAM}"
    assert all("mutation" not in r.body["query"] for r in vendors.received)


# ── the text ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_postmortem_stays_markdown_and_calls_nobody() -> None:
    text = "# Post-mortem\n\nby ana@laptop, cc @acme/oncall"
    made = markdown.body(message(Milestone.POSTMORTEM, text=text), 60_000)
    assert made.startswith("# Post-mortem\n\nby ana@laptop, cc @\u200bacme/oncall\n\n")


@pytest.mark.parametrize("milestone", [Milestone.STARTED, Milestone.POSTMORTEM])
@pytest.mark.parametrize("text", ["x" * 70_000, "`" * 5000 + "x" * 70_000])
def test_what_is_too_long_is_cut_and_keeps_its_mark(milestone: Milestone, text: str) -> None:
    made = markdown.body(message(milestone, text=text), 60_000)
    assert len(made) <= 60_000
    assert made.endswith(f"({message(milestone).key})") and markdown.CUT in made
