"""Charts of text, by property: as wide as asked, higher where there is more, and blank where nothing was measured."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.console.drawing.palette import Palette
from tui.text import chart
from tui.text.chart import Axis, Mark, Piece
from tui.text.signs import SPARKS

T0 = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
SHARES = st.lists(st.none() | st.floats(min_value=0, max_value=1), min_size=1, max_size=80)
PALETTES = st.sampled_from([Palette(), Palette(ascii_only=True), Palette(colour=False)])


def said(cells: list[Piece]) -> str:
    return "".join(text for text, _ in cells)


def height(column: list[str]) -> int:
    """In eighths, of one column of the coloured palette, the upper cell first."""
    return sum(0 if cell in " ╌" else SPARKS[0].index(cell) + 1 for cell in column)


@given(SHARES, st.integers(min_value=1, max_value=6), PALETTES)
def test_every_row_has_a_cell_a_value(shares: list[float | None], rows: int, palette: Palette) -> None:
    drawn = chart.columns(shares, chart.scale(shares, 0.01), rows, palette, limit=0.01)
    assert [len(said(cells)) for cells in drawn] == [len(shares)] * rows


@given(SHARES, st.integers(min_value=1, max_value=6))
def test_a_column_is_higher_where_there_is_more(shares: list[float | None], rows: int) -> None:
    top = chart.scale(shares, 0.01)
    drawn = [said(cells) for cells in chart.columns(shares, top, rows, Palette())]
    for place, share in enumerate(shares):
        eighths = height([row[place] for row in drawn])
        if not share:
            assert eighths == 0
        else:
            assert abs(eighths - share / top * rows * 8) <= 1 and eighths > 0


def test_what_is_over_the_limit_has_another_look_and_the_limit_is_a_line() -> None:
    upper, lower = chart.columns([0.005, 0.02, None], 0.02, 2, Palette(), limit=0.01)
    assert upper == [("╌", "dim"), ("█", "down"), ("╌", "dim")]
    assert [look for _, look in lower] == ["ok", "down", ""]


def test_the_axis_is_whole_only_where_something_was_measured() -> None:
    axis = Axis(T0, T0 + timedelta(minutes=4), 4)
    marks = [Mark(T0 + timedelta(seconds=70), "back", "run"), Mark(T0 - timedelta(seconds=1), "deploy", "warn")]
    assert said(chart.baseline(axis, [True, True, False, True], marks, Palette())) == "─◂ ─"


@given(st.integers(min_value=1, max_value=120), st.floats(min_value=0, max_value=600))
def test_every_moment_of_the_axis_has_a_cell(cells: int, seconds: float) -> None:
    axis = Axis(T0, T0 + timedelta(seconds=600), cells)
    place = axis.place(T0 + timedelta(seconds=seconds))
    assert place is not None and 0 <= place < cells


@pytest.mark.parametrize("outside", [-0.001, 600.001])
def test_what_is_outside_of_the_axis_has_none(outside: float) -> None:
    assert Axis(T0, T0 + timedelta(seconds=600), 10).place(T0 + timedelta(seconds=outside)) is None


def test_a_limit_below_one_row_of_the_scale_is_a_line_all_the_same_and_its_row_says_it() -> None:
    """1 % under a top of 18 %, as in a bad deploy: the line that decides must not vanish when it is passed most."""
    *_, lower = chart.columns([0.18, None, 0.0], 0.18, 4, Palette(), limit=0.01)
    assert lower == [("█", "down"), ("╌╌", "dim")]
    assert [chart.limit_level(0.01, top, 4) for top in (0.18, 0.03, 0.02, 0.01)] == [0, 1, 2, 3]
