"""The few looks that text can have, each with a twin without colour; the signs are those of `tui.text.signs`.

Colours are the terminal's own sixteen: they fit every background a person has chosen, cost the fewest bytes, and need
no guess about the terminal. Colour is never the only sign: every state is a word, and a sign of its own shape.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from rich.style import Style

from tui.text.signs import Signs

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
    "down-text": "red",
    "process-0": "cyan",
    "process-1": "green",
    "process-2": "blue",
    "process-3": "magenta",
    "process-4": "yellow",
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
    "down-text": "bold",
    "process-0": "",
    "process-1": "",
    "process-2": "",
    "process-3": "",
    "process-4": "",
}


class Theme(NamedTuple):
    """A named set of looks."""

    looks: dict[str, str]
    ground: str = ""
    """background; empty: the terminal's"""
    text: str = ""
    """colour of plain text; empty: the terminal's"""
    named: tuple[str, ...] = ()
    """what an app's own black, red, green, yellow, blue, magenta, cyan and white become; empty: they stay"""


TERMINAL = Theme(COLOURED)


class Palette(Signs):
    """The looks and signs of one terminal: colour, theme and signs are decided once, at start."""

    def __init__(self, *, colour: bool = True, ascii_only: bool = False, theme: Theme = TERMINAL) -> None:
        super().__init__(ascii_only=ascii_only)
        self.colour = colour
        self.theme = theme if colour else Theme(PLAIN)
        self.base = Style.parse(f"{self.theme.text} on {self.theme.ground}") if self.theme.ground else Style.null()
        """what every cell has that no look covers"""

    @lru_cache(maxsize=512)  # noqa: B019 - one palette lives as long as the program
    def style(self, name: str) -> Style:
        """The look of that name; `sgr:1;31` is a colour of an app's own. Raises KeyError for a name nobody knows."""
        if name.startswith("sgr:"):
            return self._own(sgr(name[4:])) if self.colour else Style.null()
        return Style.parse(self.theme.looks[name]) if self.theme.looks[name] else Style.null()

    def _own(self, style: Style) -> Style:
        """An app's own colour on this theme's ground: its nearest here; one of many colours could not be read on it."""
        if not self.theme.named or style.color is None:
            return style
        name = style.color.name.removeprefix("bright_")
        colour = self.theme.named[_NAMED.index(name)] if name in _NAMED else self.theme.text
        return Style(color=colour, bold=style.bold, underline=style.underline)


_NAMED = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


_WITH_SPACE = re.compile(r"\b([345]8:2):\d*(?=:\d+:\d+:\d+)")
"""a colour with the number of its colour space, mostly none: `38:2::255:0:0`"""
_DARK = frozenset((0, 16, 17, *range(232, 237)))
_SEEN = 64
"""of 255: what is darker cannot be told from a black ground"""


def sgr(parameters: str) -> Style:
    """The style that an app's own colour is given here: foreground, bold, underline. Backgrounds, blinking and hiding
    are left out, so that no line can pass for one of the console's own, or hide."""
    said = _WITH_SPACE.sub(r"\1", parameters)
    codes = [int(part) if part.isdigit() and len(part) < 4 else -1 for part in re.split("[;:]", said)]
    colour, bold, underline = None, None, None
    position = 0
    while position < len(codes):
        code = codes[position]
        if code == 1:
            bold = True
        elif code == 4:
            underline = True
        elif 30 <= code <= 37:
            colour = _NAMED[code - 30]
        elif 90 <= code <= 97:
            colour = f"bright_{_NAMED[code - 90]}"
        elif code in (38, 48, 58):
            kind = codes[position + 1 : position + 2]
            taken = codes[position + 2 : position + (3 if kind == [5] else 5)]
            if code == 38 and kind == [5] and len(taken) == 1 and 0 <= taken[0] <= 255:
                colour = f"color({taken[0]})" if taken[0] not in _DARK else "black"
            elif code == 38 and kind == [2] and len(taken) == 3 and all(0 <= c <= 255 for c in taken):
                colour = f"rgb({taken[0]},{taken[1]},{taken[2]})" if max(taken) >= _SEEN else "black"
            position += 1 + len(taken)
        position += 1
    if colour == "black":
        colour = "bright_black"  # black on black would hide
    return Style(color=colour, bold=bold, underline=underline)
