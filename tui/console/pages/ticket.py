"""A ticket for what needs no rollback tonight: what was seen, since when, what runs. Filed in the tracker
of its service once a person has read and confirmed it; to be copied where there is none."""

from collections.abc import Callable

from tui.console.drawing import labels, rows
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, button
from tui.console.pages.job import ConfirmJob, Job
from tui.engine.notify.outbox import GRACE
from tui.incident import error_rates
from tui.model.incident import Incident

CHANNEL = "ticket"
"""the channel of trackers"""


def choice(flow: IncidentFlow, incident: Incident) -> Choice:
    """The button that asks whether to file it; without a tracker, or with its ticket there, the one that copies it."""
    filed = any(one.channel == CHANNEL and one.delivered for one in incident.deliveries)
    if incident.post and not filed and flow.console.engine.notices.takers(incident):
        return button("ticket", "File a ticket", lambda: _asked(flow, incident))

    async def copy() -> None:
        await flow.console.screen.copy(text(flow, incident), f"ticket-{incident.id}")

    return button("ticket", "Copy a ticket", copy)


class _Filing(ConfirmJob):
    """The ticket and its word, over the incident's page."""

    aside = True


async def _asked(flow: IncidentFlow, incident: Incident) -> None:
    words, notices = text(flow, incident), flow.console.engine.notices

    async def work(_: Callable[[str], None]) -> str:
        await notices.file(incident, words)
        await notices.finish(GRACE)
        told = flow.incident.deliveries if flow.incident is not None else ()
        last = next((one for one in reversed(told) if one.channel == CHANNEL), None)
        if last is None or not last.delivered:
            why = f": {rows.safe(last.detail, 200)}" if last is not None else ""
            return f"not filed yet, it waits in the outbox{why}"
        return f"filed: {rows.safe(last.link or last.detail, 200)}"

    explain = (
        f"This ticket is filed in the tracker of {flow.service.name}; what follows is said in it:",
        *words.splitlines(),
    )
    job = Job(title=f"TICKET {flow.service.name}", explain=explain, commands=(), label="File it", work=work)
    flow.console.screen.open_page(_Filing(flow.console, job))


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
