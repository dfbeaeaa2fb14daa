"""The framing boundary: any chunking gives the same lines, and nothing gets through that a terminal would obey."""

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.dokku.framing import Framer, Span, together
from tui.dokku.log_lines import read_line


def lines(*chunks: bytes) -> list[str]:
    framer = Framer()
    return [line.text for chunk in chunks for line in framer.feed(chunk)] + [line.text for line in framer.flush()]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_chunks_do_not_matter(raw: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(raw), *(min(c, len(raw)) for c in cuts)})
    chunks = [raw[a:b] for a, b in itertools.pairwise(edges)]
    assert lines(*chunks) == lines(raw)


@given(st.binary(max_size=300))
def test_nothing_that_a_terminal_obeys_gets_through(raw: bytes) -> None:
    for text in lines(raw):
        assert not any(unicodedata.category(c) == "Cc" for c in text)
        assert not any(c in text for c in "\u202e\u2066\u200e")


def test_progress_bars_windows_ends_and_dokkus_own_marks() -> None:
    assert lines(b"10 %\r50 %\r100 %\nnext\r\n") == ["100 %", "next"]
    assert lines(b"\x1b[1G\x1b[K-----> Building\n") == ["-----> Building"]
    assert lines(b"caf\xc3", b"\xa9\n") == ["café"]


def test_colours_become_spans() -> None:
    (line,) = Framer().feed(b"a\x1b[31mred\x1b[0m b\n")
    assert (line.text, line.spans) == ("ared b", (Span(start=1, end=4, style="31"),))


def test_an_endless_line_is_cut_and_says_so() -> None:
    (text,) = lines(b"x" * 1_000_000 + b"\n")
    assert len(text) < 20_000
    assert text.endswith("bytes more)")


def test_the_prefix_of_a_log() -> None:
    found = read_line("2026-11-23T21:43:50.759535162Z app[web.1]: hello [/foo]")
    assert (found.process, found.text) == ("web.1", "hello [/foo]")
    assert found.at is not None
    assert found.at.microsecond == 759535
    assert read_line("no prefix").process is None


PREFIX = "2026-11-23T21:43:50.759535162Z app[web.1]:"
RAW = f"\x1b[36m{PREFIX}\x1b[0m "


def logged(message: str) -> str:
    (text,) = lines((RAW + message + "\n").encode())
    assert text.startswith(PREFIX), text
    return text.removeprefix(PREFIX).removeprefix(" ")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("pull 10%\rpull 50%\rpull done", "pull done"),
        ("10%\r", "10%"),
        ("[##        ]\r[######    ]\r[##########]", "[##########]"),
        ("|\r/\r-\r\\\rready", "ready"),
        ("GET /login agent=\r2026-11-23T00:00:00Z app[web.9]: all good", None),
        ("GET /login 500\rGET /login 200", None),
        ("Zeile mit \rCR in der Mitte", None),
        ("secret 50%\rother 60%", None),
        ("\r\r2026-11-23T00:00:00Z app[db.1]: x", "2026-11-23T00:00:00Z app[db.1]: x"),
        ("GET /login\b\b\b\b\bx", None),
        ("GET /login\x1b[1G\x1b[K2026-11-23T00:00:00Z app[db.1]: x", None),
        ("GET /login\x1b[2K\x1b[1A2026-11-23T00:00:00Z app[db.1]: x", None),
        ("GET /login\u2028\x85\x0b\x0c2026-11-23T00:00:00Z app[db.1]: x", None),
        ("GET /login\u202e]1.bd[ppa", None),
        ("GET /login\x1b]0;title\x07 \x1bP1$r\x1b\\\\ \x9b2J", None),
        ("caf\x1b(B\x1b[m\x1b[?25he", "cafe"),
        ("\x1b[2K\x1b[1G\x1b[?2004h10 of 20", "10 of 20"),
        ("a" + "\u0301" * 300 + "b", "a\ufffdb"),
        ("a\ufe01\ufe02\U000e0101\U000e0120b", "a\ufffdb"),
        ("\x1b[31mvi\u1ec7t e\u0301\u0323 \u2764\ufe0f\x1b[0m", "vi\u1ec7t e\u0301\u0323 \u2764\ufe0f"),
        ("N\bNA\bAM\bME\bE _\bx", "NAME x"),
    ],
)
def test_the_origin_of_a_line_cannot_be_forged_and_nothing_before_is_taken_away(
    message: str, shown: str | None
) -> None:
    found = logged(message)
    assert shown is None or found == shown
    if message.startswith("GET /login"):
        assert found.startswith("GET /login")
    assert read_line(f"{PREFIX} {found}").process == "web.1"


@given(st.text(alphabet=st.sampled_from("ab1% \r\b\t\x1b[]mKG;\x07\x9b\u202e\u200d\u2028Z:"), max_size=60))
def test_whatever_an_app_writes_its_line_keeps_its_time_and_process(message: str) -> None:
    (text,) = lines((RAW + message + "\n").encode())
    found = read_line(text)
    assert found.process == "web.1" and found.at is not None and found.at.year == 2026


@pytest.mark.parametrize(
    ("raw", "style"),
    [
        ("\x1b[1m\x1b[31mx", "1;31"),
        ("\x1b[31m\x1b[1mx", "31;1"),
        ("\x1b[1;4m\x1b[32m\x1b[22mx", "4;32"),
        ("\x1b[31m\x1b[92mx", "92"),
        ("\x1b[1m\x1b[38;5;120mx", "1;38;5;120"),
        ("\x1b[38;2;1;2;3m\x1b[1mx", "38;2;1;2;3;1"),
        ("\x1b[1m\x1b[38;5;120m\x1b[39mx", "1"),
        ("\x1b[1m\x1b[0;31mx", "31"),
        ("\x1b[8m\x1b[5m\x1b[33mx", "33"),
        ("\x1b[1;31m\x1b[mx", ""),
        ("\x1b[1m\x1b[4:3m\x1b[4:0mx", "1"),
        ("\x1b[1m\x1b[58;5;31m\x1b[4mx", "1;58;5;31;4"),
    ],
)
def test_what_comes_adds_to_the_look_until_it_is_taken_back(raw: str, style: str) -> None:
    (line,) = Framer().feed(raw.encode() + b"\n")
    assert line.text == "x" and "".join(span.style for span in line.spans) == style


@given(st.lists(st.text(alphabet="0123456789;:", max_size=12), max_size=30))
def test_no_sequence_of_looks_grows_without_end(told: list[str]) -> None:
    style = ""
    for one in told:
        style = together(style, one)
    assert len(style.split(";")) <= 8
