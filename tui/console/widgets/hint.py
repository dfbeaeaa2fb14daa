"""The hint bar: the keys that matter now, the most important first, as many as fit. Stock footers let them fall off."""

from textual.screen import Screen

from tui.console import rows
from tui.console.rows import Piece
from tui.console.widgets.panel import Panel

SHORT = {
    "escape": "Esc", "enter": "Enter", "slash": "/", "colon": ":", "question_mark": "?", "tab": "Tab", "ampersand": "&",
    "pageup": "PgUp", "pagedown": "PgDn", "space": "Space", "shift+tab": "Shift-Tab", "up": "Up", "down": "Down",
    "left": "Left", "right": "Right", "home": "Home", "end": "End", "ctrl+p": "Ctrl-P", "f1": "F1",
    "exclamation_mark": "!", "left_square_bracket": "[", "right_square_bracket": "]", "ctrl+c": "Ctrl-C",
}  # fmt: skip
RANK = (
    "passphrase",
    "choose",
    "close",
    "releases",
    "rollback",
    "search",
    "trouble",
    "newest",
    "focus_logs",
    "filter",
    "palette",
    "help",
    "quit",
)
"""actions that come first; the rest follow in the order of their panels"""


def key_name(key: str) -> str:
    """A key as people call it."""
    return SHORT.get(key, key)


class HintBar(Panel):
    """One row of keys; it is told what else to say (a saved file's path) until that is dismissed."""

    def draw(self, screen: "Screen[object]", notice: str = "", look: str = "ok") -> None:
        """Show the bindings that are active now, or the notice."""
        cells = self.size.width
        if notice:
            tail = "  Esc dismisses"
            self.show((), [((rows.fit(notice, cells - len(tail)), look), (tail, "dim"))])
            return
        found = [a for a in screen.active_bindings.values() if a.binding.show and a.binding.description and a.enabled]
        found.sort(key=lambda a: _rank(a.binding.action))
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
            room -= size
            pieces.extend([(f" {name} ", "key"), (f"{label} ", "")])
        self.show((), [tuple(pieces)])


def _rank(action: str) -> int:
    name = action.rpartition(".")[2].partition("(")[0]
    return RANK.index(name) if name in RANK else len(RANK)
