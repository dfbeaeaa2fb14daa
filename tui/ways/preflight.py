"""What to know before going back: what would vanish, what has changed since, what the old code would meet.

Everything is compared between what the holder remembers of its release and what the host says now. Where the holder or
the host does not say, that is said: unknown is not the same as unchanged.
"""

import posixpath
from datetime import datetime

from tui.dokku import appconfig, tree
from tui.dokku import shape as shapes
from tui.incident.drift import Drift, Since
from tui.model.between import Between
from tui.model.observation import Current
from tui.model.plan import Caution, Severity
from tui.model.release import Release
from tui.model.value import Value

SHOWN = 5
"""names that are listed before the rest is counted"""


class Findings(Value):
    """What was read for a plan, beside what it is made of."""

    shape: shapes.Shape
    kept: shapes.Kept | None
    """what the target's holder remembers"""
    files: tuple[tuple[str, str], ...]
    """the target's files where they will stand"""
    moved: tuple[str, ...] = ()
    between: Between = Between(unknown="it was not asked")


def marked(target: Release) -> tuple[Caution, ...]:
    """A target that nobody should go back to, named all the same by an explicit word."""
    if target.bad is None:
        return ()
    return (Caution(severity=Severity.WARN, text=f"{target.name} is marked bad: {target.bad}"),)


def healthy(why: str, *, again: bool) -> tuple[Caution, ...]:
    """What runs is well, and what failed never went live: leaving it needs a word of its own, deploying it none."""
    return (Caution(severity=Severity.TYPE, text=why),) if why and not again else ()


def cautions(found: Findings, target: Release, current: Current) -> tuple[Caution, ...]:
    """Everything that a person should know, the gravest first."""
    return (
        *processes(found, target, current),
        *between(found.between),
        *_surroundings(found, target),
    )


def processes(found: Findings, target: Release, current: Current) -> list[Caution]:
    """A type that runs now and that the target does not name stops with it; a scale of its own does not come back."""
    said: list[Caution] = []
    files, procfile = dict(found.files), found.shape.procfile
    inside = f"{found.shape.build_dir}/{procfile}" if found.shape.build_dir else procfile
    wanted = tree.process_types(files.get(inside) or files.get(procfile))
    now = dict(current.processes)
    for name, count in now.items():
        if name not in wanted:
            words = (
                f"{target.name} has no process {name}: the {count} that run now would stop; "
                f"if that is meant, first `ps:scale {current.app} {name}=0`"
            )
            said.append(Caution(severity=Severity.BLOCK, text=words))
    then = None if found.kept is None or found.kept.processes is None else dict(found.kept.processes)
    if then is None:
        return said
    for name in sorted(wanted):
        if then.get(name, 0) and not now.get(name, 0):
            words = f"{target.name} ran {then[name]} {name}, now none runs: ps:scale {current.app} {name}={then[name]}"
            said.append(Caution(severity=Severity.WARN, text=words))
        elif name in now and then.get(name, 0) != now[name]:
            before = then.get(name, 0) or "none"
            words = f"{name}: {target.name} ran {before}, now {now[name]} run; the scale stays as it is now"
            said.append(Caution(severity=Severity.NOTE, text=words))
    return said


def between(lying: Between) -> tuple[Caution, ...]:
    """What the old code would meet; the same for every way back."""
    if lying.unknown:
        words = f"whether migrations lie between is not known: {lying.unknown}"
        return (Caution(severity=Severity.WARN, text=words),)
    said: list[Caution] = []
    if lying.migrations:
        words = f"migrations lie between, and going back does not undo them: {_listed(lying.migrations)}"
        said.append(Caution(severity=Severity.TYPE, text=words))
    if lying.tasks:
        words = f"what runs now ran tasks when it was deployed, which are not undone: {_listed(lying.tasks)}"
        said.append(Caution(severity=Severity.WARN, text=words))
    return tuple(said)


def _surroundings(found: Findings, target: Release) -> list[Caution]:
    said: list[Caution] = []
    if found.moved:
        words = f"the app's settings changed since {target.name} was kept; its files go where they say now: "
        said.append(Caution(severity=Severity.WARN, text=words + ", ".join(found.moved)))
    now = {"mounts": found.shape.mounts, "ports": found.shape.ports}
    for name, value in now.items():
        before = None if found.kept is None else getattr(found.kept, name)
        if before is not None and value is not None and before != value:
            words = f"{name} were {before or 'none'} when {target.name} was kept, are {value or 'none'}; they stay so"
            said.append(Caution(severity=Severity.WARN, text=words))
    if found.shape.unknown:
        words = f"the host did not tell {', '.join(found.shape.unknown)}: their usual settings are assumed"
        said.append(Caution(severity=Severity.WARN, text=words))
    return said


def kept_names(found: Findings) -> tuple[str, ...] | None:
    """The names of the app's own variables as the target's holder remembers them."""
    names = None if found.kept is None else found.kept.config_keys
    return None if names is None else tuple(name for name in names if appconfig.is_own(name))


def config(drift: Drift, target: Release) -> tuple[Caution, ...]:
    """What the old release would meet in its environment; the same for every way back."""
    when = f"{target.name} last served here ({_at(drift.then)})" if drift.then else f"{target.name} was kept"
    said: list[Caution] = []
    if drift.changed:
        words = f"config keys have other values than when {when}: {_since(drift.changed)}"
        said.append(Caution(severity=Severity.WARN, text=words))
    if drift.removed:
        words = f"config keys are gone since {when}: {_since(drift.removed)}"
        said.append(Caution(severity=Severity.WARN, text=words))
    if drift.added:
        words = f"config keys are new since {when}: {_since(drift.added)}"
        said.append(Caution(severity=Severity.NOTE, text=words))
    if drift.unknown:
        what = "whether config values" if drift.names_known else "which config keys"
        words = (
            f"{what} changed since is not known: {drift.unknown}; config is not part of a release and stays as it is"
        )
        said.append(Caution(severity=Severity.NOTE, text=words))
    return tuple(said)


def _since(keys: Since) -> str:
    return _listed(tuple(name if at is None else f"{name} (seen {_at(at)})" for name, at in keys))


def _at(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%MZ}" if at else "unknown"


def is_migration(path: str) -> bool:
    """Whether a file of a source tree is a database migration, by where it lies."""
    folders = posixpath.dirname(path).split("/")
    return path.endswith(".sql") or "migrations" in folders or "alembic/versions/" in path


def _listed(names: tuple[str, ...]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
