"""What people outside are told: what will be posted and where, and what came of it."""

from tui.console.drawing import labels, rows
from tui.console.drawing.rows import Row
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, button
from tui.incident import announcements
from tui.incident.deploy_or_not import worded
from tui.model.incident import Incident
from tui.model.notice import Delivery, Milestone
from tui.text.chat import NO_WIDTH

ROOM_FOR_TEXT = 16
"""rows from which on the whole post is shown; with fewer its title, above all that can wait"""


def preview(flow: IncidentFlow, incident: Incident, cells: int) -> list[Row]:
    """Rows of what will be posted the moment the rollback begins, and where; no rows without a channel."""
    notices = flow.console.engine.notices
    told = notices.told(incident)
    if not told or announcements.reached(incident):
        return []
    names = rows.safe(", ".join(told), 120)
    if not incident.post:
        return rows.paragraph(f"POST nothing to {names}: so it was decided", cells, "warn", indent=5)
    message = notices.preview(incident)
    said = message.title if flow.room < ROOM_FOR_TEXT else f"{message.title}. {message.text}"
    text = " ".join(said.replace(NO_WIDTH, "").split())
    return rows.paragraph(f"POST to {names}: {rows.safe(text, 600)}", cells, "", indent=5)


def choices(flow: IncidentFlow, incident: Incident) -> list[Choice]:
    """Other words, or none."""
    if not flow.console.engine.notices.told(incident) or announcements.reached(incident):
        return []
    edit = button("edit-post", "Edit the post", flow.doing("", flow.edit_post))
    if not incident.post:
        post = flow.doing("noting", lambda: flow.choose_post(post=True))
        return [button("post", "Post it after all", post, recorded=True)]
    silent = flow.doing("noting", lambda: flow.choose_post(post=False))
    nothing = button("no-post", "Post nothing", silent, recorded=True)
    return [edit, nothing]


def standing(flow: IncidentFlow, incident: Incident, cells: int) -> list[Row]:
    """Who was told what, in one paragraph."""
    found = announcements.standing(incident.deliveries)
    told: dict[str, list[str]] = {}
    links: dict[str, str] = {}
    for one in found:
        if one.delivered:
            by_hand = " by hand" if one.by_hand else ""
            told.setdefault(one.channel, []).append(f"{one.milestone.value}{by_hand}")
            links[one.channel] = one.link or links.get(one.channel, "")
    content: list[Row] = []
    if told:
        said = "; ".join(
            f"{channel}: {', '.join(milestones)}{f' ({links[channel]})' if links[channel] else ''}"
            for channel, milestones in told.items()
        )
        content.extend(rows.paragraph(f"told {rows.safe(said, 300)}", cells, "dim", indent=2))
    return content


def missing(flow: IncidentFlow, incident: Incident, cells: int) -> list[Row]:
    """Each message that was not delivered, why, and when it is tried again."""
    content: list[Row] = []
    for one in announcements.standing(incident.deliveries):
        if not one.delivered:
            text = f"{flow.palette.sign('warn')} {undelivered(flow, incident, one)}"
            content.extend(rows.paragraph(text, cells, "warn", indent=2))
    return content


def undelivered(flow: IncidentFlow, incident: Incident, one: Delivery) -> str:
    """Why, and what happens next."""
    waiting = next(
        (
            row
            for row in flow.console.engine.notices.waiting
            if (row.incident, row.channel, row.milestone) == (incident.id, one.channel, one.milestone.name.lower())
        ),
        None,
    )
    detail = rows.safe(one.detail.removeprefix("not delivered yet, trying again: "), 200)
    again = ""
    if waiting is not None and waiting.attempts:
        left = waiting.due_at - flow.console.engine.clock.now()
        again = f", again in {worded(left)}" if left.total_seconds() > 0 else ", trying again now"
    return f"NOT DELIVERED: {one.channel}: {detail}{again}"


def closing_told(incident: Incident) -> bool:
    """True where people were told that it is over."""
    return any(d.milestone is Milestone.CLOSED and d.delivered for d in announcements.standing(incident.deliveries))


def on_call(flow: IncidentFlow, cells: int) -> list[Row]:
    """Who is on call, how old that is, and whom the runbook names."""
    duty, now = flow.console.engine.duty, flow.console.engine.clock.now()
    parts: list[str] = []
    if duty.known is not None:
        age = f"read {duty.known.at:%H:%M}Z, {labels.age(now - duty.known.at)} old"
        parts.append(f"on call: {', '.join(duty.known.people)} ({age})")
    if duty.trouble:
        parts.append(f"who is on call is not known now: {duty.trouble}")
    if duty.contacts:
        parts.append(f"contacts: {', '.join(duty.contacts)}")
    return rows.paragraph(rows.safe("; ".join(parts), 400), cells, "dim", indent=2) if parts else []
