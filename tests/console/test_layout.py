"""Where the panels lie, at every size of terminal there is."""

from itertools import combinations

import pytest

from tui.console.layout import CHART, SAID, SMALLEST, TALL, WIDE, WIDEST, Box, places, too_small

WIDTHS, HEIGHTS = range(20, 241), range(5, 81)
SOME = sorted({*WIDTHS[::7], *(edge + n for edge in (SMALLEST[0], WIDE, WIDEST) for n in (-1, 0, 1)), WIDTHS[-1]})
"""widths that meet every shape, its edges, and shares of a width with every remainder"""
ENOUGH = 16
"""services from which on the table grows no more, but in two halves"""
FULLY = 4
"""services for which every width is tried"""
SHAPES = [(work, zoomed) for work in (False, True) for zoomed in (None, "work", "logs")]


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def wrong(width: int, height: int, services: int, work: bool, zoomed: str | None, said: int = 1) -> str:
    """What is wrong with the places at this size; empty when nothing is."""
    found = places(width, height, services=services, work=work, zoomed=zoomed, said=said)
    for name, box in found.items():
        if box.width < 1 or box.height < 1:
            return f"{name} has no room"
        if box.x < 0 or box.y < 0 or box.x + box.width > width or box.y + box.height > height:
            return f"{name} is outside"
    for (name, box), (other, its) in combinations(found.items(), 2):
        if overlap(box, its):
            return f"{name} covers {other}"
    if too_small(width, height):
        return "" if set(found) == {"small"} else "too small, and more than the word about it"
    least = {"header": 1, "hint": 1, "board": 1, "logs": 3 if said == 1 else 2} | ({"work": 6} if work else {})
    least |= {"chart": CHART} if "chart" in found else {}
    for name, rows in least.items():
        if name not in found or found[name].height < rows:
            return f"{name} has fewer than {rows} rows"
    if ("work" in found) is not work:
        return "work is shown without work"
    return ""


@pytest.mark.parametrize(("work", "zoomed"), SHAPES)
@pytest.mark.parametrize("services", range(1, 31))
def test_every_size_has_its_panels_apart_and_none_is_lost(services: int, work: bool, zoomed: str | None) -> None:
    bad = [
        (width, height, said)
        for width in (WIDTHS if services == FULLY else SOME if services <= ENOUGH else SOME[SOME.index(WIDEST) :])
        for height in HEIGHTS
        if (said := wrong(width, height, services, work, zoomed))
    ]
    assert not bad, f"{len(bad)} sizes, first {bad[:3]}"


@pytest.mark.parametrize(("work", "zoomed"), SHAPES)
@pytest.mark.parametrize("said", range(2, SAID + 1))
def test_a_notice_of_several_rows_has_its_place_at_every_size(said: int, work: bool, zoomed: str | None) -> None:
    bad = [(w, h, is_) for w in SOME for h in HEIGHTS if (is_ := wrong(w, h, FULLY, work, zoomed, said))]
    assert not bad, f"{len(bad)} sizes, first {bad[:3]}"


@pytest.mark.parametrize(("work", "zoomed"), SHAPES)
def test_more_services_than_fit_change_nothing_below_two_halves(work: bool, zoomed: str | None) -> None:
    for width in (SMALLEST[0], 80, WIDE, WIDEST - 1):
        for height in HEIGHTS:
            enough = places(width, height, services=ENOUGH, work=work, zoomed=zoomed)
            assert all(
                places(width, height, services=more, work=work, zoomed=zoomed) == enough for more in range(ENOUGH, 31)
            )


def test_the_floor_is_exactly_where_it_is_said_to_be() -> None:
    width, height = SMALLEST
    assert not too_small(width, height)
    assert too_small(width - 1, height) and too_small(width, height - 1)


@pytest.mark.parametrize(
    ("width", "height", "panels"),
    [
        (*SMALLEST, {"header", "board", "work", "logs", "hint"}),
        (80, 24, {"header", "board", "work", "logs", "hint"}),
        (WIDE - 1, 60, {"header", "board", "work", "logs", "hint"}),
        (WIDE, TALL - 1, {"header", "board", "work", "logs", "hint"}),
        (WIDE, TALL, {"header", "board", "work", "logs", "timeline", "hint"}),
        (WIDEST, TALL, {"header", "board", "work", "chart", "logs", "timeline", "hint"}),
        (WIDEST, 45, {"header", "board", "work", "chart", "logs", "timeline", "hint"}),
    ],
)
def test_each_shape_begins_where_it_is_said_to(width: int, height: int, panels: set[str]) -> None:
    assert set(places(width, height, services=4, work=True)) == panels


@pytest.mark.parametrize("height", [15, 18, 24, 40])
def test_a_zoom_takes_room_from_nobody_below_their_least(height: int) -> None:
    usual = places(80, height, services=4, work=True)
    work = places(80, height, services=4, work=True, zoomed="work")
    logs = places(80, height, services=4, work=True, zoomed="logs")
    assert work["work"].height >= usual["work"].height
    assert logs["logs"].height >= usual["logs"].height


def test_work_beside_the_log_leaves_a_gutter() -> None:
    for width, height in ((120, 40), (200, 60), (240, 80)):
        found = places(width, height, services=4, work=True)
        body = [box for name, box in found.items() if name not in ("header", "hint")]
        for one in body:
            for other in body:
                side_by_side = one.y < other.y + other.height and other.y < one.y + one.height
                assert one is other or not side_by_side or one.x + one.width != other.x
