"""One step at a time: what an end means, what is refused before anything leaves, and who may look on."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fake_host import APP, World
from tests.incident.facts import OURS, T0, plan
from tests.stage import NoProbes, probe
from tui.dokku import commands, holders
from tui.engine.incident.steps import Ports, StepRunner
from tui.incident import events as ev
from tui.incident.decide import opened
from tui.model.errors import LinkError
from tui.model.incident import Incident, StepResult
from tui.model.outcome import Answer, Exited, Lost, NeverStarted, TimedOut
from tui.model.plan import Plan, Step, StepKind, Where
from tui.model.push import Declined, NotSent, Reported, TipMoved, Unheard
from tui.model.service import RollbackSpec

DONE, FAILED, REFUSED, UNSURE = StepResult.DONE, StepResult.FAILED, StepResult.REFUSED, StepResult.UNKNOWN
SETTING = commands.builder_set(APP, "selected", "dockerfile")


class _Probes(NoProbes):
    async def log(self, *args: Any) -> Any:
        raise AssertionError("nobody scripted a log")

    async def probe(self, url: str, *args: Any, **how: Any) -> Any:
        return probe(self.world.service, self.world.clock.now())

    def __init__(self, world: World) -> None:
        self.world = world


class Stepping:
    """One incident on a fake host, with a plan of steps."""

    def __init__(self, *steps: Step, **of: Any) -> None:
        self.world = world = World(**of)
        self.heard: list[tuple[str, bytes]] = []
        before = ("none", "none") if of else None
        self.plan: Plan = replace(
            plan(), service="api", app=APP, host="main", steps=steps, checks_before=before, proves=False
        )
        event = ev.Opened(at=T0, incident="inc1", service="api", app=APP, host="main", by="me@box")
        self.incident: Incident = replace(opened(event), plan=self.plan)
        ports = Ports(world.fleet, world.links, _Probes(world), world.journal, world.clock)
        self.runner = StepRunner(ports, self._output, None, None)
        self.noted: list[ev.Event] = []

    def _output(self, step: str, raw: bytes) -> None:
        self.heard.append((step, raw))

    async def note(self, event: ev.Event) -> None:
        self.noted.append(event)

    async def run(self, step: str) -> ev.StepEnded:
        return await self.runner.run_step(self.incident, step, self.note)


def step(kind: StepKind, *argv: str) -> Step:
    return Step(id=kind.value, kind=kind, title=kind.value, argv=argv or SETTING, writes=True, timeout=30.0)


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ((0, "", ""), DONE),
        ((1, "", " !     no\n"), FAILED),
        (Lost(why="the link ended"), UNSURE),
        (TimedOut(after=30.0), UNSURE),
        (NeverStarted(why="no channel"), FAILED),
        (LinkError("the host is gone"), FAILED),
    ],
    ids=["done", "said no", "lost", "timed out", "not sent", "no link"],
)
async def test_only_an_end_that_was_heard_is_one(said: Any, result: StepResult) -> None:
    stepping = Stepping(step(StepKind.SETTING))
    stepping.world.host.says(SETTING, said)
    ended = await stepping.run("setting")
    assert (ended.step, ended.result, ended.at) == ("setting", result, T0)
    assert isinstance(ended.outcome, Exited) == (isinstance(said, tuple)), "what was not heard is no exit code"


@pytest.mark.parametrize(
    ("end", "result"),
    [
        (Reported(exit=0), DONE),
        (TipMoved(branch="main", expected="a", found="b"), REFUSED),
        (NotSent(why="the link ended"), REFUSED),
        (Declined(reason="pre-receive hook declined", exit=1), UNSURE),
        (Unheard(outcome=Lost(why="the link ended")), UNSURE),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_push_is_refused_only_where_nothing_left(end: Any, result: StepResult) -> None:
    stepping = Stepping(step(StepKind.PUSH))
    stepping.world.git.ends = [end]
    ended = await stepping.run("push")
    assert ended.result is result
    assert (result is REFUSED) == isinstance(ended.outcome, NeverStarted)
    assert [spec.commit for spec in stepping.world.git.pushed] == [OURS]


async def test_a_record_that_somebody_else_has_is_refused_and_left_alone() -> None:
    name = holders.incident_record(APP)
    stepping = Stepping(step(StepKind.RECORD, "apps:create", name))
    stepping.world.host.ours[name] = {"ROLLBACK_INCIDENT": "theirs"}
    ended = await stepping.run("record")
    assert (ended.result, ended.detail) == (REFUSED, f"somebody else has just taken {APP}: {name} exists")
    assert stepping.world.host.ours[name] == {"ROLLBACK_INCIDENT": "theirs"}


async def test_what_is_not_as_planned_any_more_is_named_before_anything_is_sent() -> None:
    stepping = Stepping(step(StepKind.COMPARE))
    world = stepping.world
    before = await world.links.current("main", APP)
    stepping.plan = replace(stepping.plan, before=before, push=None)
    stepping.incident = replace(stepping.incident, plan=stepping.plan)
    assert (await stepping.run("compare")).result is DONE
    world.git.tips["main"] = "d" * 40
    ended = await stepping.run("compare")
    assert ended.result is REFUSED and ended.detail.startswith("not as planned any more: ")
    world.git.tips["main"] = world.commit
    locked = world.host._recording(commands.apps_report(APP))[1].replace('"false"', '"true"')
    world.host.says(commands.apps_report(APP), (0, locked, ""))
    world.host.says(commands.builds_list(APP), (1, "", ""))
    assert "a deploy is running" in (await stepping.run("compare")).detail
    assert world.host.written == []


async def test_whoever_shows_the_output_may_fail_and_the_step_does_not() -> None:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    stepping = Stepping(step(StepKind.DEPLOY))
    stepping.world.host.says(SETTING, (0, "building\n", ""))
    stepping.runner._output = lambda step, raw: (_ for _ in ()).throw(BrokenPipeError("stderr"))
    assert (await stepping.run("deploy")).result is DONE
    assert isinstance(faults[0]["exception"], BrokenPipeError)


@pytest.mark.parametrize("where", [Where.HOST, Where.LOCAL])
async def test_answers_are_counted_from_the_end_of_the_hosts_own_deploy_on(where: Where) -> None:
    """A script of the team may end when it has asked for a deploy: what answers then may be the old release."""

    class Processes:
        async def run(self, argv: tuple[str, ...], **how: Any) -> Answer:
            return Answer(argv=argv, outcome=Exited(code=0), started_at=T0, seconds=0.1, stdout=b"", stderr=b"")

    stepping = Stepping(replace(step(StepKind.DEPLOY), where=where))
    stepping.world.host.says(SETTING, (0, "", ""))
    processes: Any = Processes()
    stepping.runner._processes = processes
    assert (await stepping.run("deploy")).result is DONE
    assert (stepping.runner.healthy_row._task is not None) is (where is Where.HOST)
    await stepping.runner.close()
    assert stepping.runner.healthy_row._task is None


async def test_a_second_attempt_ends_the_measuring_of_the_first() -> None:
    stepping = Stepping(step(StepKind.DEPLOY), rollback=RollbackSpec(stop_first=True))
    stepping.world.host.says(SETTING, (0, "", ""))
    await stepping.run("deploy")
    first = stepping.runner.downtime
    await stepping.run("deploy")
    second = stepping.runner.downtime
    assert first is not None and second is not None and first is not second
    looks = [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__qualname__", "") == "Downtime._look"]
    assert len(looks) == 1
    await second.end()


async def test_what_keeps_the_downtime_from_being_measured_is_in_the_steps_output() -> None:
    stepping = Stepping(step(StepKind.DEPLOY), rollback=RollbackSpec(stop_first=True))
    stepping.world.host.says(SETTING, (0, "Zero downtime is disabled, stopping currently running containers\n", ""))

    async def full(event: ev.Event) -> None:
        raise OSError("disk full")

    await stepping.runner.run_step(stepping.incident, "deploy", full)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert stepping.heard[-1][1] == b"how long api does not answer is not measured any more: OSError: disk full\n"
    assert stepping.runner.downtime is not None
    await stepping.runner.downtime.end()
