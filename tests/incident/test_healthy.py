"""What a healthy answer is, over HTTP and in a log; and what several looks at one service come to."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tui.incident import health_from_probes, healthy_log, step_budgets
from tui.incident.healthy_answer import dotted, from_a_cache, unhealthy
from tui.incident.healthy_log import WrittenLine
from tui.model.health import Probe, ProbeOutcome, RequestExtras
from tui.model.incident import Incident, State
from tui.model.observation import Container
from tui.model.runbook_numbers import Budgets
from tui.model.service import Expect, HealthSpec, RequestHeader, Service

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
JSON = {"content-type": "application/json"}


def why(expect: Expect, body: Any, status: int = 200, **headers: str) -> str:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return unhealthy(expect, "http://x.example/", status, headers or JSON, raw)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("https://x.example/", "X-Forwarded-Proto"),
        ("http://x.example/", "which is this very address"),
        ("/", "which is this very address"),
        ("https://login.example/", "expected 200"),
    ],
)
def test_an_answer_that_sends_on_says_where_and_guesses_only_what_fits(to: str, words: str) -> None:
    said = why(Expect(), "", 302, location=to)
    assert f"sent on to {to}" in said and said.endswith(words + ": https}" * ("Proto" in words)), said


@pytest.mark.parametrize(
    ("url", "to", "hints"),
    [
        ("http://x.example/ready", "https://x.example/ready", True),
        ("http://x.example:80/ready", "https://x.example/ready", True),
        ("http://10.0.0.5/ready", "https://x.example/ready", True),
        ("http://x.example", "https://x.example/", True),
        ("http://x.example/ready", "https://x.example/login", False),
        ("https://x.example/ready", "https://www.x.example/ready", False),
        ("http://x.example/ready", "http://www.x.example/ready", False),
    ],
)
def test_what_answers_only_over_tls_is_told_to_be_asked_so(url: str, to: str, hints: bool) -> None:
    said = unhealthy(Expect(), url, 308, {"location": to}, b"")
    assert ("; write https://" in said) is hints, said


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, ""),
        ({"age": "0"}, ""),
        ({"age": "soon"}, ""),
        ({"x-cache": "Miss from cloudfront"}, ""),
        ({"cf-cache-status": "DYNAMIC"}, ""),
        ({"x-cache": "MISS from whitelist.example"}, ""),
        ({"x-cache": "TCP_MEM_HIT from a1.example"}, "from a cache: the service itself was not asked"),
        ({"age": "86400"}, "from a cache, 86400 s old: the service itself was not asked"),
        ({"age": "7, 3", "x-cache": "HIT, HIT"}, "from a cache, 7 s old: the service itself was not asked"),
        ({"x-cache": "Hit from cloudfront"}, "from a cache: the service itself was not asked"),
        ({"cf-cache-status": "HIT"}, "from a cache: the service itself was not asked"),
    ],
)
def test_an_answer_that_a_cache_gave_is_told_by_its_headers(headers: dict[str, str], words: str) -> None:
    assert from_a_cache(headers) == words


@pytest.mark.parametrize("to", ["http://[bad", "//[", "http://a]b/", "http://\u2100.x/"])
def test_where_an_answer_leads_may_be_no_address(to: str) -> None:
    assert why(Expect(), "", 302, location=to) == f"HTTP 302, sent on to {to}, which is no address; expected 200"


EVERY_MARK = Expect(json=(("a.0", "1"), ("a", "x")), contains=("a",), reject_html=False)


@given(st.text(), st.binary(), st.sampled_from([200, 302, 999]), st.sampled_from([Expect(), EVERY_MARK]))
def test_whatever_is_answered_is_judged(to: str, body: bytes, status: int, expect: Expect) -> None:
    for headers in ({"location": to, "content-type": to}, {"location": f"http://{to}", "content-type": "text/html"}):
        assert isinstance(unhealthy(expect, "http://x.example/", status, headers, body), str)


@pytest.mark.parametrize(
    ("path", "wanted", "body", "well"),
    [
        ("a.b.c", "1", {"a": {"b": {"c": 1}}}, True),
        ("a.b.c", "1", {"a": {"b": {"c": 2}}}, False),
        ("a.b.c", "1", {"a": {"b": 1}}, False),
        ("a.b", "x", {"a.b": "x", "a": {"b": "y"}}, True),
        ("a.b.c", "x", {"a.b": {"c": "x"}}, True),
        ("checks.1.state", "ok", {"checks": [{"state": "no"}, {"state": "ok"}]}, True),
        ("checks.2.state", "ok", {"checks": [{"state": "ok"}]}, False),
        ("0", "ok", ["ok"], True),
        ("up", "true", {"up": True}, True),
        ("up", "True", {"up": True}, True),
        ("up", "true", {"up": "true"}, True),
        ("up", "1", {"up": True}, False),
        ("up", "yes", {"up": True}, True),
        ("up", "off", {"up": False}, True),
        ("up", "yes", {"up": False}, False),
        ("up", "yes", {"up": "yes"}, True),
        ("n", "1.0", {"n": 1}, True),
        ("n", "1", {"n": 1.5}, False),
        ("v", "1.10", {"v": "1.10"}, True),
        ("error", "null", {"error": None}, True),
        ("error", "null", {}, False),
        ("a", "x", {"a": {"b": "x"}}, False),
    ],
)
def test_a_value_by_its_path(path: str, wanted: str, body: Any, well: bool) -> None:
    assert (why(Expect(json=((path, wanted),)), body) == "") is well
    assert dotted(body, "") is None


@pytest.mark.parametrize(
    ("expect", "body", "status", "words"),
    [
        (Expect(status=(200, 204)), "", 204, ""),
        (Expect(text="pong"), "\ufeffpong\n", 200, ""),
        (Expect(json=(("a", "1"),)), '\ufeff{"a": 1}', 200, ""),
        (Expect(), "\ufeff<html>", 200, "answered with HTML"),
        (Expect(status=(200, 204)), "", 202, "HTTP 202, expected 200 or 204"),
        (Expect(contains=("ready", "db")), "db ready", 200, ""),
        (Expect(contains=("ready", "db")), "cache ready", 200, "'db' is not in the answer: 'cache ready'"),
        (Expect(contains=("Welcome",)), "<html>Welcome</html>", 200, "answered with HTML: this is a web page"),
        (Expect(contains=("Welcome",), reject_html=False), "<html>Welcome</html>", 200, ""),
    ],
)
def test_statuses_and_parts_of_the_body(expect: Expect, body: str, status: int, words: str) -> None:
    said = why(expect, body, status)
    assert said.startswith(words) and bool(said) == bool(words)


# ── a log ────────────────────────────────────────────────────────────────────────────────────────────────────────────

WORKER = Container(id="a1", process="worker", started_at=AT)


def line(text: str, seconds: int, process: str | None = "worker.1") -> WrittenLine:
    return WrittenLine(AT + timedelta(seconds=seconds), process, text)


def said(*lines: WrittenLine, most: int = 10, containers: tuple[Container, ...] = (WORKER,)) -> healthy_log.Said:
    return healthy_log.lines("up", containers, lines, lambda text: "up" in text, most)


@pytest.mark.parametrize(
    "containers",
    [(), (Container(id="a", process="worker", running=False),), (Container(id="a", process="w", restarting=True),)],
)
def test_every_process_has_to_run(containers: tuple[Container, ...]) -> None:
    wrong = healthy_log.processes(containers)
    assert wrong is not None and wrong[0] is ProbeOutcome.UNHEALTHY and wrong[1]
    assert healthy_log.processes((WORKER,)) is None


def test_a_line_since_the_start_counts_and_one_of_an_earlier_container_does_not() -> None:
    assert said(line("up", 1)) == (ProbeOutcome.HEALTHY, "")
    assert said(line("up", 0)) == (ProbeOutcome.HEALTHY, "")
    assert said(line("up", -1), line("starting", 1))[0] is ProbeOutcome.UNHEALTHY
    assert said(line("up", 1, "release.1"))[0] is ProbeOutcome.UNHEALTHY
    assert said(line("up", 1, None))[0] is ProbeOutcome.UNHEALTHY
    assert said(WrittenLine(None, "worker.1", "up"))[0] is ProbeOutcome.UNHEALTHY
    assert said()[0] is ProbeOutcome.UNHEALTHY


def test_where_the_log_is_longer_than_what_was_read_nothing_is_known() -> None:
    outcome, why = said(line("busy", 1), line("busy", 2), most=2)
    assert outcome is ProbeOutcome.UNREACHABLE and why == "no line of the newest 2 matches 'up'; the log is longer"


# ── several looks ────────────────────────────────────────────────────────────────────────────────────────────────────


def look(url: str, outcome: ProbeOutcome, detail: str = "", seconds: float | None = 0.1) -> Probe:
    return Probe(at=AT, url=url, outcome=outcome, detail=detail, seconds=seconds)


def test_bad_outweighs_unknown_outweighs_good() -> None:
    own, public = look("own", ProbeOutcome.HEALTHY), look("public", ProbeOutcome.HEALTHY, seconds=0.9)
    sick, lost = look("sick", ProbeOutcome.UNHEALTHY, "HTTP 500"), look("lost", ProbeOutcome.UNREACHABLE, "no answer")
    assert health_from_probes.together([own]) is own
    well = health_from_probes.together([own, public])
    assert (well.outcome, well.url, well.seconds) == (ProbeOutcome.HEALTHY, "own", 0.1)
    assert well.parts == (own, public) and well.part("public") is public and well.part("other") is None
    bad = health_from_probes.together([own, lost, sick])
    assert (bad.outcome, bad.detail) == (ProbeOutcome.UNHEALTHY, "sick: HTTP 500")
    assert health_from_probes.together([own, lost]).outcome is ProbeOutcome.UNREACHABLE


# ── what goes with a request ─────────────────────────────────────────────────────────────────────────────────────────


def test_headers_of_health_go_nowhere_else() -> None:
    token = RequestHeader(name="Authorization", value="Bearer s3cret", credentials=("T",))
    own = RequestHeader(name="authorization", value="Bearer other")
    health = HealthSpec(url="https://api.example/health", headers=(token,), host_header="h", ca="/ca.pem")
    service = Service(name="a", title="a", host="h", app="a", health=health)
    assert RequestExtras.of(service, "https://api.example/version").headers == (("Authorization", "Bearer s3cret"),)
    for elsewhere in ("http://api.example/version", "https://api.example:8443/", "https://evil.example/"):
        assert RequestExtras.of(service, elsewhere).headers == ()
    both = RequestExtras.of(service, "https://api.example/ping", (own,))
    assert both.headers == (("authorization", "Bearer other"),)
    assert (
        RequestExtras.of(Service(name="a", title="a", host="h", app="a"), "https://x/", (own,)).headers == both.headers
    )


# ── the runbook's times ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_step_that_takes_longer_than_the_runbook_gives_it_says_what_then() -> None:
    begun = Incident(id="i", service="api", app="api", host="h", opened_at=AT, by="me", since=AT)
    given = Budgets(confirm=timedelta(seconds=30), verify=timedelta(seconds=20))
    assert (spent := step_budgets.running(begun, given, AT + timedelta(seconds=30))) is not None and spent.over == ""
    late = step_budgets.running(begun, given, AT + timedelta(seconds=31))
    assert late is not None and late.over == "confirming takes 31 s, the runbook gives it 30 s: roll back"
    just = step_budgets.running(begun, given, AT + timedelta(seconds=30.2))
    assert just is not None and just.over.startswith("confirming takes 31 s, the runbook gives it 30 s"), "not 30 of 30"
    verifying = replace(begun, state=State.VERIFYING, asking=None, served_at=AT)
    slow = step_budgets.running(verifying, given, AT + timedelta(seconds=25))
    assert slow is not None and slow.over.startswith("verifying takes 25 s, the runbook gives it 20 s")
    sent = replace(begun, state=State.EXECUTING, confirmed_at=AT)
    gone = step_budgets.running(sent, given, AT + timedelta(minutes=2))
    assert gone is not None and gone.over.startswith("rolling back takes 120 s, the runbook gives it 60 s")
    assert step_budgets.running(replace(begun, state=State.WATCHING), given, AT) is None
    assert step_budgets.rolled_back(begun, given) == ""
