"""`rollback SERVICE TARGET`, `--plan`, `--list`, and `rollback resume`: one incident, from plan to where it stands."""

import asyncio
from collections.abc import Callable
from typing import cast

from msgspec.structs import replace

from tui.cli import confirm, exits, interrupts, listing, naming, output, parting
from tui.cli.commands import evidence
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import Options
from tui.dokku import holders
from tui.dokku.framing import Framer
from tui.drivers.clock import stepped
from tui.engine.engine import Engine
from tui.engine.incident.runner import IncidentRunner
from tui.engine.store import Illegible
from tui.incident import budgets, decide, next_commands
from tui.incident import events as ev
from tui.model.errors import ConfigError, Refused
from tui.model.incident import Closing, Incident, Question, State
from tui.model.notice import Delivery
from tui.model.outcome import describe
from tui.model.plan import Plan
from tui.model.service import Service
from tui.releases import choose, restart_risk
from tui.ways import again as anew
from tui.ways import facts, preflight

Result = tuple[Exit, output.Document]
_STATES = {
    State.STOPPED: "stopped: the service does not answer until the target has started",
    State.UNCERTAIN: "uncertain: asking the host what serves",
    State.VERIFYING: "verifying: is it healthy, and is it the release we sent?",
}
CLOSINGS = {c.value.replace(" ", "-"): c for c in Closing}


async def rollback(engine: Engine, options: Options, narrator: Narrator) -> Result:
    """Everything that begins with a service's name."""
    service = naming.service(engine.fleet, options.names[0])
    if options.list:
        return await show_releases(engine, service, options, narrator)
    if options.target is None:
        raise ConfigError("no target")
    if options.watch is not None:
        engine.evidence.follow((service,), must=True)  # what was before the rollback is what it is compared with
    earlier = await _continuing(engine, service, options, narrator)
    plan = await engine.plan(
        service,
        options.target,
        facts.Options(
            freeze=options.freeze,
            run_tasks=options.run_tasks,
            keep_current=options.keep_current,
            take_over=(options.reason or "no reason given") if options.take_over else None,
        ),
        expect_current=options.expect_current,
        incident=earlier.incident if earlier else None,
        way=options.way,
    )
    narrator.plan(plan)
    if options.plan:
        code = Exit.REFUSED if plan.blocked else Exit.DONE
        return code, output.planned(plan, exit_code=int(code), error=_blocked(plan, code))
    await agreed(engine, plan, options, narrator, earlier.incident if earlier else None)
    walk = earlier
    if walk is None:
        walk = await engine.open(plan, options.reason, stream(narrator))
    else:
        await walk.submit(ev.PlanMade(at=engine.clock.now(), plan=plan))
    return await carry_out(engine, walk, options, narrator)


async def agreed(
    engine: Engine, plan: Plan, options: Options, narrator: Narrator, earlier: Incident | None = None
) -> None:
    """Raises Refused unless the plan can be carried out and the person means it."""
    if plan.blocked:
        raise Refused(plan.blocked[0].text)
    if plan.leaves_healthy and (options.yes or not narrator.interactive):
        fix = f"to leave it all the same: rollback {plan.service} previous --expect-current {plan.leaving.name}"
        raise Refused(plan.leaves_healthy, fix)
    if engine.gate.read_only:
        raise Refused("read-only: nothing is sent", "start without --read-only")
    show_post(engine, plan, earlier, options, narrator)
    await _confirm(plan, options, narrator)


async def carry_out(engine: Engine, walk: IncidentRunner, options: Options, narrator: Narrator) -> Result:
    """The plan that a person agreed to, to where it stands."""
    followed = _follow(engine, walk, narrator)
    try:
        if not options.notify:
            await walk.submit(ev.PostChosen(at=engine.clock.now(), post=False))
        await walk.submit(ev.Confirmed(at=engine.clock.now(), by=engine.by, watch=options.watch))
        return await _to_the_end(engine, walk, narrator)
    finally:
        followed()


async def resume(engine: Engine, identity: str, options: Options, narrator: Narrator) -> Result:
    """Take an open incident up: find out what happened and go on; or close it with a word."""
    if options.close is not None:
        if options.close not in CLOSINGS:
            raise ConfigError(f"--close {options.close!r} is no way to close", f"one of: {', '.join(CLOSINGS)}")
        lost = await engine.records.illegible(identity)
        if lost is not None:
            return await _set_aside(engine, lost, options, narrator)
    walk = await engine.resume(identity, stream(narrator))
    narrator.say(f"incident {identity}: {walk.incident.service}, {walk.incident.state}", "bold")
    followed = _follow(engine, walk, narrator)
    try:
        if options.close is not None:
            await walk.settled()
            if walk.incident.open:
                closing = CLOSINGS[options.close]
                await walk.submit(ev.CloseAsked(at=engine.clock.now(), closing=closing, reason=options.reason))
        elif walk.incident.asking in (
            Question.OUTCOME_UNKNOWN,
            Question.VERIFY_FAILED,
            Question.VERIFY_INCONCLUSIVE,
        ):
            await walk.submit(ev.CheckAgain(at=engine.clock.now()))
        return await _to_the_end(engine, walk, narrator)
    finally:
        followed()


async def _set_aside(engine: Engine, lost: Illegible, options: Options, narrator: Narrator) -> Result:
    """An incident that nobody can read ends by a person's word; what runs is not known from it."""
    narrator.say(lost.why, "yellow")
    left = await engine.set_aside(lost, CLOSINGS[options.close or ""], options.reason)
    narrator.say(f"incident {lost.id} on {lost.service} is set aside: {options.close}", "green")
    for line in left:
        narrator.say(f"  still to do: {line}", "yellow")
    document = output.listing(
        "set-aside", [], incident=lost.id, service=lost.service, app=lost.app, host=lost.host, reason=lost.why,
        left_over=list(left), exit_code=0, error=None,
    )  # fmt: skip
    return Exit.DONE, document


async def show_releases(engine: Engine, service: Service, options: Options, narrator: Narrator) -> Result:
    """`--list`."""
    found = await engine.catalogue(service)
    if options.look:
        found = await engine.looked(service, found)
    document = output.listing(
        "releases",
        [output.release(r) for r in found.releases],
        sources=[{"source": a.source.value, "trouble": a.trouble or None} for a in found.asked],
        service=service.name,
        app=service.app,
        host=service.host,
        frozen=holders.is_frozen(found.current.branch),
        restart_risk=restart_risk.risk(found.current) or None,
        exit_code=0,
        error=None,
    )
    if not options.json:
        for row in found.releases:
            for line in listing.rows(row, engine.clock.now()):
                output.text(line)
        for asked in found.asked:
            if asked.trouble:
                narrator.say(f"{asked.source.value} could not be asked: {asked.trouble}", "yellow")
        if risk := restart_risk.risk(found.current):
            running = choose.running(found.releases, found.current)
            fix = anew.cure(service, engine.links.described(service.host), running)
            narrator.say(f"{risk}: {fix}", "yellow")
        if not any(r.holder and r.way and not r.running for r in found.releases):
            narrator.say(f"no way back is kept: `rollback keep {service.name}` before the next deploy", "yellow")
    return Exit.DONE, document


# ── before ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _continuing(engine: Engine, service: Service, options: Options, narrator: Narrator) -> IncidentRunner | None:
    """Inside an open incident of this machine an explicit word goes on with that incident instead of a second one."""
    mine = [i for i in await engine.open_incidents() if i.service == service.name]
    if not mine or options.expect_current is None or options.plan:
        return None
    walk = await engine.resume(mine[0].id, stream(narrator))
    narrator.say(f"going on with incident {mine[0].id} ({walk.incident.state})")
    incident = await walk.settled()
    if not incident.open:
        return None
    if incident.asking is Question.OUTCOME_UNKNOWN:
        raise Refused(
            f"incident {incident.id}: what was sent has no known outcome yet", next_commands.ways_on(incident)
        )
    return walk


def show_post(engine: Engine, plan: Plan, earlier: Incident | None, options: Options, narrator: Narrator) -> None:
    """What would be posted the moment it begins, for the person to see before saying yes."""
    begun = earlier or decide.opened(
        ev.Opened(
            at=engine.clock.now(),
            incident=plan.attempt.rpartition(".")[0],
            service=plan.service,
            app=plan.app,
            host=plan.host,
            by=engine.by,
            reason=options.reason,
        )
    )
    planned = replace(begun, plan=plan, post=options.notify)
    told = engine.notices.told(planned)
    if told and options.notify:
        narrator.post(engine.notices.preview(planned), told)


async def _confirm(plan: Plan, options: Options, narrator: Narrator) -> None:
    """Raises Refused unless the person means it. Without a terminal nothing prompts."""
    doing = f"deploy {plan.target.name} again" if plan.again else f"go back to {plan.target.name}"
    if plan.forward:
        doing = f"go forward again to {plan.target.name}"
    phrase = plan.service if plan.typed else ""
    await confirm.given(
        options, narrator, f"{plan.service}: {doing}", phrase=phrase, scripts="--expect-current RELEASE"
    )


def _blocked(plan: Plan, code: Exit) -> output.Document | None:
    return output.error(code, plan.blocked[0].text) if plan.blocked else None


# ── meanwhile ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _to_the_end(engine: Engine, walk: IncidentRunner, narrator: Narrator) -> Result:
    """Until a person is asked or it is closed; an interrupt lets go of it, and says what that means."""
    stop, warned = asyncio.Event(), False
    with interrupts.taken(stop.set):
        while True:
            if await _interrupted(walk, stop):
                if warned or not walk.incident.would_abort:
                    return _let_go(engine, walk.incident, narrator)
                warned = True
                stop.clear()
                narrator.say("this deploy would be aborted, perhaps half-way: once more to let go all the same", "red")
                continue
            if not _declined(walk.incident):
                break
            reason = walk.incident.failure
            await walk.submit(ev.CloseAsked(at=engine.clock.now(), closing=Closing.ABORTED, reason=reason))
    if said := budgets.rolled_back(walk.incident, engine.fleet.budgets):
        narrator.say(said, "dim")
    if said := budgets.serving_again(walk.incident):
        narrator.say(said, "dim")
    return _result(walk.incident, narrator)


async def _interrupted(walk: IncidentRunner, interrupted: asyncio.Event) -> bool:
    settled, stopped = asyncio.create_task(walk.settled()), asyncio.create_task(interrupted.wait())
    await asyncio.wait({settled, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if settled.done():
        settled.result()
        return False
    settled.cancel()
    return True


def _declined(incident: Incident) -> bool:
    """Nothing that could replace the release was sent: the incident can be closed without a person."""
    if incident.asking is not Question.WHAT_NEXT or incident.plan is None:
        return False
    push = incident.plan.decisive
    run = incident.run_of(push.id) if push else None
    return run is None or exits.refused(incident)


def _let_go(engine: Engine, incident: Incident, narrator: Narrator) -> Result:
    code = Exit.UNKNOWN if incident.wrote else Exit.INTERRUPTED
    said = "interrupted before anything was sent"
    if incident.wrote:
        said = f"interrupted: {parting.words(incident)}"
    fix = f"rollback resume {incident.id}"
    narrator.say(said, "red")
    for line in parting.left(incident, engine.postmortems.duty(incident)):
        narrator.say(f"  {line}", "yellow")
    narrator.say(f"  next: {fix}")
    return code, output.rollback(incident, code, said, fix)


def _result(incident: Incident, narrator: Narrator) -> Result:
    code = exits.of_incident(incident)
    for check in incident.checks:
        narrator.say(f"  {check.verdict.value:<12} {check.name}: {check.evidence}")
    for line in incident.left_over:
        narrator.say(f"  still to do: {line}", "yellow")
    message, fix = _words(incident, code)
    narrator.say(message, "green" if code is Exit.DONE else "red")
    if fix:
        narrator.say(f"  next: {fix}")
    return code, output.rollback(incident, code, message, fix)


def _words(incident: Incident, code: Exit) -> tuple[str, str]:
    target = incident.plan.target.name if incident.plan else "the target"
    if code is Exit.DONE and incident.closing is Closing.UNWATCHED:
        frozen = incident.plan is not None and incident.plan.frozen_branch is not None
        tail = f"; deploys are frozen until `rollback unfreeze {incident.service}`" if frozen else ""
        if frozen and incident.plan is not None and (source := incident.plan.unheld) is not None:
            tail += f"; {preflight.unheld(incident.app, source)}"
        return f"{incident.service} is back on {target}: verified, not watched{tail}", ""
    if code is Exit.DONE:
        why = f": {incident.close_reason}" if incident.close_reason else ""
        return f"{incident.service}: {incident.closing.value if incident.closing else 'done'} on {target}{why}", ""
    if not incident.open:
        stays = f"; {incident.kept_first}, which stays as a way back" if incident.kept_first else ""
        return (incident.close_reason or f"closed: {incident.closing}") + stays, ""
    if incident.asking is Question.NOT_IN_ORDER:
        left = f"something of the incident is left on the host, which could not be put in order: {incident.unsettled}"
        return f"{incident.failure}; {left}" if incident.failure else left, parting.onward(incident)
    return incident.failure or f"{incident.state}: {incident.asking}", parting.onward(incident)


def delivered(delivery: Delivery) -> str:
    """One line: who was told what, or why not."""
    if delivery.delivered:
        return f"told {delivery.channel}: {delivery.milestone.value}{f' {delivery.link}' if delivery.link else ''}"
    return f"NOT DELIVERED: {delivery.channel}: {delivery.milestone.value}: {delivery.detail}"


def stream(narrator: Narrator) -> Callable[[str, bytes], None]:
    """What a step prints, line by line, to the person."""
    framers: dict[str, Framer] = {}

    def heard(step: str, raw: bytes) -> None:
        for line in framers.setdefault(step, Framer()).feed(raw):
            narrator.say(f"    | {line.text}", "dim")

    return heard


def _follow(engine: Engine, walk: IncidentRunner, narrator: Narrator) -> Callable[[], None]:
    """Tell every change once."""
    told: dict[str, object] = {
        "state": None, "begun": 0, "ended": 0, "up": None, "notes": 0, "clock": "",
        "deliveries": len(walk.incident.deliveries),
    }  # fmt: skip
    measured = len(walk.incident.measurements)

    def changed() -> None:
        nonlocal measured
        incident = walk.incident
        if (clock := stepped(engine.clock)) != told["clock"]:
            narrator.say(clock or "this machine's clock is as it was again", "yellow")
            told["clock"] = clock
        for found in incident.measurements[measured:]:
            for line in evidence.lines(found):
                narrator.say(f"  {line}")
        measured = len(incident.measurements)
        notes = incident.watch.notes if incident.watch is not None else ()
        for at, note in notes[cast("int", told["notes"]) :]:
            narrator.say(f"  {at:%H:%M:%S}Z {note}", "yellow")
        begun = len(incident.runs)
        ended = sum(1 for r in incident.runs if r.ended_at is not None)
        steps = {s.id: s for s in incident.plan.steps} if incident.plan else {}
        if begun != told["begun"] and begun > ended:
            narrator.say(f"  … {steps[incident.runs[-1].step].title}")
        if ended != told["ended"] and ended:
            run = incident.runs[ended - 1]
            took = (run.ended_at - run.started_at).total_seconds() if run.ended_at else 0.0
            end = describe(run.outcome) if run.outcome else ""
            narrator.say(f"  {run.result} {run.step} ({end}, {took:.1f} s) {run.detail}".rstrip())
        resumed = told["state"] is State.STOPPED and incident.state is State.EXECUTING
        if incident.state != told["state"] and not resumed:  # that it answers again is said below
            narrator.say(_STATES.get(incident.state, incident.state.value))
        if incident.down_since and incident.down_until and incident.down_until != told["up"]:
            seconds = (incident.down_until - incident.down_since).total_seconds()
            narrator.say(f"  it answers again: it was down for {seconds:.0f} s")
        for delivery in incident.deliveries[cast("int", told["deliveries"]) :]:
            narrator.say(f"  {delivered(delivery)}", "" if delivery.delivered else "yellow")
        told.update(
            notes=len(notes),
            state=incident.state,
            begun=begun,
            ended=ended,
            up=incident.down_until,
            deliveries=len(incident.deliveries),
        )

    return walk.subscribe(changed)
