"""The hint bar: the keys that matter now, the most important first, as many as fit. Stock footers let them fall off."""

from textual import events
from textual.message import Message
from textual.screen import Screen

from tui.console import actions_and_keys
from tui.console.actions_and_keys import LATER, key_name
from tui.console.drawing import rows
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Piece, Row
from tui.console.layout import SAID
from tui.console.widgets.panel import Panel


class HintBar(Panel):
    """One row of keys; it is told what else to say (a saved file's path) until that is dismissed, on as many rows as
    that takes. A click on one is as good as the key."""

    class Pressed(Message):
        """A key's name or what it does was clicked."""

        def __init__(self, action: str, node: object) -> None:
            super().__init__()
            self.action, self.node = action, node

    def __init__(self, palette: Palette, name: str, *, titled: bool = True) -> None:
        super().__init__(palette, name, titled=titled)
        self._places: list[tuple[int, int, str, object]] = []
        """first cell, cell after the last, action, and whose it is"""

    def draw(self, screen: "Screen[object]", notice: str = "", look: str = "ok") -> int:
        """Show the bindings that are active now, or the notice. Returns the rows that it wants."""
        cells = self.size.width
        self._places = []
        if notice:
            self._places.append((0, cells, "app.run('close')", screen.app))
            content = _said(notice, look, cells)
            self.show((), content)
            return len(content)
        found = [a for a in screen.active_bindings.values() if a.binding.show and a.binding.description and a.enabled]
        found.sort(key=lambda a: _rank(a.node, a.binding.action))
        pieces: list[Piece] = []
        room, said = cells, set[str]()
        for active in found:
            if active.binding.action in said:
                continue  # a second key for the same
            said.add(active.binding.action)
            name, label = key_name(active.binding.key), active.binding.description
            size = len(name) + len(label) + 3
            if size > room:
                continue
            self._places.append((cells - room, cells - room + size, active.binding.action, active.node))
            room -= size
            pieces.extend([(f" {name} ", "key"), (f"{label} ", "")])
        self.show((), [tuple(pieces)])
        return 1

    def on_click(self, event: events.Click) -> None:
        """The key that lies there, as if it was pressed."""
        for first, after, action, node in self._places:
            if first <= event.x < after:
                self.post_message(self.Pressed(action, node))


_TAIL = "  Esc dismisses"


def _said(notice: str, look: str, cells: int) -> list[Row]:
    """The notice, with how it goes away behind its last word where there is room, else below it."""
    lines = rows.wrap(notice, cells)
    if rows.width(((lines[-1], ""),)) > cells - len(_TAIL):
        lines.append("")
    if len(lines) > SAID:
        lines = [*lines[: SAID - 1], " ".join(lines[SAID - 1 :])]
    *first, last = lines
    return [*(((line, look),) for line in first), ((rows.fit(last, cells - len(_TAIL)), look), (_TAIL, "dim"))]


def _rank(node: object, name: str) -> int:
    action = actions_and_keys.of(getattr(node, "where", ""), name)
    return LATER if action is None or action.hint is None else action.hint
