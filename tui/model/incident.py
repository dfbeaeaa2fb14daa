"""The incident: everything a console knows of one night's work on one service.

It is never stored as such: it is what folding the journal's events gives (`tui.incident.decide`).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from tui.model.evidence import Measurement
from tui.model.guard import GuardedDeploy
from tui.model.notice import Delivery
from tui.model.observation import RunningState
from tui.model.outcome import Outcome
from tui.model.plan import Plan, StepKind
from tui.model.postmortem import Note, Writing
from tui.model.value import Value
from tui.model.verification import Check, Verdict


class State(StrEnum):
    """The states of an incident."""

    ASSESSING = "assessing"
    """what is wrong, and is a rollback the answer?"""
    PLANNED = "planned"
    """a plan is made and waits for a person's word; nothing was sent"""
    EXECUTING = "executing"
    STOPPED = "stopped"
    """between the stop and the start of a service that cannot run twice: nothing answers"""
    UNCERTAIN = "uncertain"
    """something was sent and nobody told us how it ended: the host is asked"""
    VERIFYING = "verifying"
    """the target serves; is it healthy?"""
    WATCHING = "watching"
    FAILED = "failed"
    """the target does not serve; what does is said"""
    CLOSED = "closed"


class Question(StrEnum):
    """The questions to a person while the console waits."""

    TARGET = "target"
    CONFIRM = "confirm"
    OUTCOME_UNKNOWN = "outcome-unknown"
    VERIFY_FAILED = "verify-failed"
    VERIFY_INCONCLUSIVE = "verify-inconclusive"
    WATCH_BREACHED = "watch-breached"
    """unhealthy again, or something that is not ours runs"""
    WATCH_INCONCLUSIVE = "watch-inconclusive"
    WHAT_NEXT = "what-next"
    NOT_IN_ORDER = "not-in-order"
    """it is over, and something of it is left on the host, which could not be put in order"""


class Closing(StrEnum):
    """The ends of an incident."""

    RECOVERED = "recovered"
    NOT_RECOVERED = "not recovered"
    ABORTED = "aborted"
    FIXED_FORWARD = "fixed forward"
    UNWATCHED = "unwatched"
    """verified, and nobody watched it afterwards"""
    FALSE_ALARM = "false alarm"
    """nothing was wrong, or nothing is any more: no rollback was needed"""
    COMPLETE = "deployment complete"
    """a guarded deploy was watched to its end, and nothing was wrong"""


class StepResult(StrEnum):
    """The meaning of a step's end for the plan."""

    DONE = "done"
    REFUSED = "refused"
    """the step declined by itself: the host is not as planned; it changed nothing"""
    FAILED = "failed"
    """the host declined, and says that it changed nothing"""
    UNKNOWN = "unsure"
    """only the host knows"""


class StepRun(Value):
    """One step that was begun: the intent is on disk before the command leaves."""

    step: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    result: StepResult | None = None
    detail: str = ""


class WatchKind(StrEnum):
    """Two different timers of the runbook."""

    AFTER_ROLLBACK = "after-rollback"
    AFTER_CLEAN_DEPLOY = "after-clean-deploy"


class Sample(Value):
    """One look during a watch."""

    at: datetime
    healthy: bool | None
    """None: could not be measured"""
    seconds: float | None = None
    """response time"""
    note: str = ""
    """what happened as well, and is no alarm: a restart, a host that could not be asked"""
    why: str = ""
    """why it is unhealthy, or was not measured"""


class Watch(Value):
    """A monitoring window. Unwatched time is not healthy time."""

    kind: WatchKind
    opened_at: datetime
    deadline: datetime
    covered: timedelta = timedelta(0)
    """time between looks that were close enough to each other"""
    healthy: int = 0
    unhealthy: int = 0
    unmeasured: int = 0
    in_a_row: int = 0
    """unhealthy looks in a row, the latest included"""
    last: Sample | None = None
    notes: tuple[tuple[datetime, str], ...] = ()
    """what happened meanwhile and was no alarm: restarts"""
    slowest: float = 0.0
    """seconds of the longest answer; 0: none was timed"""

    def coverage(self, now: datetime) -> float:
        """Share of the time since the opening, up to now or the deadline, that was watched: 0 to 1."""
        passed = (min(now, self.deadline) - self.opened_at).total_seconds()
        return min(1.0, self.covered.total_seconds() / passed) if passed > 0 else 0.0


class TreeAnswer(Value):
    """One answer to a question of the decision tree."""

    node: str
    answer: bool
    evidence: str
    at: datetime


class Group(Value):
    """One run over several services: an incident for each, one id that all their hosts are told."""

    id: str
    services: tuple[str, ...]
    """in the order in which they are taken"""
    freeze: bool = True
    run_tasks: bool = False
    keep_current: bool = False
    way: str | None = None
    watch: timedelta | None = None
    parallel: int = 1
    """services that may be under way at once"""
    post: bool = True
    """whether people are told"""
    whole: str = ""
    """the service whose parts these are; empty: it is a run over all services"""
    target: str = "previous"
    """where each of them goes, as it is written on the command line"""

    def part(self, service: str) -> str:
        """The id of that service's incident in the journal."""
        return f"{self.id}-{self.services.index(service) + 1}"


class Incident(Value):
    """One incident on one service."""

    id: str
    service: str
    app: str
    host: str
    by: str
    opened_at: datetime
    since: datetime
    """when the state was entered"""
    file: str = ""
    """the services file it was opened with; empty: an older version opened it"""
    address: str = ""
    """where that file says the host is"""
    state: State = State.ASSESSING
    asking: Question | None = Question.TARGET
    severity: str | None = None
    reason: str = ""
    plan: Plan | None = None
    plans: int = 0
    runs: tuple[StepRun, ...] = ()
    reported: bool = False
    """the host answered our push with its own refusal: one equal look is then enough"""
    looks: tuple[RunningState, ...] = ()
    """what was seen since the uncertainty began, the latest two"""
    quiet_since: datetime | None = None
    """since when, while it is uncertain, nothing is at work on the host"""
    latest: RunningState | None = None
    checks: tuple[Check, ...] = ()
    verdict: Verdict | None = None
    watch_for: timedelta | None = None
    confirmed_at: datetime | None = None
    """when the current plan was confirmed: the end of the time before"""
    served_at: datetime | None = None
    """when the target was first seen to serve"""
    again_at: datetime | None = None
    """the first good answer since the current plan was confirmed after which none was bad; None: it is not known"""
    again_bad: int = 0
    """looks that were not answered well before it; none: it answered throughout"""
    watch: Watch | None = None
    failure: str = ""
    settling: Closing | None = None
    """closing was asked for; the host is being put in order"""
    unsettled: str = ""
    """why the host could not be put in order, the last time that was tried"""
    unsettled_since: datetime | None = None
    """when it could not for the first time"""
    closing: Closing | None = None
    closed_at: datetime | None = None
    close_reason: str = ""
    left_over: tuple[str, ...] = ()
    """what could not be put in order on the host, in words with the command that does it"""
    left_frozen: bool = False
    """it is closed, and deploys are held back still"""
    decisions: tuple[tuple[datetime, str], ...] = ()
    answers: tuple[TreeAnswer, ...] = ()
    """to the decision tree's questions, in the order they were given"""
    down_since: datetime | None = None
    """when the service stopped answering because of what was done here"""
    down_until: datetime | None = None
    """when it answered again; None while it does not"""
    measurements: tuple[Measurement, ...] = ()
    post: bool = True
    """False: the person decided that nothing is posted"""
    post_text: str = ""
    """the person's own words for the first post"""
    deliveries: tuple[Delivery, ...] = ()
    group: Group | None = None
    """the run over several services that this is part of"""
    guard: GuardedDeploy | None = None
    """the deploy that it began to guard; None: a person opened it because something was wrong"""
    breach: str = ""
    """what the guard found wrong with it, once a way back was planned because of that"""

    notes: tuple[Note, ...] = ()
    """the person's own words for the post-mortem, the latest for each field"""
    written: tuple[Writing, ...] = ()
    """each time its post-mortem was taken out of here"""

    @property
    def known_as(self) -> str:
        """The id that the host is told: of a run over several services all carry the same."""
        return self.group.id if self.group is not None else self.id

    @property
    def open(self) -> bool:
        """Not closed yet."""
        return self.state is not State.CLOSED

    @property
    def guarding(self) -> bool:
        """True if it only watches a deploy still: nothing was planned."""
        return self.guard is not None and self.plan is None

    def run_of(self, step: str) -> StepRun | None:
        """The run of that step in the current plan, if it was begun."""
        return next((r for r in self.runs if r.step == step), None)

    @property
    def sent_at(self) -> datetime | None:
        """When the step of the current plan that changes what serves was begun."""
        step = self.plan.decisive if self.plan is not None else None
        run = self.run_of(step.id) if step is not None else None
        return run.started_at if run is not None else None

    @property
    def again_after(self) -> float | None:
        """Seconds from the word to go back to the first good answer; None where it is not known, or where the service
        answered throughout."""
        if self.again_at is None or self.confirmed_at is None or not self.again_bad:
            return None
        return max(0.0, (self.again_at - self.confirmed_at).total_seconds())

    @property
    def answered_throughout(self) -> bool:
        """True if every look while it was replaced was answered well."""
        return self.again_at is not None and not self.again_bad

    @property
    def would_abort(self) -> bool:
        """True if a deploy is under way that ends with the console that sent it."""
        step = self.plan.decisive if self.plan is not None and not self.plan.outlives else None
        run = self.run_of(step.id) if step is not None else None
        return run is not None and run.ended_at is None

    @property
    def kept_first(self) -> str:
        """The holder that was made on the way out, and stays as a way back; empty: nothing was."""
        steps = self.plan.steps if self.plan is not None else ()
        keeping = next((step.id for step in steps if step.kind is StepKind.KEEP), "")
        run = self.run_of(keeping)
        return run.detail if run is not None and run.result is StepResult.DONE else ""

    @property
    def wrote(self) -> bool:
        """True if a step that changes a host was begun under the current plan."""
        if self.plan is None:
            return False
        writing = {s.id for s in self.plan.steps if s.writes}
        return any(r.step in writing for r in self.runs)
