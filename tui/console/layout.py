"""The place of each panel at every size: a pure function, so that all sizes can be tested.

Three shapes: stacked (60×15 and up), side by side (120 columns and 30 rows and up) and two halves (140 and up). In
every one of them the services' health and the log stay on screen while there is work: nothing ever covers them.
"""

from typing import NamedTuple

SMALLEST = (60, 15)
"""columns and rows below which only a word about the size is shown; what runs goes on"""
WIDE, TALL, WIDEST = 120, 30, 140
CHART = 7
"""rows below which a chart says nothing"""
LARGEST = 18
"""rows that the table of services takes at most where it lies above everything else"""
SAID = 3
"""rows that a notice takes at most"""
GUTTER = 1
"""empty columns between panels side by side"""


class Box(NamedTuple):
    """A panel's place, in cells."""

    x: int
    y: int
    width: int
    height: int


def too_small(width: int, height: int) -> bool:
    """True where nothing useful fits."""
    return width < SMALLEST[0] or height < SMALLEST[1]


def places(
    width: int, height: int, *, services: int, work: bool, zoomed: str | None = None, said: int = 1
) -> dict[str, Box]:
    """The boxes of `header`, `board`, `work`, `chart`, `timeline`, `logs`, `hint`, or of `small` alone; a panel
    without a place is absent. `zoomed` names the panel (`work` or `logs`) that takes what the others can spare, `said`
    is the number of rows of `hint`, at most `SAID`."""
    if too_small(width, height):
        return {"small": Box(0, 0, width, height)}
    found = {"header": Box(0, 0, width, 1), "hint": Box(0, height - said, width, said)}
    body = height - 1 - said
    if width >= WIDEST and height >= TALL and zoomed is None:
        return found | _halves(width, body, services, work)
    if width >= WIDE and height >= TALL and zoomed is None:
        return found | _side_by_side(width, body, services, work)
    return found | _stacked(width, height - 2, services, work, zoomed, said - 1)


def _stacked(width: int, body: int, services: int, work: bool, zoomed: str | None, more: int) -> dict[str, Box]:
    """`more`: the rows that the last row takes more than its own; they are the log's, as far as it has them."""
    tight = body < 18
    if not work:
        board = 1 if zoomed == "logs" else min(services + 2, min(LARGEST, body // 2 + 1) if not tight else 6)
        return {"board": Box(0, 1, width, board), "logs": Box(0, 1 + board, width, body - board - more)}
    board = 1 if tight or zoomed else min(services + 1, 5, body // 4)
    logs = 3 if tight or zoomed == "work" else max(5, body // 4)
    if zoomed == "logs":
        logs = body - board - 6
    logs = max(2, logs - more) if more else logs
    middle = body - more - board - logs
    return {
        "board": Box(0, 1, width, board),
        "work": Box(0, 1 + board, width, middle),
        "logs": Box(0, 1 + board + middle, width, logs),
    }


def _side_by_side(width: int, body: int, services: int, work: bool) -> dict[str, Box]:
    board = min(services + 2, max(12, min(LARGEST, body * 2 // 5)))
    timeline = 5
    middle = body - board - timeline
    left = width * 55 // 100 if work else 0
    gap = GUTTER if work else 0
    found = {
        "board": Box(0, 1, width, board),
        "logs": Box(left + gap, 1 + board, width - left - gap, middle),
        "timeline": Box(0, 1 + board + middle, width, timeline),
    }
    return found | ({"work": Box(0, 1 + board, left, middle)} if work else {})


def _halves(width: int, body: int, services: int, work: bool) -> dict[str, Box]:
    """The services on the left and the service at hand on the right, its log below over the whole width: each line of
    it whole. Work takes the right half, and what was there goes under the services, as far as it fits."""
    top = body - max(8, body * 36 // 100)
    if not work:
        top = min(top, max(services + 2, 13 + 7))
    logs = body - top
    left = width * 50 // 100
    after = left + GUTTER
    right = width - after
    found = {"logs": Box(0, 1 + top, width, logs)}
    if not work:
        chart = min(13, top - 5)
        return found | {
            "board": Box(0, 1, left, top),
            "chart": Box(after, 1, right, chart),
            "timeline": Box(after, 1 + chart, right, top - chart),
        }
    board = min(services + 2, max(6, top - 14))
    chart = min(10, top - board - 4)
    chart = chart if chart >= CHART else 0
    found |= {
        "board": Box(0, 1, left, board),
        "work": Box(after, 1, right, top),
        "timeline": Box(0, 1 + board + chart, left, top - board - chart),
    }
    return found | ({"chart": Box(0, 1 + board, left, chart)} if chart else {})
