"""The file beside a log: everything that came since the console follows it, also what the panel has let go.

One file for each service and run of the console, in two parts of at most `cap` bytes; the older part goes when the
newer is full. Lines are written once they are whole, without secrets. Files of earlier runs are kept until together
they take more than `TOTAL`. A file is opened for each write: a follower may end at any time and leaves nothing open.
"""

import os
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tui.drivers import paths
from tui.text.redact import HEAD, Redactor

CAP = 64 * 1024 * 1024
TOTAL = 512 * 1024 * 1024


class LogSpool:
    """The file of one log. Calling it appends; raises OSError."""

    def __init__(self, service: str, at: datetime, *, folder: Path | None = None, cap: int = CAP) -> None:
        where = folder or paths.state_dir() / "logs"
        self.path = where / f"{service}-{at:%Y%m%d-%H%M%S}-{os.getpid()}.log"
        self._older = self.path.with_suffix(".older.log")
        self._cap = cap
        self._size = 0
        self._ready = False
        self._redactor = Redactor()
        self._lock = threading.Lock()

    def __call__(self, raw: bytes) -> None:
        """Append; what has no end yet waits for it. May be called in a thread."""
        with self._lock:
            self._append(raw)

    def _append(self, raw: bytes) -> None:
        raw = self._redactor.feed(raw)
        if not raw:
            return
        if not self._ready:
            paths.private(self.path.parent)
            _make_room(self.path.parent)
            self._ready = True
        if self._size and self._size + len(raw) > self._cap:
            self.path.replace(self._older)
            self._size = 0
        if not self._size:
            raw = HEAD.encode() + raw
        file = paths.opened(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        try:
            rest = memoryview(raw)
            while rest:
                rest = rest[os.write(file, rest) :]
        finally:
            os.close(file)
        self._size += len(raw)

    def raw(self) -> Iterator[bytes]:
        """Everything kept, oldest first, without the files' heads."""
        with self._lock:  # neither part may become the other one between the two
            parts = [path.open("rb") for path in (self._older, self.path) if path.exists()]
            held = self._redactor.held()
        for file in parts:
            with file:
                file.seek(len(HEAD.encode()))
                while chunk := file.read(1 << 20):
                    yield chunk
        yield held


def _make_room(folder: Path) -> None:
    """The oldest files of earlier runs go first. One that another console writes to is among the newest."""
    files = sorted(((s.st_mtime, s.st_size, f) for f in folder.glob("*.log") for s in [f.stat()]), reverse=True)
    taken = 0
    for _, size, path in files:
        taken += size
        if taken > TOTAL:
            path.unlink(missing_ok=True)
