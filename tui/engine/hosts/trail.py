"""The command trail: what this console sent, in memory for showing. Reads never push a write out of it."""

from collections import deque
from collections.abc import Iterator
from heapq import merge
from itertools import count

from tui.model.trail import Sent

KEPT = 500
"""reads kept, and as many writes; the journal keeps every write"""


class Trail:
    """The newest `KEPT` reads and the newest `KEPT` writes, in the order in which they ended."""

    def __init__(self, kept: int = KEPT) -> None:
        self._reads: deque[tuple[int, Sent]] = deque(maxlen=kept)
        self._writes: deque[tuple[int, Sent]] = deque(maxlen=kept)
        self._numbers = count()
        self.sent = 0
        """commands sent since the start, also those that are kept no more"""
        self.writes = 0
        """how many of them were sent to change a host"""

    def append(self, sent: Sent) -> None:
        """One command came back."""
        (self._writes if sent.writes else self._reads).append((next(self._numbers), sent))
        self.sent += 1
        self.writes += sent.writes

    def __len__(self) -> int:
        return len(self._reads) + len(self._writes)

    def __iter__(self) -> Iterator[Sent]:
        """Oldest first."""
        return (sent for _, sent in merge(self._reads, self._writes, key=lambda one: one[0]))
