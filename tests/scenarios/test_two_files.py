"""Two services files that name a service alike: what was opened with the one is not gone on with by the other."""

import os
import shutil
from pathlib import Path

import pytest

from tests.harness import LocalSandbox, local_sandbox
from tests.sandboxes import Sandbox


def test_what_one_file_opened_the_other_refuses_and_its_own_goes_on(local: Sandbox, tmp_path: Path) -> None:
    assert local.run("gateway", "previous", "--yes").code == 0
    own, other = local.services, tmp_path / "other" / "services.yaml"
    other.parent.mkdir()
    shutil.copy(own, other)
    identity = local.run("incidents", "--json").document["items"][0]["incident"]
    local.services = os.fspath(other)
    for line in (("undo", identity, "--yes"), ("postmortem", identity), ("unfreeze", "gateway", "--yes")):
        refused = local.run(*line, "--json")
        assert refused.code == 2, (line, refused.stderr)
        message = refused.document["error"]["message"]
        assert os.path.realpath(own) in message and os.path.realpath(other) in message
        assert refused.document["error"]["fix"] == f"--services {os.path.realpath(own)}"
    local.services = own
    assert local.run("unfreeze", "gateway", "--yes").code == 0
    assert local.run("postmortem", identity).code == 0


def test_an_open_incident_in_staging_holds_up_no_rollback_in_production(local: Sandbox, tmp_path: Path) -> None:
    """The same names of host, service and app in both files."""
    with local_sandbox(tmp_path / "production", ssh=True) as production:
        local.pull("fault", kind="fail_next_deploy", app="scenextras-gateway")
        assert local.run("gateway", "previous", "--yes").code == 4
        (opened,) = local.run("incidents", "--json").document["items"]
        again = local.run("gateway", "previous", "--yes", "--json")
        assert again.code == 3 and "is open" in again.document["error"]["message"]
        staging, local.services = local.services, production.services
        seen = local.run("status")
        assert f"{opened['incident']} on gateway (of {os.path.realpath(staging)})" in seen.stderr, seen.stderr
        assert "BAD" not in local.run("gateway", "--list").stdout
        done = local.run("gateway", "previous", "--yes", "--json")
        assert (done.code, production.serves("gateway")) == (0, "v1.2.0"), done.stderr
        assert local.run("resume", opened["incident"], "--json").code == 2
        assert local.serves("gateway") == "v1.2.1"


def test_one_file_whose_host_is_a_variable_is_about_two_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `DOKKU_HOST=staging rollback …` and `DOKKU_HOST=production rollback …`, with one journal."""
    file = tmp_path / "services.yaml"
    file.write_text(
        "version: 1\nhosts: {h: {ssh: '${TRY_SSH}', identity_file: '${TRY_KEY}', known_hosts: '${TRY_KNOWN}'}}\n"
        "services: {gateway: {host: h, app: scenextras-gateway, health: {url: '${TRY_URL}/health'}}}\n"
    )

    def about(box: LocalSandbox) -> None:
        monkeypatch.setenv("TRY_SSH", f"dokku@{box.told['ssh']}")
        monkeypatch.setenv("TRY_URL", box.told["urls"]["gateway"])
        monkeypatch.setenv("TRY_KEY", box.told["identity_file"])
        monkeypatch.setenv("TRY_KNOWN", box.told["known_hosts"])

    with local_sandbox(tmp_path / "a", ssh=True) as staging, local_sandbox(tmp_path / "b", ssh=True) as production:
        staging.services = str(file)
        about(staging)
        staging.pull("fault", kind="fail_next_deploy", app="scenextras-gateway")
        assert staging.run("gateway", "previous", "--yes").code == 4
        (opened,) = staging.run("incidents", "--json").document["items"]
        about(production)
        refused = staging.run("resume", opened["incident"], "--json")
        assert refused.code == 2 and "hosts.h.ssh" in refused.document["error"]["fix"]
        assert f"on gateway (on dokku@{staging.told['ssh']})" in staging.run("status").stderr
        done = staging.run("gateway", "previous", "--yes", "--json")
        assert (done.code, production.serves("gateway")) == (0, "v1.2.0"), done.stderr
        about(staging)
        assert staging.run("resume", opened["incident"], "--close", "not-recovered", "--yes", "--json").code != 2
