"""One line of a log as pieces of a row: looks laid over it, cut to the window or wrapped."""

import re
from itertools import groupby

from rich.cells import cell_len, set_cell_size

from tui.console.drawing.rows import Piece, Row
from tui.dokku.framing import started_over
from tui.text.clean import OF_SCRIPTS, decode

_UNSTEADY = re.compile(
    f"({OF_SCRIPTS})|"
    "[\u00ad\u115f\u1160\u180e\u200b-\u200d\u2060-\u2064\u3164\ufe0e\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)


def marked(text: str, marks: list[tuple[int, int, str]], ground: str) -> list[Piece]:
    """Text in pieces; a later mark covers an earlier one."""
    if not marks:
        return [(text, ground)]
    looks = [ground] * len(text)
    for start, end, name in marks:
        looks[start:end] = [name] * (min(end, len(text)) - start)
    pieces: list[Piece] = []
    position = 0
    for look, group in groupby(looks):
        end = position + sum(1 for _ in group)
        pieces.append((text[position:end], look))
        position = end
    return pieces


def window(body: list[Piece], left: int, cells: int) -> list[Piece]:
    """The part of a line from column `left` on that fits."""
    out: list[Piece] = []
    skip, room = left, cells
    for text, look in body:
        size = cell_len(text)
        if skip >= size:
            skip -= size
            continue
        piece = text[len(set_cell_size(text, skip)) :] if skip else text
        skip = 0
        if cell_len(piece) > room:
            piece = set_cell_size(piece, max(0, room))
        out.append((piece, look))
        room -= cell_len(piece)
        if room <= 0:
            break
    return out


def wrapped(head: list[Piece], body: list[Piece], cells: int, used: int) -> list[Row]:
    """A line on as many rows as it takes, broken anywhere: logs are searched by eye, column by column."""
    lines: list[list[Piece]] = [list(head)]
    room = cells - used
    for text, look in body:
        position = 0
        while position < len(text):
            taken = _fitting(text, position, room)
            if not taken:
                lines.append([("  ", "")])
                room = max(2, cells - 2)
                taken = _fitting(text, position, room)
            piece = text[position : position + taken]
            lines[-1].append((piece, look))
            room -= cell_len(piece)
            position += taken
    return [tuple(line) for line in lines]


def _fitting(text: str, position: int, cells: int) -> int:
    """Characters from `position` on that fit into so many cells; what takes no cell goes with what is before it."""
    if text.isascii():
        return max(0, min(cells, len(text) - position))
    used = taken = 0
    for character in text[position : position + 4 * max(0, cells)]:
        used += cell_len(character)
        if used > cells:
            break
        taken += 1
    return taken


def in_full(raw: bytes) -> bytes:
    """A line with what its CRs mean: only a progress bar's earlier looks are gone, and the prefix stays where it is."""
    return started_over(decode(raw.rstrip(b"\r"))).encode() if b"\r" in raw else raw


def steady(text: str) -> str:
    """Without what makes terminals disagree about the width of a text: joiners and other signs that take no cell are
    made visible where no script needs them, variation selectors are left out."""
    if text.isascii():
        return text
    return _UNSTEADY.sub(lambda found: found[1] or ("" if found[0] in "\ufe0e\ufe0f" else "\ufffd"), text)
