"""May a drill be begun on a host now, and which image that is there can its app be built from? Nothing is changed."""

import contextlib

from tui.dokku import builders, commands, holders, refusals, reports
from tui.engine.concurrency import together
from tui.engine.engine import Engine
from tui.engine.hosts import incident_record
from tui.engine.hosts.connections import unusable
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
    at_work = await together(*(_deploys(engine, host, app) for app in apps))
    if locked := [app for app, busy in zip(apps, at_work, strict=True) if busy]:
        words = f"a deploy of {', '.join(locked)} is running on this host: no drill beside it"
        raise Refused(
            words, f"when it has ended; if nobody deploys, one that died left its lock: apps:unlock {locked[0]}"
        )


async def _deploys(engine: Engine, host: str, app: str) -> bool:
    """True if a deploy of the app seems to run; an app that was destroyed since the names were read has none."""
    answer = await engine.links.ask(host, commands.apps_report(app))
    if refusals.is_missing(answer):
        return False
    if not answer.ok:
        raise unusable(answer)
    return bool(reports.apps_report(answer.stdout).locked) and await engine.links.may_build(host, app)


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
        if await _runs(engine, host, app):
            found.append(f"dokku/{app}:latest")
    if not found:
        raise Refused("no app runs on this host, and no release is kept: there is no image to drill with", "deploy one")
    return tuple(found[:MOST])


async def _runs(engine: Engine, host: str, app: str) -> bool:
    """True if the app is known to run; one that cannot be read has no image for a drill."""
    answer = await engine.links.ask(host, commands.ps_report(app))
    with contextlib.suppress(reports.Unreadable):  # unknown: then no drill is built from it
        told = reports.ps_report(answer.stdout) if answer.ok else None
        return told is not None and bool(told.deployed) and told.running != "false"
    return False
