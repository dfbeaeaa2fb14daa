"""Why a look does not say how a deploy ended, in the words for the person who has to decide."""

import pytest
from msgspec.structs import replace

from tests.incident.facts import container, current, later, plan
from tui.incident import landed
from tui.model.observation import Container, RunningState
from tui.model.plan import Plan, StepKind

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
