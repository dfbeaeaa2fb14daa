"""The monitoring window: opened with a deadline, fed with looks, read as a verdict.

How long it is, 15 minutes if nobody says otherwise, and its limits are `WatchSpec` in `model/runbook_numbers`; the
countdown is drawn by `console/pages/watch`.

Coverage is the time between looks that were near enough to each other: what nobody saw counts as not watched.
Error rates are measured at checkpoints only: whoever looks at a growing number again and again sees it over the limit
sooner or later by chance (15 looks: once in seven watches). What is measured is the time after the switch; the switch
itself, in which both releases answer and caches are cold, is measured apart as the cost of the rollback.
"""

from datetime import datetime, timedelta

import msgspec

from tui.model.evidence import Phase
from tui.model.incident import Incident, Sample, Watch, WatchKind
from tui.model.verification import Verdict
from tui.text import numbers

LOOK_EVERY = 5.0
"""seconds between looks"""
NEAR = timedelta(seconds=15)
"""looks further apart than this leave a gap"""
IN_A_ROW = 3
"""unhealthy looks in a row that breach the watch"""
COVERAGE = 0.9
"""less than this share watched is inconclusive"""
CHECKPOINTS = tuple(timedelta(minutes=m) for m in (1, 5, 10, 15, 20, 25, 30))
"""after the opening; the deadline is one in any case"""
SHORT = timedelta(minutes=5)
"""a shorter watch has its checkpoints at a third, two thirds and its end"""
GUARD_EVERY = timedelta(minutes=1)
"""between two looks of a guard's judge, see `guard_judge`"""
GUARD_LOOKS = 5
"""looks of a guard that is too short for one every minute"""
RETIRE = timedelta(seconds=60)
"""how long Dokku leaves the old containers running after the switch (`wait-to-retire`)"""
RETIRE_SHARE = 10
"""a watch shorter than ten minutes leaves out only this part of its length, or nothing would be left of it"""


def open_watch(kind: WatchKind, at: datetime, length: timedelta) -> Watch:
    """A window that begins now."""
    return Watch(kind=kind, opened_at=at, deadline=at + length)


def observe(watch: Watch, sample: Sample) -> Watch:
    """The window after one more look."""
    since = watch.last.at if watch.last else watch.opened_at
    gap = sample.at - since
    bad = sample.healthy is False
    return msgspec.structs.replace(
        watch,
        covered=watch.covered + (gap if timedelta(0) <= gap <= NEAR and sample.healthy is not None else timedelta(0)),
        healthy=watch.healthy + (sample.healthy is True),
        unhealthy=watch.unhealthy + bad,
        unmeasured=watch.unmeasured + (sample.healthy is None),
        in_a_row=watch.in_a_row + 1 if bad else (watch.in_a_row if sample.healthy is None else 0),
        last=sample,
        notes=_noted(watch, sample),
        slowest=max(watch.slowest, sample.seconds or 0.0),
    )


def _noted(watch: Watch, sample: Sample) -> tuple[tuple[datetime, str], ...]:
    """The notes with that of this look; one that stays the same is noted once."""
    same = not sample.note or (watch.last is not None and watch.last.note == sample.note)
    return watch.notes if same else (*watch.notes, (sample.at, sample.note))


def seen(watch: Watch, now: datetime) -> float:
    """The share watched up to this moment, for showing: the time since the latest look counts while the next is not
    overdue."""
    since = watch.last.at if watch.last else watch.opened_at
    until = min(now, watch.deadline)
    under_way = until - since
    if not timedelta(0) <= under_way <= NEAR:
        under_way = timedelta(0)
    passed = (until - watch.opened_at).total_seconds()
    return min(1.0, (watch.covered + under_way).total_seconds() / passed) if passed > 0 else 1.0


def breached(watch: Watch) -> bool:
    """True if the service is down again."""
    return watch.in_a_row >= IN_A_ROW


def verdict(watch: Watch, at: datetime) -> Verdict | None:
    """None while the window is open; at its end the verdict."""
    if breached(watch):
        return Verdict.FAILED
    if at < watch.deadline:
        return None
    return Verdict.PASSED if watch.coverage(at) >= COVERAGE and watch.in_a_row == 0 else Verdict.INCONCLUSIVE


def why_not(watch: Watch, at: datetime) -> str:
    """Why a watch that is over says nothing of the service's health."""
    if watch.in_a_row:
        count = watch.in_a_row
        return f"the last {count} looks were unhealthy" if count > 1 else "the last look was unhealthy"
    silent = f"; {watch.unmeasured} looks had no answer" if watch.unmeasured > 1 else ""
    why = f" ({watch.last.why})" if silent and watch.last is not None and watch.last.why else ""
    return f"only {numbers.seen(watch.coverage(at))} of it was seen{silent}{why}"


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────────────────────────────


def checkpoints(watch: Watch, *, guarding: bool = False) -> tuple[datetime, ...]:
    """When error rates are measured, the end included."""
    length = watch.deadline - watch.opened_at
    if guarding:
        step = min(GUARD_EVERY, length / GUARD_LOOKS)
        return (*(watch.opened_at + step * n for n in range(1, max(GUARD_LOOKS, int(length / step)))), watch.deadline)
    inner = CHECKPOINTS if length >= SHORT else (length / 3, length * 2 / 3)
    return (*(watch.opened_at + after for after in inner if after < length), watch.deadline)


def measured(incident: Incident) -> datetime | None:
    """When the watch's latest checkpoint was."""
    watch = incident.watch
    if watch is None:
        return None
    times = [m.at for m in incident.measurements if m.phase is Phase.AFTER and m.at >= watch.opened_at]
    return max(times, default=None)


def next_checkpoint(incident: Incident) -> datetime | None:
    """The first checkpoint that was not measured; it may be past. None: all were, or nothing is watched."""
    watch, last = incident.watch, measured(incident)
    if watch is None:
        return None
    return next((at for at in checkpoints(watch, guarding=incident.guarding) if last is None or at > last), None)


# ── what is measured ─────────────────────────────────────────────────────────────────────────────────────────────────


def switched(incident: Incident) -> datetime | None:
    """When the switch is over: the target serves and the old containers are gone. None: nothing was switched."""
    watch = incident.watch
    if watch is not None and watch.kind is WatchKind.AFTER_CLEAN_DEPLOY:
        return None
    serves = incident.served_at or (watch.opened_at if watch is not None else None)
    if serves is None or incident.confirmed_at is None:
        return None
    length = watch.deadline - watch.opened_at if watch is not None else incident.watch_for or RETIRE * RETIRE_SHARE
    return serves + min(RETIRE, length / RETIRE_SHARE)


def window(incident: Incident, phase: Phase, now: datetime) -> tuple[datetime | None, datetime]:
    """Since when and until when this phase is measured; since None: as far back as anybody looked."""
    end = switched(incident)
    match phase:
        case Phase.BEFORE:
            before = incident.plan.before.containers if incident.plan is not None else ()
            starts = [c.deployed_at for c in before if c.running and c.deployed_at is not None]
            return min(starts, default=None), incident.confirmed_at or now
        case Phase.SWITCH:
            return incident.confirmed_at, min(now, end) if end is not None else now
        case Phase.AFTER:
            begin = end or (incident.watch.opened_at if incident.watch is not None else now)
            return min(begin, now), now


def phases(incident: Incident, now: datetime) -> tuple[Phase, ...]:
    """The phases that a checkpoint measures: once the switch is over its cost, once, and the time after it."""
    end = switched(incident)
    since = incident.confirmed_at
    done = any(m.phase is Phase.SWITCH and since is not None and m.at >= since for m in incident.measurements)
    return (Phase.AFTER,) if end is None or done or now < end else (Phase.SWITCH, Phase.AFTER)
