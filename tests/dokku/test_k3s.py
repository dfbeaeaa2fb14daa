"""Dokku's Kubernetes scheduler, held to what a host said: recorded on 0.35.15, 2026-11-28."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tui.dokku import build_settings, k3s, reports
from tui.dokku.k3s import K3sSettings, Pod
from tui.dokku.reports import Unreadable
from tui.model.outcome import Answer, Exited, Lost, TimedOut

SAID: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "k3s.json").read_text())["answers"]
AT = datetime(2026, 11, 28, 14, 0, tzinfo=UTC)


def answer(name: str, **changes: Any) -> Answer:
    said = {**SAID[name], **changes}
    return Answer(
        argv=tuple(said["command"].split()),
        outcome=said.get("outcome", Exited(code=said["exit"])),
        started_at=AT,
        seconds=1.0,
        stdout=said["stdout"].encode(),
        stderr=said["stderr"].encode(),
    )


def test_what_a_pod_says_of_itself() -> None:
    ours = answer("enter_ours")
    assert k3s.pod(answer("enter_ours", stdout=ours.stdout.decode().replace("=inc1\n", "=inc1.1\n"))) == Pod(
        said=True, attempt="inc1.1"
    )
    bare = SAID["enter_ours_without_dots"]["stdout"].replace("=inc7\n", "=inc7.2\n")
    assert k3s.pod(answer("enter_ours_without_dots", stdout=bare)) == Pod(said=True, attempt="inc7.2")
    first = "...ROLLBACK_ATTEMPT=inc1.1\nHOSTNAME=kub-web-1\nHOME=/\n"
    assert k3s.pod(answer("enter_ours", stdout=first)) == Pod(said=True, attempt="inc1.1")
    assert k3s.pod(answer("enter_theirs")) == Pod(said=True)


@pytest.mark.parametrize("name", [name for name in SAID if name.startswith("enter_") and SAID[name]["exit"]])
def test_a_pod_that_cannot_be_entered_says_nothing(name: str) -> None:
    assert k3s.pod(answer(name)) == Pod(said=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"stdout": ""},
        {"stdout": "."},
        {"stdout": ".kub 1.0.0 ok\n"},
        {"stdout": ".PATH=/bin\nHOSTNAME=a\nROLLBACK_ATTEMPT=inc1.1\n"},
        {"stdout": ".HOSTNAME=a\nROLLBACK_ATTEMPT=inc1.1\nROLLBACK_ATTEMPT=inc2.1\nHOME=/\n"},
        {"stdout": ".HOSTNAME=a\nROLLBACK_ATTEMPT=\x1b[31minc1.1\nHOME=/\n"},
        {"stdout": ".HOSTNAME=a\nROLLBACK_ATTEMPT=\nHOME=/\n"},
        {"outcome": TimedOut(after=30.0)},
        {"outcome": Lost(why="the link ended")},
    ],
)
def test_half_an_environment_and_two_words_prove_nothing(changes: dict[str, Any]) -> None:
    assert k3s.pod(answer("enter_ours", **changes)) == Pod(said=False)


def test_the_scale_names_every_pod_there_should_be() -> None:
    assert k3s.scaled(SAID["scale"]["stdout"].encode()) == (("web", 2), ("worker", 1))
    none = b"-----> Scaling for kub\nproctype: qty\n--------: ---\nweb:  0\n"
    assert k3s.scaled(none) == ()
    with pytest.raises(Unreadable):
        k3s.scaled(b"kub has no scale\n")


def test_the_schedulers_settings() -> None:
    assert k3s.settings(answer("settings")) == K3sSettings(deploy_timeout=300.0, rollback_on_failure=False)
    assert k3s.settings(answer("settings")).push_limit == 330.0
    assert k3s.settings(answer("enter_no_pods")) == K3sSettings()
    own = SAID["settings"]["stdout"].replace("computed deploy timeout:       300s", "computed deploy timeout:       35")
    assert k3s.settings(answer("settings", stdout=own)).push_limit == 65.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("300s", 300.0),
        ("5m0s", 300.0),
        ("60", 60.0),
        ("1h", 3600.0),
        ("", None),
        ("soon", None),
        ("5x", None),
        ("-1", None),
    ],
)
def test_a_time_limit_as_dokku_takes_it(text: str, found: float | None) -> None:
    assert k3s.seconds(text) == found


def test_which_scheduler_an_app_has_and_a_new_one_gets() -> None:
    assert (k3s.selected(answer("scheduler")), k3s.globally(answer("scheduler"))) == ("k3s", "docker-local")
    assert k3s.selected(answer("enter_no_pods")) is None


def test_a_cluster_that_cannot_be_reached() -> None:
    assert k3s.unreachable(answer("ps_report_cluster_down"))
    assert k3s.unreachable(answer("enter_cluster_down"))
    assert not k3s.unreachable(answer("ps_report"))
    assert not k3s.unreachable(answer("enter_no_pods"))


def test_whether_pods_run() -> None:
    assert [
        (found.deployed, found.running, found.processes)
        for found in (
            reports.ps_report(SAID[n]["stdout"].encode())
            for n in ("ps_report", "ps_report_nothing_runs", "ps_report_three")
        )
    ] == [(True, "true", 1), (True, "false", 1), (True, "true", 3)]


# ── what we bring ────────────────────────────────────────────────────────────────────────────────────────────────────


def probes(app_json: str | None) -> list[dict[str, Any]]:
    made, _ = k3s.with_probe(app_json)
    found: dict[str, Any] = msgspec.json.decode(made)
    web: list[dict[str, Any]] = found["healthchecks"]["web"]
    return web


@pytest.mark.parametrize(
    "text",
    [
        None,
        "{}",
        '{"healthchecks": {}}',
        '{"healthchecks": {"worker": [{"type": "startup", "path": "/"}]}}',
        '{"healthchecks": {"web": []}}',
        '{"healthchecks": {"web": [{"type": "liveness", "path": "/health"}]}}',
        '{"healthchecks": {"web": [{"type": "startup", "uptime": 5}]}}',
        '{"healthchecks": {"web": [{"path": "/health"}]}}',
        '{"healthchecks": []}',
    ],
)
def test_a_release_without_a_probe_gets_ours_and_keeps_the_rest(text: str | None) -> None:
    before = msgspec.json.decode(text or "{}")
    assert probes(text)[0] == k3s.PROBE
    after = msgspec.json.decode(k3s.with_probe(text)[0])
    checks = before.get("healthchecks")
    assert not isinstance(checks, dict) or after["healthchecks"].get("worker") == checks.get("worker")


@pytest.mark.parametrize("check", ['"path": "/startup"', '"listening": true', '"command": ["/check"]'])
@pytest.mark.parametrize("kind", ["startup", "readiness"])
def test_a_release_with_a_probe_keeps_its_own(check: str, kind: str) -> None:
    text = f'{{"healthchecks": {{"web": [{{"type": "{kind}", {check}}}]}}}}'
    assert k3s.with_probe(text) == (text, False)


def test_an_app_json_that_cannot_be_read_is_no_reason_to_go_without() -> None:
    with pytest.raises(Unreadable):
        k3s.with_probe("{")


def test_our_tree_names_the_attempt_and_the_probe_where_dokku_looks() -> None:
    of = build_settings.Shape(app="kub", build_dir="api", dockerfile="prod.Dockerfile", appjson="ops/app.json")
    files = (("api/prod.Dockerfile", "FROM x\n"), ("prod.Dockerfile", "FROM x\n"), ("Procfile", "web: x\n"))
    made, ours = k3s.tree(files, of, "inc1.1")
    found = dict(made)
    assert ours
    assert found["prod.Dockerfile"] == found["api/prod.Dockerfile"] == 'FROM x\nENV ROLLBACK_ATTEMPT="inc1.1"\n'
    assert found["Procfile"] == "web: x\n"
    assert "listening" in found["ops/app.json"] and "listening" in found["api/ops/app.json"]


def test_nothing_here_stops_pods_or_shows_the_clusters_keys() -> None:
    lines = [k3s.scale("a"), k3s.scheduler_report("a"), k3s.settings_report("a"), k3s.enter("a", "web", 1)]
    assert not [argv for argv in lines if argv[0] in ("ps:stop", "scheduler-k3s:show-kubeconfig", "run")]
    assert "Never ps:stop" in k3s.ways_out("kub")
