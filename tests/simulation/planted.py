"""Bugs put in on purpose, to know that they would be found; `seeds/planted.json` says which seed found each first."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

import tui.drivers.ssh
import tui.engine.hosts.connections
import tui.engine.hosts.gate
from tests.simulation.machines import replaced
from tui.engine.monitor import health_probing
from tui.incident import decide as deciding
from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident import landed, verify
from tui.incident.transitions import core
from tui.model.incident import Incident, Question, State, StepResult
from tui.model.observation import RunningState
from tui.model.outcome import Answer, Exited, Lost, TimedOut
from tui.model.verification import Check, Verdict

PROVEN = Check(name="identity: deployed", verdict=Verdict.PASSED, evidence="exit 0")
Plant = Callable[[], AbstractContextManager[Any]]
Decided = tuple[Incident, tuple[do.Effect, ...]]
nothing: Plant = nullcontext


@contextmanager
def _deciding(other: Callable[[Incident, ev.Event], Decided | None], *more: tuple[Any, str, Any]) -> Iterator[None]:
    """The decision core with one decision made otherwise; None: as it is."""
    real = deciding.decide

    def decide(incident: Incident, event: ev.Event) -> Decided:
        return other(incident, event) or real(incident, event)

    users = [m for n, m in sorted(sys.modules.items()) if n.startswith("tui.") and getattr(m, "decide", None) is real]
    with replaced(*((module, "decide", decide) for module in users), *more):
        yield


def _pushed(incident: Incident, event: ev.Event) -> ev.StepEnded | None:
    """The end of the step that changes what serves."""
    plan = incident.plan
    if not isinstance(event, ev.StepEnded) or plan is None or plan.decisive is None or not incident.runs:
        return None
    return event if event.step == plan.decisive.id and incident.runs[-1].ended_at is None else None


def _ended(incident: Incident, event: ev.StepEnded) -> Incident:
    run = replace(incident.runs[-1], ended_at=event.at, outcome=event.outcome, result=event.result)
    ended: Incident = replace(incident, runs=(*incident.runs[:-1], run))
    return ended


def resume_runs_again() -> AbstractContextManager[None]:
    """A resume runs the step again that was under way when the console ended."""

    def other(incident: Incident, event: ev.Event) -> Decided | None:
        under_way = incident.state is State.EXECUTING and incident.runs and incident.runs[-1].ended_at is None
        if not isinstance(event, ev.Resumed) or not under_way or incident.settling is not None:
            return None
        return replace(incident, runs=incident.runs[:-1]), (do.RunStep(step=incident.runs[-1].step),)

    return _deciding(other)


def exit_is_proof() -> AbstractContextManager[None]:
    """Exit 0 of the push is taken as proof that the target serves."""

    def other(incident: Incident, event: ev.Event) -> Decided | None:
        push = _pushed(incident, event)
        if push is None or push.result is not StepResult.DONE or incident.state is not State.EXECUTING:
            return None
        return core.proceed(_ended(incident, push), push.at)

    async def unasked(*_: Any, **__: Any) -> tuple[()]:
        return ()

    return _deciding(other, (verify, "identity", lambda *_: (PROVEN,)), (health_probing, "identity", unasked))


def lost_is_failure() -> AbstractContextManager[None]:
    """A push whose link was lost is taken for one that failed."""

    def other(incident: Incident, event: ev.Event) -> Decided | None:
        push = _pushed(incident, event)
        if push is None or not isinstance(push.outcome, Lost | TimedOut) or incident.state is not State.EXECUTING:
            return None
        ended = _ended(incident, push)
        runs = (*ended.runs[:-1], replace(ended.runs[-1], result=StepResult.FAILED))
        failed = replace(ended, runs=runs, state=State.FAILED, since=push.at, asking=Question.WHAT_NEXT)
        return replace(failed, failure="the link"), ()

    return _deciding(other)


@contextmanager
def freeze_not_undone() -> Iterator[None]:
    """The deploy branch is not given back when a rollback did not land."""
    real = tui.engine.hosts.gate.Gate.write

    async def write(gate: Any, host: Any, name: str, argv: tuple[str, ...], **more: Any) -> Answer:
        thaws = argv[0] == "git:set" and not argv[-1].startswith("frozen-by-") and argv[1].count("--") == 0
        if thaws and more.get("incident", tui.engine.hosts.gate.OUTSIDE) != tui.engine.hosts.gate.OUTSIDE:
            return Answer(argv=argv, outcome=Exited(code=0), started_at=gate._clock.now(), seconds=0.2)
        return await real(gate, host, name, argv, **more)

    with replaced((tui.engine.hosts.gate.Gate, "write", write)):
        yield


@contextmanager
def stale_stamped_fresh() -> Iterator[None]:
    """What runs is remembered for 20 s, by the next command too, and told as seen now."""
    real = tui.engine.hosts.connections.HostConnections.current
    seen: dict[tuple[str, str], RunningState] = {}

    async def current(links: Any, name: str, app: str, known: Any = None) -> RunningState:
        before = seen.get((name, app))
        now = links._clock.now()
        if before is not None and timedelta(0) <= now - seen_at[name, app] < timedelta(seconds=20):
            again: RunningState = replace(before, at=now)
            return again
        found = await real(links, name, app, known)
        seen[name, app], seen_at[name, app] = found, found.at
        return found

    seen_at: dict[tuple[str, str], Any] = {}
    with replaced((tui.engine.hosts.connections.HostConnections, "current", current)):
        yield


@contextmanager
def observation_skipped() -> Iterator[None]:
    """One look is enough to say that a push did not land."""
    with replaced((landed, "APART", timedelta(0))):
        yield


@contextmanager
def lost_write_repeated() -> Iterator[None]:
    """A command that changes the host is sent again when its link was lost."""
    real = tui.drivers.ssh.SshHost.run

    async def run(host: Any, argv: tuple[str, ...], **more: Any) -> Answer:
        return await real(host, argv, **{**more, "writes": False})

    with replaced((tui.drivers.ssh.SshHost, "run", run)):
        yield


PLANTED: dict[str, Plant] = {
    "resume-runs-again": resume_runs_again,
    "exit-is-proof": exit_is_proof,
    "lost-is-failure": lost_is_failure,
    "freeze-not-undone": freeze_not_undone,
    "stale-stamped-fresh": stale_stamped_fresh,
    "observation-skipped": observation_skipped,
    "lost-write-repeated": lost_write_repeated,
}
