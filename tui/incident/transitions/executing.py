"""The steps of a confirmed plan, each begun once and ended once."""

from typing import assert_never

from msgspec.structs import replace

from tui.incident import effects as do
from tui.incident import events as ev
from tui.incident.transitions import core
from tui.incident.transitions.core import Decision
from tui.model.incident import Incident, Question, State, StepResult, StepRun


def step_started(incident: Incident, event: ev.StepStarted) -> Decision:
    """The intent, before anything leaves."""
    return replace(incident, runs=(*incident.runs, StepRun(step=event.step, started_at=event.at))), ()


def step_ended(incident: Incident, event: ev.StepEnded) -> Decision:
    """The next step, or the end of it; where something may have been replaced, the host is asked first."""
    run = replace(incident.runs[-1], ended_at=event.at, outcome=event.outcome, result=event.result, detail=event.detail)
    ended = replace(incident, runs=(*incident.runs[:-1], run), reported=incident.reported or event.reported)
    match event.result:
        case StepResult.DONE if not core.is_push(incident, event.step):
            return core.proceed(ended, event.at)
        case StepResult.REFUSED | StepResult.FAILED | StepResult.UNKNOWN if not core.push_begun(ended):
            return core.nothing_replaced(ended, event.at)
        case StepResult.REFUSED | StepResult.FAILED if core.only_refused(ended):
            return core.enter(ended, State.FAILED, event.at, asking=Question.WHAT_NEXT, failure=event.detail), ()
        case StepResult.DONE:
            return replace(ended, looks=(), failure=""), (do.Observe(),)
        case StepResult.REFUSED | StepResult.FAILED | StepResult.UNKNOWN:
            return core.doubt(ended, event.at)
        case _:
            assert_never(event.result)
