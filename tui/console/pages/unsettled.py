"""An incident that is over, of which something is left on the host: why, and the ways on."""

from typing import TYPE_CHECKING

from tui.console import rows
from tui.console.pages import parts
from tui.console.pages.page import View, button
from tui.model.incident import Closing, Incident

if TYPE_CHECKING:
    from tui.console.wizard import Wizard


def view(wizard: "Wizard", incident: Incident, cells: int) -> View:
    """Nothing is lost by trying again: the host is looked at before anything is changed."""
    content = parts.trouble(wizard, cells)
    text = f"{wizard.palette.sign('warn')} the host could not be put in order: {rows.safe(incident.unsettled, 400)}"
    content.extend(rows.paragraph(text, cells, "warn", indent=2))
    left = f"Left there perhaps: freeze and record of {incident.app}. The incident stays open until they are gone."
    content.extend(rows.paragraph(left, cells, "", indent=0))
    later = f"Closed now, they go later by: rollback unfreeze {incident.service}"
    content.extend(rows.paragraph(later, cells, "dim", indent=0))
    closing = incident.settling or Closing.ABORTED
    return View(
        key="unsettled",
        title=parts.title(wizard, 7, cells),
        rows=content,
        choices=[
            button("again", "Try again", wizard.doing("asking the host", wizard.look_again)),
            button(
                "give-up",
                "Close all the same",
                wizard.doing("closing", lambda: wizard.finish(closing, "closed with the host not in order, why? ")),
            ),
        ],
    )
