"""Releases whose build is not the usual one: they go back, or they are refused before anybody confirms."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox

APP = "scenextras-gateway"


@pytest.fixture(params=["0.35.15", "0.38.27"])
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, dokku=request.param) as sandbox:
        yield sandbox


def command(box: Sandbox, line: str) -> None:
    done = box.pull("command", command=line)
    assert done["exit"] == 0, done


def deploy(box: Sandbox, version: str, **told: Any) -> None:
    done = box.pull("deploy", app=told.pop("app", APP), version=version, wait=True, **told)
    assert "ok" in str(done["status"]), done


def kept(box: Sandbox, service: str = "gateway") -> str:
    done = box.run("keep", service, "--json")
    assert done.code == 0, done.stderr
    number: int = done.document["items"][0]["release"]["number"]
    return f"release:{number}"


def push_lines(box: Sandbox, service: str, target: str) -> str:
    steps = box.run(service, target, "--plan", "--json").document["steps"]
    lines: str = next(s["paste"] for s in steps if s["id"] == "push")
    return lines


def planned(box: Sandbox, service: str, target: str) -> dict[str, Any]:
    found: dict[str, Any] = box.run(service, target, "--plan", "--json").document
    return found


def warnings(box: Sandbox, service: str, target: str) -> dict[str, str]:
    return {w["text"]: w["severity"] for w in planned(box, service, target)["warnings"]}


def test_files_at_paths_of_the_apps_own_are_kept_and_brought_back(box: Sandbox) -> None:
    old = box.look()["dokku"] == "0.35.15"
    command(box, f"builder-dockerfile:set {APP} dockerfile-path docker/prod.Dockerfile")
    command(box, f"ps:set {APP} procfile-path ops/Procfile")
    command(box, f"app-json:set {APP} {'selected' if old else 'appjson-path'} ops/app.json")
    command(box, f"nginx:set {APP} nginx-conf-sigil-path ops/nginx.conf.sigil")
    files = {
        "docker/prod.Dockerfile": "FROM golang:1.23-alpine\nCOPY server /app/server\n",
        "ops/Procfile": "web: /app/server --ops\nrelease: /app/server migrate\n",
        "ops/app.json": '{"healthchecks": {"web": [{"type": "startup", "name": "ops", "path": "/health"}]}}',
        "ops/nginx.conf.sigil": "# websockets\nserver {}\n",
    }
    deploy(box, "v3.0.0", files=files)
    target = kept(box)
    deploy(box, "v3.1.0", files=files)
    lines = push_lines(box, "gateway", target)
    for path in ("docker/prod.Dockerfile", "ops/Procfile", "ops/app.json", "ops/nginx.conf.sigil"):
        assert path in lines
    done = box.run("gateway", target, "--yes", "--json")
    assert (done.code, box.serves("gateway")) == (0, "v3.0.0"), done.stderr


def test_cron_tasks_that_come_back_or_go_are_in_the_plan(box: Sandbox) -> None:
    check = '"healthchecks": {"web": [{"type": "startup", "path": "/health"}]}'
    mails = '{"schedule": "@daily", "command": "./mails"}'
    sync = '{"schedule": "@hourly", "command": "./sync"}'
    deploy(box, "v3.0.0", files={"app.json": f'{{{check}, "cron": [{mails}]}}'})
    target = kept(box)
    deploy(box, "v3.0.1", files={"app.json": f'{{{check}, "cron": [{mails}]}}'})
    assert not any("cron" in text for text in warnings(box, "gateway", target)), "they are the same"
    deploy(box, "v3.1.0", files={"app.json": f'{{{check}, "cron": [{sync}]}}'})
    words = "cron tasks change; back: @daily ./mails; gone: @hourly ./sync"
    assert warnings(box, "gateway", target)[words] == "warn"
    done = box.run("gateway", target, "--yes", "--json")
    assert (done.code, box.serves("gateway")) == (0, "v3.0.0"), done.stderr
    words = "cron tasks change; gone: @daily ./mails"
    assert warnings(box, "gateway", "release:4")[words] == "warn", "a release without any"


def test_settings_that_changed_since_move_the_files_and_say_so(box: Sandbox) -> None:
    target = kept(box)
    version = box.serves("gateway")
    command(box, f"ps:set {APP} procfile-path ops/Procfile")
    command(box, f"builder-dockerfile:set {APP} dockerfile-path prod.Dockerfile")
    files = {"ops/Procfile": "web: /app/server\n", "prod.Dockerfile": "FROM golang:1.23-alpine\n"}
    deploy(box, "v3.1.0", files=files)
    said = warnings(box, "gateway", target)
    assert any("Procfile → ops/Procfile" in text for text in said)
    done = box.run("gateway", target, "--yes", "--json")
    assert (done.code, box.serves("gateway")) == (0, version), done.stderr


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("docker-options:add APP build '--target prod'", "--target"),
        ("docker-options:add APP build --pull", "--pull"),
        ("docker-options:add APP build '--env X=1'", "--env"),
        ("scheduler:set APP selected nomad", "scheduler nomad"),
    ],
)
def test_what_no_dockerfile_of_ours_can_stand_in_for_is_refused_before_anybody_confirms(
    box: Sandbox, line: str, why: str
) -> None:
    command(box, line.replace("APP", APP))
    pushes = len(box.sent(f"git-receive-pack '{APP}'"))
    names = set(box.look()["apps"])
    plan = box.run("gateway", "release:4", "--plan", "--json")
    assert (plan.code, why in plan.document["error"]["message"]) == (3, True), plan.stdout
    back = box.run("gateway", "previous", "--yes", "--json")
    assert (back.code, why in back.document["error"]["message"]) == (3, True), back.stdout
    keep = box.run("keep", "gateway", "--json")
    assert (keep.code, why in keep.document["items"][0]["error"]["message"]) == (3, True), keep.stdout
    assert len(box.sent(f"git-receive-pack '{APP}'")) == pushes
    assert set(box.look()["apps"]) == names


def test_a_failing_release_task_is_left_out_or_leaves_the_old_release_serving(box: Sandbox) -> None:
    target = kept(box)
    version = box.serves("gateway")
    deploy(box, "v3.1.0")
    box.pull("fault", kind="fail_next_deploy", mode="release", app=APP)
    run = box.run("gateway", target, "--yes", "--run-tasks", "--json")
    assert run.code == 4, run.stderr
    assert "task failed; the old release serves" in run.stderr + run.stdout
    assert box.serves("gateway") == "v3.1.0"
    closed = box.run("resume", run.document["incident"], "--close", "aborted")
    assert closed.code in (0, 3, 4), closed.stderr
    box.pull("fault", kind="fail_next_deploy", mode="release", app=APP)
    done = box.run("gateway", target, "--yes", "--json")
    assert (done.code, box.serves("gateway")) == (0, version), done.stderr


def test_a_worker_that_would_vanish_is_refused_and_goes_back_once_that_is_meant(box: Sandbox) -> None:
    app = "scenextras-transcription"
    plain = {"Procfile": "web: /app/server\n"}
    command(box, f"ps:scale {app} worker=0")
    deploy(box, "v3.0.0", app=app, files=plain)
    target = kept(box, "transcription")
    deploy(box, "v3.1.0", app=app)
    command(box, f"ps:scale {app} worker=1")
    done = box.run("transcription", target, "--yes", "--json")
    assert done.code == 3, done.stderr
    assert "no process worker" in done.document["error"]["message"]
    command(box, f"ps:scale {app} worker=0")
    done = box.run("transcription", target, "--yes", "--json")
    assert (done.code, box.serves("transcription")) == (0, "v3.0.0"), done.stderr


def test_another_scale_than_when_it_was_kept_is_said_and_stays(box: Sandbox) -> None:
    target = kept(box)
    deploy(box, "v3.1.0")
    command(box, f"ps:scale {APP} web=2")
    assert f"web: {target} ran 1, now 2 run; the scale stays as it is now" in warnings(box, "gateway", target)
    assert box.run("gateway", target, "--yes").code == 0
    assert len([c for c in box.app(APP)["containers"] if c["labels"].get("rollback.attempt")]) == 2


def test_a_worker_that_the_bad_release_lost_is_scaled_up_again_after_going_back(box: Sandbox) -> None:
    """Dokku refuses the scale as long as the Procfile of the newest build lacks the process type."""
    app = "scenextras-transcription"
    target = kept(box, "transcription")
    deploy(box, "v3.1.0", app=app, files={"Procfile": "web: /app/server\n"})
    line = re.compile(rf"after going back, `(ps:scale {app} worker=1)`")
    (found,) = [m for text in warnings(box, "transcription", target) if (m := line.search(text))]
    assert box.pull("command", command=found[1])["exit"] == 1
    done = box.run("transcription", target, "--yes", "--json")
    assert done.code == 0, done.stderr
    command(box, found[1])
    assert [c["process"] for c in box.app(app)["containers"] if c["status"] == "running" and c["process"] == "worker.1"]


def test_a_scale_of_none_is_said_before_a_release_is_started_that_runs_nothing(box: Sandbox) -> None:
    command(box, f"ps:scale {APP} web=0")
    plan = box.run("gateway", "previous", "--plan", "--json").document
    assert any(f"`ps:scale {APP}` says" in warning["text"] for warning in plan["warnings"])


@pytest.mark.parametrize("scope", [APP, "--global"])
def test_where_deploys_are_not_started_nothing_is_pushed_until_they_are(box: Sandbox, scope: str) -> None:
    """Dokku builds then and says `Skipping deployment`: exit 0, the metadata ours, and the old release serves."""
    old = "0.35" in str(box.pull("command", command="version")["stdout"])
    flags = f"--no-restart {scope}" if scope == APP else scope
    on = f"config:set {flags} DOKKU_SKIP_DEPLOY=true" if old else f"ps:set {scope} skip-deploy true"
    off = f"config:unset {flags} DOKKU_SKIP_DEPLOY" if old else f"ps:set {scope} skip-deploy"
    command(box, on)
    refused = box.run("gateway", "release:4", "--yes", "--no-watch")
    assert refused.code == 3 and "built and not started" in refused.stderr, refused.stderr
    assert not box.sent(f"git-receive-pack '{APP}'")
    assert "built and not started" in box.run("check", "gateway").stdout
    command(box, off)
    done = box.run("gateway", "release:4", "--yes", "--no-watch")
    assert done.code == 0, done.stderr


def test_the_plan_says_what_lies_between_and_what_changed_since(box: Sandbox) -> None:
    target = kept(box)
    command(box, f"config:set --no-restart {APP} NEW_FLAG=on")
    deploy(box, "v3.1.0", files={"db/migrations/0007_users.py": "pass\n", "alembic/versions/ab12.py": "pass\n"})
    document = planned(box, "gateway", target)
    said = {w["text"]: w["severity"] for w in document["warnings"]}
    taken = document["takes_back"]
    assert taken["commit_count"] == len(taken["commits"]) == 1 and taken["commits"][0]["author"]
    assert {"db/migrations/0007_users.py", "alembic/versions/ab12.py"} <= {*taken["files"]}
    assert taken["migrations"] == ["alembic/versions/ab12.py", "db/migrations/0007_users.py"]
    assert taken["config_keys"]["added"] == ["NEW_FLAG"] and "=on" not in str(taken)
    assert any("not looked at" in gap for gap in taken["also_changed"]["unknown"])
    (migrations,) = (text for text, severity in said.items() if severity == "type")
    assert "alembic/versions/ab12.py, db/migrations/0007_users.py" in migrations
    assert any("release: /app/server migrate" in text for text in said)
    assert any("NEW_FLAG" in text for text in said)
    assert not any("=on" in text for text in said)


def test_a_commit_that_is_not_there_leaves_migrations_unknown_which_is_not_none(box: Sandbox) -> None:
    target = kept(box)
    deploy(box, "v3.1.0", force=True)
    command(box, "git:set scenextras-gateway deploy-branch main")
    box.pull("command", command=f"config:set --no-restart {holder_of(box, target)} ROLLBACK_COMMIT={'ab' * 20}")
    assert any("not known" in text and "abababab" in text for text in warnings(box, "gateway", target))


def holder_of(box: Sandbox, target: str) -> str:
    number = target.partition(":")[2]
    names: list[str] = [name for name in box.look()["apps"] if name.startswith(f"{APP}--r{number}--")]
    return names[0]
