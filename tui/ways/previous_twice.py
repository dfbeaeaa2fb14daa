"""Going further back: what came back by a rollback a moment ago is not left by the word `previous` alone.

Two people in one incident both type `previous`: the second would go one release too far, and mark the good one bad. Who
brought what runs here, and when, is asked of the host alone, so that it holds across machines: the mark on the holder
of what runs, the attempt on its containers, the incident's branch while deploys are frozen, the incident record.
"""

from datetime import datetime, timedelta

from tui.dokku import holders
from tui.model.errors import Refused
from tui.model.observation import RunningState
from tui.model.release import Arrival, Came, Release, Target, TargetKind, matches, parse_target
from tui.releases import choose_release, what_runs


def arrival(running: Release, current: RunningState, record: holders.IncidentRecord | None) -> Arrival | None:
    """The arrival of what runs, where one of these consoles brought it; None where nothing says so.

    Without a mark, because the console died before it could be written, the attempt on the containers says it.
    """
    attempt, marked = current.attempt, running.came
    if attempt is not None:
        if marked is not None and marked.attempt == attempt:
            return marked
        return Arrival(kind=Came.BACK, attempt=attempt, at=_started(current), by=_by(record, attempt))
    if any(c.attempt for c in current.containers if c.running) or not current.serving:
        return None
    if marked is not None and _before_start(marked, current):
        return marked  # brought by a way that builds, which leaves no label
    wanted = parse_target(record.to) if record is not None and record.to else None
    if record is None or record.incident is None or wanted is None or not matches(wanted, running):
        return None
    return Arrival(kind=Came.BACK, attempt=f"{record.incident}.1", at=record.since, by=record.by)


def holds(found: Arrival, current: RunningState, now: datetime, longest: timedelta) -> bool:
    """True if it is too soon to leave it by `previous`: the app is frozen by it still, or it came within `longest`."""
    if found.kind is not Came.BACK:
        return False
    if current.branch == holders.frozen_branch(found.incident):
        return True
    return found.at is not None and now - found.at < longest


def refusal(
    service: str,
    releases: tuple[Release, ...],
    current: RunningState,
    record: holders.IncidentRecord | None,
    now: datetime,
    longest: timedelta,
) -> tuple[Arrival, Refused] | None:
    """Why `previous` is refused, and the rollback that it would undo half of; None where it may be used.

    The refusal names who went back, when, to what, and the words that go further.
    """
    running = what_runs.running(releases, current)
    found = arrival(running, current, record)
    if found is None or not holds(found, current, now, longest):
        return None
    try:
        further = choose_release.choose(Target(kind=TargetKind.PREVIOUS), releases).release
    except Refused:
        further = None  # there is none: the refusal names only what runs
    who = found.by or "somebody"
    when = f" at {found.at:%Y-%m-%d %H:%MZ}" if found.at is not None else ""
    held = "; deploys are frozen by it still" if current.branch == holders.frozen_branch(found.incident) else ""
    message = f"{service} came back to {running.name} by a rollback of {who}{when} (incident {found.incident}){held}"
    fix = f"rollback {service} previous --expect-current {running.name}"
    if further is not None:
        fix = f"to go further back: rollback {service} {further.name}, or {fix}"
    return found, Refused(f"{message}: `previous` would go one release further", fix)


def _started(current: RunningState) -> datetime | None:
    return min((c.deployed_at for c in current.running.values() if c.deployed_at is not None), default=None)


def _before_start(marked: Arrival, current: RunningState) -> bool:
    started = _started(current)
    return marked.at is not None and started is not None and marked.at <= started


def _by(record: holders.IncidentRecord | None, attempt: str) -> str | None:
    return record.by if record is not None and record.incident == attempt.rpartition(".")[0] else None
