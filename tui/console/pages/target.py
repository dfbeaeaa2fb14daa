"""Which release: what runs, what is kept, how to get there, and why not."""

from collections.abc import Awaitable, Callable

from tui.console.drawing import labels, rows, tables
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, View, button
from tui.console.pages import release_choices as release_choices
from tui.console.pages import shared_rows
from tui.model.incident import Incident
from tui.model.release import Release
from tui.releases import restart_risk


def view(flow: IncidentFlow, incident: Incident, cells: int) -> View:
    """The releases, newest first; `previous` is where the cursor begins, with its reason."""
    engine, status = flow.console.engine, flow.status
    content = shared_rows.trouble(flow, cells)
    if status.listing is None:
        content.append(((f"Releases are unknown. {rows.safe(status.trouble, 300)}", "unknown"),))
        again = button("again", "Ask the host again", flow.doing("asking the host", flow.other_release))
        return View(key="target", title=shared_rows.title(flow, 2, cells), rows=content, choices=[again, back(flow)])
    now = engine.clock.now()
    seen = labels.age(now - status.listed_at) if status.listed_at else "unknown"
    longest = engine.fleet.watch_of(status.service.name).longest
    previous, reason = tables.previous_of(status.service.name, status.listing, now, longest)
    said = f"previous is {previous.name}: {reason}" if previous else reason
    content.extend(rows.paragraph(f"As the host said {seen} ago. {rows.safe(said, 400)}", cells, "dim"))
    choices = release_choices.choices(
        status.listing.releases, previous, _planner(flow), now=now, cells=cells, palette=flow.palette, recorded=True
    )
    content.append(tables.release_head(cells))
    if flow.taken:
        choices.insert(0, button("take", "Take the incident over", flow.doing("taking over", flow.take_over)))
    if restart_risk.tried(status.listing.current):
        choices.extend(release_choices.again(status.listing.releases, _planner(flow)))
    choices.append(back(flow))
    best = flow.wanted or previous
    wanted = release_choices.identity(best) if best else "back"
    first = "take" if flow.taken else wanted
    key = "target-taken" if flow.taken else "target"
    return View(
        key=key, title=shared_rows.title(flow, 2, cells), rows=content, choices=choices, listed=True, first=first
    )


def back(flow: IncidentFlow) -> Choice:
    """Back to what the incident asked before."""

    async def go() -> None:
        flow.choosing, flow.wanted, flow.error = False, None, None

    return button("back", "Back", flow.doing("", go))


def _planner(flow: IncidentFlow) -> release_choices.Chosen:
    def chosen(release: Release, way: str | None) -> Callable[[], Awaitable[None]]:
        async def planned() -> None:
            await flow.make_plan(release, way)

        return flow.doing(f"planning the way to {release.name}", planned)

    return chosen
