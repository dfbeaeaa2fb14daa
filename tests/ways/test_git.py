"""The plan that builds an older commit again, by table."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.incident.facts import OTHER, T0, THEIRS, container, current
from tui.dokku import holders
from tui.incident import landed as reconcile
from tui.incident import verify
from tui.model.observation import Landed, RunningState
from tui.model.plan import Plan, StepKind, WarningLevel
from tui.model.release import Release, Source, Target, TargetKind
from tui.model.service import Host, RollbackSpec, Service
from tui.model.verification import Verdict
from tui.ways import git, offered
from tui.ways.facts import Facts, Options
from tui.ways.stop_first import Stopping
from tui.ways.way import Seen

WANTED = "d" * 40
HOLDER = "cyc--r1--pre-deploy-20261123-210001"
SERVICE = Service(name="api", title="API", host="h", app="cyc")
HOST = Host(name="h", ssh="dokku@h")
TARGET = Release(app="cyc", commit=WANTED)
RUNNING = Release(app="cyc", commit=THEIRS, running=True)


def facts(**changes: object) -> Facts:
    values: dict[str, object] = {
        "incident": "inc1", "number": 1, "by": "me@box", "at": T0, "current": current(), "record": None, "files": (),
        "service": SERVICE, "host": HOST, "target": TARGET, "leaving": RUNNING, "options": Options(),
        "words": "previous",
    }  # fmt: skip
    return Facts(**(values | changes))  # type: ignore[arg-type]


def made(target: Release = TARGET, options: Options | None = None, service: Service = SERVICE, **more: Any) -> Plan:
    return git.WAY.plan(facts(service=service, target=target, options=options or Options(), **more))


def deployed(
    *, metadata: str = f"/home/dokku/cyc#{WANTED}", source: str = "git-sync", name: str = "new"
) -> RunningState:
    return replace(current(containers=(container(name),)), source=source, metadata=metadata, git_rev=WANTED)


def test_the_steps_around_the_one_command() -> None:
    plan = made()
    assert [s.kind for s in plan.steps] == [
        StepKind.RECORD, StepKind.COMMAND, StepKind.COMPARE, StepKind.FREEZE, StepKind.DEPLOY,
    ]  # fmt: skip
    assert plan.decisive is not None
    assert plan.decisive.argv == ("git:sync", "--build", "cyc", "/home/dokku/cyc", WANTED)
    assert plan.moves == (("frozen-by-inc1", WANTED),)
    assert not plan.outlives
    assert {w.severity for w in plan.warnings} == {WarningLevel.WARN, WarningLevel.NOTE}
    assert any("builds from source: slow" in w.text for w in plan.warnings)


@pytest.mark.parametrize(
    ("target", "leaving", "marks"),
    [
        (TARGET, RUNNING, []),
        (replace(TARGET, holder=HOLDER, number=1), RUNNING, ["mark"]),
        (TARGET, replace(RUNNING, holder=HOLDER, number=1), ["mark-bad"]),
    ],
)
def test_what_is_known_is_marked_on_the_holders_there_are(target: Release, leaving: Release, marks: list[str]) -> None:
    plan = git.WAY.plan(facts(target=target, leaving=leaving))
    assert [s.id for s in plan.steps if s.kind is StepKind.MARK] == marks
    assert ("noted on this machine only" in str(plan.warnings)) is not bool(marks)


def test_a_record_that_is_ours_or_somebody_elses() -> None:
    mine = holders.IncidentRecord(app="cyc", incident="inc1", deploy_branch="main")
    frozen = replace(current(branch="frozen-by-inc1"), refs=(("main", THEIRS),))
    assert [s.id for s in made(record=mine, current=frozen).steps] == ["sign", "compare", "deploy"]
    theirs = holders.IncidentRecord(app="cyc", incident="other")
    assert made(record=theirs).steps[0].argv == ("apps:create", "cyc--takeover")


def test_without_a_freeze_the_teams_branch_moves() -> None:
    plan = made(options=Options(freeze=False))
    assert "freeze" not in [s.id for s in plan.steps]
    assert plan.moves == (("main", WANTED),)
    failed = replace(current(tip=WANTED), git_rev=WANTED)
    assert reconcile.landed(plan, (failed,), reported=True) is Landed.NO
    moved_elsewhere = replace(current(tip=OTHER), git_rev=WANTED)
    assert reconcile.landed(plan, (moved_elsewhere,), reported=True) is Landed.UNKNOWN


@pytest.mark.parametrize(
    ("seen", "landed"),
    [
        (deployed(), Landed.YES),
        (deployed(name="aaaaaaaaaaaa"), Landed.UNKNOWN),
        (deployed(metadata=WANTED, source="git-push"), Landed.UNKNOWN),
        (deployed(metadata=f"/home/dokku/cyc#{OTHER}"), Landed.UNKNOWN),
        (replace(deployed(), locked=True), Landed.RUNNING),
        (replace(deployed(), containers=()), Landed.UNKNOWN),
        (current(), Landed.NO),
    ],
)
def test_only_metadata_and_new_containers_prove_it(seen: RunningState, landed: Landed) -> None:
    assert reconcile.landed(made(), (seen,), reported=True) is landed
    verdicts = {c.verdict for c in verify.identity(made(), seen)}
    if landed is Landed.YES:
        assert verdicts == {Verdict.PASSED}
    elif landed is not Landed.RUNNING:
        assert Verdict.FAILED in verdicts


@pytest.mark.parametrize(
    ("service", "more", "words"),
    [
        (SERVICE, {"current": current(locked=True)}, "a deploy of cyc is running"),
        (
            replace(SERVICE, rollback=RollbackSpec(stop_first=True, reason="BadgerDB")),
            {"stopping": Stopping(before=None, now=None)},
            "the host does not say how its checks are set",
        ),
    ],
)
def test_what_forbids_it(service: Service, more: dict[str, Any], words: str) -> None:
    assert words in made(service=service, **more).blocked[0].text


def test_downtime_asks_for_the_name() -> None:
    spec = RollbackSpec(downtime=(timedelta(seconds=10), timedelta(seconds=30)))
    assert made(service=replace(SERVICE, rollback=spec)).typed


def test_a_commit_by_a_persons_word_comes_from_the_configured_remote() -> None:
    elsewhere = replace(SERVICE, git_remote="https://example.com/cyc.git")
    full, short = (Target(kind=TargetKind.SHA, value=value) for value in (WANTED, WANTED[:10]))
    assert git.WAY.named(elsewhere, short, (), None) is None
    assert git.WAY.named(elsewhere, full, (TARGET,), None) is None
    named = git.WAY.named(elsewhere, full, (), None)
    assert named is not None
    assert named.origin is Source.NAMED
    plan = made(named, service=elsewhere)
    assert plan.proof is not None
    assert plan.proof.metadata == f"https://example.com/cyc.git#{WANTED}"
    assert plan.typed
    own = git.WAY.named(SERVICE, full, (), None)
    assert own is not None
    assert not made(own).typed


def test_every_way_of_the_order_is_offered_or_says_why_not() -> None:
    order = ("git", "kept", "script")
    seen = Seen(commits=frozenset({WANTED}))
    found = offered(TARGET, SERVICE, order, seen).ways
    assert [(w.way, w.available) for w in found] == [("git", True), ("kept", False), ("script", False)]
    assert all(w.reason for w in found)
    image = offered(Release(app="cyc", image="x:1"), SERVICE, ("git",), seen).ways[0]
    assert (image.available, image.reason) == (False, "no commit is known of it")
    unread = offered(TARGET, SERVICE, ("git",), Seen()).ways[0]
    assert "could not be read" in unread.reason


@pytest.mark.parametrize(
    ("release", "source"),
    [
        (Release(app="cyc", commit="d" * 40, author="Dokku", subject="Initial commit", origin=Source.REPOSITORY), None),
        (
            Release(app="cyc", commit="d" * 40, author="CI", subject="Automated commit @ 1", origin=Source.REPOSITORY),
            "tar",
        ),
        (Release(app="cyc", commit="d" * 40, author="CI", subject="First", origin=Source.REPOSITORY), "docker-image"),
        (Release(app="cyc", commit="d" * 40, source="docker-image", holder="cyc--r1--x"), "git-push"),
    ],
)
def test_a_commit_that_may_need_an_image_that_is_gone_is_not_offered(release: Release, source: str | None) -> None:
    found = git.WAY.offer(release, SERVICE, Seen(commits=frozenset({"d" * 40}), source=source))
    assert (found.available, "Dokku's own" in found.reason) == (False, True)


def test_commits_of_archives_and_of_the_team_are_offered() -> None:
    archive = Release(app="cyc", commit="d" * 40, author="Dokku", source="tar", holder="cyc--r1--x")
    pushed = Release(app="cyc", commit="d" * 40, author="Ana", source="git-push", origin=Source.LEDGER)
    for release in (archive, pushed):
        assert git.WAY.offer(release, SERVICE, Seen(source="docker-image")).available
