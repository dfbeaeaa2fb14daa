"""Undoing a rollback: a plan forward again to what an incident left, made from what the host says now.

Inside an incident that is still open the plan belongs to that incident; after its end it opens one of its own, and the
decision is noted on the one that is undone. The way is `kept` where the left release has a holder, marked bad or not.
Without one only `git` can lead there, by building the commit again: that is named, and has to be asked for.
"""

from tui import ways
from tui.engine import same_services_file
from tui.engine.engine import Engine
from tui.engine.incident.runner import IncidentRunner
from tui.engine.incident.steps import Output
from tui.incident import events as ev
from tui.incident import undo
from tui.model.errors import Refused
from tui.model.incident import Incident
from tui.model.plan import Plan
from tui.model.release import Release, Target, TargetKind, target_of
from tui.releases import what_runs
from tui.ways import kept as kept_way
from tui.ways.facts import Options


async def target(engine: Engine, incident: Incident) -> Release:
    """The release that the incident left, as the host and this machine know it now. Raises Refused, AlreadyThere;
    ConfigError where the incident is another services file's."""
    same_services_file.check(engine.fleet, incident)
    did = undo.trace(await engine.records.events(incident.id))
    found = await engine.listing(engine.service(incident.service))
    wanted = undo.check(incident, did, found.current, what_runs.running(found.releases, found.current))
    holders = [r for r in found.releases if r.holder is not None and wanted.commit and r.is_commit(wanted.commit)]
    same = [r for r in holders if r.number == wanted.number]
    return (same or holders or [wanted])[0]


def builder(engine: Engine) -> str | None:
    """The first way of the fleet that builds a commit again; None where it has none."""
    return next((name for name in engine.fleet.ways if ways.of(name).by_commit), None)


async def plan(engine: Engine, incident: Incident, options: Options, *, way: str | None = None) -> Plan:
    """The plan forward again; nothing is sent. Raises Refused, AlreadyThere, LinkError and their kin."""
    wanted = await target(engine, incident)
    if way is None and wanted.holder is None:
        fix = "deploy it again as usual"
        if wanted.commit is not None and (builds := builder(engine)) is not None:
            fix = f"{builds} builds it again, which is slow: rollback undo {incident.id} --way {builds}"
        raise Refused(f"{wanted.name} was not kept: it cannot be started again as it was", fix)
    way = way or kept_way.WAY.name
    if wanted.commit is not None and way in ways.NAMES and ways.of(way).by_commit:
        asked = Target(kind=TargetKind.SHA, value=wanted.commit)
    else:
        asked = target_of(wanted)
    return await engine.plan(
        engine.service(incident.service),
        asked,
        options,
        incident=incident if incident.open else None,
        way=way,
    )


async def begin(
    engine: Engine, incident: Incident, made: Plan, reason: str, output: Output | None = None
) -> IncidentRunner:
    """The walk that carries the plan out, waiting for its confirmation. Raises TakenByOther, InvalidTransition."""
    now = engine.clock.now()
    words = f"undo: forward again to {made.target.name}" + (f": {reason}" if reason else "")
    if incident.open:
        walk = await engine.resume(incident.id, output)
        await walk.submit(ev.DecisionNoted(at=now, text=words))
        await walk.submit(ev.PlanMade(at=now, plan=made))
        return walk
    walk = await engine.open(made, f"undo of incident {incident.id}" + (f": {reason}" if reason else ""), output)
    note = ev.DecisionNoted(at=now, text=f"{words} (incident {walk.incident.id})")
    await engine.closed_walk(incident).submit(note)
    return walk
