"""What a plan of any way is made from: what the person chose, and everything that was read before."""

from datetime import datetime

from tui.dokku import kept
from tui.dokku.reports import Checks
from tui.dokku.shape import Shape
from tui.model.observation import Current
from tui.model.plan import Caution, Checked, Severity
from tui.model.value import Value
from tui.ways import keepfirst, stopfirst


class Options(Value):
    """What the person chose about this rollback."""

    freeze: bool = True
    run_tasks: bool = False
    keep_current: bool = False
    """keep what runs before it is left"""
    take_over: str | None = None
    """reason for taking the incident over from somebody else"""
    forward: bool = False
    """a person goes forward again on purpose, see `Plan.forward`"""
    again: bool = False
    """what runs is deployed anew, see `Plan.again`"""


class Facts(Value):
    """Everything that was read before planning."""

    incident: str
    number: int
    """counts the plans of this incident, from 1"""
    by: str
    at: datetime
    current: Current
    record: kept.IncidentRecord | None
    files: tuple[tuple[str, str], ...]
    """the target's own files, path → content"""
    skipped: tuple[tuple[str, str], ...] = ()
    shape: Shape | None = None
    """how the app is built now; None: it was not asked"""
    zero_downtime: Checks | None = None
    """how the host replaces containers, where the service does not stop first by its own settings; None: not known"""
    cautions: tuple[Caution, ...] = ()
    """what was found before planning, see `preflight`"""
    checked: tuple[Checked, ...] = ()
    """what was looked at, see `checked`"""
    stopping: stopfirst.Stopping | None = None
    """for a service that stops before it starts"""
    team_branch: str | None = None
    """the branch that the team deploys; None: it is frozen, and nobody knows any more"""
    keeping: keepfirst.Keeping | None = None
    """where keeping what runs first was asked for and is no must"""


def old_branch(facts: Facts) -> str | None:
    """The team's deploy branch, never one that an earlier freeze has set: that is nobody's to deploy."""
    return facts.team_branch


def unknown_branch(facts: Facts) -> tuple[Caution, ...]:
    """That an unfreeze will have to be told the branch."""
    if facts.team_branch is not None or facts.current.branch is None:
        return ()
    words = "an earlier freeze holds it whose record is gone: which branch the team deploys, the unfreeze will ask for"
    return (Caution(severity=Severity.WARN, text=words),)
