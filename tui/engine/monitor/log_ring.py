"""The log ring: raw bytes in blocks, bounded by bytes, with line numbers that are never used twice.

A line is kept as it came. It is framed, cleaned and parsed only when it is looked at, so that taking lines in costs a
copy and a count: a console must be able to take in more than a person will ever read. Old blocks go as a whole; what
went is counted. All but the newest blocks are compressed, in a thread of its own, so that nobody who takes lines in
waits for it; a block is unpacked when it is looked at. A line's number is its place in everything that ever came, so a
reader who stays at a line stays there.
"""

import functools
import re
import zlib
from bisect import bisect_right
from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from tui.text.clean import clean_line

BLOCK = 64 * 1024
LONGEST = 16 * 1024
"""bytes kept of a line"""
SPLIT = 16
"""blocks whose lines are kept apart for looking at"""
UNPACKED = 8
"""the newest blocks, which are kept as they came: most looks are at them"""
_SGR = re.compile(rb"\x1b\[[0-9;:]*m")


def plain(raw: bytes) -> bytes:
    """Without colours: what a person sees and means. Every line of `logs` has some, so `36` would be found in each."""
    return _SGR.sub(b"", raw) if b"\x1b" in raw else raw


@functools.cache
def packer() -> ThreadPoolExecutor:
    """The thread in which old blocks of all logs are compressed; zlib leaves Python's lock to others meanwhile."""
    return ThreadPoolExecutor(1, thread_name_prefix="log-packer")


class Pattern(Protocol):
    """A pattern that lines are looked for by: a compiled pattern of the standard library, or one that may raise in
    `search`."""

    @property
    def flags(self) -> int: ...

    @property
    def pattern(self) -> bytes: ...

    def search(self, string: bytes, /) -> object | None: ...


class _Block:
    __slots__ = ("_kept", "count", "first", "size")

    def __init__(self, first: int) -> None:
        self.first = first
        self.count = 0
        self.size = 0
        """bytes of its lines"""
        self._kept: bytearray | bytes = bytearray()
        """one value, `bytes` where it is compressed: a search in another thread sees the one or the other"""

    def add(self, piece: bytes) -> None:
        """More lines; only for a block that is not packed."""
        assert isinstance(self._kept, bytearray)
        self._kept += piece
        self.size += len(piece)

    def text(self) -> bytes:
        """Its lines, each with its end."""
        kept = self._kept
        return zlib.decompress(kept) if isinstance(kept, bytes) else bytes(kept)

    def pack(self) -> None:
        """Hold it compressed from now on; nothing is added any more."""
        if isinstance(self._kept, bytearray):
            self._kept = zlib.compress(self._kept, 1)


class LogRing:
    """Lines of one log."""

    def __init__(self, cap: int = 32 * 1024 * 1024) -> None:
        self.cap = cap
        """bytes of lines at most, as they came, one block more or less; compressed they take less memory"""
        self.dropped = 0
        """lines that went to make room"""
        self.size = 0
        self.notes: dict[int, str] = {}
        """lines of our own (stream lost, container replaced), by line number"""
        self._blocks: deque[_Block] = deque([_Block(0)])
        self._firsts: list[int] = [0]
        self._tail = bytearray()
        self._cut = 0
        self._split: OrderedDict[int, list[bytes]] = OrderedDict()

    # ── what there is ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def first(self) -> int:
        """Number of the oldest line kept."""
        return self._blocks[0].first

    @property
    def last(self) -> int:
        """Number of the line after the newest."""
        newest = self._blocks[-1]
        return newest.first + newest.count

    def __len__(self) -> int:
        return self.last - self.first

    def line(self, number: int) -> bytes:
        """A line without its end. Raises IndexError for one that is not kept."""
        if not self.first <= number < self.last:
            raise IndexError(number)
        block = self._blocks[bisect_right(self._firsts, number) - 1]
        return self._lines(block)[number - block.first]

    def lines(self, start: int, stop: int) -> list[bytes]:
        """The lines kept between two numbers."""
        return [self.line(n) for n in range(max(start, self.first), min(stop, self.last))]

    # ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────

    def feed(self, raw: bytes) -> int:
        """Take bytes as they came; returns how many lines they completed."""
        before = self.last
        cut = raw.rfind(b"\n")
        if cut < 0:
            self._keep_tail(raw)
            return 0
        end = raw.find(b"\n") + 1
        self._keep_tail(raw[: end - 1])
        self._append(bytes(self._tail) + self._missing() + b"\n", 1)
        self._tail.clear()
        self._cut = 0
        if cut >= end:
            self._append(raw[end : cut + 1], None)
        self._keep_tail(raw[cut + 1 :])
        return self.last - before

    def note(self, text: str) -> None:
        """A line of our own, after all that came so far; an unfinished line is ended."""
        if self._tail:
            self.feed(b"\n")
        self.notes[self.last] = clean_line(text)
        self._append(b"\n", 1)

    def _keep_tail(self, raw: bytes) -> None:
        room = max(0, LONGEST - len(self._tail))
        self._tail += raw[:room]
        self._cut += max(0, len(raw) - room)

    def _missing(self) -> bytes:
        return f"… ({self._cut} bytes more)".encode() if self._cut else b""

    def _append(self, whole: bytes, count: int | None) -> None:
        position = 0
        while position < len(whole):
            newest = self._blocks[-1]
            room = BLOCK - newest.size
            if room <= 0:
                newest = _Block(self.last)
                self._blocks.append(newest)
                self._firsts.append(newest.first)
                if len(self._blocks) > UNPACKED:
                    packer().submit(self._blocks[-1 - UNPACKED].pack)
                room = BLOCK
            if len(whole) - position <= room:
                piece = whole[position:] if position else whole
            else:
                end = whole.find(b"\n", position + room) + 1 or len(whole)
                piece = whole[position:end]
            piece_kept = _shortened(piece) if count is None and len(piece) > LONGEST else piece
            newest.add(piece_kept)
            newest.count += count if count is not None and len(piece) == len(whole) else piece.count(b"\n")
            self.size += len(piece_kept)
            self._split.pop(newest.first, None)
            position += len(piece)
        while self.size > self.cap and len(self._blocks) > 1:
            self._drop()

    def _drop(self) -> None:
        old = self._blocks.popleft()
        del self._firsts[0]
        self.size -= old.size
        self.dropped += old.count
        self._split.pop(old.first, None)
        for number in [n for n in self.notes if n < self.first]:
            del self.notes[number]

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _lines(self, block: _Block) -> list[bytes]:
        found = self._split.get(block.first)
        if found is None:
            found = block.text().split(b"\n")
            found.pop()
            self._split[block.first] = found
            while len(self._split) > SPLIT:
                self._split.popitem(last=False)
        else:
            self._split.move_to_end(block.first)
        return found

    def scan(self, wanted: Pattern, start: int, *, forward: bool = True) -> Iterator[list[int]]:
        """The numbers of the lines from `start` on (that line included) that `wanted` is found in, a block at a time:
        whoever looks through many blocks can stop between two. An empty list where a block has none.

        Patterns see lines without colours and without their ends; with re.MULTILINE most blocks take one pass.
        """
        blocks = [b for b in self._blocks if (b.first + b.count > start if forward else b.first <= start)]
        for block in blocks if forward else reversed(blocks):
            hits = [n for n in self._hits(block, wanted) if (n >= start if forward else n <= start)]
            yield hits if forward else hits[::-1]

    def find(self, wanted: Pattern, start: int, *, forward: bool = True) -> int | None:
        """The number of the next line from `start` on (that line included) that `wanted` is found in, or None."""
        return next((hits[0] for hits in self.scan(wanted, start, forward=forward) if hits), None)

    def matching(self, wanted: Pattern, start: int, stop: int | None = None, *, inverse: bool = False) -> Iterator[int]:
        """Numbers of the lines from `start` on that match, or that do not; never our own lines. No block that begins
        at `stop` or after it is looked at."""
        for block in list(self._blocks):
            if block.first + block.count <= start:
                continue
            if stop is not None and block.first >= stop:
                return
            hits: list[int] | range = self._hits(block, wanted)
            if inverse:
                found = set(hits) | self.notes.keys()
                hits = [n for n in range(block.first, block.first + block.count) if n not in found]
            yield from (n for n in hits if n >= start)

    def block_after(self, number: int, count: int) -> int:
        """The number of the first line that is `count` blocks further than the block of this line."""
        index = min(bisect_right(self._firsts, number) + count, len(self._firsts))
        return self.last if index == len(self._firsts) else self._firsts[index]

    def _hits(self, block: _Block, wanted: Pattern) -> list[int]:
        """Lines of a block that match. A pattern that is nowhere in the block costs one pass over its bytes."""
        data = plain(block.text())
        whole = wanted.flags & re.MULTILINE and b"\\A" not in wanted.pattern and b"\\Z" not in wanted.pattern
        if whole and not wanted.search(data):
            return []
        lines = data.split(b"\n")
        lines.pop()
        return [
            n for n, line in enumerate(lines, block.first) if n not in self.notes and wanted.search(line) is not None
        ]

    def raw(self) -> Iterator[bytes]:
        """Everything kept, block by block; lines of our own stand in it as they are shown."""
        for block in list(self._blocks):
            own = [n for n in self.notes if block.first <= n < block.first + block.count]
            if not own:
                yield block.text()
                continue
            lines = list(self._lines(block))
            for number in own:
                lines[number - block.first] = f"-- {self.notes[number]} --".encode()
            yield b"\n".join(lines) + b"\n"


def _shortened(piece: bytes) -> bytes:
    """The same lines, the longest of them cut."""
    if not _has_long(piece):
        return piece
    cut = [
        line if len(line) <= LONGEST else line[:LONGEST] + f"… ({len(line) - LONGEST} bytes more)".encode()
        for line in piece.split(b"\n")
    ]
    return b"\n".join(cut)


def _has_long(piece: bytes) -> bool:
    """True if one of these lines is longer than LONGEST; no line is taken out for it."""
    at = 0
    while len(piece) - at > LONGEST:
        end = piece.rfind(b"\n", at, at + LONGEST + 1)
        if end < 0:
            return True
        at = end + 1
    return False
