"""The events of an incident. Time arrives only as the stamp `at`; these are the journal's entries."""

from datetime import datetime, timedelta

import msgspec

from tui.model.evidence import Measurement
from tui.model.guard import GuardedDeploy
from tui.model.incident import Closing, Group, Sample, StepResult
from tui.model.notice import Delivery
from tui.model.observation import RunningState
from tui.model.outcome import Outcome
from tui.model.plan import Plan
from tui.model.postmortem import ExportWay, Field
from tui.model.value import Value
from tui.model.verification import Check


class Opened(Value, tag=True):
    """Somebody opened an incident."""

    at: datetime
    incident: str
    service: str
    app: str
    host: str
    by: str
    reason: str = ""
    group: Group | None = None
    file: str = ""
    """the services file it was opened with; journals of older versions do not say"""
    address: str = ""
    """where that file says the host is"""
    guard: GuardedDeploy | None = None
    """the deploy that is guarded, where it is none that a person opened"""


class SeverityChosen(Value, tag=True):
    """A level of the runbook's table."""

    at: datetime
    level: str


class DecisionNoted(Value, tag="Decided"):
    """A decision or an answer of a person, with its reason; changes no state by itself."""

    at: datetime
    text: str


class Answered(Value, tag=True):
    """A node of the decision tree was answered, by evidence or by the person."""

    at: datetime
    node: str
    answer: bool | None
    """None: the answer is taken back"""
    evidence: str = ""
    """what was seen, or who said so"""
    since: datetime | None = None
    """since when it was seen to be so, where that was measured"""


class WatchAsked(Value, tag=True):
    """The person wants to watch instead of changing anything now."""

    at: datetime
    length: timedelta
    reason: str = ""


class PlanMade(Value, tag=True):
    """A target was chosen and the steps to it are known."""

    at: datetime
    plan: Plan


class PlanDropped(Value, tag=True):
    """The person went back to assessing."""

    at: datetime
    reason: str = ""


class Confirmed(Value, tag=True):
    """The person's word that the plan be carried out."""

    at: datetime
    by: str
    watch: timedelta | None = None


class StepStarted(Value, tag=True):
    """The intent: on disk before the command leaves."""

    at: datetime
    step: str


class StepEnded(Value, tag=True):
    """The end of a step."""

    at: datetime
    step: str
    outcome: Outcome
    result: StepResult
    detail: str = ""
    reported: bool = False
    """the host itself answered that it declined"""


class WentDown(Value, tag=True):
    """While it was replaced the service stopped, or was first seen not to answer."""

    at: datetime
    what: str = ""


class CameUp(Value, tag=True):
    """It answered healthily again, for the first time after that."""

    at: datetime


class ServesAgain(Value, tag=True):
    """The first good answer since the word to go back after which none was bad until it was verified."""

    at: datetime
    looks: int
    """from the push on"""
    bad: int
    """of them not answered well; none: it answered throughout"""


class Observed(Value, tag=True):
    """The host was asked what runs, on a connection opened after the loss."""

    at: datetime
    current: RunningState


class NotObserved(Value, tag=True):
    """The host could not be asked."""

    at: datetime
    why: str
    final: bool = False
    """asking again is of no use before a person has acted: the host shows another key"""


class ChecksDone(Value, tag=True):
    """The verification's items."""

    at: datetime
    checks: tuple[Check, ...]


class HealthSampled(Value, tag="Sampled"):
    """One look during a watch."""

    at: datetime
    sample: Sample


class ForeignChangeSeen(Value, tag="Strayed"):
    """While watching, something that is not ours was seen to run."""

    at: datetime
    what: str


class WatchTimerFired(Value, tag="Woken"):
    """A time that was asked for has come."""

    at: datetime


class CheckAgain(Value, tag=True):
    """The person asks for another look instead of a decision."""

    at: datetime


class WatchExtended(Value, tag=True):
    """The person wants to watch until then."""

    at: datetime
    until: datetime


class Measured(Value, tag=True):
    """Error rates and response times were read; those of a watch's checkpoint may raise its alarm."""

    at: datetime
    measurement: Measurement


class PostChosen(Value, tag=True):
    """A person's choice of what is posted; changes no state by itself."""

    at: datetime
    post: bool = True
    """False: nothing is posted for this incident"""
    text: str = ""
    """their own words for the first post; empty: as it was made"""


class DeliveryRecorded(Value, tag="Told"):
    """Somebody outside was told, or could not be."""

    at: datetime
    delivery: Delivery


class PostMortemNoted(Value, tag="Noted"):
    """The person's own words for the post-mortem; they replace the earlier ones, and empty ones take them back."""

    at: datetime
    field: Field
    text: str
    by: str = ""


class PostMortemExported(Value, tag="Written"):
    """The post-mortem was taken out of here."""

    at: datetime
    way: ExportWay
    where: str = ""
    """the file, or the ticket's address"""
    by: str = ""


class CloseAsked(Value, tag=True):
    """The person's word that the incident is over, and how."""

    at: datetime
    closing: Closing
    reason: str = ""


class Settled(Value, tag=True):
    """The host is in order again as far as it could be put."""

    at: datetime
    left_over: tuple[str, ...] = ()
    frozen: bool = False
    """deploys are held back still"""


class Unsettled(Value, tag=True):
    """The host could not be put in order: something of this incident may be left there."""

    at: datetime
    why: str


class Resumed(Value, tag=True):
    """A console took the incident up after its process had ended."""

    at: datetime
    by: str
    anew: bool = False
    """an end that verification or the watch had found is found anew; a journal of before 2026-11-29 was carried on
    without"""


Event = (
    Opened
    | SeverityChosen
    | DecisionNoted
    | Answered
    | WatchAsked
    | PlanMade
    | PlanDropped
    | Confirmed
    | StepStarted
    | StepEnded
    | WentDown
    | CameUp
    | ServesAgain
    | Observed
    | NotObserved
    | ChecksDone
    | HealthSampled
    | ForeignChangeSeen
    | WatchTimerFired
    | CheckAgain
    | WatchExtended
    | Measured
    | PostChosen
    | DeliveryRecorded
    | PostMortemNoted
    | PostMortemExported
    | CloseAsked
    | Settled
    | Unsettled
    | Resumed
)

News = (
    Observed
    | NotObserved
    | HealthSampled
    | WatchTimerFired
    | ChecksDone
    | ForeignChangeSeen
    | WentDown
    | CameUp
    | ServesAgain
)
"""results of what goes on by itself; they may still arrive after the end"""

_decoder = msgspec.json.Decoder(Event)


def tag(event: Value) -> str:
    """The word for an entry of a journal: a renamed event keeps it, and what is no event has its own name."""
    return str(event.__struct_config__.tag or type(event).__name__)


def encode(event: Event) -> str:
    """The event as the journal stores it: JSON with its kind under `type`."""
    return msgspec.json.encode(event).decode()


def read(text: str) -> Event:
    """The event that `encode` wrote. Raises msgspec.ValidationError for anything else."""
    event: Event = _decoder.decode(text)
    return event
