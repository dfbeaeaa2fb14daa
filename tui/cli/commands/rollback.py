"""`rollback SERVICE TARGET`, `--plan`, `--list`, and `rollback resume`: one incident, from plan to where it is."""

import asyncio

from msgspec.structs import replace

from tui.cli import exit_summary, exits, interrupts, listing, naming, output, severity_questions, yes_or_no
from tui.cli.commands import telling
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.dokku import holders
from tui.engine import same_services_file
from tui.engine.engine import Engine
from tui.engine.hosts import held_words
from tui.engine.incident.runner import IncidentRunner
from tui.engine.releases.catalog import Listing
from tui.engine.store import Illegible
from tui.incident import decide, next_commands, step_budgets
from tui.incident import events as ev
from tui.model.errors import ConfigError, Refused
from tui.model.incident import Closing, Incident, Question
from tui.model.plan import Plan
from tui.model.release import Release, TargetKind, matches
from tui.model.service import Service
from tui.releases import choose_release, restart_risk, what_runs
from tui.ways import facts, plan_warnings, signature
from tui.ways import redeploy_current as anew

Result = tuple[Exit, output.Document]
CLOSINGS = {c.value.replace(" ", "-"): c for c in Closing}


async def rollback(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
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
            take_over=options.take_over_reason,
        ),
        expect_current=options.expect_current,
        incident=earlier.incident if earlier else None,
        way=options.way,
    )
    narrator.plan(plan, whole=options.plan)
    if options.plan:
        code = Exit.REFUSED if plan.blocked else Exit.DONE
        return code, output.planned(plan, exit_code=int(code), error=_blocked(plan, code))
    if earlier is None and narrator.interactive and not options.yes:  # whoever is not asked reads nothing either
        await telling.earlier_ones(engine, plan, narrator)
    options = await agreed(engine, plan, options, narrator, earlier.incident if earlier else None)
    walk = earlier
    if walk is None:
        walk = await engine.open(plan, options.reason, telling.Hearer(narrator))
    else:
        await walk.submit(ev.PlanMade(at=engine.clock.now(), plan=plan))
    return await carry_out(engine, walk, options, narrator)


async def agreed(
    engine: Engine, plan: Plan, options: CommandOptions, narrator: Narrator, earlier: Incident | None = None
) -> CommandOptions:
    """The options, with what a person at a terminal added to them. Raises Refused unless the plan can be carried out
    and the person means it."""
    if plan.blocked:
        raise Refused(plan.blocked[0].text)
    if plan.leaves_healthy and (options.yes or not narrator.interactive):
        fix = f"to leave it all the same: rollback {plan.service} previous --expect-current {plan.leaving.name}"
        raise Refused(plan.leaves_healthy, fix)
    if engine.gate.read_only:
        raise Refused("read-only: nothing is sent", "start without --read-only")
    show_post(engine, plan, earlier, options, narrator)
    severity_questions.known_level(engine, options.severity)
    options = await severity_questions.level_and_watch(engine, plan, earlier, options, narrator)
    await _confirm(plan, options, narrator)
    return options


async def carry_out(engine: Engine, walk: IncidentRunner, options: CommandOptions, narrator: Narrator) -> Result:
    """The plan that a person agreed to, to where it stands."""
    followed = telling.follow(engine, walk, narrator)
    try:
        if options.severity is not None and options.severity != walk.incident.severity:
            await walk.submit(ev.SeverityChosen(at=engine.clock.now(), level=options.severity))
        if not options.notify:
            await walk.submit(ev.PostChosen(at=engine.clock.now(), post=False))
        await walk.submit(ev.Confirmed(at=engine.clock.now(), by=engine.by, watch=options.watch))
        return await _to_the_end(engine, walk, options, narrator)
    finally:
        followed()


async def resume(engine: Engine, identity: str, options: CommandOptions, narrator: Narrator) -> Result:
    """Take an open incident up: find out what happened and go on; or close it with a word."""
    end = closing(options.close) if options.close is not None else None
    if end is not None and (lost := await engine.records.illegible(identity)) is not None:
        return await _set_aside(engine, lost, end, options, narrator)
    walk = await engine.resume(identity, telling.Hearer(narrator))
    narrator.say(f"incident {identity}: {walk.incident.service}, {walk.incident.state}", "bold")
    followed = telling.follow(engine, walk, narrator)
    try:
        if end is not None:
            await walk.settled()
            if walk.incident.open:
                await walk.submit(ev.CloseAsked(at=engine.clock.now(), closing=end, reason=options.reason))
        elif walk.incident.asking in (
            Question.OUTCOME_UNKNOWN,
            Question.VERIFY_FAILED,
            Question.VERIFY_INCONCLUSIVE,
        ):
            await walk.submit(ev.CheckAgain(at=engine.clock.now()))
        return await _to_the_end(engine, walk, options, narrator)
    finally:
        followed()


def closing(word: str) -> Closing:
    """The closing that `--close` names. Raises ConfigError for a word that is none."""
    if word not in CLOSINGS:
        raise ConfigError(f"--close {word!r} is no way to close", f"one of: {', '.join(CLOSINGS)}")
    return CLOSINGS[word]


async def _set_aside(
    engine: Engine, lost: Illegible, end: Closing, options: CommandOptions, narrator: Narrator
) -> Result:
    """An incident that nobody can read ends by a person's word; what runs is not known from it."""
    narrator.say(lost.why, "yellow")
    left = await engine.set_aside(lost, end, options.reason)
    narrator.say(f"incident {lost.id} on {lost.service} is set aside: {options.close}", "green")
    for line in left:
        narrator.say(f"  still to do: {line}", "yellow")
    document = output.listing(
        "set-aside", [], incident=lost.id, service=lost.service, app=lost.app, host=lost.host, reason=lost.why,
        left_over=list(left), exit_code=0, error=None,
    )  # fmt: skip
    return Exit.DONE, document


async def show_releases(engine: Engine, service: Service, options: CommandOptions, narrator: Narrator) -> Result:
    """`--list`."""
    found = await engine.catalogue(service)
    if options.look:
        found = await engine.looked(service, found)
    document = output.listing(
        "releases",
        [output.release(r) for r in _meant(found, service, options)],
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
        for line in listing.table(_meant(found, service, options), engine.clock.now(), whole=_whole(options)):
            output.text(line)
        for asked in found.asked:
            if asked.trouble:
                narrator.say(f"{asked.source.value} could not be asked: {asked.trouble}", "yellow")
        if words := what_runs.half_way(found.current):
            narrator.say(words, "yellow")
        if risk := restart_risk.risk(found.current):
            running = what_runs.running(found.releases, found.current)
            fix = anew.cure(service, engine.links.described(service.host), running)
            narrator.say(f"{risk}: {fix}", "yellow")
        if found.record is not None and (way := held_words.way_on(service.name, found.record, found.current.at)):
            frozen = f"deploys of {service.app} are frozen"
            words = frozen if found.record.frozen else held_words.said(found.record, found.current.at)
            narrator.say(f"{words}: {way}", "yellow")
        if (missing := listing.way_back(found.releases, service.name)) is not None:
            narrator.say(missing, "yellow")
    return Exit.DONE, document


def _whole(options: CommandOptions) -> bool:
    return options.verbose or options.target is not None


def _meant(found: Listing, service: Service, options: CommandOptions) -> tuple[Release, ...]:
    """All releases, or the one that was named. Raises Refused where it is none of them."""
    if options.target is None:
        return found.releases
    named: tuple[Release, ...]
    match options.target.kind:
        case TargetKind.PREVIOUS:
            named = (choose_release.choose(options.target, found.releases).release,)
        case TargetKind.CURRENT:
            named = tuple(r for r in found.releases if r.running)
        case _:
            named = tuple(r for r in found.releases if matches(options.target, r))
    if not named:
        raise Refused(f"{service.name} has no {options.target}", f"rollback {service.name} --list")
    return named


# ── before ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _continuing(
    engine: Engine, service: Service, options: CommandOptions, narrator: Narrator
) -> IncidentRunner | None:
    """Inside an open incident of this machine an explicit word goes on with that incident instead of a second one."""
    found = await engine.open_incidents()
    mine = [i for i in found if same_services_file.concerns(engine.fleet, service, i) and not i.guarding]
    if not mine or options.expect_current is None or options.plan:
        return None
    walk = await engine.resume(mine[0].id, telling.Hearer(narrator))
    narrator.say(f"going on with incident {mine[0].id} ({walk.incident.state})")
    incident = await walk.settled()
    if not incident.open:
        return None
    if incident.asking is Question.OUTCOME_UNKNOWN:
        raise Refused(
            f"incident {incident.id}: what was sent has no known outcome yet", next_commands.ways_on(incident)
        )
    return walk


def show_post(
    engine: Engine, plan: Plan, earlier: Incident | None, options: CommandOptions, narrator: Narrator
) -> None:
    """Show the post that would be sent the moment it begins, for the person to see before saying yes."""
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


async def _confirm(plan: Plan, options: CommandOptions, narrator: Narrator) -> None:
    """Raises Refused unless the person means it. Without a terminal nothing prompts."""
    doing = f"deploy {plan.target.name} again" if plan.again else f"go back to {plan.target.name}"
    if plan.forward:
        doing = f"go forward again to {plan.target.name}"
    phrase = plan.service if plan.typed else ""
    await yes_or_no.given(
        options, narrator, f"{plan.service}: {doing}", phrase=phrase, scripts="--expect-current RELEASE"
    )


def _blocked(plan: Plan, code: Exit) -> output.Document | None:
    return output.error(code, plan.blocked[0].text) if plan.blocked else None


# ── meanwhile ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _to_the_end(engine: Engine, walk: IncidentRunner, options: CommandOptions, narrator: Narrator) -> Result:
    """Until a person is asked or it is closed; an interrupt lets go of it, and says what that means."""
    stop, warned = asyncio.Event(), False
    with interrupts.taken(stop.set):
        while True:
            if not await interrupts.until(stop, walk.settled()):
                if warned or not walk.incident.would_abort:
                    return let_go(engine, walk.incident, narrator)
                warned = True
                stop.clear()
                narrator.say("this deploy would be aborted, perhaps half-way: once more to let go all the same", "red")
                continue
            if not declined(walk.incident):
                break
            reason = walk.incident.failure
            await walk.submit(ev.CloseAsked(at=engine.clock.now(), closing=Closing.ABORTED, reason=reason))
    if said := step_budgets.rolled_back(walk.incident, engine.fleet.budgets):
        narrator.say(said, "dim")
    if said := step_budgets.serving_again(walk.incident):
        narrator.say(said, "dim")
    return result(engine, walk.incident, options, narrator)


def declined(incident: Incident) -> bool:
    """Nothing that could replace the release was sent: the incident can be closed without a person."""
    if incident.asking is not Question.WHAT_NEXT or incident.plan is None:
        return False
    push = incident.plan.decisive
    run = incident.run_of(push.id) if push else None
    return run is None or exits.refused(incident)


def let_go(engine: Engine, incident: Incident, narrator: Narrator) -> Result:
    code = Exit.UNKNOWN if incident.wrote else Exit.INTERRUPTED
    said = "interrupted before anything was sent"
    if incident.wrote:
        said = f"interrupted: {exit_summary.words(incident)}"
    fix = f"rollback resume {incident.id}"
    narrator.say(said, "red")
    for line in exit_summary.left(incident, engine.postmortems.duty(incident)):
        narrator.say(f"  {line}", "yellow")
    narrator.say(f"  next: {fix}")
    return code, output.rollback(incident, code, said, fix)


def result(engine: Engine, incident: Incident, options: CommandOptions, narrator: Narrator) -> Result:
    code = exits.of_incident(incident)
    message, fix = _words(incident, code)
    return told(engine, incident, (code, message, fix), options, narrator)


def told(
    engine: Engine, incident: Incident, end: tuple[Exit, str, str], options: CommandOptions, narrator: Narrator
) -> Result:
    """The end of what was done on a host: the checks, what is left to do, and `end` (code, words, fix)."""
    code, message, fix = end
    telling.checks(incident, narrator)
    for line in incident.left_over:
        narrator.say(f"  still to do: {line}", "yellow")
    for line in telling.due(engine, incident):
        narrator.say(f"  {line}", "yellow")
    telling.printed(incident, narrator, failed=exits.of_incident(incident) is not Exit.DONE)
    if options.json:
        narrator.say(message, "green" if code is Exit.DONE else "red")
    else:
        output.text(message)
    if fix:
        narrator.insist(f"  next: {fix}")
    return code, output.rollback(incident, code, message, fix)


def _words(incident: Incident, code: Exit) -> tuple[str, str]:
    target = incident.plan.target.name if incident.plan else "the target"
    if code is Exit.DONE and incident.closing is Closing.UNWATCHED:
        frozen = incident.plan is not None and incident.plan.frozen_branch is not None
        tail = f"; deploys are frozen until `rollback unfreeze {incident.service}`" if frozen else ""
        if incident.plan is not None and (source := signature.signed(incident.plan).get(holders.UNHELD)):
            tail += f"; {plan_warnings.unheld(incident.app, source)}"
        return f"{incident.service} is back on {target}: verified, not watched{tail}", ""
    if code is Exit.DONE:
        why = f": {incident.close_reason}" if incident.close_reason else ""
        return f"{incident.service}: {incident.closing.value if incident.closing else 'done'} on {target}{why}", ""
    if not incident.open:
        stays = f"; {incident.kept_first}, which stays as a way back" if incident.kept_first else ""
        again = f"rollback {incident.service} previous" if incident.breach and code is Exit.UNHEALTHY else ""
        return (incident.close_reason or f"closed: {incident.closing}") + stays, again
    if incident.asking is Question.NOT_IN_ORDER:
        left = f"something of the incident is left on the host, which could not be put in order: {incident.unsettled}"
        return f"{incident.failure}; {left}" if incident.failure else left, exit_summary.onward(incident)
    return incident.failure or f"{incident.state}: {incident.asking}", exit_summary.onward(incident)
