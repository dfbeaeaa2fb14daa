"""The end: how it ended, what is left over on the host, and what the runbook still asks for."""

from collections.abc import Awaitable, Callable

from rich.cells import cell_len

from tui.console.drawing import rows
from tui.console.drawing.rows import Row
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, View, button
from tui.console.pages import posts, shared_rows
from tui.console.pages.postmortem import standing
from tui.incident import announcements
from tui.model.incident import Closing, Incident
from tui.model.notice import Milestone
from tui.text.chat import NO_WIDTH

TICKET = "ticket"
"""the channel that makes one"""
SHORT = 9
"""rows below which the reason has one row: what is left to do matters more"""
_GOOD = frozenset({Closing.RECOVERED, Closing.FIXED_FORWARD, Closing.FALSE_ALARM, Closing.UNWATCHED})


def view(flow: IncidentFlow, incident: Incident, cells: int) -> View:
    """The page of a closed incident: how it ended, and what is left for people."""
    ended, whole = _ended(flow, incident, cells)
    content = [*shared_rows.trouble(flow, cells), *ended]
    if incident.guard is not None:
        content.append((("Its guard rolled it back after a breach.", "warn"),))
    content.append(((announcements.summary(incident), "bold"),))
    content.extend(posts.standing(flow, incident, cells))
    content.extend(posts.missing(flow, incident, cells))
    todo = todos(flow, incident)
    if todo:
        content.append((("Left to do:", "bold"),))
    for text in todo:
        content.extend(rows.paragraph(f" {flow.palette.sign('dot')} {rows.safe(text, 500)}", cells, "", indent=3))
    content.extend(posts.on_call(flow, cells))
    content.extend(whole)
    return View(
        key="closed",
        title=shared_rows.title(flow, 7, cells),
        rows=content,
        choices=_choices(flow, incident, cells),
        text=post(flow, incident),
    )


def _ended(flow: IncidentFlow, incident: Incident, cells: int) -> tuple[list[Row], list[Row]]:
    """How it ended and why; on one row where there is little room, and then the whole reason for the page's end."""
    good = incident.closing in _GOOD
    sign, look = ("yes", "ok") if good else ("no", "warn")
    closing = incident.closing.value.upper() if incident.closing else "CLOSED"
    word = f"{flow.palette.sign(sign)} {closing} "
    reason = rows.safe(incident.close_reason, 600)
    first, *others = rows.wrap(reason, cells - len(word))
    if flow.room < SHORT and others:
        said = _whole_clauses(reason, cells - len(word)) or rows.fit(f"{first} {others[0]}", cells - len(word))
        return [((word, look), (said, ""))], rows.paragraph(f"Why: {reason}", cells, "", indent=2)
    below = rows.paragraph(" ".join(others), cells) if others else []
    return [((word, look), (first, "")), *below], []


def _whole_clauses(reason: str, cells: int) -> str:
    """As many clauses of a reason as there is room for, none of them cut; empty where not even one has room."""
    clauses = reason.split("; ")
    fitting = (f"{'; '.join(clauses[:count])} …" for count in range(len(clauses) - 1, 0, -1))
    return next((said for said in fitting if cell_len(said) <= cells), "")


def _choices(flow: IncidentFlow, incident: Incident, cells: int) -> list[Choice]:
    unfreeze = button("unfreeze", "Let deploys through again", lambda: flow.console.jobs.unfreeze(flow.service))
    return [
        button("done", "Done", _away(flow)),
        *([unfreeze] if incident.left_frozen else []),
        *shared_rows.undo(flow, incident, brief=cells < 66),
        button("post-mortem", "Post-mortem", lambda: flow.console.show_postmortem(incident.id)),
        button("copy", "Copy the post", _copying(flow, incident)),
        *_posted(flow, incident),
        *([button("save", "Save the timeline", flow.console.save_timeline)] if cells >= 80 else []),
    ]


def todos(flow: IncidentFlow, incident: Incident) -> list[str]:
    """The things that the runbook and the host still want done, one text each."""
    engine = flow.console.engine
    duty = engine.postmortems.duty(incident)
    found = [f"post-mortem, {standing(duty, engine.clock.now())[0]}"] if duty.open else []
    found.extend(incident.left_over)
    if not posts.closing_told(incident):
        found.append(f"post in {_incident_channel(flow)} (Copy the post gives the text)")
    ticket = any(one.channel == TICKET and one.delivered for one in incident.deliveries)
    if incident.closing is not Closing.FALSE_ALARM and not ticket:
        found.append("create the incident ticket")
    return found


def post(flow: IncidentFlow, incident: Incident) -> str:
    """A message for the incident channel: the one that channels are told at the end."""
    environment = flow.console.engine.fleet.environment
    message = announcements.message(incident, Milestone.CLOSED, environment, flow.console.engine.clock.now())
    return f"{message.title}\n{message.text}".replace(NO_WIDTH, "")


def _incident_channel(flow: IncidentFlow) -> str:
    return ", ".join(flow.console.engine.fleet.contacts.slack[:1]) or "the incident channel"


def _posted(flow: IncidentFlow, incident: Incident) -> list[Choice]:
    """The person's word that they told people themselves."""
    if posts.closing_told(incident):
        return []
    noting = flow.doing("noting", lambda: flow.posted(_incident_channel(flow)))
    return [button("posted", "I posted it", noting, recorded=True)]


def _copying(flow: IncidentFlow, incident: Incident) -> Callable[[], Awaitable[None]]:
    async def copy() -> None:
        await flow.console.screen.copy(post(flow, incident), "post")

    return copy


def _away(flow: IncidentFlow) -> Callable[[], Awaitable[None]]:
    async def away() -> None:
        flow.console.screen.close_work()

    return away
