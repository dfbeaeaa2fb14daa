"""Themes: what is said in them can be read, by eyes of every kind: as WCAG 2.1 and Machado et al. (2009) compute it."""

from itertools import combinations

import pytest
from rich.color import Color
from rich.style import Style

from tui.config.console_file import THEMES as NAMED
from tui.console.drawing import rows
from tui.console.drawing.palette import COLOURED, Palette
from tui.console.drawing.themes import THEMES

OWN = [name for name in THEMES if name != "terminal"]
Linear = tuple[float, float, float]
BLIND: dict[str, tuple[Linear, Linear, Linear]] = {
    "sighted": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def linear(colour: Color) -> Linear:
    red, green, blue = (
        value / 255 / 12.92 if value / 255 <= 0.04045 else ((value / 255 + 0.055) / 1.055) ** 2.4
        for value in colour.get_truecolor()
    )
    return red, green, blue


def luminance(colour: Color) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(style: Style) -> float:
    assert style.color is not None and style.bgcolor is not None
    high, low = sorted((luminance(style.color), luminance(style.bgcolor)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(colour: Linear) -> Linear:
    x, y, z = (
        sum(m * c for m, c in zip(row, colour, strict=True)) / white
        for row, white in (
            ((0.4124, 0.3576, 0.1805), 0.9505), ((0.2126, 0.7152, 0.0722), 1.0), ((0.0193, 0.1192, 0.9505), 1.089)
        )
    )  # fmt: skip
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * max(t, 0.0) + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def seen(colour: Color, eyes: str) -> Linear:
    found = [min(1.0, max(0.0, sum(m * c for m, c in zip(row, linear(colour), strict=True)))) for row in BLIND[eyes]]
    return found[0], found[1], found[2]


def test_the_file_knows_the_themes_that_there_are_and_each_has_every_look() -> None:
    assert tuple(THEMES) == NAMED
    for theme in THEMES.values():
        assert set(theme.looks) == set(COLOURED)


@pytest.mark.parametrize("name", OWN)
def test_every_look_can_be_read_on_its_ground(name: str) -> None:
    least = 7.0 if name == "high-contrast" else 4.5
    palette = Palette(theme=THEMES[name])
    poor = {
        look: round(found, 2) for look in COLOURED if (found := contrast(palette.base + palette.style(look))) < least
    }
    assert not poor


@pytest.mark.parametrize("name", OWN)
def test_an_apps_own_colours_can_be_read_too(name: str) -> None:
    palette = Palette(theme=THEMES[name])
    for code in [*range(30, 38), *range(90, 98), "38;5;16", "38;5;231", "38;2;1;1;1", "38;2;250;250;250"]:
        assert contrast(palette.base + palette.style(f"sgr:{code}")) >= 4.5, code


@pytest.mark.parametrize("eyes", BLIND)
def test_states_are_told_apart_by_eyes_that_see_fewer_colours(eyes: str) -> None:
    palette = Palette(theme=THEMES["colour-blind"])
    words = {name: palette.style(name).color for name in ("ok", "warn", "down")}
    for (one, mine), (other, its) in combinations(words.items(), 2):
        assert mine is not None and its is not None
        apart = sum((a - b) ** 2 for a, b in zip(lab(seen(mine, eyes)), lab(seen(its, eyes)), strict=True)) ** 0.5
        assert apart >= 20, f"{one} and {other}: {apart:.0f}"


def test_a_row_has_its_ground_in_every_cell_and_the_terminals_theme_has_none() -> None:
    light = Palette(theme=THEMES["light"])
    strip = rows.strip((("ok", "ok"), (" plain", "")), 30, light)
    assert strip.cell_length == 30
    assert {s.style.bgcolor.name for s in strip if s.style is not None and s.style.bgcolor} == {"#ffffff"}
    assert all(s.style is not None and s.style.bgcolor for s in strip)
    assert Palette(theme=THEMES["terminal"]).base == Style.null()
    assert Palette(colour=False, theme=THEMES["light"]).base == Style.null()
