"""What a person looks for in a log: a regular expression whose time is limited, or those very words.

The expression comes from a tired person and meets 32 MB of what an app writes: some expressions take longer than
anybody waits for (`(x|xx)+y` on one long line). `regex` can stop in the middle, which `re` cannot.
"""

from collections.abc import Iterator
from time import monotonic

LIMIT = 0.25
"""seconds for a few blocks of lines, which take some milliseconds"""


class TooSlow(Exception):
    """The expression takes too long on this log."""


class Wanted:
    """A compiled pattern that gives up in time: nothing is looked for before `allow`."""

    def __init__(self, words: str) -> None:
        import regex  # with the first search: it takes as long as 30 files of ours

        raw = words.encode()
        flags = regex.IGNORECASE | regex.MULTILINE
        try:
            self._compiled = regex.compile(raw, flags)
        except regex.error:
            self._compiled = regex.compile(regex.escape(raw), flags)
        self.pattern = raw
        self.flags = int(flags)
        self._until = 0.0

    def allow(self, seconds: float = LIMIT) -> None:
        """All that is looked for from now on may take this long together."""
        self._until = monotonic() + seconds

    def _left(self) -> float:
        left = self._until - monotonic()
        if left <= 0:
            raise TooSlow
        return left

    def search(self, data: bytes) -> object | None:
        """A match, or None. Raises TooSlow."""
        try:
            return self._compiled.search(data, timeout=self._left())
        except TimeoutError as error:
            raise TooSlow from error

    def spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """The places of its matches in one line, as pairs of byte positions. Raises TooSlow."""
        try:
            for found in self._compiled.finditer(data, timeout=self._left()):
                yield found.span()
        except TimeoutError as error:
            raise TooSlow from error
