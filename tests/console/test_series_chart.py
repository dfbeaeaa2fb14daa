"""The scale of the chart of failures: what stands left of it can be read without counting rows."""

import pytest

from tui.console.drawing.series_chart import _scale


@pytest.mark.parametrize(
    ("top", "height", "said"),
    [
        (0.18, 8, ["18%", "", "", "", "9%", "", "", "1%"]),
        (0.18, 4, ["18%", "", "9%", "1%"]),
        (0.18, 2, ["18%", "1%"]),
        (0.02, 4, ["2%", "1%", "", ""]),
        (0.02, 2, ["2%", ""]),
        (1.0, 4, ["100%", "", "50%", "1%"]),
    ],
)
def test_the_top_its_half_and_the_limit(top: float, height: int, said: list[str]) -> None:
    assert _scale(top, 0.01, height) == said
