"""The work that a command line begins: one service, a run over all, or what is left open; and the question after it."""

from tui.cli import output
from tui.cli.commands import all_services, drill, unfreeze
from tui.cli.commands import guard as guarding
from tui.cli.commands import rollback as single
from tui.cli.commands import undo as undoing
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine import all_services as running
from tui.engine.drill import drills_on_record as drills
from tui.engine.engine import Engine
from tui.model.drill import DrillBegun
from tui.model.errors import Refused

Result = tuple[Exit, output.Document]


async def rollback(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Everything that begins with a service's name, or with `all`."""
    if options.names == ("all",) or (engine.fleet.parts(options.names[0]) and not options.list):
        return await all_services.rollback(engine, options, narrator)
    return await _then_asked(engine, await single.rollback(engine, options, narrator), options, narrator)


async def resume(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Take up what is open: the run or the incident named, or the only one there is."""
    begun = await drills.unfinished(engine.journal)
    identity = options.incident or await _only_open(engine, begun)
    left = next((one for one in begun if identity in (one.incident, one.app)), None)
    if left is not None:
        return await drill.resume(engine, left, narrator)
    run = await running.find(engine, identity)
    if run is not None:
        return await all_services.resume(engine, *run, options, narrator)
    if options.close is None and await guarding.guards(engine, identity):
        return await guarding.resume(engine, identity, options, narrator)
    return await _then_asked(engine, await single.resume(engine, identity, options, narrator), options, narrator)


async def undo(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Forward again to what an incident left."""
    return await _then_asked(engine, await undoing.undo(engine, options, narrator), options, narrator)


async def _then_asked(engine: Engine, result: Result, options: CommandOptions, narrator: Narrator) -> Result:
    """At the close of a watched rollback that recovered a person at a terminal is asked about the freeze."""
    walk = engine.walks.get(result[1].get("journal", ""))
    if walk is not None:
        await unfreeze.offer(engine, walk.incident, options, narrator)
    return result


async def _only_open(engine: Engine, begun: tuple[DrillBegun, ...]) -> str:
    found, lost = await engine.records.open()
    every = (*(i.known_as for i in found), *(one.id for one in lost), *(one.incident for one in begun))
    names = tuple(dict.fromkeys(every))
    if not names:
        raise Refused("no incident is open on this machine", "rollback incidents")
    if len(names) > 1:
        raise Refused(f"{len(names)} incidents are open", f"name one: {', '.join(names)}")
    return names[0]
