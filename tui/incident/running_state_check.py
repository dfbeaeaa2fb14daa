"""The word of one look of a watch on what runs: as it was, started anew, gone for the moment, or something else.

A restart of the host or of a container changes start times, perhaps ids, and nothing that a rollback brought: it is
named, and the watch goes on. Only another release, another branch or tip, or a process that stays away is an alarm.
"""

from datetime import datetime

from msgspec.structs import replace

from tui.incident import landed
from tui.model.observation import RunningState, differences, started_anew
from tui.model.plan import Plan
from tui.model.value import Value


class Standing(Value):
    """The memory of a watch between its looks."""

    before: RunningState
    """what is to run, as it was seen to run whole for the last time"""
    away_since: datetime | None = None
    """since when processes that are there do not run"""
    host_at: datetime | None = None
    """when the host was last seen to have restarted"""


class Judged(Value):
    """One look: at most one of `stray` and `note` is said."""

    standing: Standing
    stray: str = ""
    """what is other than it should be"""
    note: str = ""
    """what happened and is no alarm"""
    excused: bool = False
    """the host is starting its apps: a bad answer is a gap, and no verdict on the release"""


def begin(current: RunningState, ours: Plan | None, latest: RunningState | None, *, guarding: bool = False) -> Standing:
    """The state that a watch begins with: a rollback's target as it was last seen to serve, the deploy that a guard
    claimed, else what runs now.

    A host that is restarting while a console takes the watch up is not what is to run.
    """
    whole = guarding or (ours is not None and latest is not None and landed.serves(ours, latest))
    return Standing(before=latest if whole and latest is not None else current)


def moved(standing: Standing, current: RunningState) -> bool:
    """True if it is worth asking the other apps of the host: something of this one does not run, or runs anew."""
    before = standing.before
    return before.running.keys() != current.running.keys() or bool(started_anew(before, current))


def judge(standing: Standing, current: RunningState, ours: Plan | None) -> Judged:
    """The look against what the watch began with; `ours`: the release must be that of this plan as well."""
    before = standing.before
    there = {(c.process, c.index) for c in current.containers}
    away = tuple(sorted(c.name for key, c in before.running.items() if key in there and key not in current.running))
    if landed.restarted(current, before.at):
        standing = replace(standing, host_at=current.at)
    excused = standing.host_at is not None and current.at - standing.host_at < landed.RESTART_GRACE
    if away:
        return _away(standing, current, away, excused=excused)
    standing = replace(standing, away_since=None)
    changed = "; ".join(differences(before, current))
    if ours is not None and not landed.serves(ours, current):
        what = changed or f"deployed is {current.metadata}, attempt {current.attempt}"
        return Judged(standing=standing, stray=f"what runs is not ours any more: {what}")
    if changed:
        who = "the release is ours still, but somebody touched it" if ours else "not what was being watched any more"
        return Judged(standing=standing, stray=f"{who}: {changed}")
    note = _restart(standing, current)
    return Judged(standing=replace(standing, before=current), note=note, excused=excused)


def _away(standing: Standing, current: RunningState, away: tuple[str, ...], *, excused: bool) -> Judged:
    """Processes are there and do not run: a host starts them one after the other; one that stays away is an alarm."""
    before, names = standing.before, f"{', '.join(away)} {'does' if len(away) == 1 else 'do'} not run"
    if before.metadata != current.metadata or (before.branch, before.tip) != (current.branch, current.tip):
        return Judged(standing=standing, stray=f"{names}; {'; '.join(differences(before, current))}")
    since = standing.away_since or current.at
    waited = replace(standing, away_since=since)
    if current.at - since >= landed.RESTART_GRACE:
        return Judged(standing=waited, stray=f"{names} since {since:%H:%M:%S}Z")
    said = f"{names}; {'the host restarted' if standing.host_at else 'it, or the whole host, is restarting'}"
    return Judged(standing=waited, note=said if standing.away_since is None else "", excused=excused)


def _restart(standing: Standing, current: RunningState) -> str:
    """Which processes were started anew since the last look, and whether the host was."""
    anew = started_anew(standing.before, current)
    if not anew:
        return ""
    at = max((c.started_at for c in anew if c.started_at is not None), default=current.at)
    names = f"{', '.join(c.name for c in anew)} {'was' if len(anew) == 1 else 'were'} restarted at {at:%H:%M:%S}Z"
    if standing.host_at is not None and standing.host_at >= standing.before.at:
        return f"the host restarted: {names}; the release is the same"
    whole = "the host was not" if current.neighbours else "whether the host was too is not known"
    return f"{names}, {whole}; the release is the same"
