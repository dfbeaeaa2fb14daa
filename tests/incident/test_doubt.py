"""Why a look does not say how a deploy ended, in the words for the person who has to decide."""

import pytest
from msgspec.structs import replace

from tests.incident.facts import container, current, later, plan
from tui.incident import landed
from tui.model.observation import Container, RunningState
from tui.model.plan import Plan, Proof, StepKind

WEB, SECOND = (replace(container(c * 12, process=p), image="sha256:old") for c, p in (("a", "web"), ("b", "worker")))
OURS = replace(container("e" * 12, attempt="inc1.1"), image="sha256:new")
OUR_WORKER = replace(OURS, id="f" * 12, process="worker")


def made() -> Plan:
    return replace(plan(StepKind.PUSH), before=current(containers=(WEB, SECOND)))


def now(*containers: Container, **facts: object) -> RunningState:
    return replace(current(at=later(90), containers=containers), **facts)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (now(WEB, SECOND, locked=True), "the deploy lock is still there"),
        (now(WEB, SECOND, locked=None), "the host does not say whether a deploy is at work"),
        (now(WEB, SECOND, metadata="d" * 40), f"Dokku names {'d' * 40}, which is neither what ran nor what was sent"),
        (now(WEB, SECOND, metadata=None), "Dokku names nothing, which is neither"),
        (now(OURS), "web.1 is release:1, and Dokku names the old release still"),
        (now(OURS, OUR_WORKER), "web.1, worker.1 are release:1, and Dokku names the old release still"),
        (now(OURS, SECOND), "died half-way: web.1 is release:1, worker.1 is sha:bbbbbbbbbb. A container cyc.worker.1."),
        (now(replace(OURS, attempt=None)), "but other containers run: a deploy died half-way, and which of the two"),
        (now(WEB, SECOND), "a branch was moved by somebody else, or the host was not seen twice the same"),
    ],
)  # fmt: skip
def test_the_doubt_is_named(seen: RunningState, said: str) -> None:
    assert said in landed.doubt(made(), seen)


BUILT = replace(OURS, attempt=None)
"""by a deploy that gives no label"""
WANTED = "d" * 40


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (now(BUILT, replace(BUILT, process="worker"), git_rev=WANTED), "web.1, worker.1 are release:1, and "),
        (now(BUILT, SECOND, git_rev=WANTED), "died half-way: web.1 is release:1, worker.1 is sha:bbbbbbbbbb"),
        (now(BUILT, git_rev="e" * 40), "which of the two answers only the service itself can say"),
        (now(replace(BUILT, image=""), git_rev=WANTED), "which of the two answers only the service itself can say"),
    ],
)
def test_a_deploy_without_a_label_is_known_by_its_image_and_by_what_was_tried_last(
    seen: RunningState, said: str
) -> None:
    proof = Proof(source="git-sync", metadata=f"/home/dokku/cyc#{WANTED}")
    assert said in landed.doubt(replace(made(), push=None, proof=proof), seen)


def test_an_image_that_was_tried_last_is_known_by_its_name() -> None:
    proof = Proof(source="docker-image", metadata="registry.example/app:7")
    seen = now(BUILT, source_image=proof.metadata)
    assert "after the switch and before its end" in landed.doubt(replace(made(), push=None, proof=proof), seen)
