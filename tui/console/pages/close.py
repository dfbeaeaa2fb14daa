"""The end: how it ended, what is left over on the host, and what the runbook still asks for."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tui.console import rows, words
from tui.console.pages import parts
from tui.console.pages.page import View, button
from tui.console.pages.postmortem import standing
from tui.incident.cause import worded
from tui.model.incident import Closing, Incident

if TYPE_CHECKING:
    from tui.console.wizard import Wizard

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
    content.append(((summary(incident), "bold"),))
    todo = todos(wizard, incident)
    if todo:
        content.append((("Left to do:", "bold"),))
    for text in todo:
        content.extend(rows.paragraph(f" {wizard.palette.sign('dot')} {rows.safe(text, 500)}", cells, "", indent=3))
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
        button("save", "Save the timeline", wizard.front.save_timeline),
    ]
    return View(
        key="closed",
        title=parts.title(wizard, 7, cells),
        rows=content,
        choices=choices,
        text=post(wizard, incident),
    )


def summary(incident: Incident) -> str:
    """One line for people: what was done, how long it took."""
    length = worded((incident.closed_at or incident.since) - incident.opened_at)
    severity = f"{incident.severity} " if incident.severity else ""
    if incident.plan is not None and incident.wrote:
        went = f"{incident.plan.leaving.name} to {incident.plan.target.name}"
        return f"{severity}{incident.service}: {went}, {length} in all"
    return f"{severity}{incident.service}: nothing was changed, {length} in all"


def todos(wizard: "Wizard", incident: Incident) -> list[str]:
    """What the runbook and the host still want."""
    engine = wizard.front.engine
    fleet, duty = engine.fleet, engine.postmortems.duty(incident)
    found = [f"post-mortem, {standing(duty, engine.clock.now())[0]}"] if duty.open else []
    found.extend(incident.left_over)
    where = ", ".join(fleet.contacts.slack[:1]) or "the incident channel"
    found.append(f"post in {where} (Copy the post gives the text)")
    if incident.closing is not Closing.FALSE_ALARM:
        found.append("create the incident ticket")
    return found


def post(wizard: "Wizard", incident: Incident) -> str:
    """A message for the incident channel, from the journal's facts alone."""
    lines = [
        f"{incident.severity or 'Incident'} on {incident.service} ({incident.app}): "
        f"{incident.closing.value if incident.closing else incident.state.value}",
        f"opened {words.clock(incident.opened_at)} by {incident.by}, closed {words.clock(incident.closed_at)}",
        summary(incident),
    ]
    if incident.close_reason:
        lines.append(rows.safe(incident.close_reason, 300))
    lines.extend(f"left to do: {rows.safe(line, 300)}" for line in incident.left_over)
    lines.append(f"incident {incident.id}")
    return "\n".join(lines)


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
