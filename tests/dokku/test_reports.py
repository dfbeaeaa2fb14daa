"""Dokku's own words of both versions, as recorded, against our reading of them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tui.dokku import build_records, refusals, reports
from tui.dokku.refusals import Refusal

VERSIONS = ("0.35.15", "0.38.27")


def test_a_failure_counts_only_when_it_began_after_the_last_success_had_ended() -> None:
    def build(id_: str, status: str, began: int, ended: int | None) -> build_records.Build:
        at = datetime(2026, 11, 23, 21, 56, tzinfo=UTC)
        times = (at + timedelta(seconds=began), None if ended is None else at + timedelta(seconds=ended))
        return build_records.Build(id=id_, status=status, started_at=times[0], finished_at=times[1])

    refused = build("refused by the lock", "failed", 10, 20)
    good = build("good", "succeeded", 0, 60)
    late = build("late", "abandoned", 61, None)
    assert build_records.failures((refused, good)) == ()
    assert build_records.failures((late, refused, good)) == (late,)
    assert build_records.failures((late, refused)) == (late, refused)
    assert build_records.failures((build("restart", "succeeded", 70, 80), late, good)) == ()
    assert build_records.failures(()) == ()


@pytest.mark.parametrize(
    ("said", "nothing"),
    [
        ("\x1b[1G\x1b[K-----> WARNING: deploy did not complete, you must push to main.\n", True),
        (" !     No changes detected, skipping git commit\n !     Call 'ps:rebuild' on app to rebuild …\n", True),
        (" !     shop currently has a deploy lock in place. Exiting...\n", True),
        ("-----> Cleaning up...\n-----> Building shop from Dockerfile\n", False),
        ("-----> Releasing shop...\n", False),
        ("\x1b[1;32m----->\x1b[0m \x1b[1mBuilding\x1b[0m shop from Dockerfile\n", False),
        ("", False),
        ("\n", False),
    ],
)
def test_an_attempt_that_began_no_build_is_known_by_its_output(said: str, nothing: bool) -> None:
    assert build_records.built_nothing(said.encode()) is nothing


def recorded(version: str, name: str) -> bytes:
    path = Path(__file__).parent / "data" / f"{version}.json"
    found: dict[str, Any] = json.loads(path.read_text())["answers"][name]
    return str(found["stdout"]).encode()


@pytest.mark.parametrize("version", VERSIONS)
class TestBothVersions:
    def test_what_was_deployed(self, version: str) -> None:
        found = reports.apps_report(recorded(version, "apps:report"))
        assert found.source == "git-push"
        assert found.metadata is not None
        assert len(found.metadata) == 40
        assert found.locked is False
        assert found.created_at is not None
        assert found.created_at.year == 2026

    def test_the_deploy_branch(self, version: str) -> None:
        found = reports.git_report(recorded(version, "git:report scenextras"))
        assert (found.branch, found.own_branch) == ("main", "main")

    def test_whether_it_runs(self, version: str) -> None:
        found = reports.ps_report(recorded(version, "ps:report scenextras --format json"))
        assert (found.deployed, found.running, found.processes) == (True, "true", 1)
        ((process, status),) = found.statuses
        assert process == "web.1"
        assert status.startswith("running (CID: ")

    def test_apps(self, version: str) -> None:
        assert "scenextras-gateway" in reports.apps_list(recorded(version, "apps:list"))
        assert not any("=" in name or " " in name for name in reports.apps_list(recorded(version, "apps:list")))

    def test_config(self, version: str) -> None:
        assert reports.config_export(recorded(version, "config:export --format json scenextras"))["GIT_REV"]

    def test_the_container_that_serves_and_our_label(self, version: str) -> None:
        raw = recorded(version, "ps:inspect")
        (container,) = reports.ps_inspect(raw)
        assert (container.process, container.index, container.running) == ("web", 1, True)
        assert container.release == "1"
        assert container.started_at is not None
        assert container.started_at.tzinfo is not None
        assert len(container.id) == 12


def inspected(*names: str, running: bool = True) -> bytes:
    state = {"Running": running, "StartedAt": "2026-11-23T23:26:52.610154432Z"}
    return json.dumps([{"Name": f"/{n}", "Id": f"{i:064x}", "State": state} for i, n in enumerate(names)]).encode()


def test_a_container_on_its_way_out_does_not_count() -> None:
    found = reports.ps_inspect(inspected("cyc.web.1", "cyc.web.1.1795476401"))
    assert [c.id for c in found] == ["0" * 12]


def test_one_that_is_starting_counts_only_where_nothing_else_of_its_process_runs() -> None:
    assert len(reports.ps_inspect(inspected("cyc.web.1", "cyc.web.1.upcoming-1"))) == 1
    assert len(reports.ps_inspect(inspected("cyc.web.1.upcoming-1"))) == 1
    assert len(reports.ps_inspect(inspected("cyc.web.1", "cyc.worker.1", "cyc.worker.2"))) == 3
    assert [c.upcoming for c in reports.ps_inspect(inspected("cyc.web.1.upcoming-1", "cyc.worker.1"))] == [True, False]


@pytest.mark.parametrize("raw", [b"", b"nonsense", b'{"a": 1}', b'[{"Name": "x"}]'])
def test_what_cannot_be_read_is_said_and_not_guessed(raw: bytes) -> None:
    with pytest.raises(reports.Unreadable):
        reports.ps_inspect(raw)


def test_missing_fields_are_unknown() -> None:
    assert reports.apps_report(b'{"app-deploy-source":""}') == reports.AppReport(
        source=None, metadata=None, locked=None
    )
    with pytest.raises(reports.Unreadable):
        reports.apps_report(b'{"some": {"other": ["report"]}}')
    assert reports.ps_report(b"{}").running is None
    with pytest.raises(reports.Unreadable):
        reports.git_report(b"")


def test_an_old_container_of_an_app_with_dots_and_an_orphan_do_not_count() -> None:
    found = reports.ps_inspect(inspected("my.v2.1.web.1", "my.v2.1.web.1.1795476401", "my.v2.1.1..upcoming-10175"))
    assert [(c.process, c.index) for c in found] == [("web", 1)]


def test_038_without_any_branch_set_computes_one() -> None:
    text = b"=====> x git information\n  Git computed deploy branch: master  \n  Git deploy branch:   \n"
    found = reports.git_report(text)
    assert (found.branch, found.own_branch, found.global_branch) == ("master", None, None)


def test_builds_of_038() -> None:
    raw = json.loads((Path(__file__).parent / "data" / "more.json").read_text())["builds"]["0.38.27"]
    newest = build_records.builds_list(raw.encode())[0]
    assert (newest.id, newest.status, newest.source) == ("mwtrw37icx65if", "succeeded", "git-hook")
    assert newest.started_at is not None
    assert newest.finished_at is not None
    assert newest.finished_at > newest.started_at


def test_apps_as_json() -> None:
    assert reports.apps_list(b'["a","b"]\n') == ("a", "b")
    with pytest.raises(reports.Unreadable):
        reports.apps_list(b'["a",')


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (b" !     `ps:rollback scenextras` is not a dokku command.\n", Refusal.NOT_A_COMMAND),
        (b" !     cyc currently has a deploy lock in place. Exiting...\n", Refusal.LOCKED),
        (b" !     Name is already taken\n", Refusal.NAME_TAKEN),
        (
            b'#2 ERROR: failed to do request: Head "https://registry-1.docker.io/v2/dokku/cyc--r9/manifests/latest"\n'
            b" !     App build failed\n",
            Refusal.NO_IMAGE,
        ),
        (b" !     No changes detected, skipping git commit\n", Refusal.NO_CHANGES),
        (b"-----> WARNING: deploy did not complete, you must push to frozen-by-x.\n", Refusal.WRONG_BRANCH),
        (b" !     Could not start due to 1 failed checks (web.1)\n", Refusal.CHECK_FAILED),
        (b" !     App build failed\n", Refusal.BUILD_FAILED),
        (b" !     Invalid property specified, valid properties include: x\n", Refusal.INVALID_PROPERTY),
        (b" !     App nope does not exist\n", Refusal.NO_SUCH_APP),
        (b"-----> Releasing cyc...\n", None),
    ],
)
def test_known_refusals(said: bytes, refusal: Refusal | None) -> None:
    assert refusals.read(said) is refusal


REPORT = b'{"app-deploy-source":"git-push","app-deploy-source-metadata":"abc","app-locked":"false"}'
INSPECTED = b'[\n  {"Id": "0123456789abcdef", "Name": "/cyc.web.1", "State": {"Running": true}}\n]\n'
NOISE = (
    b" !     The property x is deprecated\n",
    b"WARNING: Error loading config file: /home/dokku/.docker/config.json: permission denied\n",
    b"[warning] this plugin is old\n[]\n",
    b'{"level":"warning","msg":"x"}\n',
    b"-----> {not json\n",
    b"perl: warning: Setting locale failed. \xff\xfe\n",
    b"\x1b[1G\x1b[33mWARN\x1b[0m slow disk\r\n",
    b"{\n",
    b"slow disk, no line's end: ",
)


@pytest.mark.parametrize("noise", NOISE)
def test_lines_before_and_behind_a_document_do_not_make_it_unreadable(noise: bytes) -> None:
    for raw in (noise + REPORT, REPORT + b"\n" + noise, noise + noise + REPORT + noise):
        assert (reports.apps_report(raw).metadata, reports.apps_report(raw).locked) == ("abc", False)
    for raw in (noise + INSPECTED, INSPECTED + noise):
        assert [c.running for c in reports.ps_inspect(raw)] == [True]


@pytest.mark.parametrize("raw", [b"", b"{", REPORT[:-1], b"null", b"[]", b"what\n", b"\xff" * 20, b"[" * 5000])
def test_what_is_no_document_of_that_kind_is_said_to_be_unreadable(raw: bytes) -> None:
    with pytest.raises(reports.Unreadable):
        reports.apps_report(raw)


def test_an_empty_answer_is_called_one() -> None:
    for read in (reports.apps_report, reports.ps_report, reports.ps_inspect, reports.git_report):
        with pytest.raises(reports.Unreadable, match=r"^(apps|ps|git):(report|inspect): the host answered nothing$"):
            read(b"\n")


def test_one_byte_that_is_no_text_spoils_its_own_value_alone() -> None:
    found = reports.apps_report(REPORT.replace(b"git-push", b"git-\xff"))
    assert found.metadata == "abc"


def test_truth_and_numbers_as_such_and_keys_that_nobody_knows_are_read() -> None:
    raw = b'{"ps-running":true,"deployed":true,"processes":2,"new-key":{"a":1},"status-web.1":"running (CID: 1)"}'
    found = reports.ps_report(raw)
    assert (found.running, found.deployed, found.processes) == ("true", True, 2)


def test_a_warning_is_no_name_of_an_app() -> None:
    raw = b"WARNING: Error loading config file\n=====> My Apps\napi\nScen_Extras\n !     deprecated\n"
    assert reports.apps_list(raw) == ("api", "Scen_Extras")
    assert reports.apps_list(b'WARNING: x\n["api","web"]\n') == ("api", "web")
    assert reports.apps_list(b"[]") == ()
    assert reports.apps_list(b"Welcome\n\n=====> My Apps\napi\n") == ("api",)
    for other in (b"[]\n", b'["a warning"]\n', b'{"level":"warn"}\n'):
        assert reports.apps_list(other + b"=====> My Apps\napi\n" + other) == ("api",), (
            "its header says that it is text"
        )


SHA = "557023ee57f092ba" + "0" * 24


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (f"{SHA}\n", SHA),
        (f" !     DEPRECATED\n{SHA}\nbye\n", SHA),
        (f"perl: warning: Setting locale failed.\n\tLC_ALL = (unset)\n{SHA}\r\n", SHA),
        ("HEAD\n", "HEAD"),
        (f"{SHA}\n{SHA.replace('0', '1')}\n", None),
        ("a warning\nanother one\n", None),
        ("", None),
    ],
)
def test_the_commit_that_was_tried_is_read_among_the_words_of_others(raw: str, found: str | None) -> None:
    """Another one than what is deployed means that a deploy failed: noise must not."""
    assert reports.git_rev(raw.encode()) == found


PAINTED = {
    "a colour around each line": lambda text: "\n".join(f"\x1b[1m{line}\x1b[0m" for line in text.split("\n")),
    "one colour around all": lambda text: f"\x1b[32m{text.rstrip()}\x1b[0m\n",
    "the mark of 0.35's builds": lambda text: "\n".join(f"\x1b[1G\x1b[K{line}" for line in text.split("\n")),
    "a title": lambda text: f"\x1b]0;dokku@host\x07{text}",
    "a byte order mark": lambda text: f"\ufeff{text}",
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "tabs": lambda text: text.replace("       ", "\t"),
    "twice": lambda text: text + text,
    "a warning before": lambda text: f" !     The property x is deprecated\n{text}",
}


@pytest.mark.parametrize("paint", PAINTED.values(), ids=PAINTED)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("reader", "name"),
    [
        (reports.apps_report, "apps:report scenextras --format json"),
        (reports.ps_report, "ps:report scenextras --format json"),
        (reports.ps_inspect, "ps:inspect scenextras"),
        (reports.git_report, "git:report scenextras"),
        (reports.apps_list, "apps:list"),
        (reports.config_export, "config:export --format json scenextras"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_a_terminal_or_a_plugin_adds_changes_no_report(
    reader: Callable[[bytes], object], name: str, version: str, paint: Callable[[str], str]
) -> None:
    told = recorded(version, name).decode()
    assert reader(paint(told).encode()) == reader(told.encode())


def test_a_warning_is_no_commit() -> None:
    commit = "dfba06d1acc1312a5ef069b42c2b7e64837b4155"
    assert reports.git_rev(b" !     The property x is deprecated\n") is None
    assert reports.git_rev(f"-----> Checking...\r\x1b[1m{commit}\x1b[0m\n".encode()) == commit
    assert reports.git_rev(b"v1.2.3\n") == "v1.2.3"


@pytest.mark.parametrize(
    ("state", "runs"),
    [
        ({"Running": True, "Paused": True}, False),  # Docker calls it running, and it answers nobody
        ({"Running": True, "Paused": False}, True),
        ({"Running": False, "Restarting": True}, True),
        ({"Running": False, "Dead": True}, False),
        ({"Running": False, "Status": "created", "StartedAt": "0001-01-01T00:00:00Z"}, False),
    ],
)
def test_what_runs_of_a_containers_states(state: dict[str, object], runs: bool) -> None:
    raw = json.dumps([{"Id": "a" * 64, "Name": "/cyc.web.1", "State": state}]).encode()
    assert [c.running for c in reports.ps_inspect(raw)] == [runs]


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_an_archive_of_each_type_is_one(kind: str) -> None:
    raw = json.dumps({"app-deploy-source": kind, "app-deploy-source-metadata": "https://x.example/a"}).encode()
    assert reports.apps_report(raw).source == "tar"
