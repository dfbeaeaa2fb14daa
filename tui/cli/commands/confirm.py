"""`rollback confirm PLAN-ID`: a person lets a plan be carried out that an agent proposed; without ID those that wait.

It is planned again first, and has to be exactly what was proposed. Every refusal and the confirmation are on record
beside the proposal; the incident's journal names the plan.
"""

from tui.cli import output
from tui.cli.commands import rollback as single
from tui.cli.commands import telling
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.drivers.proposals import Proposals
from tui.engine import same_services_file
from tui.engine.engine import Engine
from tui.incident import proposal_valid
from tui.model.errors import ConfigError, ConsoleError, Refused
from tui.model.plan import Plan
from tui.model.proposal import VALID_FOR, Proposal, ProposalEntry, ProposalWord
from tui.model.release import target_of
from tui.text.clean import clean_line
from tui.ways.facts import Options

Result = tuple[Exit, output.Document]


async def confirm(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Plan anew, compare, ask, and carry out; refused and on record where anything is not as proposed."""
    store = Proposals()
    if options.plan_id is None:
        return _waiting(engine, store, options)
    proposal = store.read(options.plan_id)
    try:
        plan = await _as_proposed(engine, store, proposal)
        narrator.plan(plan)
        narrator.say(f"  proposed by an agent ({proposal.id}): {proposal.reason or 'no reason given'}", "yellow")
        options = await single.agreed(engine, plan, options, narrator)
        if old := proposal_valid.stale(proposal, engine.clock.now()):  # while the person thought about it
            raise Refused(old, "ask for a new plan")
    except ConsoleError as error:
        store.note(proposal.id, _entry(engine, ProposalWord.REFUSED, error.message))
        raise
    store.take(proposal.id, _entry(engine, ProposalWord.CONFIRMED))
    said = "; ".join(filter(None, (options.reason, proposal.reason)))
    reason = f"{proposal.id}, proposed by an agent, confirmed by {engine.by}" + (f": {said}" if said else "")
    walk = await engine.open(plan, clean_line(reason), telling.Hearer(narrator))
    return await single.carry_out(engine, walk, options, narrator)


async def _as_proposed(engine: Engine, store: Proposals, proposal: Proposal) -> Plan:
    """The plan as it is made now. Raises Refused where it may not be carried out, ConfigError for another file."""
    if store.taken(proposal.id):
        store.take(proposal.id, _entry(engine, ProposalWord.CONFIRMED))  # raises, and says who took it
    if old := proposal_valid.stale(proposal, engine.clock.now()):
        raise Refused(old, "ask for a new plan")
    if (here := same_services_file.path(engine.fleet)) != proposal.file:
        raise ConfigError(f"{proposal.id} was planned with {proposal.file}, this is {here}", "--services that file")
    was = proposal.plan
    service = engine.service(was.service)
    if (address := engine.fleet.host(service.host).ssh) != proposal.address:
        raise Refused(f"the host was {proposal.address}, {here} says {address} now", "ask for a new plan")
    incident = was.attempt.rpartition(".")[0]
    plan = await engine.plan(service, target_of(was.target), Options(), way=was.way, known_as=incident)
    if different := proposal_valid.differences(was, plan):
        raise Refused(f"not as proposed any more: {'; '.join(different)}", "ask for a new plan")
    return plan


def _entry(engine: Engine, word: ProposalWord, why: str = "") -> ProposalEntry:
    return ProposalEntry(at=engine.clock.now(), word=word, by=engine.by, why=clean_line(why))


def _waiting(engine: Engine, store: Proposals, options: CommandOptions) -> Result:
    """The proposals, with what became of each."""
    now, items = engine.clock.now(), []
    for one in store.all():
        entries = store.entries(one.id)
        state = "taken" if store.taken(one.id) else "stale" if proposal_valid.stale(one, now) else "waits"
        taken = [entry for entry in entries if entry.word is ProposalWord.CONFIRMED]  # not what came later
        said = (taken or entries)[-1] if entries else None
        last = f", {said.word.value} by {said.by}: {said.why}" if said is not None else ""
        if not options.json:
            words = f"{one.plan.service}: {one.plan.leaving.name} to {one.plan.target.name}"
            output.text(f"{one.id}  {state:<6} {words}{last.rstrip(': ')}")
        items.append({
            "plan_id": one.id,
            "state": state,
            "service": one.plan.service,
            "from": output.named(one.plan.leaving),
            "to": output.named(one.plan.target),
            "reason": one.reason or None,
            "made_at": output.time(one.made_at),
            "valid_until": output.time(one.made_at + VALID_FOR),
            "entries": [
                {"at": output.time(e.at), "word": e.word.value, "by": e.by, "why": e.why or None} for e in entries
            ],
        })  # fmt: skip
    if not items and not options.json:
        output.text("no plan waits: no agent has proposed one on this machine")
    return Exit.DONE, output.listing("proposals", items, exit_code=0, error=None)
