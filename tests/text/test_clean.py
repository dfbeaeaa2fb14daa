"""The boundary: what comes out of it can hide nothing."""

import re
import sys
import unicodedata

import pytest

from tui.text import clean as boundary
from tui.text.clean import clean


def test_no_character_that_is_not_seen_passes() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    left = [c for c in clean(every) if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c != "\n"]
    assert left == []


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u0634\u0648\u062f",  # Persian
        "\u0915\u094d\u200d\u0937 \u0915\u094d\u200d",  # Hindi, a half letter alone too
        "\u0d28\u0d4d\u200d",  # Malayalam
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f9d1\U0001f3fd\u200d\u2695\ufe0f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # a flag
    ],
)
def test_joiners_that_a_script_or_a_picture_needs_stay(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    "text", ["pass\u200dword", "a\u200cb", "\u200d", "x\U000e0041\U000e007f", "\u0645\u200c\u200c\u0634"]
)
def test_joiners_that_nothing_needs_are_made_visible(text: str) -> None:
    assert "\ufffd" in clean(text)


def test_nothing_that_goes_away_makes_a_joiner_needed() -> None:
    """Else the second look at a text, its blanks stripped, would find another answer than the first."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    neighbours = re.findall(f"[{boundary._SCRIPTS}{boundary._VIRAMAS}{boundary._PICTURES}]", every)
    assert [f"{ord(c):04x}" for c in neighbours if c.isspace() or clean(c) != c] == []
