"""Which process types get a check of this program on the way back, and what a plan says of it.

The service's `checks` decides: `auto` brings it where there is nothing to lose, `own` always, `dokku` never. A worker
answers nobody, so it gets one under `auto` too; the web process only while nothing answers anyway, for as long as the
old release answers part of its requests Dokku's longer look at the new one is worth its seconds.

It is brought only by a commit of this program, hence by no way that has the host build or fetch something; not on the
scheduler k3s, where an uptime is no probe and nobody waits for one; not where the host skips checks, stops first, or
does not say how its checks are set or where it reads app.json: there it would change nothing, or nobody knows what.
"""

from collections.abc import Iterable

from tui.dokku import commit_files, own_checks
from tui.dokku.build_settings import Shape, places
from tui.model.plan import OwnCheck, PlanWarning, WarningLevel
from tui.model.service import CheckMode
from tui.ways.facts import Facts
from tui.ways.stop_first import ALL

_APPJSON = "app-json"


def brought(facts: Facts, files: own_checks.Files) -> tuple[own_checks.Files, tuple[OwnCheck, ...]]:
    """The files of the way back with the checks of this program, and which those are."""
    of = facts.shape or Shape(app=facts.service.app)
    there = None if _why_not(facts, of) else own_checks.brought(files, of)
    if there is None:
        return files, ()
    found = tuple(_of(facts, process) for process in sorted(_looked_at(facts, files, of) - there))
    ours = tuple(check for check in found if check is not None)
    if not ours:
        return files, ()
    made = {one.process: own_checks.by_path(one.path) if one.path else own_checks.by_uptime() for one in ours}
    return own_checks.with_checks(files, of, made), ours


def cautions(facts: Facts, files: own_checks.Files, ours: tuple[OwnCheck, ...]) -> Iterable[PlanWarning]:
    """The notes of the plan: the checks of this program, and why web has none where that was looked at."""
    of = facts.shape or Shape(app=facts.service.app)
    for one in ours:
        what = f"{one.path} has to answer" if one.path else f"it has to be up for {one.uptime} s"
        words = f"{one.process} gets a check of ours, {what}: {facts.target.name} brings none ({one.why})"
        yield PlanWarning(severity=WarningLevel.NOTE, text=words)
    if facts.cluster is not None or any(one.process == own_checks.WEB for one in ours):
        return
    if facts.service.checks is CheckMode.OWN and (why := _why_not(facts, of)):
        yield PlanWarning(
            severity=WarningLevel.NOTE, text=f"no check of ours, although services.yaml says `checks: own`: {why}"
        )
    elif facts.silence is not None and not facts.silence.silent and _lacks_web(facts, files, of):
        words = f"web keeps Dokku's own check, up for {own_checks.USUAL} s: {facts.silence.words}"
        yield PlanWarning(severity=WarningLevel.NOTE, text=words)


def _why_not(facts: Facts, of: Shape) -> str:
    """Why no process type gets one; empty: some may."""
    mode, checks = facts.service.checks, facts.zero_downtime
    if mode is CheckMode.DOKKU:
        return "services.yaml says `checks: dokku`"
    if facts.cluster is not None:
        return "on the scheduler k3s a probe decides"
    if facts.stopping is not None:
        return "what runs is stopped first"
    if checks is None:
        return "the host does not say how its checks are set"
    if _APPJSON in of.unknown:
        return "the host does not say where it reads app.json"
    if mode is CheckMode.AUTO and not of.listed:
        return "the host does not say which variables are set, and one of them may be the team's own waiting time"
    if mode is CheckMode.AUTO and own_checks.TEAMS_OWN in (*of.keys, *of.global_keys):
        return f"{own_checks.TEAMS_OWN} is the team's own waiting time"
    if mode is CheckMode.AUTO and checks.default_wait not in ("", str(own_checks.USUAL)):
        return f"the team's own waiting time is {checks.default_wait} s"
    return ""


def _looked_at(facts: Facts, files: own_checks.Files, of: Shape) -> frozenset[str]:
    """The target's process types whose new containers the host looks at before they take over."""
    held = dict(files)
    text = next((held[place] for place in places(of.procfile, of.build_dir) if place in held), None)
    found = commit_files.process_types(text)
    if text is None:  # its image knows its process types; those that run now are its own, or the plan is blocked
        found |= {name for name, _ in facts.current.processes}
    checks = facts.zero_downtime
    if checks is None:
        return frozenset()
    for setting in (checks.disabled, checks.skipped):
        if setting == ALL:
            return frozenset()
        found -= {word.strip() for word in setting.split(",")}
    return found


def _of(facts: Facts, process: str) -> OwnCheck | None:
    if facts.service.checks is CheckMode.OWN:
        if process == own_checks.WEB and facts.answered_path:
            why = f"it answered while {facts.target.name} served"
            return OwnCheck(process=process, path=facts.answered_path, why=why)
        return OwnCheck(process=process, uptime=own_checks.UPTIME, why="services.yaml: checks: own")
    if process != own_checks.WEB:
        return OwnCheck(process=process, uptime=own_checks.UPTIME, why="it answers no requests")
    if facts.silence is None or not facts.silence.silent:
        return None
    return OwnCheck(process=process, uptime=own_checks.UPTIME, why=facts.silence.words)


def _lacks_web(facts: Facts, files: own_checks.Files, of: Shape) -> bool:
    if _why_not(facts, of) or own_checks.WEB not in _looked_at(facts, files, of):
        return False
    return own_checks.WEB not in (own_checks.brought(files, of) or {own_checks.WEB})
