"""`rollback undo [ID]`: forward again to the release that an incident left, by an explicit word."""

from tui.cli import output
from tui.cli.commands import rollback as single
from tui.cli.commands import telling
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine import all_services as running
from tui.engine import undo as undoing
from tui.engine.engine import Engine
from tui.incident import undo as undoable
from tui.model.errors import Refused
from tui.model.incident import Incident
from tui.model.release import matches
from tui.ways import facts

Result = tuple[Exit, output.Document]


async def undo(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Find the incident, see that it is still possible, plan, ask, and prove it as any rollback."""
    incident = await _incident(engine, options)
    if incident.open and not options.plan:
        # what became of it is found out first: nothing is planned over an outcome that nobody knows
        walk = await engine.resume(incident.id, telling.Hearer(narrator))
        incident = await walk.until_known()
    narrator.say(f"undo of incident {incident.id} on {incident.service}: {_went(incident)}", "bold")
    chosen = facts.Options(
        freeze=options.freeze,
        run_tasks=options.run_tasks,
        keep_current=options.keep_current,
        take_over=options.take_over_reason,
        forward=True,
    )
    plan = await undoing.plan(engine, incident, chosen, way=options.way)
    if options.expect_current is not None and not matches(options.expect_current, plan.leaving):
        raise Refused(f"{plan.app} runs {plan.leaving.name}, not {options.expect_current}", "look again: --list")
    narrator.plan(plan, whole=options.plan)
    code = Exit.REFUSED if plan.blocked else Exit.DONE
    if options.plan:
        error = output.error(code, plan.blocked[0].text) if plan.blocked else None
        return code, output.planned(plan, exit_code=int(code), error=error)
    options = await single.agreed(engine, plan, options, narrator)
    walk = await undoing.begin(engine, incident, plan, options.reason, telling.Hearer(narrator))
    return await single.carry_out(engine, walk, options, narrator)


async def _incident(engine: Engine, options: CommandOptions) -> Incident:
    """The one named; else the newest that changed what serves."""
    if options.incident is None:
        return undoable.latest(await engine.incidents())
    run = await running.find(engine, options.incident)
    if run is not None:
        parts = ", ".join(i.id for i in reversed(run[1]) if undoable.changed(i)) or "none changed anything"
        raise Refused(f"{options.incident} is a run over several services: they are undone one by one", parts)
    return await engine.read(options.incident)


def _went(incident: Incident) -> str:
    if incident.plan is None:
        return "nothing was planned"
    return f"{incident.plan.leaving.name} → {incident.plan.target.name}"
