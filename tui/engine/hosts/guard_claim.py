"""A guard's claim on a deploy: the incident record of its app in the state `guarding`.

Whoever changes a claim that is there (another guard of a later deploy, a person's rollback, an abort, the guard itself
when it ends or goes back) creates the take-over lock before, and looks again under it: of several exactly one does.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from tui.dokku import commands, holders
from tui.engine.hosts import incident_record
from tui.engine.hosts.connections import HostConnections, unusable
from tui.model.errors import Refused, TakenByOther
from tui.model.incident import Incident
from tui.model.service import Service
from tui.ways import signature


async def may_begin(links: HostConnections, service: Service, now: datetime) -> holders.IncidentRecord | None:
    """The record that is there. Raises TakenByOther inside an incident, Refused while deploys are frozen."""
    found = await incident_record.read(links, service.host, service.app)
    if found is None or found.guarding:
        return found
    if found.frozen:
        words = f"deploys of {service.app} are frozen: nothing that is pushed would go live"
        raise Refused(words, f"rollback unfreeze {service.name}")
    incident_record.may_act(found, "", take_over=False, stale=holders.is_stale(found, now))
    return found


async def take(links: HostConnections, service: Service, incident: str, by: str, until: datetime, at: datetime,
               deploy: str) -> None:  # fmt: skip
    """Claim the deploy. Raises TakenByOther where somebody else has it, Refused, LinkError, HostSaid."""
    host, app = service.host, service.app
    found = await may_begin(links, service, at)
    if found is not None and found.deploy == deploy and not holders.is_stale(found, at):
        who = found.by or "somebody"
        raise TakenByOther(
            f"another guard follows this deploy of {app}: that of {who}", f"rollback abort {service.name}"
        )
    pairs = (
        ("ROLLBACK_SCHEMA", "1"),
        ("ROLLBACK_INCIDENT", incident),
        ("ROLLBACK_BY", by),
        ("ROLLBACK_SINCE", holders.stamp(at)),
        ("ROLLBACK_STATE", holders.GUARDING),
        (holders.WATCH_UNTIL, holders.stamp(until)),
        (holders.DEPLOY, deploy),
    )
    if found is None:
        created = await incident_record.create(links, host, holders.incident_record(app), incident)
        if incident_record.taken(created):
            raise TakenByOther(f"somebody else has just taken {app}", "rollback status")
        if not created.ok:
            raise unusable(created)
        try:
            await _sign(links, service, pairs, incident)
        except BaseException:
            await incident_record.remove(links, host, holders.incident_record(app), incident)
            raise
        return
    async with _locked(links, service, incident) as free:
        now = await incident_record.read(links, host, app) if free else None
        if now is None or now.incident != found.incident or not now.guarding:
            raise TakenByOther(f"somebody else has just taken {app}", "rollback status")
        await _sign(links, service, pairs, incident)


async def lost(links: HostConnections, incident: Incident) -> str:
    """Why the claim is not the guard's any more, in words; empty: it is. Raises LinkError, HostSaid."""
    found = await incident_record.read(links, incident.host, incident.app)
    if found is None:
        return f"the guard was ended from outside (`rollback abort {incident.service}`)"
    if found.incident != incident.known_as:
        return f"{found.by or 'somebody'} took it over with incident {found.incident or 'unknown'}"
    return "the guard was told to stop before its pack left" if found.state == holders.ABORTED else ""


async def let_go(links: HostConnections, incident: Incident) -> bool:
    """Remove the claim, if it is the guard's still; False where somebody is just taking it over. Raises as `lost`."""
    service = Service(name=incident.service, title="", host=incident.host, app=incident.app)
    if await lost(links, incident):
        return True
    async with _locked(links, service, incident.id) as free:
        if free and not await lost(links, incident):
            await incident_record.remove(links, incident.host, holders.incident_record(incident.app), incident.id)
        return free


async def abort(links: HostConnections, service: Service) -> str:
    """End whichever guard has claimed a deploy of the app: what that came to. Raises Refused, LinkError, HostSaid."""
    host, app, mine = service.host, service.app, "abort"
    found = await incident_record.read(links, host, app)
    if found is None or found.deploy in (None, signature.NOWHERE) or found.frozen:
        raise Refused(f"no guard follows a deploy of {app}", "rollback status")
    who = f"the guard of {found.by or 'somebody'}"
    if found.guarding:
        async with _locked(links, service, mine) as free:
            now = await incident_record.read(links, host, app) if free else None
            if now is not None and now.guarding and now.incident == found.incident:
                await incident_record.remove(links, host, holders.incident_record(app))
                return f"{who} is ended: it sees that within seconds, and nothing of {app} was changed"
    answer = await incident_record.sign(links, host, app, (("ROLLBACK_STATE", holders.ABORTED),), mine)
    if not answer.ok:
        raise unusable(answer)
    return (
        f"{who} is rolling back now, and is told to stop: it does where its push has not left yet; a push that has "
        f"goes on at the host to its end. `rollback status {service.name}` says what serves"
    )


@asynccontextmanager
async def _locked(links: HostConnections, service: Service, incident: str) -> AsyncIterator[bool]:
    """Whether the take-over lock could be created; it is removed at the end."""
    name = holders.takeover_lock(service.app)
    answer = await incident_record.create(links, service.host, name, incident)
    if incident_record.taken(answer):
        yield False
        return
    if not answer.ok:
        raise unusable(answer)
    try:
        yield True
    finally:
        await incident_record.remove(links, service.host, name, incident)


async def _sign(links: HostConnections, service: Service, pairs: tuple[tuple[str, str], ...], incident: str) -> None:
    answer = await links.gate.write(
        links.host(service.host),
        service.host,
        commands.config_set(holders.incident_record(service.app), pairs),
        timeout=30.0,
        incident=incident,
    )
    if not answer.ok:
        raise unusable(answer)
