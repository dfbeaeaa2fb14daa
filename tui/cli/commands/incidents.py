"""`incidents`: the incidents in the journal of this machine."""

from datetime import datetime

from tui.cli import output
from tui.cli.commands.postmortem import standing
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine import same_services_file
from tui.engine.engine import Engine
from tui.incident import similar
from tui.model.incident import Incident
from tui.model.postmortem import DueDate


async def incidents(engine: Engine, options: CommandOptions, narrator: Narrator) -> tuple[Exit, output.Document]:
    """The journal's incidents, newest first."""
    found, lost = await (engine.records.found(options.search) if options.search else engine.records.newest())
    now_open = await engine.open_incidents() if options.search and not options.json else ()
    if not options.json:
        if not found and not lost:
            wanted = f" has all of: {' '.join(options.search)}" if options.search else " is on record"
            output.text(f"no incident of this machine{wanted}")
        for one in lost:
            output.text(
                f"{one.id:<24} {one.service:<16} {'UNREADABLE':<10} {one.why}{f': {one.fix}' if one.open else ''}"
            )
        for i in found:
            end = i.closing.value if i.closing else (f"asking: {i.asking.value}" if i.asking else "")
            target = f" → {i.plan.target.name}" if i.plan else ""
            line = f"{i.id:<24} {i.service:<16} {i.state.value:<10} {end}{target}{_wanted(engine.postmortems.duty(i))}"
            line += same_services_file.elsewhere(engine.fleet, i)
            output.text(line)
            if options.search and not i.open:
                output.text(f"{'':<24} {_lesson(i, now_open, engine.clock.now())}")
    items = [
        {
            "incident": i.id,
            "group": i.group.id if i.group else None,
            "service": i.service,
            "opened_at": output.time(i.opened_at),
            "closed_at": output.time(i.closed_at),
            "age_seconds": (engine.clock.now() - i.opened_at).total_seconds(),
            "state": i.state.value,
            "asking": i.asking.value if i.asking else None,
            "closing": i.closing.value if i.closing else None,
            "by": i.by,
            "to": output.named(i.plan.target) if i.plan else None,
            "cause": similar.cause(i) or None,
            "postmortem": standing(engine.postmortems.duty(i)),
        }
        for i in found
    ]
    return Exit.DONE, output.listing("incidents", items, illegible=[output.illegible(one) for one in lost], exit_code=0)


def _lesson(one: Incident, now_open: tuple[Incident, ...], now: datetime) -> str:
    """The end of a closed incident, and in what it is like one that is open now."""
    for new in now_open:
        for like in similar.resembling(new.host, new.app, new.plan, (one,), besides=new.id):
            return f"like {new.id}: {like.words(now)}"
    return similar.lesson(one, now)


def _wanted(duty: DueDate) -> str:
    """Say that its post-mortem is there, or until when it is due."""
    if duty.written is not None:
        return "  post-mortem written"
    return f"  POST-MORTEM due {duty.due:%Y-%m-%d %H:%MZ}" if duty.open and duty.due is not None else ""
