"""What is proposed can be read, says what was seen, and marks what is a guess."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given, settings

from tests.init_config import worlds
from tui import config
from tui.config import values
from tui.config.hosts_and_services import RESERVED
from tui.init_config import document, names
from tui.init_config.document import Decisions, Rules
from tui.init_config.facts import AppFacts, HealthFound, HostFacts, WebAnswer, Whose
from tui.model.service import Fleet


def fits(app: str) -> bool:
    try:
        return bool(values.app(app))
    except ValueError:
        return False


RULES = Rules(reserved=RESERVED, app_fits=fits)


def loaded(text: str) -> Fleet:
    return config.load(Path("/etc/rollback/services.yaml"), environ={}, raw=text.encode())


def answered(body: bytes, *, status: int = 200, kind: str = "application/json", path: str = "/health") -> HealthFound:
    page = WebAnswer(url=f"https://api.example{path}", status=status, kind=kind, body=body)
    return HealthFound(page=page, again=page, whose=Whose.SITE)


def proposed(*apps: AppFacts, decisions: Decisions | None = None) -> str:
    return document.whole(HostFacts(ssh="dokku@host.example", apps=apps), RULES, decisions or Decisions())


@settings(max_examples=60)
@given(worlds.hosts)
def test_whatever_a_host_says_the_proposal_can_be_read(facts: HostFacts) -> None:
    made, left = document.services(facts, "host", RULES, Decisions())
    assert {one.app for one in made} | {app for app, _ in left} >= {one.app for one in facts.apps}
    assume(made)
    fleet = loaded(document.whole(facts, RULES, Decisions()))
    assert {s.app for s in fleet.services} == {one.app for one in made}
    assert {s.name for s in fleet.services}.isdisjoint(RESERVED)


def test_an_ordinary_app() -> None:
    text = proposed(AppFacts(app="api", health=answered(b'{"status": "ready", "uptime": 5}')))
    (service,) = loaded(text).services
    assert service.health is not None
    assert (service.health.url, dict(service.health.expect.json)) == ("https://api.example/health", {"status": "ready"})
    assert (service.order, service.rollback.downtime, service.rollback.stop_first) == (10, None, False)
    assert document.guesses(text) == 2  # the environment and the order


def test_what_only_a_person_knows_is_marked() -> None:
    text = proposed(AppFacts(app="api", health=answered(b"<html>", kind="text/html")), AppFacts(app="worker"))
    assert "environment: production  # please check" in text
    assert "a web page" in text and "reject_html: false" in text
    assert "# no health URL" in text
    assert "environment: live\n" in proposed(
        AppFacts(app="api"), decisions=Decisions(environment="live", environment_given=True)
    )


def test_a_volume_of_a_database_is_a_proposal_that_names_its_reason() -> None:
    app = AppFacts(app="search", mounts=("/var/lib/dokku/data/storage/search/badger:/data",))
    text = proposed(app)
    assert "# it mounts /var/lib/dokku/data/storage/search/badger:/data (badger)" in text
    rollback = loaded(text).services[0].rollback
    assert (rollback.stop_first, rollback.downtime) == (True, (timedelta(seconds=10), timedelta(seconds=30)))
    assert "badger" in rollback.reason
    refused = proposed(app, decisions=Decisions(stop_first=(("search", False),)))
    assert not loaded(refused).services[0].rollback.stop_first and "badger" not in refused
    agreed = proposed(app, decisions=Decisions(stop_first=(("search", True),)))
    assert loaded(agreed).services[0].rollback.stop_first and "# it mounts" not in agreed


@pytest.mark.parametrize(
    "app",
    [
        AppFacts(app="search", mounts=("/srv/badger:/data",), processes=(("web", 2),)),
        AppFacts(app="search", mounts=("/srv/badger:/data",), scheduler="k3s"),
    ],
    ids=["two containers", "k3s"],
)
def test_what_cannot_be_stopped_first_is_said(app: AppFacts) -> None:
    text = proposed(app)
    assert "it is not stopped first" in text and not loaded(text).services[0].rollback.stop_first


def test_disabled_checks_are_downtime() -> None:
    rollback = loaded(proposed(AppFacts(app="api", checks_disabled="_all_"))).services[0].rollback
    assert rollback.downtime is not None and not rollback.stop_first


def test_names_that_are_taken_or_reserved_and_apps_of_older_hosts() -> None:
    text = proposed(AppFacts(app="status"), AppFacts(app="status-app"), AppFacts(app="My_App"), AppFacts(app="on"))
    named = {s.app: s.name for s in loaded(text).services}
    assert named == {"status": "status-2", "status-app": "status-app", "My_App": "My_App", "on": "on"}


def test_a_name_that_means_another_service_already() -> None:
    there = loaded(proposed(AppFacts(app="api"), AppFacts(app="x"))).services
    facts = HostFacts(ssh="dokku@b.example", apps=(AppFacts(app="api"), AppFacts(app="new")))
    made, left = document.services(facts, "b", RULES, Decisions(), there=there)
    assert ([one.name for one in made], left) == (["new"], (("api", "another service has that name"),))
    assert "order: 40" in made[0].lines


def test_an_ill_service_is_taken_with_its_own_check_and_said_to_be_ill() -> None:
    found = answered(b'{"status": "unready"}', status=503, path="/ready")
    text = proposed(AppFacts(app="api", health=found))
    assert "answered HTTP 503" in text
    spec = loaded(text).services[0].health
    assert spec is not None and spec.expect.status == (200,) and spec.expect.json == ()


def test_two_apps_that_answer_the_same_are_told_apart_by_who_they_say_they_are() -> None:
    same = proposed(
        AppFacts(app="a", health=answered(b'{"status": "ok"}')), AppFacts(app="b", health=answered(b'{"status": "ok"}'))
    )
    assert "b answers the same: only the address tells them apart" in same
    apart = proposed(
        AppFacts(app="a", health=answered(b'{"status": "ok", "service": "a"}')),
        AppFacts(app="b", health=answered(b'{"status": "ok", "service": "b"}')),
    )
    assert "answers the same" not in apart and "service: a" in apart


def test_left_out_apps_are_named() -> None:
    facts = HostFacts(
        ssh="dokku@host.example",
        apps=(AppFacts(app="api"),),
        left_out=(("b", "never deployed"), ("a", "never deployed")),
    )
    assert "# No service, never deployed: a, b" in document.whole(facts, RULES, Decisions())


def test_what_comes_in_by_all_is_taken_last() -> None:
    text = proposed(AppFacts(app="gateway"), AppFacts(app="api"), AppFacts(app="search"))
    assert [s.name for s in loaded(text).services] == ["api", "search", "gateway"]


def test_an_app_with_a_long_name_has_a_service_with_a_shorter_one() -> None:
    assert names.service("a" * 100, (), ()) == "a" * 58 + "-2"
    assert names.service("status", (), ("status",)) == "status-app"
