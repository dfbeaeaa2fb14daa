"""Small values for the core's tests."""

from datetime import UTC, datetime, timedelta

from tui.model.observation import Container, RunningState
from tui.model.plan import Plan, PushSpec, Step, StepKind
from tui.model.release import Release

T0 = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
OURS = "f" * 40
THEIRS = "b" * 40
OTHER = "c" * 40


def container(name: str = "aaaaaaaaaaaa", *, attempt: str | None = None, process: str = "web") -> Container:
    return Container(id=name, process=process, started_at=T0, attempt=attempt)


def current(
    *,
    at: datetime = T0,
    metadata: str = THEIRS,
    locked: bool | None = False,
    containers: tuple[Container, ...] | None = None,
    tip: str = THEIRS,
    branch: str = "main",
) -> RunningState:
    return RunningState(
        app="cyc",
        at=at,
        source="git-push",
        metadata=metadata,
        git_rev=metadata,
        branch=branch,
        tip=tip,
        refs=(("main", tip),),
        locked=locked,
        containers=(container(),) if containers is None else containers,
    )


def landed(at: datetime = T0, *, locked: bool | None = False) -> RunningState:
    return current(at=at, metadata=OURS, locked=locked, containers=(container("eeeeeeeeeeee", attempt="inc1.1"),))


def plan(*kinds: StepKind) -> Plan:
    kinds = kinds or (StepKind.RECORD, StepKind.PUSH, StepKind.MARK)
    return Plan(
        way="kept",
        service="api",
        host="h",
        app="cyc",
        attempt="inc1.1",
        target=Release(app="cyc", number=1, holder="cyc--r1--pre-deploy-20261123-210001", commit="a" * 40),
        leaving=Release(app="cyc", commit=THEIRS, running=True),
        before=current(),
        steps=tuple(
            Step(id=k.value, kind=k, title=k.value, argv=(k.value,), writes=k is not StepKind.COMPARE) for k in kinds
        ),
        made_at=T0,
        push=PushSpec(
            app="cyc",
            branch="frozen-by-inc1",
            parent=None,
            files=(),
            message="",
            author="a <a@b>",
            at=T0,
            commit=OURS,
        ),
        frozen_branch="frozen-by-inc1",
        old_branch="main",
    )


def later(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)
