"""The looks before a plan is shown: a warning of all that is wrong, and a line for each look, also where all is well.

Everything is compared between what the holder remembers of its release and what the host says now. Where the holder or
the host does not say, that is said: unknown is not the same as unchanged, and no warning not the same as not looked at.
"""

import posixpath
import re
from collections.abc import Iterator
from datetime import datetime

from tui.dokku import app_config, builders, commit_files
from tui.dokku import build_settings as shapes
from tui.dokku import holders as kept
from tui.incident.config_drift import Drift, Since
from tui.model.commit_range import CommitRange, Migrated
from tui.model.observation import FETCHED, RunningState
from tui.model.plan import CheckResult, PlanWarning, PreflightCheck, WarningLevel
from tui.model.release import Release
from tui.model.value import Value
from tui.ways.way import Way

SHOWN = 5
"""names that are listed before the rest is counted"""


class Findings(Value):
    """The facts read to compare a release with what runs."""

    shape: shapes.Shape
    kept: shapes.Kept | None
    """what the target's holder remembers"""
    files: tuple[tuple[str, str], ...]
    """the target's files, path where the app's settings look for it → content"""
    moved: tuple[str, ...] = ()
    between: CommitRange = CommitRange(unknown="it was not asked")
    baked: commit_files.Baked = commit_files.Baked()
    """what the target's image brings along"""


def unheld(app: str, source: str) -> str:
    """The words for deploys that go live although the app is frozen."""
    how = {builders.IMAGE: "from an image", FETCHED: "by git:sync"}.get(source, "from an archive")
    return f"deploys of {app} are not held back: it is deployed {how}, and CI's next one goes live"


def marked(target: Release) -> tuple[PlanWarning, ...]:
    """The warning of a target that is marked bad, and was named all the same; empty where it is not marked."""
    if target.bad is None:
        return ()
    return (PlanWarning(severity=WarningLevel.WARN, text=f"{target.name} is marked bad: {target.bad}"),)


def healthy(why: str, *, again: bool) -> tuple[PlanWarning, ...]:
    """The warning that what runs is healthy, which asks for the service's name. `why` is empty where it is not so.

    Deploying it anew (`again`) leaves nothing, so that nothing is warned of.
    """
    return (PlanWarning(severity=WarningLevel.TYPE, text=why),) if why and not again else ()


def cautions(found: Findings, target: Release, current: RunningState) -> tuple[PlanWarning, ...]:
    """The warnings of all that was compared, the gravest first."""
    return (
        *processes(found, target, current),
        *between(found.between),
        *_surroundings(found, target),
        *baked(found.baked, target),
    )


def baked(brought: commit_files.Baked, target: Release) -> tuple[PlanWarning, ...]:
    """The warnings of the config of then that the target's image carries."""
    said: list[PlanWarning] = []
    if brought.emptied and brought.builder != builders.HEROKUISH:
        words = (
            f"a predeploy task left the config of then in {target.name}'s image: gone since, back empty and not unset: "
            f"{listed(brought.emptied)}"
        )
        said.append(PlanWarning(severity=WarningLevel.WARN, text=words))
    if brought.back:
        words = f"gone since {target.name} was kept, and back with their values of then: {listed(brought.back)}"
        said.append(PlanWarning(severity=WarningLevel.WARN, text=words))
    if brought.builder == builders.HEROKUISH:
        words = (
            "herokuish wrote the config of then into the image; what runs sees that of now, but not through /app/.env"
        )
        said.append(PlanWarning(severity=WarningLevel.NOTE, text=words))
    return tuple(said)


def processes(found: Findings, target: Release, current: RunningState) -> list[PlanWarning]:
    """The warnings of process types: one that the target lacks would stop, and no scale comes back by itself."""
    said: list[PlanWarning] = []
    files, procfile = dict(found.files), found.shape.procfile
    inside = f"{found.shape.build_dir}/{procfile}" if found.shape.build_dir else procfile
    text = files.get(inside) or files.get(procfile)
    wanted = commit_files.process_types(text)
    if text is None and found.baked.builder == builders.HEROKUISH and found.kept is not None:
        wanted |= {name for name, _ in found.kept.processes or ()}  # its image knows its own process types
    now = dict(current.processes)
    for name, count in now.items():
        if name not in wanted:
            words = (
                f"{target.name} has no process {name}: the {count} that run now would stop; "
                f"if that is meant, first `ps:scale {current.app} {name}=0`"
            )
            said.append(PlanWarning(severity=WarningLevel.BLOCK, text=words))
    then = None if found.kept is None or found.kept.processes is None else dict(found.kept.processes)
    if then is None:
        if not now:
            words = (
                f"nothing of {current.app} runs, and going back starts what `ps:scale {current.app}` says: maybe none"
            )
            said.append(PlanWarning(severity=WarningLevel.WARN, text=words))
        return said
    for name in sorted(wanted):
        if then.get(name, 0) and not now.get(name, 0):
            # Dokku scales nothing up that the Procfile of the newest build lacks; the target's has it.
            scale = f"ps:scale {current.app} {name}={then[name]}"
            words = f"{target.name} ran {then[name]} {name}, now none runs: after going back, `{scale}`"
            said.append(PlanWarning(severity=WarningLevel.WARN, text=words))
        elif name in now and then.get(name, 0) != now[name]:
            before = then.get(name, 0) or "none"
            words = f"{name}: {target.name} ran {before}, now {now[name]} run; the scale stays as it is now"
            said.append(PlanWarning(severity=WarningLevel.NOTE, text=words))
    return said


def between(lying: CommitRange) -> tuple[PlanWarning, ...]:
    """The warnings of what the old code would meet: migrations, and tasks that ran. The same for every way back."""
    if lying.unknown:
        words = f"whether migrations lie between is not known: {lying.unknown}"
        return (PlanWarning(severity=WarningLevel.WARN, text=words),)
    said: list[PlanWarning] = []
    if lying.migrations:
        words = f"migrations lie between, and going back does not undo them: {listed(lying.migrations)}"
        said.append(PlanWarning(severity=WarningLevel.TYPE, text=words))
    for one in lying.databases:
        said.extend(PlanWarning(severity=WarningLevel.WARN, text=words) for words in database(one))
    if lying.tasks:
        words = f"what runs now ran tasks when it was deployed, which are not undone: {listed(lying.tasks)}"
        said.append(PlanWarning(severity=WarningLevel.WARN, text=words))
    return tuple(said)


def database(found: Migrated) -> Iterator[str]:
    """The meaning of a tool's migrations for the way back: up to where the target knows them, and what undoes the
    rest."""
    where = f"{found.tool} ({found.folder})"
    if found.between:
        knows = f"up to {found.target}" if found.target else "none of them"
        yield f"{where}: the target knows {knows}; newer are {listed(found.between)}"
    if found.forward_only:
        names = listed(found.forward_only)
        yield f"{where}: forward-only, {names} can not be undone: the old code meets the new database"
    elif found.down:
        commands = " ; then ".join(found.down)
        place = f", in {found.at}" if found.at else ""
        yield (
            f"{where}: to undo them, and lose what only they hold, run before leaving what runs now, since only that "
            f"has them{place}: {commands}"
        )
    elif found.between:
        yield f"{where}: no one command undoes them for certain: by hand, or the old code meets the new database"
    if found.only_target:
        yield f"{where}: the target has migrations that what runs has not, and its tasks would run them: " + listed(
            found.only_target
        )
    if found.changed:
        yield f"{where}: changed after they were written, which no command undoes: {listed(found.changed)}"


def _surroundings(found: Findings, target: Release) -> list[PlanWarning]:
    said: list[PlanWarning] = []
    if found.moved:
        words = f"the app's settings changed since {target.name} was kept; its files go where they say now: "
        said.append(PlanWarning(severity=WarningLevel.WARN, text=words + ", ".join(found.moved)))
    now = (("mounts", found.shape.mounts, "none"), ("ports", found.shape.ports, "not set (Dokku detects them)"))
    for name, value, empty in now:
        before = None if found.kept is None else getattr(found.kept, name)
        if before is not None and value is not None and before != value:
            words = f"{name} were {before or empty} when {target.name} was kept, are {value or empty}; they stay so"
            said.append(PlanWarning(severity=WarningLevel.WARN, text=words))
    if found.shape.unknown:
        words = f"the host did not tell {', '.join(found.shape.unknown)}: their usual settings are assumed"
        said.append(PlanWarning(severity=WarningLevel.WARN, text=words))
    return said


def kept_names(found: Findings) -> tuple[str, ...] | None:
    """The names of the app's own variables as the target's holder remembers them."""
    names = None if found.kept is None else found.kept.config_keys
    return None if names is None else tuple(name for name in names if app_config.is_own(name))


def config(drift: Drift, target: Release) -> tuple[PlanWarning, ...]:
    """The warnings of config keys that changed since, each by its name only. The same for every way back."""
    when = f"{target.name} last served here ({_at(drift.then)})" if drift.then else f"{target.name} was kept"
    said: list[PlanWarning] = []
    if drift.changed:
        words = f"config keys have other values than when {when}: {_since(drift.changed)}"
        said.append(PlanWarning(severity=WarningLevel.WARN, text=words))
    if drift.removed:
        words = f"config keys are gone since {when}: {_since(drift.removed)}"
        said.append(PlanWarning(severity=WarningLevel.WARN, text=words))
    if drift.added:
        words = f"config keys are new since {when}: {_since(drift.added)}"
        said.append(PlanWarning(severity=WarningLevel.NOTE, text=words))
    if drift.unknown:
        what = "whether config values" if drift.names_known else "which config keys"
        words = (
            f"{what} changed since is not known: {drift.unknown}; config is not part of a release and stays as it is"
        )
        said.append(PlanWarning(severity=WarningLevel.NOTE, text=words))
    return tuple(said)


def _since(keys: Since) -> str:
    return listed(tuple(name if at is None else f"{name} (seen {_at(at)})" for name, at in keys))


def _at(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%MZ}" if at else "unknown"


def is_migration(path: str) -> bool:
    """True if a file of a source tree is a database migration, by where it lies."""
    from tui.ways import migration_tools  # fifty patterns, which only a plan needs

    folders = posixpath.dirname(path).lower().split("/")
    return (
        path.endswith(".sql")
        or "migrations" in folders
        or ("migration" in folders and path.endswith((".java", ".kt", ".rs")))
        or "alembic/versions/" in path
        or _LIQUIBASE.search(path) is not None
        or migration_tools.is_one(path)
    )


_LIQUIBASE = re.compile(r"(?:^|/)(?:db\.)?changelogs?(?:[/.-].*)?\.(?:xml|ya?ml|json|groovy)$", re.IGNORECASE)


def listed(names: tuple[str, ...]) -> str:
    """The first names, and how many more there are."""
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def branch_lost(app: str, branch: str) -> str:
    """The words for a deploy branch that a freeze could not give back."""
    return (
        f"the deploy branch of {app} is {branch!r} by name, quotes included: a freeze could not give it back. "
        f"Set it right first: git:set {app} deploy-branch {plain_branch(branch)}"
    )


def plain_branch(branch: str) -> str:
    """The name that was meant, as far as it can be told."""
    return re.sub(r"[^A-Za-z0-9._/-]", "", branch) or "NAME"


def deploy_runs(app: str) -> str:
    """The words for a deploy that seems to be at work. The lock's file alone does not tell it from one that died."""
    return (
        f"a deploy of {app} is running: wait for its end. If nobody deploys, one that died has left its lock, or "
        f"somebody locked by hand: then `apps:unlock {app}` and plan again"
    )


def lock_is_left(app: str) -> str:
    """The words for a lock's file that is there while the host says that no build runs."""
    return (
        f"{app} is locked and no build runs: a build failed, a deploy died, or somebody locked by hand. The host lets "
        "a deploy through and removes the lock"
    )


# ── a line for each look ─────────────────────────────────────────────────────────────────────────────────────────────


def looked_at(
    current: RunningState,
    record: kept.IncidentRecord | None,
    incident: str,
    target: Release,
    way: Way,
    between: CommitRange,
    drift: Drift,
    processes: tuple[PlanWarning, ...] | None,
) -> tuple[PreflightCheck, ...]:
    """A line for each look, in the order of the runbook's list. `processes` as the function says; None: not asked."""
    return (
        PreflightCheck(name="host", standing=CheckResult.OK, text=f"it answered at {current.at:%H:%M:%SZ}"),
        _incident(record, incident),
        _deploy(current),
        _way_back(target, way),
        PreflightCheck(name="disk", standing=CheckResult.UNKNOWN, text="this login does not tell how much is free"),
        _processes(processes),
        _migrations(between),
        _config(drift),
        PreflightCheck(
            name="unchanged",
            standing=CheckResult.OK,
            text="what runs is compared again before the app is touched; a difference stops everything",
        ),
    )


def _incident(record: kept.IncidentRecord | None, incident: str) -> PreflightCheck:
    name = "nobody else's"
    if record is None or record.incident == incident:
        return PreflightCheck(name=name, standing=CheckResult.OK, text="nobody else has an incident on this app")
    who = record.by or "somebody unknown"
    if record.frozen:
        return PreflightCheck(
            name=name, standing=CheckResult.OK, text=f"an earlier incident of {who} is closed, its freeze goes on"
        )
    if record.guarding:
        words = f"a guard of {who} follows the deploy, and gives way"
        return PreflightCheck(name=name, standing=CheckResult.OK, text=words)
    return PreflightCheck(name=name, standing=CheckResult.WARNING, text=f"the incident is taken over from {who}")


def _deploy(current: RunningState) -> PreflightCheck:
    name = "no deploy"
    if current.locked is None:
        return PreflightCheck(
            name=name, standing=CheckResult.UNKNOWN, text="the host did not say whether a deploy is running"
        )
    if current.locked:
        return PreflightCheck(
            name=name, standing=CheckResult.BLOCKED, text="a deploy is running, or one died and left its lock"
        )
    if current.stale_lock:
        words = "no build runs, but the lock of one that failed or died, or somebody's by hand, is there"
        return PreflightCheck(name=name, standing=CheckResult.WARNING, text=words)
    return PreflightCheck(name=name, standing=CheckResult.OK, text="no deploy is running")


def _way_back(target: Release, way: Way) -> PreflightCheck:
    name = "way back"
    found = target.by(way.name)
    if found is None or not found.available:
        words = found.reason if found else "it is not known to lead there"
        return PreflightCheck(name=name, standing=CheckResult.UNKNOWN, text=words)
    if not found.sure:
        return PreflightCheck(name=name, standing=CheckResult.UNKNOWN, text=found.reason)
    standing = CheckResult.OK if way.surely_leads(target) else CheckResult.UNKNOWN
    return PreflightCheck(name=name, standing=standing, text=way.seen_to_lead(target))


def _processes(said: tuple[PlanWarning, ...] | None) -> PreflightCheck:
    name = "processes"
    if said is None:
        words = "this way takes them from what it deploys: not compared"
        return PreflightCheck(name=name, standing=CheckResult.UNKNOWN, text=words)
    if any(c.severity is WarningLevel.BLOCK for c in said):
        return PreflightCheck(name=name, standing=CheckResult.BLOCKED, text="one that runs now would vanish")
    if said:
        return PreflightCheck(name=name, standing=CheckResult.WARNING, text=f"{len(said)} differ")
    return PreflightCheck(name=name, standing=CheckResult.OK, text="the target has all that run now")


def _migrations(between: CommitRange) -> PreflightCheck:
    name = "migrations"
    if between.unknown:
        return PreflightCheck(name=name, standing=CheckResult.UNKNOWN, text=between.unknown)
    if between.migrations or between.tasks:
        words = f"{len(between.migrations)} files and {len(between.tasks)} tasks lie between"
        if between.databases:
            words += f" ({', '.join(dict.fromkeys(one.tool for one in between.databases))})"
        return PreflightCheck(name=name, standing=CheckResult.WARNING, text=words)
    return PreflightCheck(name=name, standing=CheckResult.OK, text="none lie between")


def _config(drift: Drift) -> PreflightCheck:
    name = "config"
    if drift.any:
        count = len(drift.added) + len(drift.removed) + len(drift.changed)
        return PreflightCheck(name=name, standing=CheckResult.WARNING, text=f"{count} keys changed")
    if drift.unknown:
        return PreflightCheck(name=name, standing=CheckResult.UNKNOWN, text=drift.unknown)
    return PreflightCheck(name=name, standing=CheckResult.OK, text="as when the target last served")
