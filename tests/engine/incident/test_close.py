"""Leaving the host in order: the record goes last, what may still arrive gets its time, what is somebody's stays."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.fake_host import APP, World
from tests.incident.facts import T0, plan
from tests.stage import settled
from tui.dokku import commands, holders
from tui.engine.hosts import incident_record
from tui.engine.hosts.connections import UnexpectedReply
from tui.engine.incident.close import Settler
from tui.engine.releases.keeper import Keeper
from tui.incident import events as ev
from tui.incident.decide import opened
from tui.model.incident import Incident, State, StepResult, StepRun
from tui.model.outcome import Exited, Lost, Outcome
from tui.model.plan import Step, StepKind

FROZEN = holders.frozen_branch("inc1")


class Closing:
    """An incident whose steps on the host have come so far."""

    def __init__(self, state: State = State.FAILED, **runs: Outcome | None) -> None:
        self.world = world = World()
        steps = (
            Step(id="record", kind=StepKind.RECORD, title="record", argv=("apps:create", world.record), writes=True),
            Step(id="sign", kind=StepKind.COMMAND, title="sign", argv=("config:set", world.record, "A=1"), writes=True),
            Step(id="freeze", kind=StepKind.FREEZE, title="freeze", argv=("git:set",), writes=True),
            Step(id="push", kind=StepKind.PUSH, title="push", argv=("push",), writes=True),
        )
        before = replace(plan().before, app=APP, branch="main")
        made = replace(plan(), service="api", app=APP, host="main", steps=steps, before=before, push=None)
        event = ev.Opened(at=T0, incident="inc1", service="api", app=APP, host="main", by="me@box")
        told = tuple(self._run(name, outcome) for name, outcome in runs.items())
        self.incident: Incident = replace(opened(event), plan=made, state=state, runs=told)

    @staticmethod
    def _run(step: str, outcome: Outcome | None) -> StepRun:
        heard = StepResult.DONE if isinstance(outcome, Exited) else StepResult.UNKNOWN
        result = None if outcome is None else heard
        return StepRun(step=step, started_at=T0, ended_at=T0, outcome=outcome, result=result)

    async def settle(self) -> Any:
        world = self.world
        keeper = Keeper(world.links, world.clock, "me@box", 5)
        return await Settler(world.links, world.clock, world.journal, keeper).put_in_order(self.incident)


OK = Exited(code=0)


async def test_nothing_is_asked_of_a_host_on_which_nothing_was_taken() -> None:
    closing = Closing()
    assert (await closing.settle()).left == () and closing.world.host.sent == []


async def test_the_branch_is_given_back_and_then_the_record_goes() -> None:
    closing = Closing(record=OK, sign=OK, freeze=OK, push=OK)
    world = closing.world
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc1"}
    world.host.branches[APP] = FROZEN
    order = await closing.settle()
    assert (order.left, order.frozen) == ((), False)
    assert world.host.written == [commands.git_set_branch(APP, "main"), commands.apps_destroy(world.record)]
    assert world.host.dropped == 0


async def test_while_nobody_knows_what_serves_the_freeze_stays_and_says_so() -> None:
    closing = Closing(State.UNCERTAIN, record=OK, sign=OK, freeze=OK, push=Lost(why="gone"))
    world = closing.world
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc1"}
    world.host.branches[APP] = FROZEN
    order = await closing.settle()
    assert order.frozen and order.left == (f"deploys of {APP} are frozen until `rollback unfreeze api`",)
    assert world.host.ours[world.record]["ROLLBACK_STATE"] == "frozen"
    assert world.host.branches[APP] == FROZEN


async def test_the_record_of_somebody_else_stays_with_their_freeze() -> None:
    closing = Closing(record=OK, sign=Lost(why="gone"))
    world = closing.world
    theirs = {"ROLLBACK_INCIDENT": "theirs", "ROLLBACK_DEPLOY_BRANCH": "main"}
    world.host.ours[world.record] = dict(theirs)
    world.host.branches[APP] = holders.frozen_branch("theirs")
    await closing.settle()
    assert world.host.ours[world.record] == theirs and world.host.written == []


@pytest.mark.parametrize("end", [Lost(why="gone"), None], ids=["lost", "the console died"])
async def test_what_was_lost_gets_its_time_on_a_new_connection_before_the_host_is_looked_at(
    end: Outcome | None,
) -> None:
    closing = Closing(record=end)
    world = closing.world

    def arrives(argv: tuple[str, ...]) -> None:
        """The record whose creation was lost is there once its time is over."""
        if world.clock.monotonic() >= 5:
            world.host.ours.setdefault(world.record, {"ROLLBACK_INCIDENT": "inc1"})
            world.host.before = lambda _: None

    world.host.before = arrives
    await closing.settle()
    assert world.host.dropped == 1 and world.host.ours == {}


@pytest.mark.parametrize("runs", [{"record": OK, "sign": None}, {"record": OK, "sign": OK, "freeze": None}])
async def test_what_a_console_that_died_before_the_deploy_has_left_goes(runs: dict[str, Any]) -> None:
    closing = Closing(**runs)
    world = closing.world
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc1"}
    world.host.branches[APP] = FROZEN if "freeze" in runs else "main"
    await closing.settle()
    assert world.host.ours == {} and world.host.branches[APP] == "main" and world.host.dropped == 1


async def test_a_record_that_cannot_be_taken_away_keeps_the_incident_open() -> None:
    closing = Closing(record=OK)
    world = closing.world
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc1"}
    world.host.says(commands.apps_destroy(world.record), (1, "", " !     disk full\n"))
    with pytest.raises(UnexpectedReply, match="disk full"):
        await closing.settle()


async def test_a_freeze_whose_record_somebody_removed_gets_it_back() -> None:
    closing = Closing(State.UNCERTAIN, record=OK, sign=OK, freeze=OK, push=Lost(why="gone"))
    world = closing.world
    world.host.branches[APP] = FROZEN
    await closing.settle()
    assert world.host.ours[world.record] == {"A": "1", "ROLLBACK_STATE": "frozen"}


async def test_an_unfreeze_that_ends_while_the_host_is_looked_at_leaves_no_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The branch was read before it, the record after it."""
    closing = Closing(State.UNCERTAIN, record=OK, sign=OK, freeze=OK, push=Lost(why="gone"))
    world, read = closing.world, incident_record.read
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc1"}
    world.host.branches[APP] = FROZEN

    async def late(*where: Any) -> Any:
        await settled()
        world.host.branches[APP] = "main"
        world.host.ours.pop(world.record, None)
        return await read(*where)

    monkeypatch.setattr(incident_record, "read", late)
    order = await closing.settle()
    assert (order.left, order.frozen, world.host.ours) == ((), False, {})
