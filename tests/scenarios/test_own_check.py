"""A check of our own on the way back, on a host: Dokku's own is done where a release brings none."""

from pathlib import Path
from typing import Any

from tests.harness import PATIENCE
from tests.sandboxes import Sandbox

USUAL, OURS = b"type='uptime' uptime=10", b"type='uptime' uptime=3"


def made(box: Sandbox) -> None:
    box.pull("app", name="it", builder="pack", worker=True, check="")
    services = Path(box.services)
    services.write_text(services.read_text().replace("patience: 12s", f"patience: {PATIENCE}"))
    assert box.run("keep", "it", "--json").code == 0
    sick = box.pull("deploy", app="it", version="v2.0.0", behaviour={"error_rate": 1.0}, wait=True)
    assert sick["status"] == "ok", sick


def uptimes(document: dict[str, Any]) -> dict[str, Any]:
    return {check["process"]: check["uptime"] for check in document["own_checks"]}


def test_web_gets_one_once_nobody_is_answered_and_dokkus_own_while_somebody_is(local: Sandbox) -> None:
    made(local)
    local.pull("behaviour", app="it", error_rate=0.5, health="503")
    partly = local.run("it", "previous", "--plan", "--json")
    assert uptimes(partly.document) == {"worker": 3}, partly.stderr
    words = "web keeps Dokku's own check, up for 10 s: the service still answers some requests, by the host"
    assert words in partly.stderr, partly.stderr

    local.pull("behaviour", app="it", error_rate=1.0, health="503")
    local.pull("access_log", app="it", format="combined")
    for _ in range(20):  # until the answers of before are ten seconds old
        if uptimes(local.run("it", "previous", "--plan", "--json").document) == {"web": 3, "worker": 3}:
            break
    done = local.run("it", "previous", "--yes", "--json")
    assert (done.code, local.app("it")["serves"]) == (0, "v1.0.0"), done.stderr
    said = b"".join(path.read_bytes() for path in local.state.rglob("*.log"))
    assert (said.count(OURS), said.count(USUAL)) == (2, 0), said
