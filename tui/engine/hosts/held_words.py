"""The words for what holds an app on its host: whose it is, how old, and what removes it once nobody is at it."""

from datetime import datetime

from tui.dokku import commands, holders, reports
from tui.dokku.config_values import stamp
from tui.engine.concurrency import together
from tui.engine.hosts import incident_record
from tui.engine.hosts.connections import HostConnections
from tui.incident.deploy_or_not import worded
from tui.model.errors import LinkError, UnexpectedReply


def since(began: datetime | None, now: datetime) -> str:
    """Since when it is there, and how long that is; empty where the host does not say."""
    return "" if began is None else f" since {stamp(began)} ({worded(now - began)})"


def removes(service: str, record: holders.IncidentRecord | None) -> str:
    """The command that removes an app's record and its take-over lock. What somebody signed needs a word more."""
    nobodys = record is None or record.frozen or record.incident is None
    return f"rollback unfreeze {service}{'' if nobodys else ' --take-over --reason TEXT'}"


def said(record: holders.IncidentRecord, now: datetime) -> str:
    """What holds an app that nobody froze: whose it is, since when."""
    if record.incident is None:
        return f"a record that nobody has signed is there{since(record.began, now)}"
    who = f"{record.incident} of {record.by or 'unknown'}{since(record.began, now)}"
    if not record.guarding:
        return f"incident {who} is open"
    if holders.record_is_stale(record, now):
        return f"the claim of the guard {who} is left: it ended without a word"
    return f"the guard {who} follows what was deployed"


def way_on(service: str, record: holders.IncidentRecord, now: datetime) -> str:
    """What ends it where its owner died; empty while somebody is likely at it."""
    if record.frozen or record.incident is None:
        return removes(service, record)
    if not holders.record_is_stale(record, now):
        return ""
    if record.guarding:
        return f"rollback abort {service}"
    return f"ask them; where nobody is at it any more: {removes(service, record)}"


async def lock(links: HostConnections, service: str, host: str, app: str) -> tuple[str, str]:
    """The words for a take-over lock that is in the way, and the command that removes it.

    Nobody signs a lock: the record says who has the app. What cannot be read is left out.
    """
    name, now = holders.takeover_lock(app), links.now()
    record, began = None, None
    try:
        answer, record = await together(
            links.ask(host, commands.apps_report(name)), incident_record.read(links, host, app)
        )
        began = reports.apps_report(answer.stdout).created_at if answer.ok else None
    except (LinkError, UnexpectedReply):
        pass  # the lock is in the way all the same
    whose = f", on the record of {record.by or 'unknown'}{since(record.began, now)}" if record is not None else ""
    words = f"somebody is just taking {app} over, or died at it: {name} is there{since(began, now)}{whose}"
    return words, removes(service, record)


async def taken(links: HostConnections, service: str, host: str, app: str, name: str) -> str:
    """Why a record or lock could not be created, in words, with the way on where somebody may have died."""
    if name != holders.takeover_lock(app):
        return f"somebody else has just taken {app}: {name} exists"
    words, fix = await lock(links, service, host, app)
    return f"{words}; where nobody is at it any more: {fix}"
