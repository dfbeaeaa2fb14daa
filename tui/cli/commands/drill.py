"""`rollback drill HOST`: the way back of a real host, tried in daylight on a throw-away app; and what a drill that died
left behind."""

import asyncio
import secrets
from collections.abc import Iterable

from msgspec.structs import replace

from tui.cli import exits, interrupts, output, yes_or_no
from tui.cli.commands import telling
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.config import values
from tui.engine.drill import ground, run
from tui.engine.drill.run import DrillRun
from tui.engine.engine import Engine
from tui.model.drill import PREFIX, DrillBegun, DrillEnd, DrillResult, is_drill
from tui.model.errors import ConfigError, ConsoleError, LinkError
from tui.model.service import Fleet, Host, Service
from tui.text.nearest import suggestion

Result = tuple[Exit, output.Document]
PROVES = "the way on this host with a small app; a service's own start takes what its history says"
NO_FILE = Fleet(path="", environment="", hosts=(), services=(), ways=())


def fleet(options: CommandOptions, known: Fleet) -> Fleet:
    """The fleet with the host that is meant, and the drill's app as a service of it. Raises ConfigError."""
    host = _meant(options.destination or "", known)
    hosts = known.hosts if host in known.hosts else (*known.hosts, host)
    of = run.service(f"{PREFIX}{secrets.token_hex(3)}", host.name)
    return replace(known, hosts=hosts, services=(*known.services, of), ways=known.ways or ("kept",))


def _meant(text: str, known: Fleet) -> Host:
    found = next((host for host in known.hosts if text in (host.name, host.ssh)), None)
    if found is not None:
        return found
    names = ", ".join(host.name for host in known.hosts)
    if "@" not in text:
        meant = suggestion(text, [host.name for host in known.hosts])
        fix = f"{f'{meant} ' if meant else ''}hosts: {names or 'none'}; or dokku@host"
        raise ConfigError(f"{known.path or 'services.yaml'} knows no host {text!r}", fix)
    try:
        ssh = values.ssh(text)
    except ValueError as error:
        raise ConfigError(str(error), "rollback drill dokku@host.example") from None
    return next((host for host in known.hosts if host.ssh == ssh), Host(name=ssh, ssh=ssh))


def resumable(known: Fleet, begun: Iterable[DrillBegun]) -> Fleet:
    """The fleet with the apps of drills that may have left something, so that they can be taken up."""
    for one in begun:
        if all(host.name != one.host for host in known.hosts):
            known = replace(known, hosts=(*known.hosts, Host(name=one.host, ssh=one.ssh)))
        known = replace(known, services=(*known.services, run.service(one.app, one.host)))
    return known


async def drill(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Look, ask, do it, take it away again."""
    of = next(service for service in engine.fleet.services if is_drill(service.app))
    images = await ground.images(engine, of.host, await ground.check(engine, of.host))
    question = f"{of.host}: make the app {of.app}, deploy it twice, go back, and destroy it (about two minutes)"
    await yes_or_no.given(options, narrator, question)
    if not options.yes:
        await ground.check(engine, of.host)  # a person may have taken some time
    made = DrillRun(engine, of, narrator.say, telling.Hearer(narrator))
    end, result = await _to_the_end(made, images, narrator)
    return _told(engine, made, end, result, of, options, narrator)


async def _to_the_end(
    made: DrillRun, images: tuple[str, ...], narrator: Narrator
) -> tuple[DrillEnd, DrillResult | None]:
    """An interrupt ends the work, a second one leaves what was made."""
    stop = asyncio.Event()
    with interrupts.taken(stop.set):
        work = asyncio.create_task(made.work(images))
        if not await interrupts.ended(work, stop):
            narrator.say("interrupted: what was made is taken away; once more to leave it as it is", "yellow")
            work.cancel()
            await asyncio.wait({work})
            end = DrillEnd.INTERRUPTED
        elif work.exception() is None:
            end = DrillEnd.PROVEN
        else:
            end = DrillEnd.FAILED
        stop.clear()
        closing = asyncio.create_task(made.finish(end))
        if not await interrupts.ended(closing, stop):
            closing.cancel()
            await asyncio.wait({closing})
            return end, None
        result = closing.result()
        if end is DrillEnd.FAILED and not isinstance(work.exception(), ConsoleError):
            work.result()  # a fault of this program: what was made is gone, and it is told as such
        return end, result


def _told(
    engine: Engine,
    made: DrillRun,
    end: DrillEnd,
    result: DrillResult | None,
    of: Service,
    options: CommandOptions,
    narrator: Narrator,
) -> Result:
    left = result.left if result is not None else (f"{of.app}: it was left",) if made.incident else ()
    code = _code(engine, made, end, left)
    said, fix = _words(made, end, result, left, of), f"rollback resume {made.incident}" if left else ""
    if code is not Exit.DONE:
        narrator.say(said, "red")
    if not options.json and code is Exit.DONE:
        for line in lines(result, of.host):
            output.text(line)
    for one in left:
        narrator.say(f"  left: {one}", "yellow")
    if fix:
        narrator.say(f"  next: {fix}")
    return code, _document(made, end, result, left, of, code, output.error(code, said, fix))


def lines(result: DrillResult | None, host: str) -> list[str]:
    """A proven drill in a few lines."""
    if result is None or result.back_seconds is None:
        return []
    promise = f" (the runbook gives {result.promise_seconds:.0f} s)" if result.promise_seconds is not None else ""
    steps = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in result.steps)
    return [
        f"{host}: back and proven {result.back_seconds:.0f} s after the word{promise}",
        f"  Dokku {result.dokku or 'unknown'}: {steps}",
        f"  it proves {PROVES}",
    ]


def _code(engine: Engine, made: DrillRun, end: DrillEnd, left: tuple[str, ...]) -> Exit:
    """The exit code. An app that was taken away again changed nothing; one that is left is for a person."""
    if left:
        return Exit.UNKNOWN
    match end:
        case DrillEnd.PROVEN:
            return Exit.DONE
        case DrillEnd.INTERRUPTED:
            return Exit.REFUSED if engine.gate.begun else Exit.INTERRUPTED
        case DrillEnd.FAILED if made.settled is not None and not made.proven:
            return exits.of_incident(made.settled)
        case DrillEnd.FAILED if made.settled is not None:
            return Exit.FAILED  # it went back, and could not be unfrozen
        case _:
            nothing = isinstance(made.failed, LinkError) and not engine.gate.begun
            return Exit.UNREACHABLE if nothing else Exit.REFUSED


def _words(made: DrillRun, end: DrillEnd, result: DrillResult | None, left: tuple[str, ...], of: Service) -> str:
    gone = "something of it is left" if left else "all of it was taken away again"
    why = "it was interrupted" if end is DrillEnd.INTERRUPTED else made.failed.message if made.failed else ""
    if end is DrillEnd.PROVEN:
        return f"{of.host}: proven; {gone}"
    return f"{of.host}: the drill came to no proof: {why}; {gone}"


def _document(
    made: DrillRun,
    end: DrillEnd,
    result: DrillResult | None,
    left: tuple[str, ...],
    of: Service,
    code: Exit,
    error: output.Document | None,
) -> output.Document:
    checks = made.settled.checks if made.settled is not None else ()
    back, promise = (result.back_seconds, result.promise_seconds) if result is not None else (None, None)
    return {
        "schema": output.SCHEMA,
        "kind": "drill",
        "host": of.host,
        "app": of.app,
        "incident": made.incident or None,
        "dokku": (result.dokku if result is not None else "") or None,
        "verdict": end.value,
        "back_seconds": back,
        "promise_seconds": promise,
        "within_promise": None if back is None or promise is None else back <= promise,
        "proves": PROVES,
        "steps": [{"name": name, "seconds": seconds} for name, seconds in made.steps],
        "checks": [{"name": c.name, "verdict": c.verdict.value, "evidence": c.evidence} for c in checks],
        "left": list(left),
        "exit_code": int(code),
        "error": error,
    }


async def resume(engine: Engine, begun: DrillBegun, narrator: Narrator) -> Result:
    """Take away what a drill left whose console ended."""
    narrator.say(f"drill of {begun.host}: {begun.app}, begun {output.time(begun.at)}; it is taken away", "bold")
    result = await run.resume(engine, begun, narrator.say, telling.Hearer(narrator))
    code = Exit.UNKNOWN if result.left else Exit.DONE
    said = f"{begun.app} is gone from {begun.host}" if not result.left else f"{begun.app} could not be taken away"
    narrator.say(said, "green" if code is Exit.DONE else "red")
    for one in result.left:
        narrator.say(f"  left: {one}", "yellow")
    return code, {
        "schema": output.SCHEMA,
        "kind": "drill",
        "host": begun.host,
        "app": begun.app,
        "incident": begun.incident,
        "verdict": result.end.value,
        "left": list(result.left),
        "exit_code": int(code),
        "error": output.error(code, said, result.left[0] if result.left else ""),
    }
