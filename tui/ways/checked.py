"""What was looked at before a plan is shown, one line each: what is well is said too, and what nobody can know.

The warnings of a plan say what is wrong and what to do. These lines say that somebody looked at all: no warning and
not looked at must not be the same to a person who is about to confirm.
"""

from tui.dokku import kept
from tui.incident.drift import Drift
from tui.model.between import Between
from tui.model.observation import Current
from tui.model.plan import Caution, Checked, Severity, Standing
from tui.model.release import Release
from tui.ways.way import Way


def looked_at(
    current: Current,
    record: kept.IncidentRecord | None,
    incident: str,
    target: Release,
    way: Way,
    between: Between,
    drift: Drift,
    processes: tuple[Caution, ...] | None,
) -> tuple[Checked, ...]:
    """The lines of a plan. `processes`: what was said of process types; None where this way does not compare them."""
    return (
        Checked(name="host", standing=Standing.OK, text=f"it answered at {current.at:%H:%M:%SZ}"),
        _incident(record, incident),
        _deploy(current),
        _way_back(target, way),
        Checked(name="disk", standing=Standing.UNKNOWN, text="this login does not tell how much is free"),
        _processes(processes),
        _migrations(between),
        _config(drift),
        Checked(
            name="unchanged",
            standing=Standing.OK,
            text="what runs is compared again before the app is touched; a difference stops everything",
        ),
    )


def _incident(record: kept.IncidentRecord | None, incident: str) -> Checked:
    name = "nobody else's"
    if record is None or record.incident == incident:
        return Checked(name=name, standing=Standing.OK, text="nobody else has an incident on this app")
    who = record.by or "somebody unknown"
    if record.frozen:
        return Checked(
            name=name, standing=Standing.OK, text=f"an earlier incident of {who} is closed, its freeze goes on"
        )
    return Checked(name=name, standing=Standing.WARNING, text=f"the incident is taken over from {who}")


def _deploy(current: Current) -> Checked:
    name = "no deploy"
    if current.locked is None:
        return Checked(name=name, standing=Standing.UNKNOWN, text="the host did not say whether a deploy is running")
    if current.locked:
        return Checked(name=name, standing=Standing.BLOCKED, text="a deploy is running, or one died and left its lock")
    if current.stale_lock:
        words = "no build runs, but the lock of one that died, or somebody's by hand, is there"
        return Checked(name=name, standing=Standing.WARNING, text=words)
    return Checked(name=name, standing=Standing.OK, text="no deploy is running")


def _way_back(target: Release, way: Way) -> Checked:
    name = "way back"
    found = target.by(way.name)
    if found is None or not found.available:
        words = found.reason if found else "it is not known to lead there"
        return Checked(name=name, standing=Standing.UNKNOWN, text=words)
    if not found.sure:
        return Checked(name=name, standing=Standing.UNKNOWN, text=found.reason)
    return Checked(name=name, standing=Standing.OK, text=way.seen_to_lead(target))


def _processes(said: tuple[Caution, ...] | None) -> Checked:
    name = "processes"
    if said is None:
        words = "this way takes them from what it deploys: not compared"
        return Checked(name=name, standing=Standing.UNKNOWN, text=words)
    if any(c.severity is Severity.BLOCK for c in said):
        return Checked(name=name, standing=Standing.BLOCKED, text="one that runs now would vanish")
    if said:
        return Checked(name=name, standing=Standing.WARNING, text=f"{len(said)} differ")
    return Checked(name=name, standing=Standing.OK, text="the target has all that run now")


def _migrations(between: Between) -> Checked:
    name = "migrations"
    if between.unknown:
        return Checked(name=name, standing=Standing.UNKNOWN, text=between.unknown)
    if between.migrations or between.tasks:
        words = f"{len(between.migrations)} files and {len(between.tasks)} tasks lie between"
        return Checked(name=name, standing=Standing.WARNING, text=words)
    return Checked(name=name, standing=Standing.OK, text="none lie between")


def _config(drift: Drift) -> Checked:
    name = "config"
    if drift.any:
        count = len(drift.added) + len(drift.removed) + len(drift.changed)
        return Checked(name=name, standing=Standing.WARNING, text=f"{count} keys changed")
    if drift.unknown:
        return Checked(name=name, standing=Standing.UNKNOWN, text=drift.unknown)
    return Checked(name=name, standing=Standing.OK, text="as when the target last served")
