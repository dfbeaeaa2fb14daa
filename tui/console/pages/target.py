"""Which release: what runs, what is kept, how to get there, and why not."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tui.console import rows, views, words
from tui.console.pages import choices as release_choices
from tui.console.pages import parts
from tui.console.pages.page import Choice, View, button
from tui.model.incident import Incident
from tui.model.release import Release
from tui.releases import restart_risk

if TYPE_CHECKING:
    from tui.console.wizard import Wizard


def view(wizard: "Wizard", incident: Incident, cells: int) -> View:
    """The releases, newest first; `previous` is where the cursor begins, with its reason."""
    engine, status = wizard.front.engine, wizard.status
    content = parts.trouble(wizard, cells)
    if status.listing is None:
        content.append(((f"Releases are unknown. {rows.safe(status.trouble, 300)}", "unknown"),))
        again = button("again", "Ask the host again", wizard.doing("asking the host", wizard.other_release))
        return View(key="target", title=parts.title(wizard, 2, cells), rows=content, choices=[again, back(wizard)])
    now = engine.clock.now()
    seen = words.age(now - status.listed_at) if status.listed_at else "unknown"
    previous, reason = views.previous_of(status.service.name, status.listing, now, engine.fleet.watch.longest)
    said = f"previous is {previous.name}: {reason}" if previous else reason
    content.extend(rows.paragraph(f"As the host said {seen} ago. {rows.safe(said, 400)}", cells, "dim"))
    choices = release_choices.choices(
        status.listing.releases, previous, _planner(wizard), now=now, cells=cells, palette=wizard.palette, recorded=True
    )
    if wizard.taken:
        choices.insert(0, button("take", "Take the incident over", wizard.doing("taking over", wizard.take_over)))
    if restart_risk.tried(status.listing.current):
        choices.extend(release_choices.again(status.listing.releases, _planner(wizard)))
    choices.append(back(wizard))
    best = wizard.wanted or previous
    wanted = release_choices.identity(best) if best else "back"
    first = "take" if wizard.taken else wanted
    key = "target-taken" if wizard.taken else "target"
    return View(key=key, title=parts.title(wizard, 2, cells), rows=content, choices=choices, listed=True, first=first)


def back(wizard: "Wizard") -> Choice:
    """Back to what the incident asked before."""

    async def go() -> None:
        wizard.choosing, wizard.wanted, wizard.error = False, None, None

    return button("back", "Back", wizard.doing("", go))


def _planner(wizard: "Wizard") -> release_choices.Chosen:
    def chosen(release: Release, way: str | None) -> Callable[[], Awaitable[None]]:
        async def planned() -> None:
            await wizard.make_plan(release, way)

        return wizard.doing(f"planning the way to {release.name}", planned)

    return chosen
