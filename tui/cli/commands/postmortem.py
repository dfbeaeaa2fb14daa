"""`rollback postmortem`: filled from the journal, as Markdown, as a page, or as JSON with every source."""

import os
from pathlib import Path
from typing import Any

from tui.cli import output, postmortem_questions
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.drivers.clock import local
from tui.engine import all_services as running
from tui.engine import same_services_file
from tui.engine.engine import Engine
from tui.engine.notify.outbox import GRACE
from tui.incident import announcements
from tui.model.errors import Refused
from tui.model.incident import Incident
from tui.model.notice import Delivery, Milestone
from tui.model.postmortem import Chart, DueDate, ExportWay, Fact, Moment, PostMortem
from tui.text.redact import redact

Result = tuple[Exit, output.Document]


async def postmortem(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """The post-mortem of the incident named, or of the only one that lacks its own. Raises Refused."""
    identity = await single(engine, options.incident, "postmortem") if options.incident else await _the_one(engine)
    same_services_file.check(engine.fleet, await engine.read(identity))
    for field, text in options.set:
        await engine.postmortems.note(identity, field, text)
    if not (options.json or options.set or options.save or options.attach):
        await postmortem_questions.asked(engine, identity, narrator)
    found, text = await engine.postmortems.document(identity, local)
    page = _page(found, text) if _wants_page(options) else None
    saved: Path | None = None
    if options.save is not None:
        saved = _save(Path(options.save), page or text)
        await engine.postmortems.taken(identity, ExportWay.SAVED, str(saved))
    elif options.set and page is None and not options.json and not options.attach:
        output.text(f"on record: {', '.join(field.value for field, _ in options.set)}")
    elif not options.json and not options.attach:
        output.text((page or text).rstrip("\n"))
    incident = await engine.read(identity)
    attached = None
    if options.attach:
        incident, attached = await _attach(engine, incident, text, narrator)
    duty = engine.postmortems.duty(incident)
    _narrate(found, duty, narrator, saved)
    return Exit.DONE, {**document(found, incident, duty, text), "html": page, "attached": _attached(attached)}


def _wants_page(options: CommandOptions) -> bool:
    """The form that is asked for; where none is, the name of the file says it."""
    if options.format is not None:
        return options.format == "html"
    return options.save is not None and Path(options.save).suffix.lower() in (".html", ".htm")


def _page(found: PostMortem, text: str) -> str:
    from tui.incident.postmortem import html

    return html.page(found, text)


async def _attach(
    engine: Engine, incident: Incident, text: str, narrator: Narrator
) -> tuple[Incident, tuple[Delivery, ...]]:
    """Send it to the ticket, for a moment; what is not taken by then is the next command's. Raises Refused."""
    await engine.notices.post(incident, text)
    await engine.notices.finish(GRACE)
    now = await engine.read(incident.id)
    found = tuple(d for d in announcements.standing(now.deliveries) if d.milestone is Milestone.POSTMORTEM)
    for one in found:
        how, look = ("attached", "green") if one.delivered else ("NOT DELIVERED", "red")
        narrator.say(f"{how}: {one.channel}: {one.link or one.detail}", look)
    if not any(one.delivered for one in found):
        narrator.say("it waits in the outbox: the next rollback command or console sends it", "yellow")
    for fault in engine.notices.errors:
        narrator.say(fault, "red")
    return now, found


def _attached(found: tuple[Delivery, ...] | None) -> list[dict[str, Any]] | None:
    """The receipts of sending it; None where that was not asked for, empty where nothing came of it yet."""
    if found is None:
        return None
    return [{"channel": d.channel, "delivered": d.delivered, "detail": d.detail, "link": d.link} for d in found]


async def single(engine: Engine, identity: str, command: str) -> str:
    """The incident named; of a run over several services the one that it consists of. Raises Refused for several."""
    run = await running.find(engine, identity)
    if run is None:
        return identity
    if len(run[1]) == 1:
        return run[1][0].id
    parts = ", ".join(f"{one.id} ({one.service})" for one in run[1])
    words = f"{identity} is a run over {len(run[1])} services, each with its own {command}: {parts}"
    raise Refused(words, " · ".join(f"rollback {command} {one.id}" for one in run[1]))


async def _the_one(engine: Engine) -> str:
    wanting = [i for i in await engine.incidents() if engine.postmortems.duty(i).open]
    if len(wanting) == 1:
        return wanting[0].id
    if not wanting:
        raise Refused("no incident lacks a post-mortem that is required", "rollback postmortem ID (rollback incidents)")
    names = ", ".join(f"{i.id} ({i.service})" for i in wanting)
    raise Refused(f"{len(wanting)} incidents lack their post-mortem: {names}", "rollback postmortem ID")


def _save(path: Path, text: str) -> Path:
    """Into a new file: an older one may hold what somebody wrote by hand. Raises Refused."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError as error:
        raise Refused(f"{path} exists", "name another file, or move it away: it may hold edits") from error
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error}", "name another file") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(redact(text))
    return path.resolve()


def _narrate(found: PostMortem, duty: DueDate, narrator: Narrator, saved: Path | None) -> None:
    for gap in found.gaps:
        fill = f": rollback postmortem {found.incident} --set {gap.field.value} TEXT" if gap.field else ""
        narrator.say(f"  to do  {gap.name.replace('_', ' ')}: {gap.text}{fill}", "dim")
    if saved is not None:
        narrator.say(f"saved: {saved}", "green")
    if duty.open and duty.due is not None:
        due = f"{duty.due:%Y-%m-%d %H:%MZ}"
        narrator.say(f"due {due}; --save FILE or --attach writes it and puts that on record", "yellow")


# ── as JSON ──────────────────────────────────────────────────────────────────────────────────────────────────────


def document(found: PostMortem, incident: Incident, duty: DueDate, text: str) -> output.Document:
    """Every value beside its source; unknown is null, and said again under `gaps`."""
    return {
        "schema": output.SCHEMA,
        "kind": "postmortem",
        "host": found.host,
        "service": found.service,
        "app": found.app,
        "incident": found.incident,
        "state": incident.state.value,
        "closing": incident.closing.value if incident.closing else None,
        **standing(duty),
        "written": [
            {"at": output.time(w.at), "way": w.way.value, "where": w.where or None, "by": w.by or None}
            for w in incident.written
        ],
        "description": _fact(found.title),
        "date": _fact(found.date),
        "duration": _fact(found.duration),
        "severity": _fact(found.severity),
        "timeline": [_moment(m) for m in (*found.milestones, *found.story)],
        "root_cause": _fact(found.root_cause),
        "impact": {
            "users_affected": _fact(found.users),
            "error_rate": _fact(found.error_rate),
            "revenue_impact": _fact(found.revenue),
            **{fact.name: _fact(fact) for fact in found.impact},
        },
        "resolution": [_named(fact) for fact in found.resolution],
        "action_items": [
            {**_named(fact), "owner": fact.owner or None, "due": fact.due or None} for fact in found.actions
        ],
        "lessons_learned": _fact(found.lessons),
        "looking_back": {fact.name: _fact(fact) for fact in found.taught},
        "charts": [_chart(chart) for chart in found.charts],
        "record": {section.name: [_named(fact) for fact in section.facts] for section in found.record},
        "gaps": [
            {"name": gap.name, "todo": gap.text, "set": gap.field.value if gap.field else None} for gap in found.gaps
        ],
        "markdown": text,
        "exit_code": int(Exit.DONE),
        "error": None,
    }


def standing(duty: DueDate) -> dict[str, Any]:
    """The post-mortem's state: is it wanted, until when, and since when is it there?"""
    return {"required": duty.required, "due_at": output.time(duty.due), "written_at": output.time(duty.written)}


def _fact(fact: Fact) -> dict[str, Any]:
    if fact.gap:
        return {"value": None, "text": None, "source": None, "todo": fact.text}
    command = {"command": fact.code} if fact.code else {}
    return {"value": fact.value, "text": fact.text, "source": fact.source, **command}


def _named(fact: Fact) -> dict[str, Any]:
    return {"name": fact.name, **_fact(fact)}


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "name": chart.name,
        "title": chart.title,
        "begin": output.time(chart.begin),
        "end": output.time(chart.end),
        "limit": chart.limit,
        "columns": [one.value for one in chart.columns],
    }


def _moment(moment: Moment) -> dict[str, Any]:
    if moment.gap:
        return {"name": moment.name, "at": None, "source": None, "todo": moment.source}
    return {"name": moment.name, "at": output.time(moment.at), "source": moment.source}
