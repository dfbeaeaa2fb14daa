"""`rollback all previous`, and `rollback SERVICE previous` of a service with parts: each back, one after the other.

All services want a typed phrase; the parts of one service want what a rollback of any service wants.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from msgspec.structs import replace

from tui.cli import exit_summary, exits, interrupts, output, severity_questions, yes_or_no
from tui.cli.commands.rollback import closing, show_post
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine import all_services as running
from tui.engine.engine import Engine
from tui.engine.store import new_id
from tui.incident import all_services, next_commands
from tui.incident.all_services import BatchItem, BatchStage
from tui.model.errors import ConfigError, Refused
from tui.model.incident import Group, Incident, State
from tui.model.plan import Plan
from tui.model.release import TargetKind
from tui.model.service import Service

Result = tuple[Exit, output.Document]
_STATES = {
    State.EXECUTING: "rolling back",
    State.STOPPED: "stopped, being started",
    State.UNCERTAIN: "uncertain: asking the host what serves",
}
_LOOKS = {
    BatchStage.DONE: "green",
    BatchStage.WATCHING: "green",
    BatchStage.STOPPED: "red",
    BatchStage.NOT_STARTED: "yellow",
}


async def rollback(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Plan all of them, have the phrase typed, carry it out."""
    whole = "" if options.names == ("all",) else options.names[0]
    services = _parts(engine, whole, options) if whole else _chosen(engine, options)
    severity_questions.known_level(engine, options.severity)
    hosts = tuple(engine.fleet.host(name) for name in sorted({s.host for s in services}))
    if why := all_services.too_many(services, hosts, options.parallel):
        raise ConfigError(
            f"--parallel {options.parallel} is not possible: {why}", "hosts.NAME.max_parallel allows more"
        )
    length = max(engine.fleet.watch_of(s.name).after_rollback for s in services)
    options = severity_questions.by_file(options, length)
    group = Group(
        id=new_id(engine.clock),
        services=tuple(s.name for s in services),
        freeze=options.freeze,
        run_tasks=options.run_tasks,
        keep_current=options.keep_current,
        way=options.way,
        watch=options.watch,
        parallel=options.parallel,
        post=options.notify,
        whole=whole,
        target=str(options.target),
    )
    found = await running.prepare(engine, group, options.take_over_reason)
    wrong = _show(found, group, narrator)
    if options.plan:
        code = Exit.REFUSED if wrong else Exit.DONE
        return code, _planned(found, group, code, wrong)
    if wrong:
        raise Refused(wrong, "" if whole else _without(found, options))
    plans = _plans(found)
    for plan in plans:
        show_post(engine, plan, None, options, narrator)
    if options.confirm is None and not engine.gate.read_only:
        options = await severity_questions.level(engine, options, narrator)
        options = await severity_questions.watch(f"all {len(plans)}", length, options, narrator)
        group = replace(group, watch=options.watch)
    await _confirmed(engine, group, plans, options, narrator)
    run = await running.begin(engine, group, plans, options.reason, options.take_over_reason)
    await run.severity(options.severity)
    return await _carry_out(engine, run, plans, narrator)


async def resume(
    engine: Engine, group: Group, incidents: Sequence[Incident], options: CommandOptions, narrator: Narrator
) -> Result:
    """Finish what is open, then go on with what was not started, after the same question."""
    count = len(group.services)
    narrator.say(f"incident {group.id}: {all_services.title(group)}, {count} {_kind(group)}s", "bold")
    run = await running.resume(engine, group, incidents, options.take_over_reason)
    told = _follow(run, narrator)
    try:
        if options.close is not None:
            await run.close(closing(options.close), options.reason)
            return _result(run, narrator)
        if await _interrupted(run, run.settled(), narrator):
            return _let_go(run, narrator)
        if all_services.stopped_at(run.parts) is not None:
            return _result(run, narrator)
        found = await run.prepare()
    finally:
        told()
    if not found:
        return await _carry_out(engine, run, (), narrator)
    wrong = _show(found, group, narrator)
    if wrong:
        raise Refused(wrong, f"rollback resume {group.id} --close aborted: closes what was not started")
    plans = _plans(found)
    await _confirmed(engine, group, plans, options, narrator)
    return await _carry_out(engine, run, plans, narrator)


# ── before ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _chosen(engine: Engine, options: CommandOptions) -> tuple[Service, ...]:
    if options.list:
        raise ConfigError("--list is for one service", "rollback SERVICE --list, or rollback status")
    if options.target is None or options.target.kind is not TargetKind.PREVIOUS:
        raise ConfigError(f"all goes back to previous only, not to {options.target}", "rollback all previous")
    if options.expect_current is not None:
        raise ConfigError("--expect-current names one service's release", "leave it out: every plan is compared anyway")
    left_out = {engine.service(name).name for name in options.without}
    services = tuple(s for s in all_services.order(engine.fleet.services) if s.name not in left_out)
    if not services:
        raise ConfigError("no service is left", "leave fewer out")
    return services


def _parts(engine: Engine, whole: str, options: CommandOptions) -> tuple[Service, ...]:
    """The parts of one service, as the file names them."""
    if options.target is None or options.target.kind not in (TargetKind.PREVIOUS, TargetKind.TAG):
        raise ConfigError(
            f"{whole} has parts, which go back to previous or to a tag, not to {options.target}",
            f"rollback {whole} previous; or one part: {', '.join(s.name for s in engine.fleet.parts(whole))}",
        )
    if options.expect_current is not None:
        raise ConfigError("--expect-current is for one part", "leave it out: every plan is compared anyway")
    return engine.fleet.parts(whole)


def _show(found: Sequence[running.Prepared], group: Group, narrator: Narrator) -> str:
    """Every plan, then all of them in one table; returns what is wrong, empty where nothing is."""
    for one in found:
        if one.plan is not None:
            narrator.plan(one.plan)
    at_once = "one after the other" if group.parallel == 1 else f"{group.parallel} at once"
    title = all_services.title(group).upper()
    narrator.say(f"{title}: {len(found)} {_kind(group)}s, {at_once}, in this order; stops at the first failure", "bold")
    for number, one in enumerate(found, 1):
        narrator.say(f"  {number}. {one.service:<16} {_what(one)}", "red" if one.trouble else "")
    if not (wrong := [one for one in found if one.trouble]):
        return ""
    narrator.say("nothing is begun while anything is wrong with one of them:", "red")
    for one in wrong:
        narrator.say(f"  {one.service}: {one.trouble}", "red")
        if one.fix:
            narrator.say(f"    fix: {one.fix}")
    return "; ".join(f"{one.service}: {one.trouble}" for one in wrong)


def _kind(group: Group) -> str:
    return "part" if group.whole else "service"


def _plans(found: Sequence[running.Prepared]) -> list[Plan]:
    return [one.plan for one in found if one.plan is not None]


def _what(one: running.Prepared) -> str:
    if one.trouble or one.plan is None:
        return f"NO: {one.trouble}"
    plan = one.plan
    down = f", DOES NOT ANSWER for {plan.downtime[0]:.0f}-{plan.downtime[1]:.0f} s" if plan.downtime else ""
    return f"{plan.leaving.name} → {plan.target.name}, {plan.way}, about {plan.expected:.0f} s{down}"


def _without(found: Sequence[running.Prepared], options: CommandOptions) -> str:
    names = [*options.without, *(one.service for one in found if one.trouble)]
    return "mend that, or leave them out by name: rollback all previous " + " ".join(f"--except {n}" for n in names)


async def _confirmed(
    engine: Engine, group: Group, plans: Sequence[Plan], options: CommandOptions, narrator: Narrator
) -> None:
    """Raises Refused unless the phrase was typed, or given; for all services `--yes` is not enough."""
    if engine.gate.read_only:
        raise Refused("read-only: nothing is sent", "start without --read-only")
    if group.whole:
        await _whole_confirmed(group, plans, options, narrator)
        return
    said = options.confirm
    if said is None:
        if not narrator.interactive:
            raise Refused(
                "nobody can be asked: this is no terminal, and --yes does not cover several services",
                f'add --confirm "{all_services.PHRASE}"',
            )
        said = await narrator.ask(_question(plans))
    if said != all_services.PHRASE:
        raise Refused(f"not confirmed ({said!r}): nothing was sent", f"the phrase is {all_services.PHRASE!r}")


async def _whole_confirmed(group: Group, plans: Sequence[Plan], options: CommandOptions, narrator: Narrator) -> None:
    """One question for the parts of a service. Without a person nothing goes back where every part is well."""
    if all(plan.leaves_healthy for plan in plans) and (options.yes or not narrator.interactive):
        raise Refused(
            f"every part is well: {plans[0].leaves_healthy}",
            f"to go back all the same, on a terminal: rollback {group.whole} {group.target}",
        )
    await yes_or_no.given(options, narrator, f"{_stops(plans)}roll back {', '.join(plan.service for plan in plans)}")


def _question(plans: Sequence[Plan]) -> str:
    names = ", ".join(p.service for p in plans)
    return f"{_stops(plans)}type '{all_services.PHRASE}' to roll back {names}: "


def _stops(plans: Sequence[Plan]) -> str:
    down = [f"{p.service} for {p.downtime[0]:.0f}-{p.downtime[1]:.0f} s" for p in plans if p.downtime]
    return f"does not answer meanwhile: {', '.join(down)}\n" if down else ""


# ── meanwhile ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _carry_out(engine: Engine, run: running.Batch, plans: Sequence[Plan], narrator: Narrator) -> Result:
    told = _follow(run, narrator)
    try:
        title = all_services.title(run.group)
        words = f"confirmed as {title}" if run.group.whole else f"confirmed by the phrase {title!r}"
        if await _interrupted(run, run.run(plans, words), narrator):
            return _let_go(run, narrator)
    finally:
        told()
        run.let_go()
    return _result(run, narrator)


async def _interrupted(run: running.Batch, work: Coroutine[object, object, None], narrator: Narrator) -> bool:
    """True if a signal came before the work had ended; where that aborts a deploy it is said first, and asked twice."""
    stop, warned = asyncio.Event(), False
    working = asyncio.create_task(work)
    with interrupts.taken(stop.set):
        while not await interrupts.ended(working, stop):
            if warned or not any(walk.incident.would_abort for walk in run.walks.values()):
                working.cancel()
                await asyncio.wait({working})  # what it was in the middle of says how far it came
                return True
            warned = True
            stop.clear()
            narrator.say("a deploy would be aborted, perhaps half-way: once more to let go all the same", "red")
        working.result()
        return False


def _follow(run: running.Batch, narrator: Narrator) -> Callable[[], None]:
    """One line for every service whenever it is somewhere else."""
    told: dict[str, str] = {}
    count = len(run.group.services)

    def changed() -> None:
        for number, part in enumerate(run.parts, 1):
            words, look = _now(part)
            if words and told.get(part.service) != words:
                told[part.service] = words
                narrator.say(f"  [{number}/{count}] {part.service:<16} {words}", look)

    for part in run.parts:
        told[part.service] = _now(part)[0]
    return run.subscribe(changed)


def _now(part: BatchItem) -> tuple[str, str]:
    at = all_services.stage(part)
    if part.incident is None or at is BatchStage.NOT_STARTED:
        return "", ""
    line = all_services.table((part,))[0]
    if at is BatchStage.UNDER_WAY:
        return f"{line.way}: {_STATES.get(part.incident.state, part.incident.state.value)}", ""
    return f"{at.value.upper()}: {line.words or line.way}", _LOOKS[at]


# ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _let_go(run: running.Batch, narrator: Narrator) -> Result:
    code = Exit.UNKNOWN if run.wrote else Exit.INTERRUPTED
    said = "interrupted before anything was sent"
    if run.wrote:
        said = "interrupted; what was sent goes on at the host"
        if any(walk.incident.would_abort for walk in run.walks.values()):
            said = "interrupted; what was sent is aborted, perhaps half-way"
    narrator.say(said, "red")
    for walk in run.walks.values():
        if walk.incident.open and walk.incident.wrote:
            for line in exit_summary.left(walk.incident, run.engine.postmortems.duty(walk.incident)):
                narrator.say(f"  {line}", "yellow")
    fix = f"rollback resume {run.group.id}"
    narrator.say(f"  next: {fix}")
    return code, _document(run, code, said, fix)


def _result(run: running.Batch, narrator: Narrator) -> Result:
    """The table, and the code of the service it stopped at."""
    at = all_services.stopped_at(run.parts)
    code = _code_of(run)
    message, fix = "", ""
    if at is not None:
        message, fix = f"stopped at {at.service}: {all_services.table((at,))[0].words}", _next(run, at)
    elif code is not Exit.DONE:
        message = f"not every {_kind(run.group)} is back; see the table"
    narrator.say(f"{all_services.title(run.group).upper()} ({run.group.id})", "bold")
    for line in all_services.table(run.parts):
        words = "  ".join(word for word in (line.way, line.words) if word)
        narrator.say(
            f"  {line.service:<16} {line.stage.value.upper():<12} {words}".rstrip(), _LOOKS.get(line.stage, "")
        )
    for part in run.parts:
        for left in part.incident.left_over if part.incident is not None else ():
            narrator.say(f"  still to do: {left}", "yellow")
    if message:
        narrator.say(message, "red")
    if fix:
        narrator.say(f"  next: {fix}")
    if at is not None and run.group.whole:
        for incident in reversed(all_services.through(run.parts)):
            narrator.say(f"  or forward again, one by one: rollback undo {incident.id}")
    return code, _document(run, code, message, fix)


def _next(run: running.Batch, at: BatchItem) -> str:
    """The way on from the service that holds the run up."""
    again = f"rollback resume {run.group.id}"
    if (error := run.refused.get(at.service)) is not None:
        return error.fix or again
    ways = f"{next_commands.ways_on(at.incident)}; then " if at.incident is not None else ""
    return f"{ways}{again} goes on with the others"


def _code_of(run: running.Batch) -> Exit:
    at = all_services.stopped_at(run.parts)
    if at is not None:
        return _part_code(run, at)
    return next((c for c in (_part_code(run, part) for part in run.parts) if c is not Exit.DONE), Exit.DONE)


def _part_code(run: running.Batch, part: BatchItem) -> Exit:
    if (error := run.refused.get(part.service)) is not None:
        return exits.of_error(error)
    if part.incident is None or all_services.stage(part) is BatchStage.NOT_STARTED:
        return Exit.REFUSED
    return exits.of_incident(part.incident)


def _document(run: running.Batch, code: Exit, message: str, fix: str) -> output.Document:
    """One document: each service as a rollback of its own, and the whole."""
    items: list[output.Document] = []
    parts = run.parts
    lines = all_services.table(parts)
    for part, line in zip(parts, lines, strict=True):
        own = _part_code(run, part)
        words = "" if own is Exit.DONE else line.words or line.stage.value
        item: output.Document = {"service": part.service, "exit_code": int(own), "error": output.error(own, words)}
        if part.incident is not None:
            item = output.rollback(part.incident, own, words)
        items.append({**item, "stage": line.stage.value})
    return output.listing(
        "fleet",
        items,
        incident=run.group.id,
        whole=run.group.whole or None,
        undo=[incident.id for incident in reversed(all_services.through(parts))],
        order=list(run.group.services),
        parallel=run.group.parallel,
        stages={line.service: line.stage.value for line in lines},
        exit_code=int(code),
        error=output.error(code, message, fix),
    )


def _planned(found: Sequence[running.Prepared], group: Group, code: Exit, wrong: str) -> output.Document:
    items: list[output.Document] = []
    for one in found:
        own = Exit.REFUSED if one.trouble else Exit.DONE
        error = output.error(own, one.trouble, one.fix)
        item: output.Document = {"service": one.service, "exit_code": int(own), "error": error}
        items.append(item if one.plan is None else output.planned(one.plan, exit_code=int(own), error=error))
    return output.listing(
        "fleet-plan",
        items,
        incident=group.id,
        whole=group.whole or None,
        order=list(group.services),
        parallel=group.parallel,
        exit_code=int(code),
        error=output.error(code, wrong),
    )
