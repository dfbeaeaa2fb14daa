"""The console line by line, for screen readers and terminals that draw nothing: numbered choices, one question after
the other, from what is wrong to its end. Everything that is done is done by the commands of this program."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec.structs import replace

from tui.cli import command_failure, listing, naming, output
from tui.cli.commands import evidence, freeze, handover, keep, logs, postmortem, start, status, unfreeze
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine.engine import Engine
from tui.model.errors import ConsoleError
from tui.model.release import Release, Target, TargetKind, target_of
from tui.model.service import Service

Result = tuple[Exit, output.Document]
Work = Callable[[Engine, CommandOptions, Narrator], Awaitable[Result]]
LINES = 20
"""of a log that are read out"""
_DOES: tuple[tuple[str, Work], ...] = (
    ("error rates and response times, counted for 60 seconds", evidence.evidence),
    ("the last lines of its log", logs.logs),
    ("keep what runs", keep.keep),
    ("freeze deploys", freeze.freeze),
    ("unfreeze deploys", unfreeze.unfreeze),
)
"""with any service"""
_OF_LAST: tuple[tuple[str, Work], ...] = (
    ("the page for whoever takes over, of incident {}", handover.handover),
    ("the post-mortem of incident {}", postmortem.postmortem),
)
"""with one that had an incident"""


async def accessible(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Until the person leaves it. The code is that of what was done last."""
    code = Exit.DONE
    named = naming.service(engine.fleet, options.names[0]) if options.names else None
    plain = replace(options, names=(), list=False, alone=False)
    narrator.insist("rollback, line by line. Each question takes a number, or q to leave; Enter asks again.")
    while True:
        if named is None:
            chosen = await _first(engine, plain, narrator)
            if chosen is None:
                return code, {}
            if isinstance(chosen, str):
                code = await _done(engine, narrator, start.resume, replace(plain, command="resume", incident=chosen))
                continue
            named = chosen
        found = await _of_service(engine, named, plain, narrator)
        if found is None:
            named = None
        else:
            code = found


async def _first(engine: Engine, options: CommandOptions, narrator: Narrator) -> Service | str | None:
    """A service, the id of an open incident, or None to leave."""
    await _done(engine, narrator, status.status, replace(options, command="status"))
    services = sorted(engine.fleet.services, key=lambda one: (one.order, one.name))
    open_here = await engine.open_incidents()
    rows = [f"{one.name}, {one.title}" for one in services]
    rows += [f"open incident {one.known_as} on {one.service}, {one.state.value}: take it up" for one in open_here]
    number = await _number("which one?", rows, narrator)
    if number is None:
        return None
    return services[number] if number < len(services) else open_here[number - len(services)].known_as


async def _of_service(engine: Engine, service: Service, options: CommandOptions, narrator: Narrator) -> Exit | None:
    """One thing done with a service; None: back to the services."""
    wanted = replace(options, names=(service.name,))
    does = [(words, work, replace(wanted, lines=LINES)) for words, work in _DOES]
    last = next((one for one in await engine.incidents() if one.service == service.name), None)
    if last is not None:
        does += [(words.format(last.id), work, replace(wanted, incident=last.id)) for words, work in _OF_LAST]
    rows = ["roll it back", *(words for words, _, _ in does)]
    number = await _number(f"{service.name}: what is to be done?", rows, narrator)
    if number is None:
        return None
    if number == 0:
        return await _rolled_back(engine, service, wanted, narrator)
    _, work, chosen = does[number - 1]
    return await _done(engine, narrator, work, chosen)


async def _rolled_back(engine: Engine, service: Service, options: CommandOptions, narrator: Narrator) -> Exit:
    """A rollback to the release that is chosen; everything after the choice is that of `rollback SERVICE RELEASE`."""
    narrator.doing(f"asking for the releases of {service.name}")
    try:
        found = await engine.catalogue(service)
    except ConsoleError as error:
        return _said(engine, error, narrator)
    ways = [one for one in found.releases if one.way is not None and not one.running]
    now = engine.clock.now()
    rows = ["the previous release, as this program chooses it", *(_words(one, now) for one in ways)]
    number = await _number("back to which release?", rows, narrator)
    if number is None:
        narrator.insist("nothing was sent")
        return Exit.DONE
    target = Target(kind=TargetKind.PREVIOUS) if number == 0 else target_of(ways[number - 1])
    return await _done(engine, narrator, start.rollback, replace(options, command="rollback", target=target))


def _words(release: Release, now: datetime) -> str:
    return ", ".join(" ".join(line.split()) for line in listing.rows(release, now)[:3])


async def _done(engine: Engine, narrator: Narrator, work: Work, options: CommandOptions) -> Exit:
    """The code of the command; what went wrong is said, and the person goes on."""
    narrator.doing("asking the hosts")
    try:
        return (await work(engine, options, narrator))[0]
    except ConsoleError as error:
        return _said(engine, error, narrator)


def _said(engine: Engine, error: ConsoleError, narrator: Narrator) -> Exit:
    failed = command_failure.of(engine, error)
    command_failure.say(failed, narrator)
    return failed.code


async def _number(question: str, rows: list[str], narrator: Narrator) -> int | None:
    """The row that the person chose, from 0; None: q, or the input has ended."""
    for number, row in enumerate(rows, 1):
        narrator.insist(f"{number}. {row}")
    while True:
        said = (await narrator.ask(f"{question} number, or q: ")).lower()
        if said in ("q", "quit") or narrator.ended:
            return None
        if said.isascii() and said.isdigit() and 1 <= int(said) <= len(rows):
            return int(said) - 1
        narrator.insist(f"{said!r} is none of 1 to {len(rows)}")
