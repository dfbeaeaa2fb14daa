"""A Markdown document as rows: to be read, with what came from outside as plain text."""

import pytest
from rich.cells import cell_len

from tui.console.drawing import document, rows
from tui.console.drawing.palette import Palette
from tui.incident.postmortem import escape

SIGNS = Palette()
HOSTILE = (
    "# no heading",
    "[bold red]DOWN[/bold red]",
    "**bold** __b__ `code` <b>x</b>",
    "| a | b |",
    "- item 1. two",
    "[click](http://evil.example)",
    "\x1b[31mred\x1b[0m &#27;[2J",
    "```",
)


def said(text: str, cells: int = 60) -> list[str]:
    return [rows.text(row) for row in document.drawn(text, cells, SIGNS)]


def test_headings_lists_and_what_is_not_written_yet() -> None:
    text = "## Incident: api\n**Date:** 2026-11-23\n**Severity:** P1\n\n### Impact\n"
    text += "- Users: TODO: how many\n  - in one region\n\n1. first\n2. second\n"
    found = document.drawn(text, 60, SIGNS)
    assert said(text) == [
        "Incident: api",
        "Date: 2026-11-23",
        "Severity: P1",
        "",
        "IMPACT",
        "· Users: TODO: how many",
        "  · in one region",
        "",
        "1. first",
        "2. second",
    ]
    assert found[0] == (("Incident: api", "bold"),) and found[1][0] == ("Date:", "bold")
    assert ("Users: TODO: how many", "warn") in found[5]


def test_a_table_stands_in_columns_or_row_by_row_where_they_have_no_room() -> None:
    text = "| release | commit |\n|---|---|\n| release:4 | 4abcdef012 |\n| release:3 | 3abcdef012 |\n"
    assert said(text) == ["release    commit", "release:4  4abcdef012", "release:3  3abcdef012"]
    narrow = said(text, 18)
    assert narrow == ["release: release:4", "commit: 4abcdef012", "", "release: release:3", "commit: 3abcdef012"]


def test_a_block_of_text_stays_as_it_is() -> None:
    assert said("```\n  ▁▂█\n  I─S\n```\n") == ["  ▁▂█", "  I─S"]
    assert said("```\n  " + "█" * 60 + "\n```\n") == ["█" * 60], "a picture that only just fits is not cut"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("cells", [20, 60, 200])
def test_escaped_text_from_outside_is_text(text: str, cells: int) -> None:
    """As it is escaped in a post-mortem: nothing of it is a look, a heading, a link or a sequence of the terminal."""
    for line in (escape.block(text), f"- said: {escape.prose(text)}"):
        found = document.drawn(line, cells, SIGNS)
        assert {look for row in found for _, look in row} <= {"", "run"}
        shown = " ".join(rows.text(row) for row in found)
        assert shown.isprintable() and all(cell_len(rows.text(row)) <= cells for row in found)


@pytest.mark.parametrize("cells", [8, 31, 60, 199])
def test_no_row_is_wider_than_the_page(cells: int) -> None:
    text = "para `" + "x" * 70 + "` with **bold words** and 支払い " * 6 + "\n\n> a quote that is long enough to wrap\n"
    assert max(cell_len(line) for line in said(text, cells)) <= cells


def test_what_could_steer_a_terminal_is_taken_out_of_a_team_s_own_template() -> None:
    assert all(line.isprintable() for line in said("# \x1b[2J x\n&#27;[31m y\n```\n\x1b]0;z\x07\n```\n"))
