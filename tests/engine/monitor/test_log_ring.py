"""The ring by property: numbers are never used twice, the cap holds, what is kept is what came."""

import re
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from tui.engine.monitor.log_ring import BLOCK, LONGEST, UNPACKED, LogRing, packer

lines_ = st.lists(st.binary(max_size=300).map(lambda raw: raw.replace(b"\n", b"")), max_size=80)


def fed(raw: bytes, sizes: list[int], ring: LogRing) -> None:
    position = 0
    for size in sizes:
        ring.feed(raw[position : position + size])
        position += size
    ring.feed(raw[position:])


@given(lines_, st.lists(st.integers(1, 400), max_size=60))
def test_lines_are_kept_as_they_came_whatever_the_chunks(lines: list[bytes], sizes: list[int]) -> None:
    ring = LogRing()
    fed(b"".join(line + b"\n" for line in lines) + b"unfinished", sizes, ring)
    assert ring.lines(0, ring.last) == lines
    assert (ring.first, ring.last, ring.dropped) == (0, len(lines), 0)
    assert b"".join(ring.raw()) == b"".join(line + b"\n" for line in lines)


@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 30)), min_size=1, max_size=25),
    st.integers(BLOCK, 4 * BLOCK),
)
def test_the_cap_holds_and_numbers_go_on(pieces: list[tuple[int, int]], cap: int) -> None:
    ring = LogRing(cap)
    came = 0
    for size, times in pieces:
        for _ in range(times):
            ring.feed(b"%d " % came + b"x" * size + b"\n")
            came += 1
            assert ring.size <= max(cap, BLOCK + 2 * LONGEST)
    assert ring.last == came
    assert ring.dropped == ring.first
    for number in (ring.first, (ring.first + ring.last) // 2, ring.last - 1):
        assert ring.line(number).startswith(b"%d " % number)


def test_a_number_stays_with_its_line_while_others_come_and_old_ones_go() -> None:
    ring = LogRing(4 * BLOCK)
    for n in range(3000):
        ring.feed(b"line %d\n" % n)
    held = ring.line(2500)
    while ring.first <= 2500:
        assert ring.line(2500) == held
        ring.feed(b"more and more of it\n" * 50)
    assert ring.dropped == ring.first > 2500


def test_a_line_without_end_takes_no_more_memory_than_a_long_line() -> None:
    ring = LogRing()
    for _ in range(100):
        ring.feed(b"x" * 100_000)
    assert ring.last == 0
    assert ring.feed(b"\nnext\n") == 2
    assert ring.line(0) == b"x" * LONGEST + "… (9983616 bytes more)".encode()
    assert ring.line(1) == b"next"


def test_long_lines_inside_a_chunk_are_cut_too() -> None:
    ring = LogRing()
    ring.feed(b"first\n" + b"y" * 1_000_000 + b"\n" + b"z" * (LONGEST + 1) + b"\nlast\n")
    assert [len(ring.line(n)) < LONGEST + 40 for n in range(4)] == [True] * 4
    assert ring.line(1).endswith("… (983616 bytes more)".encode())
    assert ring.line(2).endswith("… (1 bytes more)".encode())
    assert ring.line(3) == b"last"


@given(st.lists(st.sampled_from([0, 1, 700, LONGEST - 1, LONGEST, LONGEST + 1, 3 * LONGEST]), min_size=1, max_size=12))
def test_exactly_the_lines_that_are_too_long_are_cut(lengths: list[int]) -> None:
    ring = LogRing()
    ring.feed(b"\n" + b"".join(b"x" * length + b"\n" for length in lengths))
    kept = [b"x" * min(length, LONGEST) for length in lengths]
    said = ["" if length <= LONGEST else f"… ({length - LONGEST} bytes more)" for length in lengths]
    assert ring.lines(1, ring.last) == [line + words.encode() for line, words in zip(kept, said, strict=True)]


def test_old_blocks_take_less_memory_and_are_read_as_they_came() -> None:
    ring = LogRing()
    lines = [b"2026-11-23T21:43:50.759535162Z app[web.1]: GET /api/thing/%06d 200" % n for n in range(20_000)]
    for line in lines:
        ring.feed(line + b"\n")
    packer().submit(int).result()  # what came before it is packed
    held = sum(block._kept.__sizeof__() for block in ring._blocks)
    assert len(ring._blocks) > 2 * UNPACKED and held <= 0.6 * ring.size
    assert ring.lines(0, ring.last) == lines
    assert b"".join(ring.raw()) == b"".join(line + b"\n" for line in lines)
    assert ring.find(re.compile(b"thing/000123", re.MULTILINE), 0) == 123
    assert ring.size == sum(map(len, ring.raw()))


def test_a_block_is_searched_while_it_is_packed() -> None:
    ring = LogRing()
    with ThreadPoolExecutor(1) as other:
        for at in range(40):
            ring.feed(b"".join(b"line %06d of a log\n" % n for n in range(at * 4000, (at + 1) * 4000)))
            looked = other.submit(ring.find, re.compile(b"line %06d " % (at * 2000), re.MULTILINE), 0)
            assert looked.result() == at * 2000


def test_our_own_lines_are_told_apart_from_lines_that_look_alike() -> None:
    ring = LogRing()
    ring.feed(b"half a li")
    ring.note("stream lost\x1b]0;title\x07")
    ring.feed(b"-- stream lost --\n")
    assert ring.line(0) == b"half a li"
    assert list(ring.notes) == [1]
    assert "\x1b" not in ring.notes[1]
    assert ring.line(2) == b"-- stream lost --"
    assert ring.find(re.compile(b"lost"), 0) == 2
    assert b"".join(ring.raw()).split(b"\n")[1].startswith(b"-- stream lost")


def test_notes_go_with_the_lines_around_them() -> None:
    ring = LogRing(BLOCK)
    ring.note("early")
    for _ in range(40):
        ring.feed(b"x" * 9_000 + b"\n")
    assert ring.first > 0
    assert ring.notes == {}


@given(lines_, st.sampled_from(["a", "^a", "a$", r"\bab", r"[^a]b", r"\Aa", "a.c", "36"]), st.integers(0, 90))
def test_searching_finds_what_each_line_alone_would(lines: list[bytes], words: str, start: int) -> None:
    ring = LogRing()
    ring.feed(b"".join(b"\x1b[36mts:\x1b[0m " + line + b"\n" for line in lines))
    wanted = re.compile(words.encode(), re.MULTILINE)
    seen = [re.sub(rb"\x1b\[[0-9;:]*m", b"", b"ts: " + line) for line in lines]
    every = [n for n, line in enumerate(seen) if wanted.search(line)]
    assert list(ring.matching(wanted, start)) == [n for n in every if n >= start]
    assert list(ring.matching(wanted, 0, inverse=True)) == [n for n in range(len(lines)) if n not in every]
    assert ring.find(wanted, start) == next((n for n in every if n >= start), None)
    assert ring.find(wanted, start, forward=False) == next((n for n in reversed(every) if n <= start), None)
