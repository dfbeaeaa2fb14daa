"""`status` and `--list` where something cannot be read: whose trouble it is, why, and a code that says so."""

import os
from pathlib import Path

import asyncssh
import pytest
import yaml

from tests.harness import LocalSandbox, local_sandbox
from tests.sandboxes import Sandbox

GATEWAY = "scenextras-gateway"


@pytest.fixture
def box(local: LocalSandbox) -> LocalSandbox:
    return local


def test_one_app_that_cannot_be_read_has_its_reason_in_its_own_row_and_the_others_stand(box: Sandbox) -> None:
    box.pull("fault", kind="fail_command", when={"command_prefix": f"ps:inspect {GATEWAY}"}, exit=0, times=4)
    done = box.run("status", "--json")
    assert done.code == 3, done.stderr
    rows = {row["service"]: row for row in done.document["items"]}
    lost = rows.pop("gateway")
    assert "ps:inspect" in lost["detail"] and lost["error"]["code"] == "refused"
    unread = ("release", "running", "frozen", "rebuilt", "settled", "restart_risk", "incident", "by", "since")
    assert {lost[name] for name in unread} == {None}
    assert lost["health"] == "healthy", "what was measured is told"
    assert all(row["release"] and row["frozen"] is False and row["error"] is None for row in rows.values())
    assert done.document["error"]["message"] == "what runs could not be read of gateway"


def test_a_host_that_cannot_be_reached_is_ten_with_the_reason(box: Sandbox) -> None:
    box.pull("ssh", listening=False)
    box.pull("cut")
    done = box.run("status", "--json")
    assert (done.code, done.document["exit_code"]) == (10, 10), done.stderr
    for row in done.document["items"]:
        assert row["error"]["code"] == "unreachable" and row["error"]["message"] in row["detail"]
        assert row["frozen"] is None and row["incident"] is None
    api = next(row for row in done.document["items"] if row["service"] == "api")
    assert api["detail"].index(api["error"]["message"]) == 0, "the gravest first"
    assert "HTTP 503" in api["detail"], "and the other too"
    assert box.run("status").code == 10
    assert box.run("api", "--list").code == 10


def test_a_host_that_cannot_be_reached_weighs_more_than_an_app_that_cannot_be_read(
    box: Sandbox, tmp_path: Path
) -> None:
    told = yaml.safe_load(Path(box.services).read_text())
    (name,) = told["hosts"]
    told["hosts"]["gone"] = {**told["hosts"][name], "ssh": "dokku@127.0.0.1:1"}
    told["services"]["search"]["host"] = "gone"
    path = tmp_path / "services.yaml"
    path.write_text(yaml.safe_dump(told))
    box.pull("fault", kind="fail_command", when={"command_prefix": f"ps:inspect {GATEWAY}"}, exit=0, times=4)
    box.services = os.fspath(path)
    done = box.run("status", "--json")
    assert done.code == 10
    codes = {row["service"]: row["error"]["code"] if row["error"] else None for row in done.document["items"]}
    assert codes == {"search": "unreachable", "gateway": "refused", "api": None, "transcription": None}


def row(box: Sandbox) -> tuple[int, dict[str, object]]:
    done = box.run("status", "api", "--json")
    assert done.document["exit_code"] == done.code
    found: dict[str, object] = done.document["items"][0]
    return done.code, found


def test_a_key_that_changed_comes_before_all_else(box: Sandbox) -> None:
    box.pull("behaviour", app="scenextras", health="503")
    known = Path(box.told["known_hosts"])
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    known.write_text(f"[127.0.0.1]:{box.told['ssh'].rpartition(':')[2]} {other}")
    code, found = row(box)
    assert code == 10
    assert (found["frozen"], found["incident"], found["release"]) == (None, None, None)
    key, _, health = str(found["detail"]).partition("; ")
    assert "another key than the one on file" in key and "expected 200" in health


def test_a_host_whose_port_is_closed_and_one_that_cannot_be_read(box: Sandbox) -> None:
    box.pull("fault", kind="garbage", exit=0, times=99, when={"command_prefix": "ps:inspect"})
    code, found = row(box)
    assert (code, found["frozen"]) == (3, None)
    assert "ps:inspect" in str(found["detail"])
    box.pull("ssh", listening=False)
    code, found = row(box)
    assert (code, found["frozen"]) == (10, None)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_an_app_list_without_an_end_is_named(box: Sandbox, stream: str) -> None:
    box.pull("fault", kind="endless", stream=stream, times=99, when={"command_prefix": "apps:report"})
    code, found = row(box)
    assert code == 3
    assert "more output than is read" in str(found["detail"])


def test_an_app_that_is_missing_is_its_own_trouble_and_is_named(box: Sandbox, tmp_path: Path) -> None:
    told = yaml.safe_load(Path(box.services).read_text())
    told["services"] = {"api": told["services"]["api"], "gone": {"host": "sandbox", "app": "no-such-app"}}
    path = tmp_path / "services.yaml"
    path.write_text(yaml.safe_dump(told))
    box.services = os.fspath(path)
    done = box.run("status", "--json")
    rows = {row["service"]: row for row in done.document["items"]}
    assert done.code == 3 and rows["api"]["release"] and rows["api"]["error"] is None
    assert rows["gone"]["error"]["message"].startswith("the app does not exist")
    assert "`apps:list`" in rows["gone"]["error"]["fix"]
    listed = box.run("gone", "--list", "--json")
    assert listed.code == 3 and listed.document["error"]["message"].startswith("the app does not exist")
    checked = box.run("check", "gone", "--json").document["items"]
    assert any(item["topic"] == "host" and item["text"].startswith("the app does not exist") for item in checked)


@pytest.mark.parametrize("ssh", [True, False], ids=["ssh", "loopback"])
def test_what_ends_gits_answer_before_we_ask_is_named(tmp_path: Path, ssh: bool) -> None:
    """It was called a lost link (10) where the host had ended before our first packet left."""
    words = " !     User default does not have permission to git-upload-pack on scenextras"
    with local_sandbox(tmp_path, ssh=ssh) as box:
        box.pull("fault", kind="fail_command", when={"command_prefix": "git-upload-pack"}, stderr=words, times=9)
        done = box.run("status", "api")
        assert done.code == 3, done.stdout
        assert "access rules" in done.stdout
