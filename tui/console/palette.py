"""The few looks that text can have, and the few signs; each has a twin without colour and one in ASCII.

Colours are the terminal's own sixteen: they fit every background a person has chosen, cost the fewest bytes, and need
no guess about the terminal. Colour never stands alone: every state is a word, and a sign of its own shape.
"""

from functools import cache

from rich.style import Style

COLOURED: dict[str, str] = {
    "": "",
    "dim": "bright_black",
    "bold": "bold",
    "ok": "green",
    "warn": "bold yellow",
    "down": "bold red",
    "unknown": "bright_black",
    "run": "cyan",
    "title": "",
    "focus": "bold cyan",
    "key": "bold cyan",
    "choice": "",
    "chosen": "reverse bold",
    "off": "bright_black strike",
    "danger": "bold red",
    "band-production": "bold bright_white on magenta",
    "band-staging": "black on yellow",
    "band-sandbox": "bold black on cyan",
    "band": "reverse",
    "found": "reverse",
    "typed": "underline",
}
PLAIN: dict[str, str] = {
    "": "",
    "dim": "",
    "bold": "bold",
    "ok": "",
    "warn": "bold",
    "down": "bold reverse",
    "unknown": "underline",
    "run": "bold",
    "title": "",
    "focus": "bold underline",
    "key": "bold",
    "choice": "",
    "chosen": "reverse bold",
    "off": "",
    "danger": "bold reverse",
    "band-production": "reverse bold",
    "band-staging": "bold",
    "band-sandbox": "reverse",
    "band": "reverse",
    "found": "reverse",
    "typed": "underline",
}
SIGNS: dict[str, tuple[str, str]] = {
    "ok": ("●", "o"),
    "warn": ("▲", "!"),
    "down": ("■", "X"),
    "unknown": ("?", "?"),
    "run": ("▶", ">"),
    "cursor": ("❯", ">"),
    "rule": ("─", "-"),
    "bar": ("│", "|"),
    "full": ("█", "#"),
    "empty": ("░", "."),
    "dot": ("·", "."),
    "arrow": ("→", "->"),
    "more": ("…", "~"),
    "yes": ("✓", "+"),
    "no": ("✗", "x"),
}
SPARKS = ("▁▂▃▄▅▆▇█", " .:-=+*#")


class Palette:
    """How this terminal is drawn on: `colour` and `ascii_only` are decided once, at start."""

    def __init__(self, *, colour: bool = True, ascii_only: bool = False) -> None:
        self.colour = colour
        self.ascii = ascii_only
        self._looks = COLOURED if colour else PLAIN

    @cache  # noqa: B019 - one palette lives as long as the program
    def style(self, name: str) -> Style:
        """The look of that name. Raises KeyError for a name that no palette has."""
        return Style.parse(self._looks[name]) if self._looks[name] else Style.null()

    def sign(self, name: str) -> str:
        """The sign of that name: one cell wide (`arrow` is two in ASCII)."""
        return SIGNS[name][self.ascii]

    def spark(self, share: float) -> str:
        """One cell of a sparkline: 0 is lowest, 1 highest."""
        row = SPARKS[self.ascii]
        return row[min(len(row) - 1, max(0, int(share * len(row))))]

    def text(self, text: str) -> str:
        """`text` as this terminal can show it: in ASCII mode our own typography is spelt out, the rest becomes `?`."""
        if not self.ascii or text.isascii():
            return text
        for fine, plain in SIGNS.values():
            text = text.replace(fine, plain)
        for fine, plain in (("–", "-"), ("—", "-"), ("“", '"'), ("”", '"'), ("’", "'"), ("×", "x"), ("≤", "<=")):
            text = text.replace(fine, plain)
        return text.encode("ascii", "replace").decode()
