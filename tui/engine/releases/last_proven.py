"""When a way back was last proven: by a rollback that was verified.

That a holder's image is there can be seen (`dokku/holder_looks`); that it starts and serves, only by having gone back.
The journal of this machine remembers that, with its time and how long it took.
"""

from collections.abc import Iterable

from tui.dokku.config_values import stamp
from tui.model.incident import Incident
from tui.model.release import Release
from tui.model.verification import Verdict
from tui.ways import kept as kept_way


def last(incidents: Iterable[Incident], host: str, app: str) -> Incident | None:
    """The newest incident of that app in which a kept release was gone back to and verified."""
    mine = (i for i in incidents if (i.host, i.app) == (host, app) and i.verdict is Verdict.PASSED)
    proven = (i for i in mine if i.plan is not None and i.plan.way == kept_way.WAY.name)
    return max(proven, key=lambda i: i.opened_at, default=None)


def worded(incident: Incident) -> str:
    """The proof in words: its target, its time, and how long the host took, as it was measured."""
    plan = incident.plan
    if plan is None:
        raise ValueError(f"{incident.id} has no plan")
    run = incident.run_of(plan.decisive.id) if plan.decisive is not None else None
    took = f" in {(run.ended_at - run.started_at).total_seconds():.0f} s" if run and run.ended_at else ""
    return f"went back to {plan.target.name}{took} on {stamp(incident.opened_at)} ({incident.id})"


def of_holder(target: Release, found: Incident | None) -> str:
    """When the release that `previous` would take was last proven, and by what."""
    made = f"kept {stamp(target.kept_at)}" if target.kept_at else "kept at an unknown time"
    served = f"last served {stamp(target.last_served)}" if target.last_served else "never seen to serve"
    back = f"gone back to {len(target.served_as)} times" if target.served_as else "never gone back to"
    here = "no rollback of this service is on record here" if found is None else f"this machine last {worded(found)}"
    return f"{target.name}: {made}, {served}, {back}; {here}"
