"""May a drill be begun on a host now, and which image that is there can its app be built from? Nothing is changed."""

from tui.dokku import builders, commands, holders, reports
from tui.engine.concurrency import together
from tui.engine.engine import Engine
from tui.engine.hosts import incident_record
from tui.engine.releases import catalog
from tui.model.drill import is_drill
from tui.model.errors import Refused, TakenByOther

MOST = 3
"""images that are tried, one after the other"""
ASKED = 6
"""holders whose config is read for it"""
_OWN_START = (builders.HEROKUISH, builders.PACK)
"""builders whose images start by a program of their own, which Dokku puts before any command"""


async def check(engine: Engine, host: str) -> tuple[str, ...]:
    """Every app of the host. Raises Refused, TakenByOther where an incident, a guard or a deploy is there, or another
    drill; LinkError, UnexpectedReply."""
    if engine.gate.read_only:
        raise Refused("read-only: a drill makes an app on the host", "start without --read-only")
    for one in await engine.open_incidents():
        if one.host == host and one.address in ("", engine.fleet.host(host).ssh):
            raise TakenByOther(f"incident {one.id} on {one.service} is open", f"rollback resume {one.known_as}")
    for lost in await engine.illegible():
        if lost.host == host:
            raise TakenByOther(lost.why, lost.fix)
    names = await catalog.names(engine.links, host)
    for name in names:
        if is_drill(name):
            words = f"{name} is there: another drill is at work, or one that died left it"
            raise TakenByOther(words, "rollback resume, on the machine that began it")
    await _no_incident(engine, host, names)
    await _no_deploy(engine, host, names)
    return names


async def _no_incident(engine: Engine, host: str, names: tuple[str, ...]) -> None:
    taken = [name for name in names if holders.is_record(name)]
    apps = [name.rpartition("--")[0] for name in taken]
    for name, found in zip(
        taken, await together(*(incident_record.read(engine.links, host, app) for app in apps)), strict=True
    ):
        if found is not None and found.frozen:
            continue
        who = (found.by if found is not None else None) or "somebody"
        words = f"{who} has an incident, or guards a deploy, on this host ({name}): no drill beside it"
        raise TakenByOther(words, "rollback status; the drill can wait")


async def _no_deploy(engine: Engine, host: str, names: tuple[str, ...]) -> None:
    apps = [name for name in names if not holders.is_ours(name)]
    told = await together(*(engine.links.ask_checked(host, commands.apps_report(app)) for app in apps))
    locked = [app for app, report in zip(apps, told, strict=True) if reports.apps_report(report).locked]
    if locked:
        words = f"a deploy of {', '.join(locked)} is running on this host: no drill beside it"
        raise Refused(
            words, f"when it has ended; if nobody deploys, one that died left its lock: apps:unlock {locked[0]}"
        )


async def images(engine: Engine, host: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Images to build the app from, the best first: kept ones, then those of deployed apps. Raises Refused where there
    is none, LinkError, UnexpectedReply."""
    found: list[str] = []
    kept = sorted((name for name in names if holders.parse_holder(name)), key=holders.time_of, reverse=True)
    for name in kept[:ASKED]:
        config = await engine.links.config(host, name) or {}
        if config.get("ROLLBACK_SCHEMA") == "1" and config.get("ROLLBACK_BUILDER") not in _OWN_START:
            found.append(f"dokku/{name}:latest")
    ours = [service.app for service in engine.fleet.services if service.host == host and service.app in names]
    for app in dict.fromkeys((*ours, *(name for name in names if not holders.is_ours(name)))):
        if len(found) >= MOST:
            break
        told = reports.ps_report(await engine.links.ask_checked(host, commands.ps_report(app)))
        if told.deployed and told.running != "false":
            found.append(f"dokku/{app}:latest")
    if not found:
        raise Refused("no app runs on this host, and no release is kept: there is no image to drill with", "deploy one")
    return tuple(found[:MOST])
