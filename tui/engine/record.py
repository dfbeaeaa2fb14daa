"""The incident record on the host: an app that is never deployed, whose creation excludes everybody else."""

from tui.dokku import commands, kept
from tui.engine.gate import OUTSIDE
from tui.engine.links import Links, unusable
from tui.model.errors import Refused, TakenByOther
from tui.model.outcome import Answer


async def read(links: Links, host: str, app: str) -> kept.IncidentRecord | None:
    """The record of an app, or None. Raises LinkError, HostSaid."""
    config = await links.config(host, kept.incident_record(app))
    if config is None:
        return None
    return kept.record_from_config(app, config)


def may_act(record: kept.IncidentRecord | None, incident: str, *, take_over: bool, stale: bool) -> None:
    """Raises TakenByOther unless this incident may act on the app."""
    if record is None or record.incident == incident or record.frozen:
        return
    who = record.by or "somebody who is just opening it"
    since = f" since {kept.stamp(record.since)}" if record.since else ""
    if take_over:
        return
    fix = "it is stale: --take-over --reason TEXT takes it over" if stale else "--take-over --reason TEXT takes it over"
    raise TakenByOther(f"{who} has incident {record.incident or 'unknown'} on {app_of(record)}{since}", fix)


def app_of(record: kept.IncidentRecord) -> str:
    """The app a record is about."""
    return record.app


async def create(links: Links, host: str, name: str, incident: str) -> Answer:
    """Create the record, or the lock that guards taking one over: of several at once exactly one succeeds."""
    return await links.gate.write(links.host(host), host, commands.apps_create(name), timeout=60.0, incident=incident)


async def sign(links: Links, host: str, app: str, pairs: tuple[tuple[str, str], ...], incident: str) -> Answer:
    """Write onto the record."""
    argv = commands.config_set(kept.incident_record(app), pairs)
    return await links.gate.write(links.host(host), host, argv, timeout=30.0, incident=incident)


async def remove(links: Links, host: str, name: str, incident: str = OUTSIDE) -> None:
    """Destroy a record or lock of ours; it is fine if it is gone. Raises LinkError, HostSaid, Refused."""
    if not kept.is_record(name):
        raise Refused(f"{name} is no incident record", "nothing was destroyed")
    answer = await links.gate.write(
        links.host(host), host, commands.apps_destroy(name), timeout=60.0, incident=incident
    )
    if not answer.ok and answer.code != 20:
        raise unusable(answer)
