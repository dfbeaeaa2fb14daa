"""`unfreeze`: deploys go through again; what was pushed meanwhile, what a rebuild would do, the tip if it is wanted."""

from tui.cli import output, yes_or_no
from tui.cli.commands import rollback as single
from tui.cli.commands import telling
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.dokku import holders
from tui.engine import branch_tip, same_services_file
from tui.engine.engine import Engine
from tui.engine.hosts import incident_record
from tui.engine.releases.freeze import NO_WORD, TeamBranch, UnfreezeWord, Unfrozen
from tui.model.errors import AlreadyThere, ConsoleError, Refused
from tui.model.incident import Closing, Incident
from tui.model.service import Service

Result = tuple[Exit, output.Document]


async def unfreeze(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Let deploys through again; with `--deploy-tip` deploy what is on the branch, confirmed and proven."""
    service = engine.service(options.names[0])
    await _whose(engine, service)
    deploy = options.deploy_tip
    word = UnfreezeWord(branch=options.branch, take_over=options.take_over)
    if not options.yes and not narrator.interactive:
        raise Refused("nobody can be asked: this is no terminal, and nothing was unfrozen", "add --yes")
    if not options.yes and not deploy:  # a deploy of the tip is asked about with its plan
        seen = await engine.freezer.preview(service, word)
        said = await _asked(service, seen, narrator)
        if said is None:
            raise Refused(f"{service.name} stays frozen", f"rollback unfreeze {service.name}")
        deploy = said
    return await _unfrozen(engine, service, options, narrator, deploy=deploy)


async def _whose(engine: Engine, service: Service) -> None:
    """Raises ConfigError where what freezes this service is an incident of another services file, or where nothing does
    and a service of the same name in another file is frozen; as far as this machine's journal knows them."""
    record = await incident_record.read(engine.links, service.host, service.app)
    known = [i for i in await engine.incidents() if i.service == service.name and (i.left_frozen or i.open)]
    if record is not None:
        known = [i for i in known if record.incident in (i.id, i.known_as)]
    elif holders.is_frozen((await engine.links.current(service.host, service.app)).branch):
        return
    for incident in known[:1]:
        same_services_file.check(engine.fleet, incident)


async def offer(engine: Engine, incident: Incident, options: CommandOptions, narrator: Narrator) -> None:
    """A watched rollback recovered, and a person is there: unfreeze now?

    The rollback is over: what becomes of this is narrated, and changes nothing of its exit code.
    """
    if not (narrator.interactive and incident.closing is Closing.RECOVERED and incident.left_frozen):
        return
    service = engine.service(incident.service)
    try:
        seen = None if options.yes else await engine.freezer.preview(service, NO_WORD)
        said = None if seen is None else await _asked(service, seen, narrator)
        if said is not None:
            await _unfrozen(engine, service, options, narrator, deploy=said)
            return
    except ConsoleError as error:
        narrator.say(f"{error.message} {error.fix}".rstrip(), "red")
    narrator.say(f"{service.name} stays frozen until: rollback unfreeze {service.name}", "yellow")


async def _unfrozen(
    engine: Engine, service: Service, options: CommandOptions, narrator: Narrator, *, deploy: bool
) -> Result:
    word = UnfreezeWord(branch=options.branch, take_over=options.take_over)
    done: Unfrozen | None = None
    try:
        done = await engine.unfreeze(service, word)
    except AlreadyThere:
        if not deploy:
            raise
        narrator.say(f"{service.name} is not frozen")
    if done is not None:
        _tell(done, narrator, deploy=deploy)
    code, deployed = Exit.DONE, None
    if deploy and (done is None or not done.standing.settled):
        try:
            code, deployed = await _deployed(engine, service, options, narrator)
        except Refused as refused:
            if done is None:
                raise
            if isinstance(refused, AlreadyThere):
                return Exit.DONE, _document(service, done, Exit.DONE, None)
            narrator.say(f"deploys go through again; the tip was not deployed: {refused.message}", "red")
            code, deployed = Exit.REFUSED, output.failure("rollback", Exit.FAILED, refused.message, refused.fix)
    if code is Exit.REFUSED and done is not None:  # of the deploy nothing is left, but it is unfrozen
        code = Exit.FAILED
    return code, _document(service, done, code, deployed)


async def _deployed(engine: Engine, service: Service, options: CommandOptions, narrator: Narrator) -> Result:
    """The tip, built on the host: planned, confirmed, proven."""
    made = await branch_tip.plan(engine, service)
    narrator.plan(made)
    options = await single.agreed(engine, made, options, narrator)
    reason = f"deploy of the tip of {made.before.branch}" + (f": {options.reason}" if options.reason else "")
    walk = await engine.open(made, reason, telling.Hearer(narrator))
    return await single.carry_out(engine, walk, options, narrator)


async def _asked(service: Service, seen: TeamBranch, narrator: Narrator) -> bool | None:
    """None: it stays frozen; else whether the tip is to be deployed, too."""
    _listed(seen, narrator)
    tail = "" if seen.settled else ", or `deploy` to do that and then deploy the tip"
    said = (await narrator.ask(f"let deploys of {service.name} through? [y/N{tail}] ")).lower()
    if said == "deploy" and not seen.settled:
        return True
    return False if said in {*yes_or_no.YES, "unfreeze"} else None


def _listed(seen: TeamBranch, narrator: Narrator) -> None:
    """List the commits of the branch that do not run, newest first."""
    if seen.trouble:
        narrator.say(f"what was pushed to {seen.branch} cannot be read: {seen.trouble}", "yellow")
    if not seen.pushed:
        return
    narrator.say(f"on {seen.branch}, and not what runs (newest first):")
    bad = dict(seen.bad)
    for commit in seen.pushed:
        mark = f"  MARKED BAD: {bad[commit.id]}" if commit.id in bad else ""
        when = output.time(commit.at) or "unknown"
        narrator.say(f"  {commit.id[:10]}  {commit.subject}  ({commit.author}, {when}){mark}", "red" if mark else "")
    if seen.more:
        narrator.say("  … and older ones: what runs is not among the newest", "dim")


def _tell(done: Unfrozen, narrator: Narrator, *, deploy: bool) -> None:
    seen = done.standing
    narrator.say(f"{done.service}: deploys go to {seen.branch} again", "green")
    if seen.settled:
        narrator.say(f"settled: what stands on {seen.branch} is what runs")
    else:
        _listed(seen, narrator)
        narrator.say(
            f"UNSETTLED: {(seen.serves or 'unknown')[:10]} serves, {seen.branch} stands at "
            f"{(seen.tip or 'nothing')[:10]}: a rebuild would deploy that",
            "yellow",
        )
        if not deploy:
            narrator.say(f"  deploy the tip:  rollback unfreeze {done.service} --deploy-tip, or {done.next_deploy}")
    narrator.say(f"  next normal deploy:  {done.push}")


def _document(service: Service, done: Unfrozen | None, code: Exit, deployed: output.Document | None) -> output.Document:
    seen = done.standing if done is not None else None
    bad = dict(seen.bad) if seen is not None else {}
    pushed = [
        {"commit": c.id, "subject": c.subject, "author": c.author, "at": output.time(c.at), "bad": bad.get(c.id)}
        for c in (seen.pushed if seen is not None else ())
    ]
    return {
        "schema": output.SCHEMA,
        "kind": "unfreeze",
        "service": service.name,
        "app": service.app,
        "branch": seen.branch if seen else None,
        "tip": seen.tip if seen else None,
        "serves": seen.serves if seen else None,
        "settled": seen.settled if seen else None,
        "pushed": pushed,
        "next_deploy": done.next_deploy if done else None,
        "push": done.push if done else None,
        "deploy": deployed,
        "exit_code": int(code),
        "error": deployed["error"] if deployed else None,
    }
