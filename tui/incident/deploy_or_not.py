"""Is it the deploy at all? What was seen, and whether it speaks for a rollback, against it, or for neither.

A rollback replaces the release. It does not help against a host that runs out of memory, a shared dependency that is
down, or trouble that began long before the deploy; then it costs time and hides the cause.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from tui.model.health import Health
from tui.model.observation import RunningState
from tui.model.value import Value
from tui.releases import restart_risk

AHEAD = timedelta(minutes=1)
"""clocks that differ by no more are one"""
RECENT = timedelta(hours=2)
"""a release that has served this long without trouble is an unlikely cause"""
FRESH = timedelta(minutes=10)
"""a release that was put there longer ago than this is no fresh start"""
RESTARTED = timedelta(minutes=1)
"""a container whose process began this long after it was put there was started again since"""
SICK = frozenset({Health.DOWN, Health.UNREACHABLE, Health.DEGRADED})


class Speaks(StrEnum):
    """The side that a clue speaks for."""

    FOR = "for"
    AGAINST = "against"
    NEITHER = "neither"


class Clue(Value):
    """One thing that was seen."""

    speaks: Speaks
    text: str


def findings(
    service: str, health: Mapping[str, Health], bad_since: datetime | None, current: RunningState | None, now: datetime
) -> tuple[Clue, ...]:
    """Everything that can be said from what was measured; what could not be read is said too.

    `bad_since` is when the trouble began, and None where only its finding is known: that proves nothing.
    """
    found = [*_others(service, health)]
    if current is None:
        return (*found, Clue(speaks=Speaks.NEITHER, text="what runs could not be read from the host"))
    found.extend(_age(current, bad_since, now))
    found.extend(_containers(current))
    if current.locked:
        found.append(Clue(speaks=Speaks.AGAINST, text="a deploy is running right now: wait for its end"))
    elif current.half_way:
        words = "the last deploy died after its switch: what serves is not what Dokku names"
        found.append(Clue(speaks=Speaks.FOR, text=words))
    rev = restart_risk.tried(current)
    if rev is not None:
        words = (
            f"the last deploy ({restart_risk.named(rev)}) did not succeed: {restart_risk.serves(current)} still serves"
        )
        found.append(Clue(speaks=Speaks.AGAINST, text=words))
    return tuple(found)


def argues_against(found: tuple[Clue, ...]) -> bool:
    """True if what was seen speaks more against a rollback than for it."""
    against = sum(f.speaks is Speaks.AGAINST for f in found)
    return against > sum(f.speaks is Speaks.FOR for f in found)


def _others(service: str, health: Mapping[str, Health]) -> list[Clue]:
    sick = sorted(name for name, word in health.items() if name != service and word in SICK)
    measured = [name for name, word in health.items() if name != service and word not in (Health.UNKNOWN, Health.STALE)]
    if not measured:
        return []
    if not sick:
        others = f"{len(measured)} services are" if len(measured) > 1 else "service is"
        words = f"the other {others} well: it is this one alone"
        return [Clue(speaks=Speaks.FOR, text=words)]
    words = f"{', '.join(sick)} {'is' if len(sick) == 1 else 'are'} sick as well: look for a shared cause first"
    return [Clue(speaks=Speaks.AGAINST, text=words)]


def _age(current: RunningState, bad_since: datetime | None, now: datetime) -> list[Clue]:
    starts = [c.deployed_at for c in current.running.values() if c.deployed_at is not None]
    if not starts:
        return [Clue(speaks=Speaks.NEITHER, text="no running container: since when it serves is unknown")]
    started = min(starts)
    return [_since(started, bad_since, now), *_again(current, now)]


def _since(started: datetime, bad_since: datetime | None, now: datetime) -> Clue:
    """A start that came and went without known trouble is no evidence: only one that has just been is."""
    if ahead(started, now):
        words = f"it has run since {moment(started, now)}, by a clock ahead of this one: how long is not known"
        return Clue(speaks=Speaks.NEITHER, text=words)
    age = f"it has run since {moment(started, now)} ({worded(now - started)})"
    if bad_since is not None and timedelta(0) <= bad_since - started <= RECENT:
        return Clue(speaks=Speaks.FOR, text=f"{age}; trouble {worded(bad_since - started)} after its start")
    if now - started > RECENT:
        return Clue(speaks=Speaks.AGAINST, text=f"{age}: not a fresh deploy")
    if now - started <= FRESH:
        return Clue(speaks=Speaks.FOR, text=f"{age}: a fresh start")
    found = "" if bad_since is not None else "; when the trouble began is not known"
    return Clue(speaks=Speaks.NEITHER, text=age + found)


def _again(current: RunningState, now: datetime) -> list[Clue]:
    """A restart is no deploy: the same release began anew."""
    again = {
        c.name: c.started_at
        for _, c in sorted(current.running.items())
        if c.started_at is not None and c.created_at is not None and c.started_at - c.created_at > RESTARTED
    }
    if not again:
        return []
    words = f"{', '.join(again)} started again at {moment(max(again.values()), now)}: a restart, no deploy"
    return [Clue(speaks=Speaks.NEITHER, text=words)]


def _containers(current: RunningState) -> list[Clue]:
    found: list[Clue] = []
    killed = [c for c in current.containers if c.oom_killed]
    if killed:
        names = ", ".join(f"{c.process}.{c.index}" for c in killed)
        found.append(Clue(speaks=Speaks.AGAINST, text=f"killed for want of memory: {names}; the host may be full"))
    restarts = sum(c.restarts for c in current.containers)
    if restarts:
        times = "once" if restarts == 1 else f"{restarts} times"
        found.append(Clue(speaks=Speaks.FOR, text=f"containers restarted {times} since this release began"))
    looping = ", ".join(c.name for _, c in sorted(current.running.items()) if c.restarting)
    if looping:
        found.append(Clue(speaks=Speaks.FOR, text=f"does not stay up, and is started again and again: {looping}"))
    ended = [c for c in current.containers if not c.running]
    if ended:
        names = ", ".join(f"{c.process}.{c.index} (exit {c.exit_code})" for c in ended)
        found.append(Clue(speaks=Speaks.FOR, text=f"not running: {names}"))
    return found


def moment(at: datetime, now: datetime) -> str:
    """A moment as people need it: the time, with the date where it is not of the last twelve hours."""
    return f"{at:%H:%M:%S}Z" if abs(now - at) < timedelta(hours=12) else f"{at:%Y-%m-%d %H:%M}Z"


def ahead(at: datetime, now: datetime) -> bool:
    """True if what has happened lies in the future: another clock wrote it down, and its age is not known."""
    return at - now > AHEAD


def ago(at: datetime, now: datetime) -> str:
    """The age of what happened, `12 min ago`."""
    return "by a clock ahead of this one" if ahead(at, now) else f"{worded(now - at)} ago"


def worded(length: timedelta) -> str:
    """A length of time in its one or two largest units: `42 s`, `6 min`, `2 h 10 min`, `3 d`."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86400:
        minutes = seconds % 3600 // 60
        return f"{seconds // 3600} h {minutes} min" if minutes else f"{seconds // 3600} h"
    return f"{seconds // 86400} d"
