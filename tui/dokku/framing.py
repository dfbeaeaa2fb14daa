"""The one framing boundary of streams: bytes in any chunks → whole, harmless lines.

Theory. A line ends at LF. UTF-8 is decoded only once a line is whole, so a character cut by a chunk is never broken. A
CR inside a line starts it over on a terminal. Here it never reaches Dokku's own prefix, which says when and by which
process a line was written; and it takes nothing away, but for a progress bar that is drawn anew: what users send can
hold a CR, too. (A CR before the LF is the other half of CRLF.) Colours become spans; every other control character
becomes visible. A line longer than the cap is cut, and says how much is missing, so that one endless line can neither
fill memory nor the screen.
"""

import re

from tui.model.value import Value
from tui.text.clean import clean, decode, piled

LONGEST = 16_384
"""bytes of a line that are kept"""
_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_PREFIX = re.compile(
    r"(?:\x1b\[(?:[0-9;:]*m|1?G|K))*\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z app\[[\w.-]{1,64}\]:"
    r"(?:\x1b\[[0-9;:]*m)* ?",
    re.ASCII,
)
"""what `logs` writes before each line, with its colours"""
_BAR = re.compile(r"\d ?%|[#=█▓▉-▏━]{2,}|^[\s\d./|\\-]*$")
"""what a progress bar looks like; without one a CR takes nothing away"""
_LETTERS = re.compile(r"[^\W\d_]+")
_CR = "\u240d"


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

    def __init__(self, longest: int = LONGEST, *, as_it_is: bool = False) -> None:
        """`as_it_is`: lines that are counted and never shown keep what separates their fields, a tab above all."""
        self._longest = longest
        self._as_it_is = as_it_is
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
        """The rest without an end, as a last line."""
        return [self._end()] if self._rest or self._dropped else []

    def _take(self, part: bytes) -> None:
        room = self._longest - len(self._rest)
        self._rest += part[:room]
        self._dropped += max(0, len(part) - max(room, 0))

    def _end(self) -> Line:
        raw, dropped = bytes(self._rest), self._dropped
        self._rest.clear()
        self._dropped = 0
        text = decode(raw.rstrip(b"\r"))
        line = Line(text=text) if self._as_it_is else frame(started_over(text))
        if dropped:
            line = Line(text=f"{line.text}… ({dropped} bytes more)", spans=line.spans)
        return line


def started_over(text: str) -> str:
    """A line with what its CRs mean: behind the prefix, and nothing lost but earlier looks of one progress bar."""
    if "\r" not in text:
        return text
    prefix = _PREFIX.match(text)
    cut = prefix.end() if prefix is not None else 0
    pieces = [piece for piece in text[cut:].split("\r") if piece]
    if not pieces:
        return text[:cut]
    last = _words(pieces[-1])
    if all(_BAR.search(piece) and last[: len(was := _words(piece))] == was for piece in pieces[:-1]):
        return text[:cut] + pieces[-1]
    return text[:cut] + _CR.join(pieces)


def _words(piece: str) -> list[str]:
    return _LETTERS.findall(_SGR.sub("", piece))


def frame(text: str) -> Line:
    """One line of text: colours as spans, everything else harmless."""
    if text.isprintable() and not piled(text):  # nearly every line: no control, no colour, nothing that reorders
        return Line(text=text)
    parts: list[str] = []
    spans: list[Span] = []
    style, at, position = "", 0, 0
    for found in (*_SGR.finditer(text), None):
        piece = text[position : found.start() if found else len(text)]
        if not piece.isprintable() or piled(piece):
            piece = clean(piece).replace("\n", "\ufffd")
        if style and piece:
            spans.append(Span(start=at, end=at + len(piece), style=style.replace("~", ";")))
        parts.append(piece)
        at += len(piece)
        if found:
            style = together(style, found[1])
            position = found.end()
    return Line(text="".join(parts), spans=tuple(spans))


_ENDS = {"22": ("1", "2"), "23": ("3",), "24": ("4", "21"), "27": ("7",), "29": ("9",), "39": ("38",), "49": ("48",)}
_HIDES = {"5", "6", "8", "25", "28"}
"""blinking and concealed text: a log is to be read"""


def together(style: str, parameters: str) -> str:
    """The look after one more sequence: a terminal adds what comes to what is there, until it is taken back."""
    looks = style.split(";") if style else []
    held = [tuple(look.split("~")) for look in looks]
    told = parameters.split(";")
    while told:
        one = told.pop(0)
        if one in ("", "0", "00"):
            held = []
        elif one == "4:0":
            held = [look for look in held if _kind(look) not in _ENDS["24"]]
        elif one in _HIDES:
            continue
        elif one in _ENDS:
            held = [look for look in held if _kind(look) not in _ENDS[one]]
        else:
            look = [one]
            if one in ("38", "48", "58") and told:
                look += [told.pop(0) for _ in range(min(len(told), 2 if told[0] == "5" else 4))]
            held = [other for other in held if _kind(other) != _kind(tuple(look))] + [tuple(look)]
    return ";".join("~".join(look) for look in held[:_MOST])


_MOST = 8
"""looks at once"""


def _kind(look: tuple[str, ...]) -> str:
    """Colours replace each other; everything else is its own kind."""
    one = look[0].partition(":")[0]
    if re.fullmatch("38|3[0-7]|9[0-7]", one):
        return "38"
    return "48" if re.fullmatch("48|4[0-7]|10[0-7]", one) else one
