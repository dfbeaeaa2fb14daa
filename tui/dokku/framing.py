"""The one framing boundary of streams: bytes in any chunks → whole, harmless lines.

Theory. A line ends at LF. UTF-8 is decoded only once a line is whole, so a character cut by a chunk is never broken. A
CR inside a line is a progress bar's way of starting over: what stands after the last CR counts (a CR before the LF is
the other half of CRLF). Colours become spans; every other control character becomes visible. A line longer than the
cap is cut, and says how much is missing, so that one endless line can neither fill memory nor the screen.
"""

import re

from tui.model.value import Value
from tui.text.clean import clean, decode

LONGEST = 16_384
"""bytes of a line that are kept"""
_SGR = re.compile(r"\x1b\[([0-9;:]*)m")


class Span(Value):
    """A stretch of a line in a colour: positions in the text, and the parameters as they came, e.g. `1;31`."""

    start: int
    end: int
    style: str


class Line(Value):
    """One line, harmless, without its end."""

    text: str
    spans: tuple[Span, ...] = ()


class Framer:
    """Collects chunks and gives the lines that are complete."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._dropped = 0

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that this chunk completes."""
        *whole, rest = chunk.split(b"\n")
        lines: list[Line] = []
        for part in whole:
            self._take(part)
            lines.append(self._end())
        self._take(rest)
        return lines

    def flush(self) -> list[Line]:
        """What is left without an end, as a last line."""
        return [self._end()] if self._rest or self._dropped else []

    def _take(self, part: bytes) -> None:
        room = self._longest - len(self._rest)
        self._rest += part[:room]
        self._dropped += max(0, len(part) - max(room, 0))

    def _end(self) -> Line:
        raw, dropped = bytes(self._rest), self._dropped
        self._rest.clear()
        self._dropped = 0
        raw = raw.rstrip(b"\r")
        _, _, raw = raw.rpartition(b"\r")
        line = frame(decode(raw))
        if dropped:
            line = Line(text=f"{line.text}… ({dropped} bytes more)", spans=line.spans)
        return line


def frame(text: str) -> Line:
    """One line of text: colours as spans, everything else harmless."""
    if text.isprintable():  # nearly every line: no control, no colour, nothing that reorders what is read
        return Line(text=text)
    parts: list[str] = []
    spans: list[Span] = []
    style, at, position = "", 0, 0
    for found in (*_SGR.finditer(text), None):
        piece = text[position : found.start() if found else len(text)]
        if not piece.isprintable():
            piece = clean(piece).replace("\n", "\ufffd")
        if style and piece:
            spans.append(Span(start=at, end=at + len(piece), style=style))
        parts.append(piece)
        at += len(piece)
        if found:
            style = "" if found[1] in ("", "0") else found[1]
            position = found.end()
    return Line(text="".join(parts), spans=tuple(spans))
