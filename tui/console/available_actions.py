"""What can be done here by name: for help and for the palette, from the bindings that are active now."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual.app import App
from textual.screen import Screen

from tui.console import actions_and_keys
from tui.console.actions_and_keys import EVERYWHERE, Action, key_name
from tui.console.pages.keys import Bound


def bound(app: "App[Any]", screen: "Screen[object]", selected: str | None) -> list[Bound]:
    """The active bindings, those of the panel with the keys first; several keys for one action are one entry."""
    found: dict[tuple[str, str], Bound] = {}
    for active in screen.active_bindings.values():
        where = EVERYWHERE if active.node is screen else getattr(active.node, "where", "")
        action = actions_and_keys.of(where, active.binding.action)
        if action is None or action.unlisted or not active.enabled:
            continue
        name = key_name(active.binding.key)
        known = found.get((where, action.bound))
        found[where, action.bound] = Bound(
            key=f"{known.key}, {name}" if known else name,
            label=f"{action.label}: {selected}" if action.on_row and selected is not None else action.label,
            where=where,
            action=_runner(app, action, active.node),
            rank=action.palette,
        )
    order = {(action.where, action.bound): number for number, action in enumerate(actions_and_keys.ACTIONS)}
    last = len(order)  # keys that each panel has come after its own
    return [found[at] for at in sorted(found, key=lambda at: (at[0] == EVERYWHERE, order.get(at, last)))]


def services(names: Sequence[str], go: Callable[[str], None]) -> list[Bound]:
    """Every service by name: going there puts the cursor on it."""
    return [
        Bound(key="", label=f"Go to {name}", where="services", action=_goer(name, go), rank=actions_and_keys.GO_TO)
        for name in names
    ]


def _goer(name: str, go: Callable[[str], None]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        go(name)

    return run


def _runner(app: "App[Any]", action: Action, node: object) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await app.run_action(action.bound, default_namespace=node)  # type: ignore[arg-type]

    return run
