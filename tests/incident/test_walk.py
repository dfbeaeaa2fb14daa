"""A walk over states that orders of events lead to, the nearest first, with a process death at any of them.

There are more than can be walked: it goes on to `LIMIT` states and looks at none beyond. The host is modelled as it
really is: it knows whether the push landed, and once begun ends by itself. As far as the walk goes, no order of events
sends a write twice under one confirmation, no state is a dead end, and (to a lower limit) folding the journal gives the
live state at every step. Mutations of the core prove that the walk would notice; each of their walks ends at the first
promise that it finds broken.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple, get_args
from unittest import mock

from msgspec.structs import replace

from tests.incident.facts import T0, current, landed, later, plan
from tui.incident import decide as core
from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident.decide import fold, opened
from tui.incident.transitions import allowed
from tui.incident.transitions.core import Decision
from tui.model.errors import InvalidTransition
from tui.model.evidence import Measurement, Phase, Rate, RateSource
from tui.model.incident import Closing, Incident, Question, Sample, State, StepResult
from tui.model.outcome import Exited, Lost, TimedOut
from tui.model.plan import StepKind
from tui.model.value import Value
from tui.model.verification import Check, Verdict

Decide = Callable[[Incident, ev.Event], Decision]
UNDER_WAY = (State.EXECUTING, State.STOPPED)
STEPS = (StepKind.RECORD, StepKind.COMPARE, StepKind.PUSH, StepKind.MARK)
LIMIT = 60_000
"""states that one walk comes to at most"""
BEGIN = ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box")


class Node(Value):
    """A state of the world: the incident, what is outstanding, and what was sent."""

    incident: Incident
    outstanding: tuple[do.Effect, ...]
    sent: tuple[tuple[int, str], ...]
    """(plan number, step) in order"""
    journal: tuple[str, ...]
    deaths: int


def answers(node: Node, effect: do.Effect) -> Iterator[ev.Event]:
    """Every event that an effect can end in."""
    now = later(5 * len(node.journal))
    match effect:
        case do.RunStep(step=step):
            yield ev.StepStarted(at=now, step=step)
        case do.Observe():
            yield ev.NotObserved(at=now, why="unreachable")
            yield ev.NotObserved(at=now + timedelta(minutes=20), why="still unreachable")
            yield ev.Observed(at=now, current=current(at=now))
            yield ev.Observed(at=now, current=current(at=now, locked=True))
            yield ev.Observed(at=now, current=current(at=now, metadata="d" * 40))
            if any(step == "push" for _, step in node.sent):
                yield ev.Observed(at=now, current=landed(at=now))
                yield ev.Observed(at=now, current=current(at=now, containers=()))
        case do.Verify():
            for verdict in Verdict:
                yield ev.ChecksDone(at=now, checks=(Check(name="health", verdict=verdict, evidence="x"),))
        case do.Measure(phase=phase):
            yield measured(phase, 30, 1000)
            yield measured(phase, None, None)
        case do.KeepWatch(until=until):
            yield measured(Phase.AFTER, 0, 1000)
            yield measured(Phase.AFTER, 30, 1000)
            yield measured(Phase.AFTER, None, None)
            yield ev.HealthSampled(at=now, sample=Sample(at=now, healthy=True))
            yield ev.HealthSampled(at=now, sample=Sample(at=now, healthy=False))
            yield ev.ForeignChangeSeen(at=now, what="restarted")
            yield ev.WatchTimerFired(at=until + timedelta(seconds=1))
        case do.Settle():
            yield ev.Settled(at=now)
            since = node.incident.unsettled_since
            yield ev.Unsettled(at=now if since is None else since + timedelta(minutes=2), why="unreachable")


def measured(phase: Phase, failed: int | None, total: int | None) -> ev.Measured:
    """What the sources say: over the limit, under it, or nothing."""
    at = later(50_000)
    rate = Rate(source=RateSource.ACCESS_LOG, since=T0, until=at, failed=failed, total=total)
    return ev.Measured(at=at, measurement=Measurement(at=at, phase=phase, rates=(rate,)))


def acting(node: Node) -> tuple[do.Effect, ...]:
    """What is outstanding and leads on. A measurement goes on beside everything, and leads nowhere."""
    return tuple(e for e in node.outstanding if not isinstance(e, do.Measure))


def step_ends(node: Node) -> Iterator[ev.Event]:
    """How a begun step can end."""
    run = node.incident.runs[-1]
    now = later(5 * len(node.journal))
    yield ev.StepEnded(at=now, step=run.step, outcome=Exited(code=0), result=StepResult.DONE)
    yield ev.StepEnded(at=now, step=run.step, outcome=Exited(code=1), result=StepResult.FAILED, reported=True)
    yield ev.StepEnded(at=now, step=run.step, outcome=Exited(code=0), result=StepResult.REFUSED, detail="moved")
    yield ev.StepEnded(at=now, step=run.step, outcome=Lost(why="cut"), result=StepResult.UNKNOWN)
    yield ev.StepEnded(at=now, step=run.step, outcome=TimedOut(after=9), result=StepResult.UNKNOWN)


def words(node: Node) -> Iterator[ev.Event]:
    """Everything a person can say."""
    now = later(5 * len(node.journal))
    if node.incident.plans < 2:
        yield ev.PlanMade(at=now, plan=plan(*STEPS))
    yield ev.PlanDropped(at=now)
    yield ev.Confirmed(at=now, by="me", watch=None)
    yield ev.Confirmed(at=now, by="me", watch=timedelta(minutes=15))
    yield ev.CheckAgain(at=now)
    yield ev.WatchAsked(at=now, length=timedelta(minutes=10))
    yield ev.CloseAsked(at=now, closing=Closing.ABORTED, reason="enough")


def news(node: Node) -> Iterator[ev.Event]:
    """What is seen on the way, at any moment after the push was begun."""
    now = later(5 * len(node.journal))
    if any(step == "push" for _, step in node.sent):
        yield ev.WentDown(at=now)
        yield ev.CameUp(at=now)


def moves(node: Node, decide: Decide) -> Iterator[Node]:
    """Every world one event further."""
    begun = any(r.ended_at is None for r in node.incident.runs) and node.incident.state in UNDER_WAY
    for index, effect in enumerate(node.outstanding):
        rest = node.outstanding[:index] + node.outstanding[index + 1 :]
        for event in answers(node, effect):
            goes_on = isinstance(event, ev.HealthSampled | ev.Measured)
            keep = (effect,) if isinstance(effect, do.KeepWatch) and goes_on else ()
            yield from apply(node, event, (*rest, *keep), decide)
    if begun and not acting(node):
        for event in step_ends(node):
            yield from apply(node, event, node.outstanding, decide)
    for event in (*words(node), *news(node)):
        yield from apply(node, event, node.outstanding, decide)
    if node.deaths < 2 and node.incident.open:
        died = replace(node, deaths=node.deaths + 1)
        yield from apply(died, ev.Resumed(at=later(5 * len(node.journal)), by="you", anew=True), (), decide)


def apply(node: Node, event: ev.Event, outstanding: tuple[do.Effect, ...], decide: Decide) -> Iterator[Node]:
    try:
        incident, effects = decide(node.incident, event)
    except InvalidTransition:
        return
    sent = node.sent
    if isinstance(event, ev.StepStarted):
        sent = (*sent, (incident.plans, event.step))
    yield Node(
        incident=incident,
        outstanding=outstanding + effects,
        sent=sent,
        journal=(*node.journal, ev.encode(event)),
        deaths=node.deaths,
    )


def shape(node: Node) -> object:
    """What makes two worlds the same for the walk: times and texts aside."""
    i = node.incident
    if i.settling is not None:
        # how it came to its end decides nothing any more
        done = tuple(replace(e, after=timedelta(0)) if isinstance(e, do.Settle) else e for e in acting(node))
        return (i.settling, i.state, i.asking, i.unsettled_since is not None, done, node.sent, node.deaths)
    return (
        i.state,
        i.asking,
        i.plans,
        i.closing,
        i.reported,
        i.watch_for is not None,
        tuple((r.step, r.result) for r in i.runs),
        tuple((look.locked, look.metadata, frozenset(c.id for c in look.running.values())) for look in i.looks),
        (i.down_since is not None, i.down_until is not None),
        (i.watch.kind, i.watch.in_a_row) if i.watch else None,
        acting(node) if not any(isinstance(e, do.KeepWatch) for e in node.outstanding) else "watching",
        (i.measurements[-1].phase, i.measurements[-1].rates[0].failed)
        if i.measurements and i.state is State.WATCHING
        else None,
        node.sent,
        node.deaths,
    )


def broken(decide: Decide, seen: set[object] | None = None) -> Iterator[str]:
    """Every broken promise, in words, as the walk comes to it, within `LIMIT`; `seen` takes the states."""
    start = Node(incident=opened(BEGIN), outstanding=(), sent=(), journal=(ev.encode(BEGIN),), deaths=0)
    seen = set() if seen is None else seen
    seen.add(shape(start))
    todo = deque([start])
    while todo and len(seen) < LIMIT:
        node = todo.popleft()
        incident = node.incident
        if len(set(node.sent)) != len(node.sent):
            yield f"sent twice: {node.sent}"
            continue
        under_way = any(r.ended_at is None for r in incident.runs) and incident.state in UNDER_WAY
        if incident.open and not acting(node) and incident.asking is None and not under_way:
            yield f"dead end: {incident.state} after {node.journal[-1][:80]}"
            continue
        if incident.settling is not None and incident.asking not in (None, Question.NOT_IN_ORDER):
            yield f"asks {incident.asking} while the host is put in order"
            continue
        for effect in node.outstanding:
            if not any(list(apply(node, event, (), decide)) for event in answers(node, effect)):
                yield f"{effect} can end in nothing that {incident.state} accepts"
        for following in moves(node, decide):
            key = shape(following)
            if key not in seen:
                seen.add(key)
                todo.append(following)


class Walked(NamedTuple):
    """What one walk of the real core came to."""

    broken: list[str]
    states: set[object]
    edges: set[tuple[State, type, State]]
    questions: set[Question | None]


def walked(steps: tuple[StepKind, ...], limit: int) -> Walked:
    """The walk of the real core over plans of these steps, to so many states."""
    edges, questions, states = set[tuple[State, type, State]](), {opened(BEGIN).asking}, set[object]()

    def noting(incident: Incident, event: ev.Event) -> Decision:
        following, effects = core.decide(incident, event)
        questions.add(following.asking)
        if following.state is not incident.state:
            edges.add((incident.state, type(event), following.state))
        return following, effects

    with mock.patch(f"{__name__}.STEPS", steps), mock.patch(f"{__name__}.LIMIT", limit):
        return Walked(list(broken(noting, states)), states, edges, questions)


def test_no_order_sends_twice_or_ends_dead_and_the_walk_comes_to_every_question_and_every_change_of_state() -> None:
    """One test: several processes that share the tests would each walk."""
    whole = walked(STEPS, LIMIT)
    assert whole.broken == []
    assert len(whole.states) > 1_000
    assert set(Question) <= whole.questions
    push_is_last = walked((StepKind.RECORD, StepKind.PUSH), LIMIT // 3)
    assert push_is_last.broken == []
    assert whole.edges | push_is_last.edges == set(allowed.edges())


def test_every_event_but_the_first_is_in_the_table() -> None:
    assert {row.event for row in allowed.TABLE} == set(get_args(ev.Event)) - {ev.Opened}


def test_folding_the_journal_gives_the_live_state() -> None:
    start = Node(incident=opened(BEGIN), outstanding=(), sent=(), journal=(ev.encode(BEGIN),), deaths=0)
    seen, todo = {shape(start)}, deque([start])
    while todo and len(seen) < 3_000:
        node = todo.popleft()
        assert fold(ev.read(text) for text in node.journal) == node.incident
        for following in moves(node, core.decide):
            if (key := shape(following)) not in seen:
                seen.add(key)
                todo.append(following)


def test_the_walk_notices_a_core_that_runs_a_step_again_on_resume() -> None:
    def careless(incident: Incident, event: ev.Event) -> Decision:
        if isinstance(event, ev.Resumed) and incident.state is State.EXECUTING and incident.runs:
            last = incident.runs[-1].step
            return replace(incident, runs=incident.runs[:-1]), (do.RunStep(step=last),)
        return core.decide(incident, event)

    assert any(b.startswith("sent twice") for b in broken(careless))


def test_the_walk_notices_a_step_left_open_by_a_death() -> None:
    def forgetful(incident: Incident, event: ev.Event) -> Decision:
        following, effects = core.decide(incident, event)
        if isinstance(event, ev.Resumed) and incident.state is State.EXECUTING:
            return replace(following, runs=incident.runs), effects
        return following, effects

    assert any("can end in nothing" in b for b in broken(forgetful))


def test_the_walk_notices_a_core_that_forgets_to_look_again() -> None:
    def forgetful(incident: Incident, event: ev.Event) -> Decision:
        following, effects = core.decide(incident, event)
        if isinstance(event, ev.NotObserved):
            return following, ()
        return following, effects

    assert any(b.startswith("dead end: uncertain") for b in broken(forgetful))


def test_the_walk_notices_a_stop_that_a_step_cannot_end_from() -> None:
    def careless(incident: Incident, event: ev.Event) -> Decision:
        following, effects = core.decide(incident, event)
        if isinstance(event, ev.WentDown) and incident.state is State.EXECUTING:
            return replace(following, state=State.STOPPED), effects
        return following, effects

    assert any("can end in nothing" in b for b in broken(careless))


def test_the_walk_notices_a_measurement_that_ends_what_goes_on_beside_it() -> None:
    def careless(incident: Incident, event: ev.Event) -> Decision:
        following, effects = core.decide(incident, event)
        if isinstance(event, ev.Measured) and incident.state is State.EXECUTING:
            return replace(following, state=State.VERIFYING), effects
        return following, effects

    assert any(broken(careless))
