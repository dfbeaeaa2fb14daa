"""A Markdown document as rows: headings, lists, tables, quotes and blocks of text, to be read and not to be written.

The document is parsed as Markdown, by the rules under which its values were escaped: text from outside stays text. What
comes out are rows of pieces; nothing of it is parsed again, and what could steer a terminal is taken out.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size

from tui.console.drawing import rows
from tui.console.drawing.rows import EMPTY, Piece, Row
from tui.text.clean import clean, clean_line
from tui.text.redact import redact
from tui.text.signs import Signs

if TYPE_CHECKING:
    from markdown_it.token import Token

_LOOKS = {"h1": "bold", "h2": "bold", "h3": "focus"}
_LONGEST = 4000
"""characters of one piece of text: more is cut"""
_BLANKS = 2
"""blanks between the columns of a table"""


@lru_cache(maxsize=2)
def drawn(document: str, cells: int, signs: Signs) -> tuple[Row, ...]:
    """The document in rows of this many cells; those of fenced blocks may be wider, and are cut where they are drawn.
    A page asks for them with every second."""
    from tui.incident.postmortem import dialect  # no first picture is a document

    return tuple(_Drawing(cells, signs).all(dialect.reader().parse(redact(document))))


class _Item(NamedTuple):
    """A list that is open: the number of its next item, None where it has signs; and how deep it stands."""

    number: int | None
    indent: int


class _Drawing:
    """One pass over the tokens of a document."""

    def __init__(self, cells: int, signs: Signs) -> None:
        self._cells = cells
        self._signs = signs
        self._rows: list[Row] = []
        self._lists: list[_Item] = []
        self._begins = ""
        """what the next paragraph begins with: the sign or number of its item"""
        self._quoted = 0
        self._heading = ""
        self._headed = False
        """a heading is right above: what follows stands below it without an empty row"""
        self._table: list[list[str]] | None = None

    def all(self, tokens: "Sequence[Token]") -> list[Row]:
        """Every row."""
        for token in tokens:
            self._take(token)
        return self._rows

    def _take(self, token: "Token") -> None:
        match token.type:
            case "heading_open":
                self._apart()
                self._heading = token.tag
            case "heading_close":
                self._heading, self._headed = "", True
            case "bullet_list_open":
                self._open(None)
            case "ordered_list_open":
                self._open(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._begin_item()
            case "paragraph_open":
                if not self._lists and not self._quoted:
                    self._apart()
            case "blockquote_open" | "blockquote_close":
                self._quoted += token.nesting
            case "inline" if self._table is not None:
                self._table[-1].append("".join(text for text, _ in _inline(token.children or ())))
            case "inline":
                self._text(token)
            case "fence" | "code_block":
                self._block(token.content)
            case "hr":
                self._rows.append(((self._signs.sign("rule") * self._cells, "dim"),))
            case "table_open":
                self._apart()
                self._table = []
            case "tr_open" if self._table is not None:
                self._table.append([])
            case "table_close" if self._table is not None:
                self._rows.extend(_table(self._table, self._cells))
                self._table = None
            case _:
                pass

    def _apart(self) -> None:
        """An empty row above, unless there is one, or a heading."""
        if self._rows and self._rows[-1] != EMPTY and not self._headed:
            self._rows.append(EMPTY)
        self._headed = False

    def _open(self, number: int | None) -> None:
        if not self._lists:
            self._apart()
        self._lists.append(_Item(number, (self._lists[-1].indent + 2) if self._lists else 0))

    def _begin_item(self) -> None:
        item = self._lists[-1]
        self._begins = f"{self._signs.sign('dot')} " if item.number is None else f"{item.number}. "
        if item.number is not None:
            self._lists[-1] = item._replace(number=item.number + 1)

    def _text(self, token: "Token") -> None:
        self._headed = False
        lead = " " * (self._lists[-1].indent + (0 if self._begins else 2) if self._lists else 0)
        quote = f"{self._signs.sign('bar')} " * self._quoted
        first, self._begins = f"{quote}{lead}{self._begins}", ""
        hang = " " * cell_len(first) if not quote else quote + " " * (cell_len(first) - cell_len(quote))
        look = _LOOKS.get(self._heading, "bold" if self._heading else "")
        said = _lines(_inline(token.children or (), look, self._heading == "h3"))
        for line in said:
            self._rows.extend(flow(line, self._cells, first, hang))
            first = hang
        self._headed = not self._lists and [look for line in said for _, look in line] == ["bold"]

    def _block(self, content: str) -> None:
        self._apart()
        lines = [clean(line) for line in content.rstrip("\n").split("\n")]
        pictured = [line for line in lines if " · " not in line]  # what explains a picture may be wrapped
        if max(map(cell_len, pictured), default=0) > self._cells:
            lines = [line.removeprefix("  ") for line in lines]
        for line in lines:
            wrapped = rows.paragraph(line, self._cells, "", indent=2) if " · " in line else [((line, ""),)]
            self._rows.extend(wrapped)


def _inline(children: "Sequence[Token]", look: str = "", loud: bool = False) -> Iterator[Piece]:
    """The pieces of one paragraph; a line break is a piece `\\n`."""
    strong, address = 0, ""
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            yield "\n", ""
        elif child.type in ("strong_open", "strong_close", "em_open", "em_close"):
            strong += child.nesting if child.tag == "strong" else 0
        elif child.type == "link_open":
            address = str(child.attrs.get("href", ""))
        elif child.type == "link_close":
            yield f" ({_safe(address)})", "dim"
        elif child.content:
            said = _safe(child.content.upper() if loud else child.content)
            plain = "bold" if strong else look
            yield said, "run" if child.type == "code_inline" and not plain else plain


def _lines(pieces: Iterator[Piece]) -> list[list[Piece]]:
    found: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece[0] == "\n":
            found.append([])
        else:
            found[-1].append(piece)
    return [_marked(line) for line in found if line]


def _marked(line: list[Piece]) -> list[Piece]:
    """What nobody has written yet is seen at once."""
    return [(text, "warn" if not look and "TODO:" in text else look) for text, look in line]


def _safe(text: str) -> str:
    """Harmless, with the blanks at its ends."""
    body = clean_line(text, _LONGEST)
    lead = " " * (len(text) - len(text.lstrip(" ")))
    return f"{lead}{body.strip(' ')}{' ' if text.endswith(' ') and body.strip(' ') else ''}"


def flow(pieces: Sequence[Piece], cells: int, first: str = "", hang: str = "") -> list[Row]:
    """Pieces as rows of at most so many cells, broken at blanks where there are some. `first` stands before the first
    row, `hang` before each other one."""
    words = _words(pieces)
    found: list[Row] = []
    row: list[Piece] = [(first, "")] if first else []
    used, begun = cell_len(first), False
    room = max(8, cells)
    for word in words:
        size = sum(cell_len(text) for text, _ in word)
        blank = 1 if begun else 0
        if begun and used + blank + size > room:
            found.append(_joined(row))
            row, used, begun, blank = ([(hang, "")] if hang else []), cell_len(hang), False, 0
        if blank:
            row.append((" ", word[0][1] if word[0][1] == row[-1][1] else ""))
        used += blank
        for text, look in word:
            rest = text
            while cell_len(rest) > room - used:  # a word that is longer than a row
                part = set_cell_size(rest, room - used).rstrip(" ") or rest[:1]
                row.append((part, look))
                found.append(_joined(row))
                rest = rest[len(part) :]
                row, used = ([(hang, "")] if hang else []), cell_len(hang)
            row.append((rest, look))
            used += cell_len(rest)
        begun = True
    return [*found, _joined(row)] if begun else found


def _words(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """What stands between blanks: a word may have several looks."""
    found: list[list[Piece]] = [[]]
    for text, look in pieces:
        for position, part in enumerate(text.split(" ")):
            if position and found[-1]:
                found.append([])
            if part:
                found[-1].append((part, look))
    return [word for word in found if word]


def _joined(row: Sequence[Piece]) -> Row:
    """Neighbours of one look as one piece."""
    found: list[Piece] = []
    for text, look in row:
        if found and found[-1][1] == look:
            found[-1] = (found[-1][0] + text, look)
        elif text:
            found.append((text, look))
    return tuple(found)


def _table(lines: list[list[str]], cells: int) -> list[Row]:
    """A table in columns; where they do not fit, each row as its headings with what is under them."""
    head, body = lines[0], lines[1:]
    widths = [max(cell_len(line[n]) if n < len(line) else 0 for line in lines) for n in range(len(head))]
    if sum(widths) + _BLANKS * (len(widths) - 1) <= cells:
        between = " " * _BLANKS
        fitted = ((rows.fit(text, size) for text, size in zip(line, widths, strict=False)) for line in lines)
        columns = [between.join(cells_of_row) for cells_of_row in fitted]
        return [((line.rstrip(), "bold" if not number else ""),) for number, line in enumerate(columns)]
    found: list[Row] = []
    for line in body:
        for name, text in zip(head, line, strict=False):
            found.extend(flow([(f"{name}: ", "bold"), (text, "")], cells, "", "  "))
        found.append(EMPTY)
    return found[:-1]
