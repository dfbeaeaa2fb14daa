"""The incident record on the host: an app that is never deployed, whose creation excludes everybody else."""

from tui.dokku import commands, holders, refusals, reports
from tui.dokku.config_values import stamp
from tui.engine.hosts import gate
from tui.engine.hosts.connections import HostConnections, unusable
from tui.engine.hosts.gate import OUTSIDE
from tui.engine.ports import ClockPort, JournalPort
from tui.model.errors import Refused, TakenByOther
from tui.model.outcome import Answer, Exited, NeverStarted


async def read(links: HostConnections, host: str, app: str) -> holders.IncidentRecord | None:
    """The record of an app, or None. Raises LinkError, UnexpectedReply."""
    name = holders.incident_record(app)
    config = await links.config(host, name)
    if config is None:
        return None
    found = holders.record_from_config(app, config)
    if found.incident is not None:
        return found
    # nobody has signed it yet: only its age can tell whether anybody still will
    created_at = reports.apps_report(await links.ask_checked(host, commands.apps_report(name))).created_at
    return holders.record_from_config(app, config, created_at)


SIGNED_WITHIN = 5.0
"""seconds within which whoever creates a record, or its lock, has signed the record: 0.3 s measured"""


async def abandoned(
    links: HostConnections, clock: ClockPort, host: str, app: str, seen: holders.IncidentRecord | None
) -> bool:
    """True if the record is still as it was seen, some seconds later: then nobody is about to sign it.

    Should its owner be that slow, the signature finds no record, and that console stops. Raises LinkError,
    UnexpectedReply.
    """
    # explained by test_an_unsigned_one_is_abandoned_only_if_nobody_signs_it_in_its_time
    await clock.sleep(SIGNED_WITHIN)
    now = await read(links, host, app)
    if seen is None or now is None:
        return seen is now
    return (now.incident, now.created_at) == (seen.incident, seen.created_at)


def may_act(record: holders.IncidentRecord | None, incident: str, *, take_over: bool, stale: bool) -> None:
    """Raises TakenByOther unless this incident may act on the app."""
    if record is None or record.incident == incident or record.frozen or record.guarding:
        return
    if take_over:
        return
    if record.incident is None:
        created = f" since {stamp(record.created_at)}" if record.created_at else ""
        raise TakenByOther(
            f"somebody who is just opening it has an incident on {record.app}{created}",
            f"rollback unfreeze {record.app}: removes its record where nobody signs it",
        )
    who = record.by or "somebody"
    since = f" since {stamp(record.began)}" if record.began else ""
    fix = "it is stale: --take-over --reason TEXT takes it over" if stale else "--take-over --reason TEXT takes it over"
    raise TakenByOther(f"{who} has incident {record.incident or 'unknown'} on {record.app}{since}", fix)


async def create(links: HostConnections, host: str, name: str, incident: str) -> Answer:
    """Create the record, or the lock that guards taking one over: of several at once exactly one succeeds."""
    return await links.gate.write(links.host(host), host, commands.apps_create(name), timeout=60.0, incident=incident)


async def created(links: HostConnections, host: str, name: str, incident: str) -> bool:
    """The same; False where somebody else's is there. Raises LinkError, UnexpectedReply, Refused."""
    answer = await create(links, host, name, incident)
    if taken(answer):
        return False
    if not answer.ok:
        raise unusable(answer)
    return True


def taken(answer: Answer) -> bool:
    """True if the record or lock could not be created because somebody else's is there."""
    return not answer.ok and refusals.read(answer) is refusals.Refusal.NAME_TAKEN


async def sign(links: HostConnections, host: str, app: str, pairs: tuple[tuple[str, str], ...], incident: str) -> None:
    """Write onto the record. Raises LinkError, UnexpectedReply, Refused."""
    argv = commands.config_set(holders.incident_record(app), pairs)
    await links.write_checked(host, argv, timeout=30.0, incident=incident)


async def remove(links: HostConnections, host: str, name: str, incident: str = OUTSIDE) -> None:
    """Destroy a record or lock of this program; it is fine if it is gone. Raises LinkError, UnexpectedReply,
    Refused."""
    if not holders.is_record(name):
        raise Refused(f"{name} is no incident record", "nothing was destroyed")
    answer = await links.gate.write(
        links.host(host), host, commands.apps_destroy(name), timeout=60.0, incident=incident
    )
    if not answer.ok and not refusals.is_missing(answer):
        raise unusable(answer)


async def unremoved(journal: JournalPort, host: str, incident: str) -> set[str]:
    """The names of records and locks that an incident of this machine has created, or may have, and has not been told
    to be gone. Raises JournalError.

    They may be somebody else's by now: one of which it is not known whether it was created, or that others removed.
    """
    there, before = set[str](), dict[str, bool]()
    for sent in await gate.recorded(journal, incident):
        match sent.host == host, sent.argv, sent.outcome:
            case True, ("apps:create", name), None:
                before[name] = name in there
                there.add(name)
            case True, ("apps:create", name), Exited(code=code) if code and not before.get(name):
                there.discard(name)
            case True, ("apps:create", name), NeverStarted() if not before.get(name):
                there.discard(name)
            case True, ("apps:destroy", name, *_), Exited(code=0):
                there.discard(name)
    return {name for name in there if holders.is_record(name)}
