"""Assessing and planning: answers of the decision tree, a plan made or dropped, and the person's word for it."""

from msgspec.structs import replace

from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident.transitions import core
from tui.incident.transitions.core import Decision
from tui.model.evidence import Phase
from tui.model.incident import Incident, Question, State, TreeAnswer


def planned(incident: Incident, event: ev.PlanMade) -> Decision:
    """A plan waits for the person's word; what was known of one before is gone with it."""
    breached = incident.guarding and incident.asking is Question.WATCH_BREACHED
    return (
        core.enter(
            incident,
            State.PLANNED,
            event.at,
            plan=event.plan,
            plans=incident.plans + 1,
            asking=Question.CONFIRM,
            runs=(),
            looks=(),
            reported=False,
            checks=(),
            verdict=None,
            watch=None,
            confirmed_at=None,
            served_at=None,
            again_at=None,
            again_bad=0,
            breach=incident.failure if breached else incident.breach,
            failure="",
            post_text="",  # the words were for the plan before
        ),
        (),
    )


def dropped(incident: Incident, event: ev.PlanDropped) -> Decision:
    """Another release is chosen."""
    return core.enter(incident, State.ASSESSING, event.at, asking=Question.TARGET), ()


def answered(incident: Incident, event: ev.Answered) -> Incident:
    """The latest answer to a node counts; those to nodes further down fall with it, as the path may be another now."""
    position = next((i for i, a in enumerate(incident.answers) if a.node == event.node), len(incident.answers))
    kept = incident.answers[:position]
    if event.answer is None:
        return replace(incident, answers=kept)
    given = TreeAnswer(node=event.node, answer=event.answer, evidence=event.evidence, at=event.at)
    return replace(incident, answers=(*kept, given))


def confirmed(incident: Incident, event: ev.Confirmed) -> Decision:
    """The first step is run."""
    assert incident.plan is not None
    changes = {"asking": None, "watch_for": event.watch, "confirmed_at": event.at}
    executing = core.enter(incident, State.EXECUTING, event.at, **changes)
    first = do.RunStep(step=incident.plan.steps[0].id)
    # what nobody watches afterwards is compared with nothing
    return executing, (first,) if event.watch is None else (first, do.Measure(phase=Phase.BEFORE))
