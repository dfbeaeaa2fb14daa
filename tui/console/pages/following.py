"""Another console's incident on this machine: the same pages, to be looked at; led from here once that one is gone."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.console.drawing import labels, rows
from tui.console.drawing.rows import Row
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, View, button

if TYPE_CHECKING:
    from tui.engine.incident.onlooker import Onlooker


def view(flow: IncidentFlow, seen: "Onlooker", page: View, cells: int) -> View:
    """The page of the incident's state, with who leads it above, and none of what only the leader may do."""
    return replace(
        page,
        key=f"following-{page.key}-{bool(seen.held_by)}",
        rows=[*_who(flow, seen, cells), *page.rows],
        choices=_choices(flow, seen),
        first="take" if seen.incident.open and not seen.held_by else "leave",
    )


def _who(flow: IncidentFlow, seen: "Onlooker", cells: int) -> list[Row]:
    incident = seen.incident
    by = rows.safe(incident.by, 60)
    age = labels.age(flow.console.engine.clock.now() - seen.at)
    if not incident.open:
        return [((f"FOLLOWED: led by {by} in another console; it is closed", "dim"),)]
    if not seen.held_by:
        sent = "what was sent goes on"
        if incident.plan is not None and not incident.plan.outlives:
            sent = "what was sent may have ended with it"
        said = f"{flow.palette.sign('warn')} NOBODY LEADS IT: the console of {by} is gone; {sent}"
        return rows.paragraph(said, cells, "warn", indent=2)
    said = f"FOLLOWING {by}, {rows.safe(seen.held_by, 80)}: to be looked at only; as of {age} ago"
    found = rows.paragraph(said, cells, "run", indent=2)
    if seen.trouble:
        found += rows.paragraph(f"the journal cannot be read: {rows.safe(seen.trouble, 200)}", cells, "down", indent=2)
    return found


def _choices(flow: IncidentFlow, seen: "Onlooker") -> list[Choice]:
    async def leave() -> None:
        flow.console.screen.close_work()

    async def take_up() -> None:
        await flow.console.resume(seen.incident.id)

    off = "" if not seen.held_by else f"{seen.held_by} leads it"
    found = [button("leave", "Close this page", leave)]
    if seen.incident.open:
        found.append(button("take", "Lead it from here", take_up, off=off, recorded=True))
    return found
