"""Plans of the ways that prove nothing, by table: the host's own plugin commands, and the team's script."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from tests.incident.facts import T0, THEIRS, container, current
from tests.ways.test_git import RUNNING, SERVICE, facts
from tui.incident import landed, verify
from tui.model.host import Capabilities
from tui.model.observation import Landed
from tui.model.plan import Plan, StepKind, Where
from tui.model.release import Release, Source, Target, TargetKind, target_of
from tui.model.verification import Verdict
from tui.ways import runbook, script
from tui.ways.way import Seen

TAG = "pre-deploy-20261123-210001"
PLUGIN = Capabilities(version="0.35.15", runbook=("ps:rollback", "tags", "tags:deploy"))
STOCK = Capabilities(version="0.35.15")
SCRIPTED = replace(SERVICE, script=("./rollback.sh", "api"))
PREVIOUS = Target(kind=TargetKind.PREVIOUS)


def by_tag() -> Plan:
    (target,) = runbook.WAY.releases(SERVICE, Seen(tags=(TAG,)))
    return runbook.WAY.plan(facts(target=target))


def by_script() -> Plan:
    target = script.WAY.named(SCRIPTED, PREVIOUS, (), None)
    assert target is not None
    return script.WAY.plan(facts(service=SCRIPTED, target=target))


def test_a_tag_is_a_release_with_the_time_it_carries() -> None:
    (found,) = runbook.WAY.releases(SERVICE, Seen(tags=(TAG, "latest", "pre-deploy-99999999-999999")))
    assert (found.tag, found.image, found.origin, found.served) == (TAG, f"dokku/cyc:{TAG}", Source.TAGS, True)
    assert found.kept_at == datetime(2026, 11, 23, 21, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("host", "tags", "reason"),
    [
        (None, None, "what this host can do could not be asked"),
        (STOCK, None, "this host has no tags:deploy"),
        (PLUGIN, None, "the host's tags could not be listed"),
        (PLUGIN, ("other",), "the host lists no tag for it"),
        (PLUGIN, (TAG,), "proves nothing"),
    ],
)
def test_it_is_available_or_says_why_not(host: Capabilities | None, tags: tuple[str, ...] | None, reason: str) -> None:
    found = runbook.WAY.offer(Release(app="cyc", tag=TAG), SERVICE, Seen(host=host, tags=tags))
    assert (found.available, found.reason) == (reason == "proves nothing", reason)


def test_the_hosts_own_previous_is_left_to_the_host() -> None:
    target = runbook.WAY.named(SERVICE, PREVIOUS, (), PLUGIN)
    assert target is not None
    made = runbook.WAY.plan(facts(target=target))
    assert made.decisive is not None
    assert made.decisive.argv == ("ps:rollback", "cyc")
    assert "ps:rollback" in target.name
    assert runbook.WAY.named(SERVICE, PREVIOUS, (), STOCK) is None
    assert runbook.WAY.named(SERVICE, Target(kind=TargetKind.TAG, value=TAG), (), PLUGIN) is None


def test_a_tag_is_not_sticky_and_nothing_is_marked_without_proof() -> None:
    made = by_tag()
    assert made.decisive is not None
    assert made.decisive.argv == ("tags:deploy", "cyc", TAG)
    assert "not sticky" in str(made.warnings)
    assert StepKind.MARK not in {s.kind for s in made.steps}
    assert not made.proves


def test_a_script_runs_here_with_the_persons_words_and_without_a_freeze() -> None:
    made = by_script()
    assert made.decisive is not None
    assert (made.decisive.where, made.decisive.argv) == (Where.LOCAL, ("./rollback.sh", "api", "previous"))
    assert made.decisive.paste == "./rollback.sh api previous"
    assert made.frozen_branch is None
    assert not script.WAY.offer(RUNNING, SERVICE, Seen()).available
    assert script.WAY.named(SERVICE, PREVIOUS, (), None) is None
    assert script.WAY.named(SCRIPTED, target_of(RUNNING), (RUNNING,), None) is None
    with pytest.raises(ValueError, match="no script"):
        script.WAY.plan(facts())


@pytest.mark.parametrize("made", [by_tag(), by_script()], ids=["tag", "script"])
def test_all_that_can_be_seen_is_that_something_else_runs(made: Plan) -> None:
    new = current(metadata=THEIRS, containers=(container("new"),))
    assert landed.landed(made, (new,), reported=True) is Landed.YES
    assert landed.landed(made, (current(),), reported=True) is Landed.NO
    apart = (current(), current(at=T0 + landed.APART))
    assert landed.landed(made, apart[:1], reported=False) is Landed.UNKNOWN
    assert landed.landed(made, apart, reported=False) is Landed.NO
    assert [c.verdict for c in verify.identity(made, new)] == [Verdict.PASSED]


@pytest.mark.parametrize(
    ("before", "now", "where", "verdict"),
    [
        ("v2", "v1", "http://x/", Verdict.PASSED),
        ("v2", "v2", "http://x/", Verdict.INCONCLUSIVE),
        (None, "v1", "http://x/", Verdict.INCONCLUSIVE),
        ("v2", None, "http://x/", Verdict.INCONCLUSIVE),
        (None, None, None, Verdict.INCONCLUSIVE),
    ],
)
def test_only_the_service_can_prove_it(
    before: str | None, now: str | None, where: str | None, verdict: Verdict
) -> None:
    assert verify.unproven(by_tag(), before, now, where).verdict is verdict
