"""Dokku's prefix apart from an app's own line, on recordings of both versions."""

import json
from pathlib import Path

import pytest

from tui.dokku.framing import Framer
from tui.dokku.log_lines import read_line

RECORDED: dict[str, str] = json.loads((Path(__file__).parent / "data" / "more.json").read_text())["logs"]


@pytest.mark.parametrize("version", ["0.35.15", "0.38.27"])
def test_recorded_lines(version: str) -> None:
    found = [read_line(line) for line in Framer().feed(RECORDED[version].encode())]
    assert len(found) == 3
    for line in found:
        assert line.process == "web.1"
        assert line.at is not None
        assert line.text.startswith(("INFO tick=", "ERROR tick="))
        # Dokku's own colour of the prefix is gone, the app's stands at its word
        (span,) = line.spans
        assert line.text[span.start : span.end] in ("INFO", "ERROR")


def test_a_date_that_does_not_exist_is_no_prefix() -> None:
    text = "2026-99-99T99:99:99Z app[web.1]: hello"
    assert read_line(text).text == text
    assert read_line(text).at is None
