"""What is asked while a step is under way: when it begins, and when it counts."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from tests.incident import facts
from tests.stage import settled
from tui.engine.incident.prefetch import FRESH, Ahead
from tui.model.errors import UnexpectedReply
from tui.model.observation import RunningState
from tui.model.plan import Plan, StepKind

K = StepKind


class _Host:
    """Links and git of a host; each question is answered by its name and number."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.sick = False
        self.passed = 0.0

    def now(self) -> datetime:
        return facts.T0 + timedelta(seconds=self.passed)

    def host(self, name: str) -> None: ...

    async def current(self, host: str, app: str) -> RunningState:
        self.asked.append("current")
        if self.sick:
            self.sick = False
            raise UnexpectedReply("garbled")
        return facts.current(metadata=str(len(self.asked)))


def made(*kinds: StepKind) -> tuple[Plan, _Host, Ahead]:
    host: Any = _Host()
    return facts.plan(*kinds), host, Ahead(host, host)


async def begun(plan: Plan, ahead: Ahead, number: int) -> None:
    ahead.begin(plan, plan.steps[number], "inc1")
    await settled()


async def test_what_runs_is_read_while_the_record_is_signed_never_before_it_is_ours() -> None:
    plan, host, ahead = made(K.RECORD, K.COMMAND, K.COMPARE, K.FREEZE, K.PUSH)
    await begun(plan, ahead, 0)
    assert host.asked == []
    await begun(plan, ahead, 1)
    assert host.asked == ["current"]
    assert (await ahead.current(plan)).metadata == "1"
    assert (await ahead.current(plan)).metadata == "2", "an answer counts once"


async def test_what_is_kept_or_stopped_in_between_is_not_passed_over() -> None:
    plan, host, ahead = made(K.RECORD, K.COMMAND, K.KEEP, K.COMPARE, K.FREEZE, K.CHECKS, K.PUSH)
    for number in range(len(plan.steps)):
        await begun(plan, ahead, number)
    assert host.asked == []


async def test_an_answer_that_is_old_or_went_wrong_is_asked_for_again() -> None:
    plan, host, ahead = made(K.RECORD, K.COMMAND, K.COMPARE, K.FREEZE, K.PUSH)
    await begun(plan, ahead, 1)
    host.passed += FRESH + 0.1
    assert (await ahead.current(plan)).metadata == "2"
    host.sick = True
    await begun(plan, ahead, 1)
    assert (await ahead.current(plan)).metadata == "4"


async def test_settings_are_read_only_where_the_plan_has_a_gate() -> None:
    plan, host, ahead = made(K.RECORD, K.COMMAND, K.COMPARE)
    told: list[tuple[str, ...]] = []

    async def ask(name: str, argv: tuple[str, ...]) -> None:
        told.append(argv)
        raise UnexpectedReply("not told")

    async def capabilities(name: str) -> SimpleNamespace:
        return SimpleNamespace(version="0.38.27")

    host.ask = host.ask_once = ask  # type: ignore[attr-defined]
    host.capabilities = capabilities  # type: ignore[attr-defined]
    await begun(plan, ahead, 0)
    assert told == []
    await begun(replace(plan, gate=(("builder selected", ""),)), ahead, 0)
    await ahead.drop()
    assert told
