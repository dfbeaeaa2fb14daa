"""`status`: health now, what runs, who has an incident; and who is on call."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from tui.cli import chosen_services, first_night, interrupts, output
from tui.cli.exits import Exit, gravest, of_error
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.dokku import freeze_age, holders
from tui.dokku.config_values import read_stamp
from tui.engine import same_services_file
from tui.engine.concurrency import meanwhile, together
from tui.engine.engine import Engine
from tui.engine.hosts import held_words
from tui.engine.hosts.overview import HostReads
from tui.engine.releases import catalog
from tui.engine.releases.catalog import Listing
from tui.incident.deploy_or_not import ago, worded
from tui.model.errors import ConsoleError
from tui.model.health import Probe, ProbeOutcome
from tui.model.observation import RunningState
from tui.model.service import Service
from tui.releases import choose_release, restart_risk, what_runs
from tui.text import numbers
from tui.ways import plan_warnings
from tui.ways import redeploy_current as anew

Result = tuple[Exit, output.Document]
AT_ONCE = 8
"""services whose hosts are asked at once: more than keep a connection busy only wait, and a wait of 20 s is an error"""


async def status(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Health now, what runs, who has an incident; one line per service; with `--watch` again and again."""
    if not options.again:
        return await _looked(engine, options, narrator, output.text)
    stop, code, before = asyncio.Event(), Exit.DONE, list[str]()
    with interrupts.taken(stop.set):
        while not stop.is_set():
            lines: list[str] = []
            code, document = await _looked(engine, options, narrator, lines.append)
            _again(document, lines, before, engine.clock.now(), options)
            before = lines
            await interrupts.until(stop, engine.clock.sleep(options.every.total_seconds()))
    return code, {}


def _again(
    document: output.Document, lines: list[str], before: list[str], now: datetime, options: CommandOptions
) -> None:
    """One more look: as an object a line, on the same place of a terminal, or what is new in it."""
    if options.json:
        output.follow(document)
    elif output.redraws() and not options.accessible:
        output.screen([*lines, "", f"{now:%H:%M:%S}Z; every {numbers.length(options.every)}; Ctrl-C ends"])
    else:
        for line in lines:
            if line not in before:
                output.follow(f"{now:%H:%M:%S}Z {line}")


async def _looked(engine: Engine, options: CommandOptions, narrator: Narrator, tell: Callable[[str], None]) -> Result:
    """One look at all of it; each line for people goes to `tell` when it is known."""
    services = chosen_services.chosen(engine, options)
    async with meanwhile() as begin:
        duty = begin(engine.duty.refresh())
        hosts = sorted({s.host for s in services})
        reads = {host: HostReads(engine.links, host, (), begin) for host in hosts}
        room = asyncio.Semaphore(AT_ONCE)
        asked = [begin(_status(engine, s, reads[s.host], room)) for s in services]
        told = []
        for task in asked:  # each line when it is known, in the order of the services
            row, code_of = await task
            told.append((row, code_of))
            if not options.json:
                _print(row, engine.clock.now(), tell)
        await duty
    rows = [row for row, _ in told]
    code = gravest(code for _, code in told)
    open_here, lost = await engine.records.open()
    if not options.json:
        for line in on_call(engine):
            tell(line)
    never = tuple(str(row["service"]) for row in rows if row["never_kept"])
    if not options.again:
        for incident in open_here:
            where = same_services_file.elsewhere(engine.fleet, incident)
            how = f"rollback resume {incident.known_as}{' with that file' if where else ''}"
            narrator.say(f"open incident {incident.id} on {incident.service}{where}: {how}", "yellow")
        for one in lost:
            narrator.say(f"open incident on {one.service}: {one.why}: {one.fix}", "red")
        first_night.warn(never, narrator)
    unread = [row["service"] for row in rows if row["error"]]
    said = f"what runs could not be read of {', '.join(unread)}" if unread else ""
    document = output.listing(
        "status",
        rows,
        open_incidents=[i.id for i in open_here],
        illegible=[output.illegible(one) for one in lost],
        services=engine.fleet.path,
        never_kept=list(never),
        on_call=_on_call(engine),
        exit_code=int(code),
        error=output.error(code, said),
    )
    return code, document


def _print(row: output.Document, now: datetime, tell: Callable[[str], None]) -> None:
    """One service, for people."""
    tell(
        f"{row['service']:<16} {row['health']:<12} {row['release'] or 'unknown':<18} "
        f"{row['detail'] or ''}{_held(row)}{_image(row, now)}"
        f"{'  NOTHING RUNS' if row['serves'] is False else ''}"
        f"{'  RESTARTING: it does not stay up' if row['restarting'] else ''}"
        f"{'  NOT WHAT WAS DEPLOYED LAST: a rebuild replaced it' if row['rebuilt'] else ''}"
        f"{_risk(row)}{_pods(row)}"
        f"{'  UNSETTLED: a rebuild would deploy the tip' if row['settled'] is False else ''}".rstrip()
    )
    for line in _more(row):
        tell(f"{'':<16} {line}")
    if row["error"] and row["error"]["fix"]:
        tell(f"{'':<16} fix: {row['error']['fix']}")


def _more(row: output.Document) -> list[str]:
    """Each address that was asked beside others; and of a service that is not well, whom to ask and where to look."""
    lines = [f"{one['health']:<12} {one['url']}  {one['detail']}".rstrip() for one in row["asked"]]
    if row["health"] != ProbeOutcome.HEALTHY:
        lines += [f"owner        {row['owner']}"] if row["owner"] else []
        lines += [f"{name:<12} {address}" for name, address in row["links"].items()]
    return lines


def on_call(engine: Engine) -> list[str]:
    """The people on call, how old that is, and those whom the runbook names."""
    duty, found = engine.duty, []
    if duty.known is not None:
        age = worded(engine.clock.now() - duty.known.at)
        found.append(f"on call: {', '.join(duty.known.people)} (read {duty.known.at:%H:%M}Z, {age} old)")
    if duty.trouble:
        found.append(f"who is on call could not be asked: {duty.trouble}")
    if duty.contacts:
        found.append(f"contacts: {', '.join(duty.contacts)}")
    return found


def _on_call(engine: Engine) -> output.Document:
    known = engine.duty.known
    return {
        "people": list(known.people) if known else [],
        "at": output.time(known.at) if known else None,
        "trouble": engine.duty.trouble or None,
        "contacts": list(engine.duty.contacts),
    }


def _held(row: output.Document) -> str:
    """Its holder, since when, and the way on; empty where nobody holds it."""
    if not row["record"] and not row["frozen"]:
        return ""
    if not row["held_by_incident"] and not row["frozen"]:
        since = row["since"] or "unknown"
        return f"  a record that nobody has signed is there since {since}: rollback unfreeze {row['service']}"
    who = f"{row['held_by_incident'] or 'unknown'} of {row['by'] or 'unknown'} since {row['since'] or 'unknown'}"
    if row["frozen"] and not row["incident"]:
        why = f" ({row['frozen_reason']})" if row["frozen_reason"] else ""
        long = freeze_age.doubt(timedelta(seconds=row["frozen_for"] or 0))
        words = f"  FROZEN by {who}{why}{long}: rollback unfreeze {row['service']}"
        return f"{words}; {row['deploys_go_live']}" if row["deploys_go_live"] else words
    if not row["incident"]:
        return f"  the record of {who} is left: rollback unfreeze {row['service']}"
    way = f", {worded(timedelta(seconds=row['held_for']))} now: {row['way_on']}" if row["way_on"] else ""
    return f"  {'GUARDED' if row['guarding'] else 'INCIDENT'} {who}{way}"


def _risk(row: output.Document) -> str:
    """The danger that a failed deploy has left behind, with the way out."""
    if row["half_way"]:
        return "  HALF-WAY: a deploy has not ended, or died; Dokku still names the release before"
    if not row["restart_risk"]:
        return ""
    what = "DO NOT RESTART: the last deploy failed"
    if row["pods"] is not None:
        what = "DEPLOY A GOOD RELEASE AT ONCE: the last deploy failed, the config of what serves may be lost"
    return f"  {what}: {row['restart_fix']}"


def _pods(row: output.Document) -> str:
    return "  ONLY SOME PODS RUN" if row["pods"] == "mixed" else ""


def _image(row: output.Document, now: datetime) -> str:
    """The finding of the last look at its newest kept image, with its age; empty where nobody has looked."""
    seen = row["kept_image"]
    if seen is None:
        return ""
    at = read_stamp(seen["at"])
    age = f"({ago(at, now)})" if at is not None else ""
    words = {"there": "image there", "gone": "IMAGE GONE", "unknown": "image not known to be there"}[seen["state"]]
    fix = f": rollback keep {row['service']}" if seen["state"] == "gone" else ""
    return f"  {seen['release']} {words} {age}{fix}"


def _newest_image(found: Listing) -> output.Document | None:
    """The last look at the newest kept release's image, with its name."""
    listed = choose_release.newest_first(found.releases)
    kept = next((r for r in listed if r.holder and r.sealed is not False and r.bad is None), None)
    seen = output.look(kept.looked) if kept is not None else None
    return {"release": kept.name, "holder": kept.holder, **seen} if kept is not None and seen is not None else None


async def _status(
    engine: Engine, service: Service, reads: HostReads, room: asyncio.Semaphore
) -> tuple[output.Document, Exit]:
    """One service's row. What was not read is null, and `error` says why; the gravest reason stands first."""
    probe, listed = await together(engine.probe(service), _listing(engine, service, reads, room))
    found, error = listed
    code = of_error(error) if error is not None else Exit.DONE
    running = next((r for r in found.releases if r.running), None) if found else None
    rebuilt = what_runs.rebuilt(found.releases, found.current) if found else None
    risk = restart_risk.risk(found.current) if found and not rebuilt else ""
    held = found.record if found else None
    reasons = (error.message if error else "", probe.detail if probe else "")
    row = {
        "service": service.name,
        "app": service.app,
        "host": service.host,
        "health": probe.outcome.value if probe else "unknown",
        "http_status": probe.status if probe else None,
        "seconds": probe.seconds if probe else None,
        "at": output.time(probe.at) if probe else None,
        "detail": "; ".join(filter(None, reasons)),
        "asked": [_asked(one) for one in probe.parts] if probe else [],
        "owner": service.owner,
        "links": dict(engine.fleet.links_of(service.name)),
        "release": running.name if running else None,
        "running": output.named(running) if running and not running.down else None,
        "never_kept": catalog.never_kept(engine.fleet, found) if found else None,
        "serves": _serves(found.current) if found else None,
        "restarting": found.current.restarting if found and found.current.pods is None else None,
        "pods": found.current.pods if found else None,
        "frozen": holders.is_frozen(found.current.branch) if found else None,
        "deploys_go_live": _unheld(service, found),
        "rebuilt": rebuilt,
        "half_way": found.current.half_way if found else None,
        "settled": what_runs.settled(found.current, what_runs.running(found.releases, found.current))
        if found
        else None,
        "restart_risk": risk or None,
        "restart_fix": anew.cure(service, engine.links.described(service.host), running) if risk and running else None,
        "incident": held.incident if held and not held.frozen else None,
        "guarding": held is not None and held.guarding,
        "by": held.by if held else None,
        "since": output.time(held.began) if held else None,
        "held_by_incident": held.incident if held else None,
        "frozen_reason": held.reason or None if held else None,
        "frozen_for": _frozen_for(found),
        "held_for": _held_for(found),
        "way_on": held_words.way_on(service.name, held, found.current.at) or None if found and held else None,
        "record": held is not None if found else None,
        "kept_image": _newest_image(found) if found else None,
        "error": output.error(code, error.message, error.fix) if error else None,
    }
    return row, code


def _serves(current: RunningState) -> bool:
    """True if any process runs, no matter what it answers."""
    return current.serving if current.pods is None else current.pods != "false"


def _asked(one: Probe) -> output.Document:
    """One of several addresses that were asked."""
    return {"url": one.url, "health": one.outcome.value, "http_status": one.status, "detail": one.detail}


def _frozen_for(found: Listing | None) -> float | None:
    """Seconds for which deploys have been held back; None where they are not, or nobody knows since when."""
    age = freeze_age.age(found.record, found.current.branch, found.current.at) if found is not None else None
    return age.total_seconds() if age is not None else None


def _held_for(found: Listing | None) -> float | None:
    """Seconds for which its record has been there; None where there is none, or nobody knows since when."""
    began = found.record.began if found is not None and found.record is not None else None
    return max(0.0, (found.current.at - began).total_seconds()) if found is not None and began is not None else None


def _unheld(service: Service, found: Listing | None) -> str | None:
    """That deploys go live although the app is frozen, in words; None where they do not, or nobody knows."""
    if found is None or found.record is None or not holders.is_frozen(found.current.branch):
        return None
    return plan_warnings.unheld(service.app, found.record.unheld) if found.record.unheld else None


async def _listing(
    engine: Engine, service: Service, reads: HostReads, room: asyncio.Semaphore
) -> tuple[Listing | None, ConsoleError | None]:
    """The releases and what runs, or why that could not be read: a host's trouble, or this app's alone."""
    try:
        async with room:
            return await engine.standing(service, reads), None
    except ConsoleError as error:
        return None, error
