"""Apps on Kubernetes: what the metadata and the pods themselves say, and what they leave open."""

import pytest
from msgspec.structs import replace

from tests.incident.facts import OURS, T0, THEIRS, current, later, plan
from tui.incident import landed, running_state_check, verify
from tui.model.observation import Container, Landed, RunningState
from tui.model.plan import Plan, Proof
from tui.model.release import Release
from tui.model.verification import Check, Verdict
from tui.releases import restart_risk, what_runs

ASKED = "inc1.1"


def pods(*told: str | None, metadata: str = OURS, word: str = "true", at: float = 0.0) -> RunningState:
    """One pod each: the attempt it says, `-` for none, None for a pod that does not answer."""
    made = tuple(
        Container(id="", process="web", index=n, told=said is not None, attempt=None if said in (None, "-") else said)
        for n, said in enumerate(told, 1)
    )
    return replace(current(metadata=metadata, containers=made, at=later(at)), pods=word)


def planned() -> Plan:
    return replace(plan(), before=pods(None, metadata=THEIRS))


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ((pods(ASKED),), Landed.YES),
        ((pods(ASKED, ASKED),), Landed.YES),
        ((pods(None),), Landed.YES),
        ((pods("-"),), Landed.UNKNOWN),
        ((pods(ASKED, "-"),), Landed.UNKNOWN),
        ((pods("inc0.1"),), Landed.UNKNOWN),
        ((pods("-", metadata=THEIRS), pods("-", metadata=THEIRS, at=11)), Landed.NO),
        ((pods("-", metadata=THEIRS), pods("-", metadata=THEIRS, at=2)), Landed.UNKNOWN),
        ((pods(ASKED, metadata=THEIRS), pods(ASKED, metadata=THEIRS, at=11)), Landed.UNKNOWN),
        ((pods(None, metadata=THEIRS), pods(None, metadata=THEIRS, at=11)), Landed.UNKNOWN),
    ],
)
def test_a_push_is_judged_by_the_metadata_and_by_what_pods_say(seen: tuple[RunningState, ...], found: Landed) -> None:
    assert landed.landed(planned(), seen, reported=False) is found


def test_a_declined_push_is_no_answer_while_pods_may_have_gone_over() -> None:
    assert landed.landed(planned(), (pods("-", metadata=THEIRS),), reported=True) is Landed.NO
    for seen in (pods(ASKED, metadata=THEIRS), pods(None, metadata=THEIRS)):
        assert landed.landed(planned(), (seen,), reported=True) is Landed.UNKNOWN
    assert "Helm died" in landed.doubt(planned(), pods(ASKED, metadata=THEIRS))
    assert "web.1 did not say" in landed.doubt(planned(), pods(None, metadata=THEIRS))


def verdicts(checks: tuple[Check, ...]) -> list[Verdict]:
    return [c.verdict for c in checks]


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (pods(ASKED, ASKED), Verdict.PASSED),
        (pods(ASKED, None), Verdict.INCONCLUSIVE),
        (pods(None), Verdict.INCONCLUSIVE),
        (pods(ASKED, "-"), Verdict.FAILED),
        (pods("-", None), Verdict.FAILED),
    ],
)
def test_identity_is_what_every_pod_says(seen: RunningState, found: Verdict) -> None:
    assert verdicts(verify.identity(planned(), seen)) == [Verdict.PASSED, found]


def test_where_pods_say_nothing_the_services_own_word_counts_and_nothing_else_does() -> None:
    proofs = verify.identity(planned(), pods(None))
    said = verify.unproven(planned(), "v2", "v1", "http://x/version")
    assert verdicts(verify.by_answer(proofs, said)) == [Verdict.PASSED, Verdict.PASSED]
    for silent in (verify.unproven(planned(), "v2", "v2", "u"), verify.unproven(planned(), None, None, None)):
        assert verdicts(verify.by_answer(proofs, silent)) == [Verdict.PASSED, Verdict.INCONCLUSIVE]
    failed = verify.identity(planned(), pods("-", None))
    assert verdicts(verify.by_answer(failed, said)) == [Verdict.PASSED, Verdict.FAILED], "a pod said otherwise"


def test_an_image_of_a_registry_is_recorded_and_not_proven() -> None:
    made = replace(planned(), push=None, proof=Proof(source="docker-image", metadata="r/app@sha256:1"))
    there = replace(pods(None, metadata="r/app@sha256:1"), source="docker-image")
    assert landed.landed(made, (there,), reported=False) is Landed.YES
    assert verdicts(verify.identity(made, there)) == [Verdict.PASSED, Verdict.INCONCLUSIVE]
    assert landed.landed(made, (pods("-", metadata=THEIRS),), reported=True) is Landed.UNKNOWN


def test_processes_of_which_only_some_run_are_no_proof() -> None:
    assert verify.processes(planned(), pods(ASKED)).verdict is Verdict.PASSED
    assert verify.processes(planned(), pods(ASKED, word="mixed")).verdict is Verdict.INCONCLUSIVE


def test_a_watch_does_not_take_pods_that_were_not_asked_for_strangers() -> None:
    standing = running_state_check.begin(pods(None), planned(), pods(ASKED))
    assert not running_state_check.judge(standing, pods(None, at=5), planned()).stray
    assert not running_state_check.moved(standing, pods(None, at=5))
    assert running_state_check.judge(standing, pods(None, metadata=THEIRS, at=5), planned()).stray


def test_a_rollback_of_ours_is_not_called_a_rebuild_because_pods_were_not_asked() -> None:
    ours = Release(app="cyc", number=1, holder="cyc--r1", commit="a" * 40, served_as=(OURS,))
    assert what_runs.running((ours,), pods(None)).name == "release:1"
    assert what_runs.rebuilt((ours,), replace(pods("-"), pods="true"))


def test_a_failed_deploy_on_pods_is_an_incident_although_all_is_green() -> None:
    tried = replace(pods(None, metadata=THEIRS), git_rev=OURS)
    assert "Deploy a good release at once" in restart_risk.risk(tried)
    assert "lost its config" in restart_risk.risk(tried)
    assert restart_risk.risk(pods(None, metadata=THEIRS, at=T0.second)) == ""
