"""How recorded hosts of both versions said no, against what we take it for."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tui.dokku import refusals
from tui.dokku.refusals import Refusal
from tui.model.outcome import Answer, Exited

ELSEWHERE = [
    line.split(" | ", 1)
    for line in (Path(__file__).parent / "data" / "said_elsewhere.txt").read_text(encoding="utf-8").splitlines()[1:]
]
RECORDED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "refusals.json").read_text())["answers"]


@pytest.mark.parametrize("said", RECORDED, ids=lambda said: f"{said['version']} {said['name']}")
def test_recorded_refusals(said: dict[str, Any]) -> None:
    expected = None if said["refusal"] is None else Refusal[said["refusal"]]
    assert refusals.read((said["stderr"] + "\n" + said["stdout"]).encode()) is expected


@pytest.mark.parametrize(("name", "text"), ELSEWHERE, ids=lambda part: part[:60])
def test_what_other_hosts_say_is_named_for_what_it_is(name: str, text: str) -> None:
    assert refusals.read(text.replace("\\n", "\n").encode()) is Refusal[name]


def test_every_cause_that_is_known_from_elsewhere_has_an_example() -> None:
    shown = {name for name, _ in ELSEWHERE} | {said["refusal"] for said in RECORDED}
    untold = {"SEALED", "ROOT_ONLY", "TASK_FAILED", "NO_CHANGES"}
    assert {refusal.name for refusal in Refusal} - shown <= untold


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (b" !     Could not start due to 1 failed checks (web.1)\n", True),
        (b"exec format error\n !     Could not start due to 1 failed checks (web.1)\n", True),
        (b"Error response from daemon: driver failed: Bind for 0.0.0.0:80 failed: port is already allocated\n", True),
        (b"exec /cnb/lifecycle/creator: exec format error\n !     App build failed\n", False),
        (b"process did not complete successfully: exit code: 137\n !     App build failed\n", False),
        (b"toomanyrequests\n !     App build failed\n", False),
        (b" !     App build failed\n", False),
        (b" !     Error deploying: another operation (install/upgrade/rollback) is in progress\n", True),
        (b" !     Error creating kubernetes namespace for deployment: dial tcp [::1]:6443: connect: refused\n", True),
    ],
)
def test_what_failed_after_its_build_leaves_its_image_whatever_the_cause_is_called(text: bytes, left: bool) -> None:
    assert refusals.leaves_its_image(text) is left


def test_that_a_build_reads_its_kept_image_is_not_taken_for_its_loss() -> None:
    """BuildKit says so in every push that goes back: a check that fails afterwards says nothing against the image."""
    reads = (
        b"#2 [internal] load metadata for docker.io/dokku/cyc--r1--pre-deploy-20261123-210001:latest\n#2 DONE 0.0s\n"
    )
    failed = reads + b" !     Could not start due to 1 failed checks (web.1)\n"
    assert refusals.read(failed) is Refusal.CHECK_FAILED
    busy = reads + b" !     Error deploying: another operation (install/upgrade/rollback) is in progress\n"
    assert refusals.read(busy) is Refusal.HELM_BUSY
    assert refusals.read(reads) is None


def test_an_answer_that_ended_well_refuses_nothing() -> None:
    text = b" !     Name is already taken\n"
    at = datetime(2026, 11, 23, tzinfo=UTC)
    argv = ("apps:create", "api")
    assert refusals.read(Answer(argv=argv, outcome=Exited(code=0), started_at=at, seconds=0.1, stderr=text)) is None
    found = refusals.read(Answer(argv=argv, outcome=Exited(code=1), started_at=at, seconds=0.1, stderr=text))
    assert found is Refusal.NAME_TAKEN


def test_the_hosts_words_are_shown_without_what_its_shell_says_of_the_language() -> None:
    noise = (
        b"bash: warning: setlocale: LC_ALL: cannot change locale (en_US.UTF-8)\nperl: warning: Setting locale failed.\n"
        b'perl: warning: Please check that your locale settings:\n\tLANGUAGE = (unset),\n\tLC_ALL = "x"\n'
        b"    are supported and installed on your system.\nstdin: is not a tty\n"
    )
    made = Answer(
        argv=("x",), outcome=Exited(code=1), started_at=datetime(2026, 11, 23, tzinfo=UTC), seconds=0.1,
        stderr=noise + b" !     No web listeners specified\n", stdout=b"-----> Working\n",
    )  # fmt: skip
    assert refusals.said(made) == "! No web listeners specified".replace("! ", "!     ")
    assert refusals.said(replace(made, stderr=noise)) == "-----> Working"


def test_what_a_build_prints_is_not_taken_for_dokkus_word() -> None:
    assert refusals.read(b"#5 0.1 test: Name is already taken\n#5 0.2 App build failed\n") is None


def test_a_container_that_crashes_is_known_by_the_end_of_the_output_alone() -> None:
    end = b"parallel: This job failed:\n/var/lib/dokku/plugins/available/scheduler-docker-local/bin/"
    assert refusals.read(end + b"scheduler-deploy-process-container api dockerfile x web 1 1\n") is Refusal.CHECK_FAILED


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_a_fix(refusal: Refusal) -> None:
    assert refusals.explain(refusal)
    assert refusals.fix(refusal)


def test_where_dokku_sees_no_change_its_own_advice_is_not_passed_on() -> None:
    """It names ps:rebuild, which may deploy another image: recorded on 0.35.15 after a `git:from-image` that died."""
    assert "ps:rebuild" not in refusals.told(Refusal.NO_CHANGES)
