"""The framing boundary: any chunking gives the same lines, and nothing gets through that a terminal would obey."""

import itertools
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tui.dokku.framing import Framer, Span
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
