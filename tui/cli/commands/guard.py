"""`guard SERVICE [-- COMMAND…]`: a deploy is watched, told of, and where it is allowed undone; and `abort`.

The exit code is for CI: 0 clean · 6 breached, also where it was rolled back · 7 nothing is known · 4, 5, 11 as any
rollback · 8 another guard follows this deploy.
"""

import asyncio
from typing import Any

from msgspec.structs import replace

from tui.cli import exits, interrupts, naming, output, yes_or_no
from tui.cli.commands import rollback as single
from tui.cli.commands import telling
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine import guard as guarding
from tui.engine.engine import Engine
from tui.engine.guard import DeployGuard, GuardOrder
from tui.engine.hosts import guard_claim
from tui.engine.incident.runner import IncidentRunner
from tui.incident import guard_watch
from tui.model.errors import ConfigError, ConsoleError, Refused
from tui.model.guard import OnBreach
from tui.model.incident import Closing, Incident, Question
from tui.model.observation import RunningState, started_anew
from tui.model.outcome import Exited, describe
from tui.model.service import Service
from tui.model.value import Value
from tui.text.clean import clean_line

Result = tuple[Exit, output.Document]
NO_LIMIT = 6 * 3600.0
"""seconds after which a command that does not end is ended"""


class CommandEnd(Value):
    """The end of the command behind `--`."""

    argv: tuple[str, ...]
    words: str
    exit: int | None = None

    @property
    def failed(self) -> bool:
        """True if it says itself that it did not do what it was for."""
        return self.exit != 0


async def guard(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Run the command, watch what went live, act as it was agreed."""
    service = naming.service(engine.fleet, options.names[0])
    order = _order(engine, service, options)
    watch = DeployGuard(engine, service, order, telling.Hearer(narrator))
    await watch.begin()
    ended: CommandEnd | None = None
    if options.then:
        try:
            ended = await watch.beside(lambda: _run(engine, options.then, narrator))
        except asyncio.CancelledError:
            said = "interrupted while the command ran: it was ended, and what it had begun on the host may go on there"
            return _unguarded(service, Exit.UNKNOWN, said, f"rollback status {service.name}", None, narrator)
        narrator.say(f"the command: {ended.words}", "red" if ended.failed else "")
    live = await watch.settled()
    if ended is not None and (watch.before is None or not guarding.went_live(watch.before, live)):
        return _nothing(service, ended, watch.before, live, narrator)
    walk = await watch.open(live)
    incident = walk.incident
    base = "" if guard_watch.compared(incident) else "; nothing was counted before it: judged against the limit alone"
    narrator.say(f"guarding {service.name} for {_length(order)}: {live.metadata or 'unknown'}{base}", "bold")
    return await _to_the_end(engine, walk, live, ended, options, narrator)


async def guards(engine: Engine, identity: str) -> bool:
    """True if that open incident is a guard that has begun nothing yet."""
    try:
        found = await engine.read(identity)
    except ConsoleError:
        return False
    return found.open and found.guarding and found.watch is not None


async def resume(engine: Engine, identity: str, options: CommandOptions, narrator: Narrator) -> Result:
    """A guard whose console ended goes on here; each of its looks asks whether what runs is the deploy still."""
    walk = await engine.resume(identity, telling.Hearer(narrator))
    live = walk.incident.latest or await engine.links.current(walk.incident.host, walk.incident.app)
    return await _to_the_end(engine, walk, live, None, options, narrator)


async def abort(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """End a guard from elsewhere."""
    service = naming.service(engine.fleet, options.names[0])
    await yes_or_no.given(options, narrator, f"end the guard of {service.name} ({service.app} on {service.host})")
    said = await guard_claim.abort(engine.links, engine.clock, engine.journal, service)
    narrator.say(said, "green")
    document = {
        "schema": output.SCHEMA, "kind": "abort", "service": service.name, "app": service.app, "said": said,
        "exit_code": 0, "error": None,
    }  # fmt: skip
    return Exit.DONE, document


# ── before ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _order(engine: Engine, service: Service, options: CommandOptions) -> GuardOrder:
    allowed = service.guard.on_breach
    wanted = options.on_breach or allowed
    if wanted.rank > allowed.rank:
        raise ConfigError(
            f"--on-breach {wanted} is more than {engine.fleet.path} allows for {service.name}: {allowed}",
            f"services.yaml: services.{service.name}.guard: {{on_breach: {wanted}}}",
        )
    usual = guarding.order(engine, service)
    return replace(usual, length=options.guard_for or usual.length, on_breach=wanted)


async def _run(engine: Engine, argv: tuple[str, ...], narrator: Narrator) -> CommandEnd:
    if engine.processes is None:
        raise Refused("this console starts no programs")
    narrator.doing(f"the command runs: {clean_line(' '.join(argv), 40)}")
    hear = telling.Hearer(narrator, aloud=True)
    answer = await engine.processes.run(
        argv,
        timeout=NO_LIMIT,
        guard="",
        on_output=lambda raw, error: hear("stderr" if error else "stdout", raw),
        env={},
    )
    hear.end()
    code = answer.outcome.code if isinstance(answer.outcome, Exited) else None
    return CommandEnd(argv=argv, words=describe(answer.outcome), exit=code)


def _nothing(
    service: Service, ended: CommandEnd, before: RunningState | None, live: RunningState, narrator: Narrator
) -> Result:
    """The command changed nothing that serves."""
    if ended.failed:
        serves = live.serving
        code, what = (Exit.FAILED, "the old release serves") if serves else (Exit.OUTAGE, "nothing serves")
        fix = "" if serves else f"rollback {service.name} previous"
        said = f"the command failed ({ended.words}), and nothing went live: {what}"
        return _unguarded(service, code, said, fix, ended, narrator)
    anew = started_anew(before, live) if before is not None else ()
    if anew:
        names = ", ".join(one.name for one in anew)
        said = f"the command started {names} anew (its config was set, or it was restarted), and no other release "
        said += "went live: there is no deploy to guard, nor one to go back from"
        return _unguarded(service, Exit.INCONCLUSIVE, said, f"rollback guard {service.name}", ended, narrator)
    said = "the command ended well, and nothing went live: there is nothing to guard"
    fix = f"rollback status {service.name}"
    return _unguarded(service, Exit.INCONCLUSIVE, said, fix, ended, narrator)


def _unguarded(
    service: Service, code: Exit, said: str, fix: str, ended: CommandEnd | None, narrator: Narrator
) -> Result:
    narrator.say(said, "red")
    if fix:
        narrator.say(f"  next: {fix}")
    document: output.Document = {
        "schema": output.SCHEMA, "kind": "guard", "service": service.name, "app": service.app, "host": service.host,
        "incident": None, "verdict": _verdict(code, None), "command": _command(ended), "exit_code": int(code),
        "error": output.error(code, said, fix),
    }  # fmt: skip
    return code, document


# ── meanwhile ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _to_the_end(
    engine: Engine, walk: IncidentRunner, live: RunningState, ended: CommandEnd | None, options: CommandOptions,
    narrator: Narrator,
) -> Result:  # fmt: skip
    stop = asyncio.Event()
    followed = telling.follow(engine, walk, narrator)
    try:
        with interrupts.taken(stop.set):
            while True:
                if not await interrupts.until(stop, walk.settled()):
                    stop.clear()
                    if not walk.incident.guarding:
                        return await _let_go(engine, walk, ended, narrator)
                    await guarding.end(
                        engine, walk, Closing.ABORTED, "stopped before its end, by Ctrl-C or because the job was over"
                    )
                    continue
                incident = walk.incident
                if not incident.open or not incident.asking:
                    break
                if incident.guarding:
                    await _answer(engine, walk, live, narrator)
                elif single.declined(incident):
                    await guarding.end(engine, walk, Closing.ABORTED, incident.failure)
                else:
                    break
        return _told(engine, walk.incident, ended, options, narrator)
    finally:
        followed()


async def _answer(engine: Engine, walk: IncidentRunner, live: RunningState, narrator: Narrator) -> None:
    """Say the guard's word, and what follows from it."""
    before = walk.incident
    breached = before.asking is Question.WATCH_BREACHED
    if breached:
        narrator.say(f"BREACHED: {before.failure}", "red")
    after = await guarding.answer(engine, walk, live, lambda: _asked(engine, walk, narrator))
    if not after.guarding:
        if after.guard is not None and after.guard.on_breach is OnBreach.ROLL_BACK:
            narrator.say("rolling back: two breaches in a row, and everything is known that has to be", "bold")
    elif breached:
        why = after.close_reason.removeprefix(before.failure)
        narrator.say(f"  next: rollback {after.service} previous{why}", "yellow")


async def _asked(engine: Engine, walk: IncidentRunner, narrator: Narrator) -> str:
    """Begin the rollback where the person wants it. Returns why it was not begun; empty: it was."""
    if not narrator.interactive:
        return "nobody could be asked: this is no terminal"
    try:
        plan = await guarding.planned(engine, walk)
    except ConsoleError as error:
        narrator.say(error.message, "red")
        return f"it could not be planned: {error.message}"
    narrator.plan(plan)
    if plan.blocked:
        return f"it is not possible now: {plan.blocked[0].text}"
    phrase = plan.service if plan.typed else "yes"
    if (await narrator.ask(f"roll {plan.service} back to {plan.target.name}? type {phrase}: ")) != phrase:
        return "the person did not want it rolled back"
    await guarding.carry_out(engine, walk, plan, engine.by)
    return ""


async def _let_go(engine: Engine, walk: IncidentRunner, ended: CommandEnd | None, narrator: Narrator) -> Result:
    """Ctrl-C while it rolls back: what has not left does not leave any more."""
    await walk.stop()
    code, document = single.let_go(engine, walk.incident, narrator)
    return code, _document(walk.incident, code, document, ended)


def _told(
    engine: Engine, incident: Incident, ended: CommandEnd | None, options: CommandOptions, narrator: Narrator
) -> Result:
    """The end, in words and as a document."""
    if incident.guarding:
        code = _code(incident)
        said, fix = f"{incident.service}: {incident.close_reason or incident.failure}", ""
        if code is Exit.UNHEALTHY:
            fix = f"rollback {incident.service} previous"  # said already, with why nothing was done by itself
        if code is Exit.DONE and ended is not None and ended.failed:
            code, said = Exit.INCONCLUSIVE, f"{said}; but the command failed ({ended.words})"
        if options.json:
            narrator.say(said, {Exit.DONE: "green", Exit.INCONCLUSIVE: "yellow"}.get(code, "red"))
        else:
            output.text(said)
        for line in incident.left_over:
            narrator.say(f"  still to do: {line}", "yellow")
        return code, _document(incident, code, output.rollback(incident, code, said, fix), ended)
    code = exits.of_incident(incident)
    if code is Exit.DONE:
        target = incident.plan.target.name if incident.plan else "another release"
        said = f"{incident.service} was breached, and is rolled back to {target}, proven; {_frozen(incident)}"
        end = (Exit.UNHEALTHY, said, f"rollback unfreeze {incident.service}")
        code, document = single.told(engine, incident, end, options, narrator)
    else:
        code, document = single.result(engine, incident, options, narrator)
    return code, _document(incident, code, document, ended)


def _frozen(incident: Incident) -> str:
    if not incident.left_frozen:
        return "deploys go through"
    return f"deploys are frozen until `rollback unfreeze {incident.service}`"


def _code(incident: Incident) -> Exit:
    if incident.closing is Closing.COMPLETE:
        return Exit.DONE
    return Exit.UNHEALTHY if incident.closing is Closing.NOT_RECOVERED else Exit.INCONCLUSIVE


def _document(incident: Incident, code: Exit, document: dict[str, Any], ended: CommandEnd | None) -> output.Document:
    guard = incident.guard
    return {
        **document,
        "kind": "guard",
        "exit_code": int(code),
        "verdict": _verdict(code, incident),
        "checked": document.get("verdict"),
        "deploy": guard.deploy if guard else None,
        "on_breach": guard.on_breach.value if guard else None,
        "compared_with_before": guard_watch.compared(incident),
        "command": _command(ended),
        "journal_on": guard.machine if guard else None,
    }


def _verdict(code: Exit, incident: Incident | None) -> str:
    if incident is not None and incident.closing is Closing.UNWATCHED:
        return "rolled-back"
    return {Exit.DONE: "clean", Exit.UNHEALTHY: "breached"}.get(code, exits.word(code))


def _command(ended: CommandEnd | None) -> output.Document | None:
    return None if ended is None else {"argv": list(ended.argv), "exit": ended.exit, "end": ended.words}


def _length(order: GuardOrder) -> str:
    seconds = round(order.length.total_seconds())
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"
