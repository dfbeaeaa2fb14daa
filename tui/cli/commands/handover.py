"""`rollback handover [ID]`: what the next person has to know, on one page, as Markdown or as JSON."""

from tui.cli import output
from tui.cli.commands.postmortem import single
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine.engine import Engine
from tui.incident import handover as page
from tui.model.errors import Refused

Result = tuple[Exit, output.Document]


async def handover(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Of the incident named, else of the only open one. Nothing is asked of a host. Raises Refused, Unreadable."""
    identity = await single(engine, options.incident, "handover") if options.incident else await _only_open(engine)
    found = await written(engine, identity)
    text = page.markdown(found)
    if not options.json:
        output.text(text.rstrip("\n"))
    return Exit.DONE, {
        "schema": output.SCHEMA,
        "kind": "handover",
        "incident": found.incident,
        "service": found.service,
        "at": output.time(found.at),
        **{name: list(getattr(found, name)) for name in page.TITLES},
        "markdown": text,
        "exit_code": int(Exit.DONE),
        "error": None,
    }


async def written(engine: Engine, identity: str) -> page.HandOver:
    """The page of that incident as its journal tells it now. Raises Refused where there is none, Unreadable."""
    incident = await engine.read(identity)
    events = await engine.records.events(identity)
    return page.write(incident, events, engine.postmortems.duty(incident), engine.clock.now())


async def _only_open(engine: Engine) -> str:
    found = await engine.open_incidents()
    if not found:
        raise Refused("no incident is open on this machine", "rollback handover ID (rollback incidents)")
    if len(found) > 1:
        raise Refused(f"{len(found)} incidents are open", f"name one: {', '.join(one.id for one in found)}")
    return found[0].id
