"""A guard's claim on a deploy: the incident record of its app in the state `guarding`.

Whoever changes a claim that is there (another guard of a later deploy, a person's rollback, an abort, the guard itself
when it ends or goes back) creates the take-over lock before, and looks again under it: of several exactly one does.

A console may die between creating a lock and removing it. Its journal has the creation: whoever goes on there removes
the lock, once nobody has changed the record for as long as anybody under a lock may take.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from tui.dokku import holders
from tui.dokku.config_values import stamp
from tui.engine.hosts import held_words, incident_record
from tui.engine.hosts.connections import HostConnections
from tui.engine.ports import ClockPort, JournalPort
from tui.model.errors import Refused, TakenByOther
from tui.model.incident import Incident
from tui.model.service import Service
from tui.ways import signature

ABORT = "abort"
"""in the journal, in place of an incident: what `abort` sends"""


async def may_begin(links: HostConnections, service: Service, now: datetime) -> holders.IncidentRecord | None:
    """The record that is there. Raises TakenByOther inside an incident, Refused while deploys are frozen."""
    found = await incident_record.read(links, service.host, service.app)
    if found is None or found.guarding:
        return found
    if found.frozen:
        words = f"deploys of {service.app} are frozen: nothing that is pushed would go live"
        raise Refused(words, f"rollback unfreeze {service.name}")
    try:
        incident_record.may_act(found, "", take_over=False, stale=holders.record_is_stale(found, now))
    except TakenByOther as taken:  # a guard takes no incident over
        raise TakenByOther(taken.message, f"rollback status {service.name}") from taken
    return found


async def take(
    links: HostConnections, service: Service, incident: str, by: str, until: datetime, at: datetime, deploy: str
) -> None:
    """Claim the deploy. Raises TakenByOther where somebody else has it, Refused, LinkError, UnexpectedReply."""
    host, app = service.host, service.app
    found = await may_begin(links, service, at)
    if found is not None and found.deploy == deploy and not holders.record_is_stale(found, at):
        who = found.by or "somebody"
        raise TakenByOther(
            f"another guard follows this deploy of {app}: that of {who}", f"rollback abort {service.name}"
        )
    pairs = (
        *holders.record_pairs(incident, by, at, holders.GUARDING),
        (holders.WATCH_UNTIL, stamp(until)),
        (holders.DEPLOY, deploy),
    )
    if found is None:
        if not await incident_record.created(links, host, holders.incident_record(app), incident):
            raise TakenByOther(f"somebody else has just taken {app}", "rollback status")
        try:
            await incident_record.sign(links, host, app, pairs, incident)
        except BaseException:
            await incident_record.remove(links, host, holders.incident_record(app), incident)
            raise
        return
    async with _locked(links, host, app, incident) as free:
        if not free:
            words, fix = await held_words.lock(links, service.name, host, app)
            raise TakenByOther(words, f"ask them; where nobody is at it any more: {fix}")
        now = await incident_record.read(links, host, app)
        if now is None or now.incident != found.incident or not now.guarding:
            raise TakenByOther(f"somebody else has just taken {app}", "rollback status")
        await incident_record.sign(links, host, app, pairs, incident)


async def lost(links: HostConnections, incident: Incident) -> str:
    """Why the claim is not the guard's any more, in words; empty: it is. Raises LinkError, UnexpectedReply."""
    found = await incident_record.read(links, incident.host, incident.app)
    if found is None:
        return f"the guard was ended from outside (`rollback abort {incident.service}`)"
    if found.incident != incident.known_as:
        return f"{found.by or 'somebody'} took it over with incident {found.incident or 'unknown'}"
    return "the guard was told to stop before its pack left" if found.state == holders.ABORTED else ""


async def let_go(links: HostConnections, clock: ClockPort, journal: JournalPort, incident: Incident) -> bool:
    """Remove the claim, if it is the guard's still, and what a console that died in the middle of it left; False where
    somebody is just taking it over. Raises as `lost`."""
    host, app, name = incident.host, incident.app, holders.incident_record(incident.app)
    if not await clear(links, clock, journal, host, app, incident.id):
        return False
    if not await _is_of(links, incident):
        return True
    async with _locked(links, host, app, incident.id) as free:
        if free and await _is_of(links, incident):
            await incident_record.remove(links, host, name, incident.id)
        return free


async def _is_of(links: HostConnections, incident: Incident) -> bool:
    found = await incident_record.read(links, incident.host, incident.app)
    return found is not None and found.incident == incident.known_as


async def clear(
    links: HostConnections, clock: ClockPort, journal: JournalPort, host: str, app: str, incident: str
) -> bool:
    """Remove the lock, and the unsigned record, that a console of this incident left when it died; False where somebody
    else is at it. Raises JournalError, LinkError, UnexpectedReply, Refused."""
    left = await incident_record.unremoved(journal, host, incident)
    record, lock = holders.incident_record(app), holders.takeover_lock(app)
    if not left & {record, lock}:
        return True
    found = await incident_record.read(links, host, app)
    unsigned = record in left and found is not None and found.incident is None
    if not unsigned and lock not in left:
        return True
    if not await incident_record.abandoned(links, clock, host, app, found):
        return False
    if unsigned:
        await incident_record.remove(links, host, record, incident)
    if lock in left:
        await incident_record.remove(links, host, lock, incident)
    return True


async def abort(links: HostConnections, clock: ClockPort, journal: JournalPort, service: Service) -> str:
    """End any guard that has claimed a deploy of the app. Returns what that came to, in words.

    Raises Refused where there is none, JournalError, LinkError, UnexpectedReply.
    """
    host, app = service.host, service.app
    await clear(links, clock, journal, host, app, ABORT)
    found = await incident_record.read(links, host, app)
    if found is None or found.deploy in (None, signature.NOWHERE) or found.frozen:
        raise Refused(f"no guard follows a deploy of {app}", "rollback status")
    who, waits = f"the guard of {found.by or 'somebody'}", False
    if found.guarding:
        async with _locked(links, host, app, ABORT) as free:
            now = await incident_record.read(links, host, app)
            waits = now is not None and now.guarding and now.incident == found.incident
            if free and waits:
                await incident_record.remove(links, host, holders.incident_record(app))
                return f"{who} is ended: it sees that within seconds, and nothing of {app} was changed"
    await incident_record.sign(links, host, app, (("ROLLBACK_STATE", holders.ABORTED),), ABORT)
    if waits:
        words, fix = await held_words.lock(links, service.name, host, app)
        return f"{who} is told to stop; {words}; where nobody is at it any more: {fix}"
    return (
        f"{who} is rolling back now, and is told to stop: it does where its push has not left yet; a push that has "
        f"goes on at the host to its end. `rollback status {service.name}` says what serves"
    )


@asynccontextmanager
async def _locked(links: HostConnections, host: str, app: str, incident: str) -> AsyncIterator[bool]:
    """Holds the take-over lock inside the block; False where somebody else does."""
    name = holders.takeover_lock(app)
    if not await incident_record.created(links, host, name, incident):
        yield False
        return
    try:
        yield True
    finally:
        await incident_record.remove(links, host, name, incident)
