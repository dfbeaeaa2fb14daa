"""The end: how it ended, what is left over on the host, and what the runbook still asks for."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tui.console import rows
from tui.console.pages import parts, posts
from tui.console.pages.page import Choice, View, button
from tui.console.pages.postmortem import standing
from tui.incident import announcements
from tui.model.incident import Closing, Incident
from tui.model.notice import Milestone
from tui.text.chat import NO_WIDTH

if TYPE_CHECKING:
    from tui.console.wizard import Wizard

TICKET = "ticket"
"""the channel that makes one"""
SHORT = 9
"""rows below which the reason has one row: what is left to do matters more"""
_GOOD = frozenset({Closing.RECOVERED, Closing.FIXED_FORWARD, Closing.FALSE_ALARM, Closing.UNWATCHED})


def view(wizard: "Wizard", incident: Incident, cells: int) -> View:
    """Closed; what remains is for people."""
    content = parts.trouble(wizard, cells)
    good = incident.closing in _GOOD
    sign, look = ("yes", "ok") if good else ("no", "warn")
    closing = incident.closing.value.upper() if incident.closing else "CLOSED"
    word = f"{wizard.palette.sign(sign)} {closing} "
    first, *others = rows.wrap(rows.safe(incident.close_reason, 600), cells - len(word))
    if wizard.room < SHORT and others:
        first, others = rows.fit(f"{first} {others[0]}", cells - len(word)), []
    content.append(((word, look), (first, "")))
    content.extend(((line, ""),) for line in others)
    content.append(((announcements.summary(incident), "bold"),))
    content.extend(posts.standing(wizard, incident, cells))
    content.extend(posts.missing(wizard, incident, cells))
    todo = todos(wizard, incident)
    if todo:
        content.append((("Left to do:", "bold"),))
    for text in todo:
        content.extend(rows.paragraph(f" {wizard.palette.sign('dot')} {rows.safe(text, 500)}", cells, "", indent=3))
    content.extend(posts.on_call(wizard, cells))
    frozen = _frozen(incident)
    choices = [
        button("done", "Done", _away(wizard)),
        *(
            [button("unfreeze", "Let deploys through again", lambda: wizard.front.unfreeze(wizard.service))]
            if frozen
            else []
        ),
        *parts.undo(wizard, incident, brief=cells < 66),
        button("post-mortem", "Post-mortem", lambda: wizard.front.show_postmortem(incident.id)),
        button("copy", "Copy the post", _copying(wizard, incident)),
        *_posted(wizard, incident),
        *([button("save", "Save the timeline", wizard.front.save_timeline)] if cells >= 80 else []),
    ]
    return View(
        key="closed",
        title=parts.title(wizard, 7, cells),
        rows=content,
        choices=choices,
        text=post(wizard, incident),
    )


def todos(wizard: "Wizard", incident: Incident) -> list[str]:
    """What the runbook and the host still want."""
    engine = wizard.front.engine
    duty = engine.postmortems.duty(incident)
    found = [f"post-mortem, {standing(duty, engine.clock.now())[0]}"] if duty.open else []
    found.extend(incident.left_over)
    if not posts.closing_told(incident):
        found.append(f"post in {_incident_channel(wizard)} (Copy the post gives the text)")
    ticket = any(one.channel == TICKET and one.delivered for one in incident.deliveries)
    if incident.closing is not Closing.FALSE_ALARM and not ticket:
        found.append("create the incident ticket")
    return found


def post(wizard: "Wizard", incident: Incident) -> str:
    """A message for the incident channel: the one that channels are told at the end."""
    environment = wizard.front.engine.fleet.environment
    message = announcements.message(incident, Milestone.CLOSED, environment, wizard.front.engine.clock.now())
    return f"{message.title}\n{message.text}".replace(NO_WIDTH, "")


def _incident_channel(wizard: "Wizard") -> str:
    return ", ".join(wizard.front.engine.fleet.contacts.slack[:1]) or "the incident channel"


def _posted(wizard: "Wizard", incident: Incident) -> list[Choice]:
    """The person's word that they told people themselves."""
    if posts.closing_told(incident):
        return []
    noting = wizard.doing("noting", lambda: wizard.posted(_incident_channel(wizard)))
    return [button("posted", "I posted it", noting, recorded=True)]


def _frozen(incident: Incident) -> bool:
    return incident.left_frozen


def _copying(wizard: "Wizard", incident: Incident) -> Callable[[], Awaitable[None]]:
    async def copy() -> None:
        await wizard.front.copy(post(wizard, incident), "post")

    return copy


def _away(wizard: "Wizard") -> Callable[[], Awaitable[None]]:
    async def away() -> None:
        wizard.front.close_work()

    return away
