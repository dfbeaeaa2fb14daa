"""What can be done here by name: for help and for the palette, from the bindings that are active now."""

from collections.abc import Awaitable, Callable, Sequence

from textual.app import App
from textual.screen import Screen

from tui.console.pages.keys import Bound
from tui.console.widgets.hint import key_name

WHERE = {
    "ConsoleApp": "everywhere",
    "ServiceTable": "services",
    "WorkPanel": "page",
    "LogPanel": "log",
    "Screen": "everywhere",
}
"""whose keys help and palette name, and how they call their owner"""
FIRST = (
    "passphrase", "wizard", "rollback", "releases", "focus_logs", "timeline", "trail", "postmortem", "held", "unfreeze",
    "freeze", "keep", "everything", "refresh_now", "search", "trouble(1)", "save", "app.filter_services", "filter",
    "copy", "zoom", "help", "leave",
)  # fmt: skip
"""actions in the order in which one may want them; the others come after these"""
OURS = {"app.focus_next": "Next panel", "app.focus_previous": "Panel before"}
"""what the toolkit's own actions are called here; its others are no business of people's"""
ON_ROW = frozenset({"rollback", "releases", "keep", "freeze", "unfreeze", "refresh_now"})
"""actions on the service at the cursor: they name it"""


def bound(app: "App[int]", screen: "Screen[object]", selected: str | None) -> list[Bound]:
    """The active bindings, those of the panel with the keys first; several keys for one action are one entry."""
    found: dict[tuple[str, str], Bound] = {}
    for active in screen.active_bindings.values():
        binding, where = active.binding, WHERE.get(type(active.node).__name__)
        if not binding.description or binding.system or where is None or not active.enabled:
            continue
        description = binding.description
        if where == "everywhere" and active.node is screen:
            if binding.action not in OURS:
                continue
            description = OURS[binding.action]
        name = key_name(binding.key)
        known = found.get((where, binding.action))
        on_row = binding.action in ON_ROW and selected is not None
        found[where, binding.action] = Bound(
            key=f"{known.key}, {name}" if known else name,
            label=f"{description}: {selected}" if on_row else description,
            where=where,
            action=_runner(app, binding.action, active.node),
            rank=FIRST.index(binding.action) if binding.action in FIRST else len(FIRST),
        )
    return sorted(found.values(), key=lambda b: b.where == "everywhere")


def services(names: Sequence[str], go: Callable[[str], None]) -> list[Bound]:
    """Every service by name: going there puts the cursor on it."""
    return [
        Bound(key="", label=f"Go to {name}", where="services", action=_goer(name, go), rank=len(FIRST) - 1)
        for name in names
    ]


def _goer(name: str, go: Callable[[str], None]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        go(name)

    return run


def _runner(app: "App[int]", action: str, node: object) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await app.run_action(action, default_namespace=node)  # type: ignore[arg-type]

    return run
