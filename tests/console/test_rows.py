"""Text on its way to the screen, by property: no width is exceeded, nothing is lost, nothing hostile gets through."""

import re
import unicodedata
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.console.drawing import rows
from tui.console.drawing.palette import COLOURED, Palette

NASTY = st.one_of(
    st.text(),
    st.text(
        alphabet="\x1b[]0;?mHJK\x07\x9b\x9d\x90\\52c\r\n\t\x00\x7f\u202e\u2066\u061c\u2028漢字 é\u0301🇩🇪👩‍🔬[/foo]"
    ),
)
PRINTED = st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Mn", "Me", "Cn")))
"""what a terminal advances for by one or two cells"""
CELLS = st.integers(min_value=0, max_value=120)
LOOKS = st.sampled_from(sorted(COLOURED))
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def test_rows_that_nobody_sees_are_not_drawn_and_one_is_drawn_once() -> None:
    drawn: list[int] = []

    def draw(number: int) -> rows.Row:
        drawn.append(number)
        return rows.row(str(number))

    found = rows.LazyRows([partial(draw, number) for number in range(200)])
    assert len(found) == 200 and not drawn
    assert [rows.text(row) for row in found[10:12]] == ["10", "11"]
    assert (found[10], found[198:300]) == (rows.row("10"), [rows.row("198"), rows.row("199")])
    assert drawn == [10, 11, 198, 199]


@given(NASTY, st.integers(min_value=1, max_value=600))
def test_safe_leaves_no_control_character_and_one_line(text: str, limit: int) -> None:
    said = rows.safe(text, limit)
    assert len(said) <= limit
    assert len(said.splitlines()) <= 1
    assert not BIDI.search(said)
    assert not [c for c in said if unicodedata.category(c) in ("Cc", "Zl", "Zp")]


@given(NASTY)
@example("\u205f\u200d\U0001f000")
def test_safe_is_done_once_and_for_all(text: str) -> None:
    once = rows.safe(text, 10_000)
    assert rows.safe(once, 10_000) == once


@given(PRINTED, CELLS, st.booleans())
def test_fit_is_exactly_as_wide_as_asked(text: str, cells: int, right: bool) -> None:
    assert cell_len(rows.fit(text, cells, right=right)) == cells


@given(PRINTED, CELLS)
def test_fit_cuts_nothing_that_fits(text: str, cells: int) -> None:
    said = rows.fit(text, cells)
    assert (text in said) == (cell_len(text) <= cells) or "…" in text


@given(PRINTED, CELLS, st.integers(min_value=0, max_value=20))
def test_wrap_stays_inside_its_width(text: str, cells: int, indent: int) -> None:
    for line in rows.wrap(text, cells, indent=indent):
        assert cell_len(line) <= max(8, cells)


@given(PRINTED, CELLS, st.integers(min_value=0, max_value=20))
def test_wrap_loses_nothing_but_blanks(text: str, cells: int, indent: int) -> None:
    lines = rows.wrap(text, cells, indent=indent)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(st.integers(min_value=0, max_value=30), PRINTED.filter(lambda t: not t.startswith(" ")), CELLS)
def test_wrap_keeps_what_the_text_is_indented_by(lead: int, text: str, cells: int) -> None:
    first = rows.wrap(" " * lead + text, cells)[0]
    assert len(first) - len(first.lstrip(" ")) >= min(lead, max(8, cells) // 2) or not text.strip(" ")


@given(st.lists(st.tuples(PRINTED, LOOKS), max_size=5), CELLS, st.booleans(), st.booleans())
def test_a_strip_is_exactly_as_wide_as_its_panel(
    pieces: list[tuple[str, str]], cells: int, colour: bool, plain: bool
) -> None:
    strip = rows.strip(tuple(pieces), cells, Palette(colour=colour, ascii_only=plain))
    assert strip.cell_length == cells == cell_len(strip.text)
    assert strip.text.isascii() or not plain


@given(st.lists(st.tuples(NASTY, LOOKS), max_size=4), CELLS)
def test_what_passed_safe_stays_harmless_on_the_strip(pieces: list[tuple[str, str]], cells: int) -> None:
    harmless = tuple((rows.safe(text), look) for text, look in pieces)
    said = rows.strip(harmless, cells, Palette()).text
    assert not [c for c in said if unicodedata.category(c) == "Cc"] and not BIDI.search(said)


@given(st.lists(st.tuples(PRINTED, LOOKS), max_size=4), CELLS)
def test_a_title_fills_its_row_or_says_all_it_has(pieces: list[tuple[str, str]], cells: int) -> None:
    titled = rows.title(pieces, cells, "─", "dim")
    assert rows.text(titled).startswith("".join(text for text, _ in pieces)) or rows.text(titled).startswith("─")
    assert rows.width(titled) == cells or rows.width(tuple(pieces)) > cells - 2


@pytest.mark.parametrize("text", ["[/foo]", "[bold red]x[/]", "[@click=app.bell]x[/]", "[[", "\\[x]"])
def test_brackets_are_text(text: str) -> None:
    assert rows.strip(((text, ""),), 40, Palette()).text.rstrip() == text
    assert rows.wrap(text, 40) == [text]


def test_no_number_is_cut_in_its_middle() -> None:
    assert rows.fit("41 of 780 failed", 8) == "41 of … "
    assert rows.fit("release:12", 9) == "release:…"
    assert [rows.fit("at 3.14 s", n).rstrip() for n in (5, 6, 7, 8)] == ["at …", "at …", "at …", "at 3.14…"]
    row = (("failed ", ""), ("41 of 780, 5.3%", "down"))
    for cells in range(8, 30):
        said = rows.text(rows.ended(row, cells))
        assert rows.width(rows.ended(row, cells)) <= cells
        assert set(re.findall(r"[0-9.]+", said)) <= {"41", "780", "5.3"}, said
