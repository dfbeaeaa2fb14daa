"""Plans: the ordered steps of one way back, as values that can be shown, stored and carried out."""

from datetime import datetime
from enum import StrEnum

from tui.model.observation import RunningState
from tui.model.release import Release
from tui.model.taken_back import TakenBack
from tui.model.value import Value


class Where(StrEnum):
    """The place where a step runs."""

    HOST = "host"
    LOCAL = "local"


class StepKind(StrEnum):
    """The kinds of steps, each another work of the engine."""

    RECORD = "record"
    """take the incident record on the host: a mutual exclusion"""
    KEEP = "keep"
    """keep what runs now before leaving it"""
    COMPARE = "compare"
    """read what runs again and refuse if it is not what was planned from"""
    FREEZE = "freeze"
    """point the deploy branch at the incident's own"""
    STOP = "stop"
    CHECKS = "checks"
    """switch zero-downtime checks off or on again"""
    SETTING = "setting"
    """set what a push needs otherwise, or give it back"""
    PUSH = "push"
    """send the commit of the plan"""
    DEPLOY = "deploy"
    """run the one command that changes what serves; its end is never proof"""
    MARK = "mark"
    """write onto the holder what is now known"""
    COMMAND = "command"
    """any other single command"""


class Step(Value):
    """One command: where it runs, what it is allowed to change, its time limit."""

    id: str
    """unique within the plan, e.g. `push`"""
    kind: StepKind
    title: str
    argv: tuple[str, ...]
    where: Where = Where.HOST
    writes: bool = False
    timeout: float = 30.0
    """seconds"""
    paste: str = ""
    """the plain line that somebody without this tool can paste, secrets never in it"""
    expected: float | None = None
    """seconds"""


class WarningLevel(StrEnum):
    """The weight of a warning: how much it asks of the person."""

    NOTE = "note"
    WARN = "warn"
    TYPE = "type"
    """the service's name has to be typed"""
    BLOCK = "block"


class PlanWarning(Value):
    """Something to know before confirming."""

    severity: WarningLevel
    text: str


class CheckResult(StrEnum):
    """The result of one look before a plan."""

    OK = "ok"
    WARNING = "warning"
    """a warning of the plan says what"""
    UNKNOWN = "unknown"
    BLOCKED = "blocked"


_WORDS = {"nobody else's": "no other incident", "unchanged": "compared again"}
"""what is called otherwise in records and `--json`"""


class PreflightCheck(Value):
    """One thing that was looked at before the plan was shown: said also where it is well."""

    name: str
    """a word or two, e.g. `way back`, as records and `--json` have it"""
    standing: CheckResult
    text: str

    @property
    def words(self) -> str:
        """Its name for people."""
        return _WORDS.get(self.name, self.name)

    @property
    def ahead(self) -> bool:
        """True of the look that is promised: what runs is compared again once the plan has begun."""
        return self.name == "unchanged"


class PushSpec(Value):
    """A commit to be pushed, complete: the same value always gives the same commit id."""

    app: str
    branch: str
    """branch name without refs/heads/"""
    parent: str | None
    files: tuple[tuple[str, str], ...]
    """path → content (text), sorted by path"""
    message: str
    author: str
    """`Name <mail>`"""
    at: datetime
    """author and commit time, whole seconds"""
    commit: str
    """the id this gives, 40 hex digits"""
    expect: tuple[tuple[str, str | None], ...] = ()
    """branches whose advertised tip must be exactly this before anything is sent; None: must not exist"""


class Proof(Value):
    """The words of an app's report once a deploy that is no push has succeeded: Dokku writes it only then."""

    source: str
    """git-sync or docker-image"""
    metadata: str


class Promise(Value):
    """When the service is expected to serve again, by what was measured on this host before."""

    seconds: float
    """from the confirmation to the first good answer"""
    count: int
    """measured times that it is the median of"""
    own: bool = True
    """they are of this app; False: of others on its host"""

    @property
    def words(self) -> str:
        """The promise in words."""
        whose = "of it" if self.own else "of other apps of its host"
        many = f"median of {self.count} measured rollbacks" if self.count > 1 else "one measured rollback"
        return f"serving again about {self.seconds:.0f} s after the word ({many} {whose})"


class OwnCheck(Value):
    """A check of this program that the pushed commit brings for a process type of a release that has none."""

    process: str
    uptime: int | None = None
    """seconds that the container has to be up"""
    path: str | None = None
    """what has to answer, instead"""
    why: str = ""


DECISIVE = (StepKind.PUSH, StepKind.DEPLOY)
"""the kinds of step that change what serves; a plan has one of them"""


ANYWHERE = ("*", "*")
"""in `Plan.moves`: any branch, to any commit"""


class Plan(Value):
    """One way back for one service, ready to be confirmed."""

    way: str
    service: str
    host: str
    app: str
    attempt: str
    """`<incident>.<n>`: ends up as a label on the container"""
    target: Release
    leaving: Release
    """what runs now; its commit may be unknown"""
    before: RunningState
    steps: tuple[Step, ...]
    made_at: datetime
    push: PushSpec | None = None
    expected: float = 30.0
    """seconds from the confirmation to the target serving"""
    downtime: tuple[float, float] | None = None
    """seconds without an answer, shortest and longest; None: none is expected, or `downtime_unknown`"""
    downtime_unknown: bool = False
    """the host did not say how it replaces containers: nothing is promised"""
    warnings: tuple[PlanWarning, ...] = ()
    checked: tuple[PreflightCheck, ...] = ()
    """what was looked at, in the order of the runbook's pre-flight list; empty in plans of older consoles"""
    taken: TakenBack | None = None
    """what is taken back, and what else changed; None in plans of older consoles, and where nothing is left"""
    skipped: tuple[tuple[str, str], ...] = ()
    """releases passed over by `previous`, each with the reason"""
    frozen_branch: str | None = None
    old_branch: str | None = None
    """the deploy branch to restore"""
    record_of: str | None = None
    """whose incident record was on the host when this was planned"""
    proves: bool = True
    """whether this way can prove that the target itself serves"""
    proof: Proof | None = None
    """what proves a deploy that is no push"""
    moves: tuple[tuple[str, str], ...] = ()
    """branches that the host moves before it builds, each with the commit: a failed deploy leaves them there"""
    checks_before: tuple[str, str] | None = None
    """what services that stop first have to get back: the disabled and the skipped list of zero-downtime checks, each
    `none`, `_all_` or process types with commas between; None: the plan does not touch them"""
    outlives: bool = True
    """whether the host finishes the deploy when this console ends; False: it is aborted, perhaps half-way"""

    gate: tuple[tuple[str, str], ...] = ()
    """name → value of what decides who builds the push, as planned; empty: it pushes nothing, or is an older plan"""
    restore: tuple[tuple[str, str], ...] = ()
    """settings of the app that the push needs otherwise, name → value to put back once deploys are let through"""
    forward: bool = False
    """a person goes forward again on purpose: what is left is not marked bad, and the target is so no more"""
    again: bool = False
    """what runs is deployed anew from its holder, so that a restart starts it and no failed image: nothing is bad"""
    promise: Promise | None = None
    """None: nothing like it was measured on this host"""
    own_checks: tuple[OwnCheck, ...] = ()
    """checks that the push brings; empty in plans of older consoles"""
    leaves_healthy: str = ""
    """`previous` would leave a release that is healthy, because the deploy that failed never went live: why, in words.
    It needs a person's own word; empty: it does not"""

    @property
    def decisive(self) -> Step | None:
        """The step that changes what serves."""
        return next((s for s in self.steps if s.kind in DECISIVE), None)

    @property
    def stops(self) -> bool:
        """True if what serves is stopped before the target starts."""
        return self.checks_before is not None

    @property
    def blocked(self) -> tuple[PlanWarning, ...]:
        """Warnings that forbid the plan."""
        return tuple(w for w in self.warnings if w.severity is WarningLevel.BLOCK)

    @property
    def typed(self) -> bool:
        """True if the service's name has to be typed to confirm."""
        return self.downtime is not None or any(w.severity is WarningLevel.TYPE for w in self.warnings)
