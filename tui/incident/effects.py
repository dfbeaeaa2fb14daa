"""The effects: what the engine has to do next. Every effect ends in an event."""

from datetime import datetime, timedelta

from tui.model.evidence import Phase
from tui.model.incident import Closing
from tui.model.value import Value


class RunStep(Value, tag=True):
    """Carry out this step of the plan: record StepStarted, act, give StepEnded."""

    step: str


class Observe(Value, tag=True):
    """Ask the host what runs, on a connection opened from now on, after a delay; gives Observed or NotObserved."""

    after: timedelta = timedelta(0)


class Verify(Value, tag=True):
    """Run the checks; gives ChecksDone."""


class KeepWatch(Value, tag=True):
    """Look again and again until then; gives HealthSampled and ForeignChangeSeen, at every checkpoint Measured, and at
    the end WatchTimerFired."""

    until: datetime


class Measure(Value, tag=True):
    """Read what every source says of this phase, beside everything else that goes on; gives Measured."""

    phase: Phase


class Settle(Value, tag=True):
    """Put the host in order, after a delay: marks, freeze, record; looks before it acts; gives Settled or Unsettled."""

    closing: Closing
    after: timedelta = timedelta(0)


Effect = RunStep | Observe | Verify | KeepWatch | Measure | Settle
