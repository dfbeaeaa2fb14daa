"""A service on Dokku's Kubernetes scheduler, from a failed deploy to its end; and one that nobody can see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox

APP = "scenextras-gateway"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path) as sandbox:
        done = sandbox.pull("command", command=f"scheduler:set {APP} selected k3s")
        assert done["exit"] == 0, done
        done = sandbox.pull("deploy", app=APP, version="v1.9.0", wait=True)
        assert "ok" in str(done["status"]), done
        yield sandbox


def row(box: Sandbox, service: str = "gateway") -> dict[str, object]:
    items = box.run("status", "--json").document["items"]
    return next(item for item in items if item["service"] == service)


def test_keep_failed_deploy_previous_proof_unfreeze(box: Sandbox) -> None:
    good = box.serves("gateway")
    assert box.run("keep", "gateway").code == 0
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    box.pull("deploy", app=APP, version="v3.0.0", wait=True)

    seen = row(box)
    assert (seen["health"], seen["pods"], seen["restarting"]) == ("healthy", "true", None)
    assert "lost its config" in str(seen["restart_risk"])
    assert "DEPLOY A GOOD RELEASE AT ONCE" in box.run("status", "gateway").stdout
    check = [line for line in box.run("check", "gateway", "--json").document["items"] if line["topic"] == "scheduler"]
    assert any("rollback-on-failure is off" in line["text"] for line in check)
    assert any(f"scheduler-k3s:set {APP} rollback-on-failure true" in line["fix"] for line in check)

    plan = box.run("gateway", "release:5", "--plan", "--json").document
    push = next(step for step in plan["steps"] if step["id"] == "push")
    assert 'ENV ROLLBACK_ATTEMPT="' in push["paste"]
    assert any("k3s" in warning["text"] for warning in plan["warnings"])

    running = f"sha:{box.app(APP)['metadata'][:12]}"
    back = box.run("gateway", "previous", "--yes", "--expect-current", running, "--json")
    assert (back.code, box.serves("gateway")) == (0, good), back.stderr
    (proof,) = (c for c in back.document["checks"] if c["name"] == "identity: running")
    assert (proof["verdict"], "did not say" in proof["evidence"]) == ("passed", False), proof
    assert len(box.sent(f"enter {APP} web.1 env")) >= 1
    assert row(box)["running"] == back.document["to"]

    assert box.run("unfreeze", "gateway", "--yes").code == 0
    assert row(box)["frozen"] is False
    never = ("ps:stop", "scheduler-k3s:show-kubeconfig")
    assert not [line for line in box.sent("") if line.startswith(never)]
    assert {line.split()[1] for line in box.sent("run ")} <= {
        n for n in box.look()["apps"] if n.startswith(f"{APP}--r")
    }


def test_pods_that_do_not_say_what_they_run_prove_nothing(box: Sandbox) -> None:
    assert box.run("keep", "gateway").code == 0
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    box.pull("fault", kind="fail_command", when={"command_prefix": f"enter {APP}"}, times=99)
    services = Path(box.services)
    lines = services.read_text().splitlines(keepends=True)
    services.write_text("".join(line for line in lines if "identity:" not in line))
    back = box.run("gateway", "previous", "--yes", "--json")
    assert back.code == 7, back.stderr
    (proof,) = (c for c in back.document["checks"] if c["name"] == "identity: running")
    assert (proof["verdict"], "did not say" in proof["evidence"]) == ("inconclusive", True)


def test_a_cluster_that_cannot_be_reached_is_that_services_own_trouble(box: Sandbox) -> None:
    box.pull("cluster", down=True)
    done = box.run("status", "--json")
    rows = {item["service"]: item["error"] for item in done.document["items"]}
    assert done.code == 3
    assert "its cluster cannot be reached" in rows.pop("gateway")["message"]
    assert set(rows.values()) == {None}
    assert box.run("keep", "gateway").code == 3
    assert box.run("keep", "search").code in (0, 9)


def test_a_service_that_stops_first_is_refused_there(box: Sandbox) -> None:
    text = Path(box.services).read_text()
    assert box.run("keep", "gateway").code == 0
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    before, app, after = text.partition(f"app: {APP}")
    after = after.replace("downtime: none", "downtime: 10s-30s, stop_first: true", 1)
    Path(box.services).write_text(before + app + after)
    done = box.run("gateway", "previous", "--yes", "--json")
    assert (done.code, "stop before it starts" in done.document["error"]["message"]) == (3, True), done.stdout


def test_a_helm_release_that_was_left_pending_is_named_with_its_ways_out(box: Sandbox) -> None:
    assert box.run("keep", "gateway").code == 0
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    box.pull("fault", kind="fail_next_deploy", mode="helm", app=APP)
    box.pull("deploy", app=APP, version="v3.0.0", wait=True)
    running = f"sha:{box.app(APP)['metadata'][:12]}"
    back = box.run("gateway", "previous", "--yes", "--expect-current", running, "--json")
    assert back.code in (4, 5), back.stderr
    said = back.document["error"]["message"]
    assert f"sh.helm.release.v1.{APP}.vN" in said and "Never ps:stop" in said
    assert not [line for line in box.sent("ps:stop") if line == f"ps:stop {APP}"]
