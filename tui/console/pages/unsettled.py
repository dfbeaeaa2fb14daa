"""An incident that is over, of which something is left on the host: why, and the ways on."""

from tui.console.drawing import rows
from tui.console.incident_flow import IncidentFlow
from tui.console.page import View, button
from tui.console.pages import shared_rows
from tui.model.incident import Closing, Incident


def view(flow: IncidentFlow, incident: Incident, cells: int) -> View:
    """Nothing is lost by trying again: the host is looked at before anything is changed."""
    content = shared_rows.trouble(flow, cells)
    text = f"{flow.palette.sign('warn')} the host could not be put in order: {rows.safe(incident.unsettled, 400)}"
    content.extend(rows.paragraph(text, cells, "warn", indent=2))
    left = f"Left there perhaps: freeze and record of {incident.app}. The incident stays open until they are gone."
    content.extend(rows.paragraph(left, cells, "", indent=0))
    later = f"Closed now, they go later by: rollback unfreeze {incident.service}"
    content.extend(rows.paragraph(later, cells, "dim", indent=0))
    closing = incident.settling or Closing.ABORTED
    return View(
        key="unsettled",
        title=shared_rows.title(flow, 7, cells),
        rows=content,
        choices=[
            button("again", "Try again", flow.doing("asking the host", flow.look_again)),
            button(
                "give-up",
                "Close all the same",
                flow.doing("closing", lambda: flow.finish(closing, "closed with the host not in order, why? ")),
            ),
        ],
    )
