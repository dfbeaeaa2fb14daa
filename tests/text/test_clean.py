"""The boundary: what comes out of it can hide nothing."""

import sys
import unicodedata

from tui.text.clean import clean


def test_no_character_that_is_not_seen_passes() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    left = [c for c in clean(every) if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c != "\n"]
    assert left == []
