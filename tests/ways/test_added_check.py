"""A check of ours on the way back: for which process type, where, and where never."""

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.incident.facts import container, current
from tests.ways.cases import NONE_OFF, SERVICE, SHAPE, TARGETS, facts
from tui import ways
from tui.dokku.build_settings import Shape
from tui.dokku.k3s import K3sSettings
from tui.dokku.reports import checks_report
from tui.model.plan import Plan
from tui.model.service import CheckMode, Service
from tui.ways.facts import Silence

UP = {"type": "startup", "uptime": 3}
BOTH = (("Procfile", "web: ./serve\nworker: ./work\nrelease: ./migrate\n"),)
QUIET = Silence(silent=True, words="no good answer in the last 10 s")
HEARD = Silence(silent=False, words="the service still answers")
OWN, DOKKU = replace(SERVICE, checks=CheckMode.OWN), replace(SERVICE, checks=CheckMode.DOKKU)


def planned(**changes: Any) -> Plan:
    given: dict[str, Any] = {"files": BOTH, "silence": HEARD}
    return ways.of("kept").plan(facts(**given | changes))


def checks(plan: Plan, path: str = "app.json") -> dict[str, Any]:
    assert plan.push is not None
    text = dict(plan.push.files).get(path)
    found = json.loads(text).get("healthchecks", {}) if text is not None else {}
    assert isinstance(found, dict)
    return found


def said(plan: Plan) -> str:
    return "\n".join(w.text for w in plan.warnings)


def test_a_worker_always_gets_one_and_web_while_nothing_answers() -> None:
    answering, dead = planned(), planned(silence=QUIET)
    assert checks(answering) == {"worker": [UP]}
    assert "worker gets a check of ours, it has to be up for 3 s: release:1 brings none" in said(answering)
    assert "web keeps Dokku's own check, up for 10 s: the service still answers" in said(answering)
    assert checks(dead) == {"web": [UP], "worker": [UP]}
    assert [(c.process, c.uptime, c.path) for c in dead.own_checks] == [("web", 3, None), ("worker", 3, None)]
    assert QUIET.words in said(dead) and "web keeps" not in said(dead)


def test_what_was_not_looked_at_is_no_silence() -> None:
    assert checks(planned(silence=None)) == {"worker": [UP]}


def test_own_adds_it_always_by_the_path_where_that_answered() -> None:
    assert checks(planned(service=OWN)) == {"web": [UP], "worker": [UP]}
    found = planned(service=OWN, answered_path="/health")
    assert checks(found)["web"] == [{"type": "startup", "path": "/health", "attempts": 30, "wait": 1}]
    assert checks(found)["worker"] == [UP]
    assert "web gets a check of ours, /health has to answer: release:1 brings none (it answered while" in said(found)


def test_dokku_adds_none() -> None:
    found = planned(service=DOKKU, silence=QUIET)
    assert (checks(found), found.own_checks) == ({}, ())
    assert "check of ours" not in said(found)


@pytest.mark.parametrize("mode", [SERVICE, OWN])
@pytest.mark.parametrize(
    "brings",
    [
        {"web": [{"type": "startup", "path": "/up"}], "worker": [{"type": "startup", "uptime": 30}]},
        {"web": [{"type": "liveness", "path": "/up"}], "worker": [{"command": ["./ok"]}]},
        {"web": {"path": "not a list"}, "worker": "strange"},
    ],
)
def test_what_the_release_brings_is_not_changed(mode: Service, brings: dict[str, Any]) -> None:
    text = json.dumps({"healthchecks": brings, "cron": []}, indent=7)
    found = planned(service=mode, silence=QUIET, files=(*BOTH, ("app.json", text)))
    assert found.push is not None
    assert dict(found.push.files)["app.json"] == text
    assert found.own_checks == ()


def test_the_rest_of_its_app_json_stays() -> None:
    brings = {"formation": {"web": {"quantity": 2}}, "healthchecks": {"web": [{"path": "/up"}], "worker": []}}
    found = planned(silence=QUIET, files=(*BOTH, ("app.json", json.dumps(brings))))
    assert found.push is not None
    assert json.loads(dict(found.push.files)["app.json"]) == {
        "formation": {"web": {"quantity": 2}},
        "healthchecks": {"web": [{"path": "/up"}], "worker": [UP]},
    }


def test_an_older_checks_file_is_a_check_of_web() -> None:
    found = planned(service=OWN, files=(*BOTH, ("CHECKS", "/up\n")))
    assert checks(found) == {"worker": [UP]}


def test_an_app_json_that_cannot_be_read_is_pushed_as_it_is_where_nothing_else_forbids_it() -> None:
    options = replace(facts().options, run_tasks=True)
    for text in ("{", "[]", '{"healthchecks": []}', '{"healthchecks": ["web"]}'):
        found = planned(service=OWN, options=options, files=(*BOTH, ("app.json", text)))
        assert found.push is not None
        if text != '{"healthchecks": []}':
            assert (dict(found.push.files)["app.json"], found.own_checks) == (text, ())


def test_it_lies_where_the_app_reads_its_app_json() -> None:
    found = planned(shape=replace(SHAPE, appjson="ops/app.json"), files=(("api/ops/Procfile", BOTH[0][1]),))
    for path in ("ops/app.json", "api/ops/app.json"):
        assert checks(found, path) == {"worker": [UP]}
    assert checks(found) == {}


def test_of_two_places_where_dokku_may_look_either_may_bring_the_check() -> None:
    inside = ("api/app.json", '{"healthchecks": {"worker": [{"type": "startup", "uptime": 60}]}}')
    root = ("app.json", "{}")
    found = planned(shape=SHAPE, files=(("ops/Procfile", BOTH[0][1]), root, inside))
    assert found.own_checks == ()


OFF: dict[str, dict[str, Any]] = {
    "disabled": {"zero_downtime": replace(NONE_OFF, disabled="_all_")},
    "skipped": {"zero_downtime": replace(NONE_OFF, skipped="_all_")},
    "both named": {"zero_downtime": replace(NONE_OFF, disabled="worker", skipped="web,other")},
    "not told": {"zero_downtime": None},
    "where app.json lies is not told": {"shape": Shape(app="cyc", unknown=("app-json",))},
    "k3s": {"cluster": K3sSettings()},
}


@pytest.mark.parametrize("case", OFF)
@pytest.mark.parametrize("mode", [SERVICE, OWN])
def test_where_the_host_would_not_look_or_nobody_knows_there_is_none(case: str, mode: Service) -> None:
    found = planned(service=mode, silence=QUIET, **OFF[case])
    assert found.own_checks == ()
    if case != "k3s":
        assert checks(found) == {}
    else:
        assert "uptime" not in json.dumps(checks(found))


def test_only_the_types_that_are_looked_at_get_one() -> None:
    found = planned(silence=QUIET, zero_downtime=replace(NONE_OFF, skipped="web"))
    assert checks(found) == {"worker": [UP]}


def test_a_waiting_time_of_the_teams_own_counts_unless_services_yaml_says_otherwise() -> None:
    waits = (
        {"shape": Shape(app="cyc", keys=("DOKKU_DEFAULT_CHECKS_WAIT",))},
        {"shape": Shape(app="cyc", global_keys=("DOKKU_DEFAULT_CHECKS_WAIT",))},
        {"shape": Shape(app="cyc", unknown=("the list of its config keys",))},
        {"zero_downtime": replace(NONE_OFF, default_wait="60")},
    )
    for wait in waits:
        assert checks(planned(silence=QUIET, **wait)) == {}
        assert checks(planned(service=OWN, **wait)) == {"web": [UP], "worker": [UP]}
    assert checks(planned(zero_downtime=replace(NONE_OFF, default_wait="10"))) == {"worker": [UP]}


def test_a_release_without_a_procfile_has_the_types_that_run() -> None:
    two = current(containers=(container(), container("b" * 12, process="worker")))
    assert checks(planned(files=(), current=two)) == {"worker": [UP]}
    assert checks(planned(files=(), silence=QUIET)) == {"web": [UP]}


def test_ways_that_send_no_files_say_that_they_bring_none() -> None:
    for name, (way, target, words) in TARGETS.items():
        if way == "kept":
            continue
        made = ways.of(way).plan(facts(service=OWN, target=target, words=str(words), digest=f"sha256:{'a' * 64}"))
        assert made.own_checks == (), name
        assert f"the way {way} sends no files of ours: no check of ours" in said(made)


def test_a_plan_of_an_older_console_has_none() -> None:
    older = msgspec.to_builtins(planned())
    del older["own_checks"]
    assert msgspec.convert(older, Plan).own_checks == ()


def test_the_report_of_a_host_that_has_a_waiting_time() -> None:
    text = (
        b"       Checks disabled list: none\n       Checks skipped list: none\n       Checks global default wait: 30\n"
    )
    found = checks_report(text)
    assert found is not None
    assert found.default_wait == "30"
