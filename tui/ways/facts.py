"""The facts that a plan of any way is made from: what the person chose, and everything that was read before."""

from datetime import datetime

from tui.dokku import builders, holders
from tui.dokku.build_gate import PushGate
from tui.dokku.build_settings import Shape
from tui.dokku.commit_files import Baked
from tui.dokku.k3s import K3sSettings
from tui.dokku.reports import Checks
from tui.model.ledger import Served
from tui.model.observation import RunningState
from tui.model.plan import PlanWarning, PreflightCheck
from tui.model.release import Release
from tui.model.service import Host, Service
from tui.model.taken_back import TakenBack
from tui.model.value import Value
from tui.ways import keep_first, stop_first


class Options(Value):
    """A person's choices about one rollback."""

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


class Silence(Value):
    """The silence of a service: does nothing of it answer, as far as was seen just now."""

    silent: bool
    words: str
    """what was seen, or why it is not known"""


class Facts(Value):
    """Everything that was read before planning, and what was chosen: `Way.plan` needs nothing else."""

    service: Service
    host: Host
    """the service's host, with what is known of its login"""
    target: Release
    leaving: Release
    """what runs now"""
    options: Options
    words: str
    """the target as the person named it, e.g. `previous`"""
    incident: str
    number: int
    """counts the plans of this incident, from 1"""
    by: str
    at: datetime
    current: RunningState
    record: holders.IncidentRecord | None
    files: tuple[tuple[str, str], ...]
    """the target's own files, path → content"""
    digest: str = ""
    """`sha256:…` of the target's image in the registry; empty where the way names no image, see `Way.image`"""
    skipped: tuple[tuple[str, str], ...] = ()
    shape: Shape | None = None
    """how the app is built now; None: it was not asked"""
    gate: PushGate = PushGate()
    """what a push to the app needs, and follows from"""
    baked: Baked = Baked()
    """what the target's image brings along"""
    zero_downtime: Checks | None = None
    """how the host replaces containers, where the service does not stop first by its own settings; None: not known"""
    cautions: tuple[PlanWarning, ...] = ()
    """what was found before planning, see `plan_warnings`"""
    checked: tuple[PreflightCheck, ...] = ()
    """what was looked at, see `plan_warnings.looked_at`"""
    taken: TakenBack | None = None
    """what is taken back; None where nothing is left"""
    stopping: stop_first.Stopping | None = None
    """for a service that stops before it starts"""
    team_branch: str | None = None
    """the branch that the team deploys, never one that an earlier freeze has set; None: nobody knows it any more"""
    leaves_healthy: str = ""
    """why leaving what runs needs a word of its own, see `Plan.leaves_healthy`"""
    times: tuple[Served, ...] = ()
    """what rollbacks on the host took so far, oldest first"""
    silence: Silence | None = None
    """whether the service answers at all; None: it did not matter"""
    answered_path: str = ""
    """the path of its health that answered through the app's own site while the target served; empty: none is known"""
    cluster: K3sSettings | None = None
    """how Dokku's Kubernetes scheduler is set, for an app on it"""
    keeping: keep_first.Keeping | None = None
    """where keeping what runs first was asked for and is no must"""

    @property
    def attempt(self) -> str:
        """The plan's id, `<incident>.<n>`: ends up as a label on the container."""
        return f"{self.incident}.{self.number}"

    @property
    def unheld(self) -> str | None:
        """The team's kind of deploy, where no freeze holds that back; None: it does.

        The record knows it best: under an earlier freeze, what runs came by this program's push. A plan that freezes
        signs it onto the record, where whoever has only the plan reads it, see `signature.signed`.
        """
        before = self.record.unheld if self.record is not None else None
        now = (self.leaving.source, self.target.source)
        known = next((source for source in now if builders.from_image_or_archive(source)), None)
        return before or self.current.unheld or known

    @property
    def frozen_branch(self) -> str | None:
        """The incident's own deploy branch; None where the person wants no freeze."""
        return holders.frozen_branch(self.incident) if self.options.freeze else None
