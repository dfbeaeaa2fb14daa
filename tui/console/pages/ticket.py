"""The text of a ticket for what needs no rollback tonight: what was seen, since when, what runs. To be copied: nobody
is told of an incident in which nothing was sent to a host."""

from tui.console.drawing import labels, rows
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, button
from tui.incident import error_rates
from tui.model.incident import Incident


def choice(flow: IncidentFlow, incident: Incident) -> Choice:
    """The button that copies it, into a file as well."""

    async def copy() -> None:
        await flow.console.screen.copy(text(flow, incident), f"ticket-{incident.id}")

    return button("ticket", "Copy a ticket", copy)


def text(flow: IncidentFlow, incident: Incident) -> str:
    """Its title, then a line for each thing that is known; times are UTC."""
    status = flow.status
    _, word = labels.LOOKS[status.health]
    detail = rows.safe(status.last.detail, 200) if status.last is not None else ""
    level = f"[{incident.severity}] " if incident.severity else ""
    told = [f"{level}{flow.service.name}: {detail or word}", ""]
    if status.bad_since is not None:
        least = "" if status.began_here else "at least "
        told.append(f"- {word} since {least}{status.bad_since:%Y-%m-%d %H:%M:%S} UTC")
    deployed = labels.deployed_at(status)
    when = f", deployed {deployed:%Y-%m-%d %H:%M} UTC" if deployed is not None else ""
    told.append(f"- runs: {labels.release(status)}{when}")
    found = error_rates.combined(flow.evidence())
    if found.reading is not None and found.reading.total:
        told.append(f"- failed requests: {error_rates.numbers(found.reading)} ({found.source})")
    told.append(f"- incident {incident.id}, opened {incident.opened_at:%Y-%m-%d %H:%M} UTC by {incident.by}")
    return "\n".join(told) + "\n"
