"""The lines told of one incident while it goes on, and at its end; a normal rollback fits one screen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tui.cli.commands import evidence
from tui.cli.narrate import Narrator
from tui.dokku.framing import Framer, Line
from tui.drivers import paths
from tui.drivers.clock import stepped
from tui.engine.engine import Engine
from tui.engine.incident.runner import IncidentRunner
from tui.incident import similar
from tui.model.incident import Incident, State
from tui.model.notice import Delivery
from tui.model.outcome import describe
from tui.model.plan import Plan
from tui.model.verification import Verdict
from tui.text import numbers
from tui.text.redact import redact

_STATES = {
    State.PLANNED: "",
    State.CLOSED: "",
    State.STOPPED: "stopped: the service does not answer until the target has started",
    State.UNCERTAIN: "uncertain: asking the host what serves",
    State.VERIFYING: "verifying: is it healthy, and is it the release we sent?",
}
"""empty: what else is told says so"""


def delivered(delivery: Delivery) -> str:
    """One line: who was told what, or why not."""
    if delivery.delivered:
        return f"told {delivery.channel}: {delivery.milestone.value}{f' {delivery.link}' if delivery.link else ''}"
    return f"NOT DELIVERED: {delivery.channel}: {delivery.milestone.value}: {delivery.detail}"


async def earlier_ones(engine: Engine, plan: Plan, narrator: Narrator) -> None:
    """Earlier incidents like the one that this plan begins, and what they came to."""
    found = await engine.records.like(plan.host, plan.app, plan)
    now = engine.clock.now()
    for one in found[: similar.MOST]:
        narrator.say(f"  seen before: {one.words(now)} (rollback postmortem {one.incident.id})", "dim")


class Hearer:
    """Hears what steps or programs print, each by its name, and tells it line by line; `aloud`: without -v, too."""

    def __init__(self, narrator: Narrator, *, aloud: bool = False) -> None:
        self._narrator = narrator
        self._aloud = aloud
        self._framers: dict[str, Framer] = {}

    def __call__(self, name: str, raw: bytes) -> None:
        self._tell(self._framers.setdefault(name, Framer()).feed(raw))

    def end(self) -> None:
        """Tell what came without the end of a line."""
        for framer in self._framers.values():
            self._tell(framer.flush())

    def _tell(self, lines: list[Line]) -> None:
        for line in lines:
            self._narrator.heard(redact(line.text), aloud=self._aloud)


@dataclass(slots=True, kw_only=True)
class _Told:
    """How far one incident was told."""

    deliveries: int
    measurements: int
    notes: int = 0
    state: State | None = None
    begun: int = 0
    ended: int = 0
    """steps"""
    up: datetime | None = None
    clock: str = ""


def follow(engine: Engine, walk: IncidentRunner, narrator: Narrator) -> Callable[[], None]:
    """Tell every change once."""
    told = _Told(deliveries=len(walk.incident.deliveries), measurements=len(walk.incident.measurements))

    def changed() -> None:
        incident = walk.incident
        if (clock := stepped(engine.clock)) != told.clock:
            narrator.say(clock or "this machine's clock is as it was again", "yellow")
            told.clock = clock
        for found in incident.measurements[told.measurements :]:
            for line in evidence.lines(found):
                narrator.say(f"  {line}")
        notes = incident.watch.notes if incident.watch is not None else ()
        for at, note in notes[told.notes :]:
            narrator.say(f"  {at:%H:%M:%S}Z {note}", "yellow")
        begun = len(incident.runs)
        ended = sum(1 for r in incident.runs if r.ended_at is not None)
        steps = {s.id: s for s in incident.plan.steps} if incident.plan else {}
        if begun != told.begun and begun > ended:
            narrator.doing(steps[incident.runs[-1].step].title)
        if ended != told.ended and ended:
            run = incident.runs[ended - 1]
            took = f"{(run.ended_at - run.started_at).total_seconds():.1f} s" if run.ended_at else ""
            end = ", ".join(filter(None, (describe(run.outcome) if run.outcome else "", took)))
            title = steps[run.step].title if run.step in steps else run.step
            narrator.say(f"  {run.result} {title} ({end}) {run.detail}".rstrip())
        resumed = told.state is State.STOPPED and incident.state is State.EXECUTING
        if incident.state != told.state and not resumed:  # that it answers again is said below
            narrator.doing(incident.state.value)
            if words := _STATES.get(incident.state, incident.state.value):
                narrator.say(words)
        if incident.down_since and incident.down_until and incident.down_until != told.up:
            seconds = (incident.down_until - incident.down_since).total_seconds()
            narrator.say(f"  it answers again: it was down for {numbers.whole_seconds(seconds)}")
        for delivery in incident.deliveries[told.deliveries :]:
            narrator.say(f"  {delivered(delivery)}", "" if delivery.delivered else "yellow")
        told.state, told.begun, told.ended, told.up = incident.state, begun, ended, incident.down_until
        told.notes, told.deliveries = len(notes), len(incident.deliveries)
        told.measurements = len(incident.measurements)

    return walk.subscribe(changed)


def checks(incident: Incident, narrator: Narrator) -> None:
    """Tell the checks of a verification: those that passed on one line, any other whole."""
    passed = [check for check in incident.checks if check.verdict is Verdict.PASSED]
    if passed and not narrator.verbose:
        narrator.say(f"  passed: {', '.join(check.name for check in passed)} (-v: the evidence)", "green")
    for check in incident.checks:
        if narrator.verbose or check.verdict is not Verdict.PASSED:
            look = "" if check.verdict is Verdict.PASSED else "red"
            narrator.say(f"  {check.verdict.value:<12} {check.name}: {check.evidence}", look)


def due(engine: Engine, incident: Incident) -> Iterator[str]:
    """The things that the runbook wants after it, one line each."""
    duty = engine.postmortems.duty(incident)
    if duty.open and duty.due is not None:
        yield f"due: its post-mortem, by {duty.due:%Y-%m-%d %H:%M}Z: rollback postmortem {incident.id}"
    contacts = engine.fleet.contacts
    if incident.wrote and contacts.slack and not any(d.delivered for d in incident.deliveries):
        yield f"nobody was told: post it in {', '.join(contacts.slack)}"


def printed(incident: Incident, narrator: Narrator, *, failed: bool) -> None:
    """Tell where what the host printed is kept; after a failure its last lines too."""
    if not narrator.tail:
        return
    if failed and not narrator.verbose:
        for line in narrator.tail:
            narrator.say(f"    | {line}", "dim")
    narrator.say(f"  what the host printed: {paths.incident_dir(incident.id) / 'output.log'}", "dim")
