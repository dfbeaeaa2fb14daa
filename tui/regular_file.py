"""Small files that a person names: read whole, only where they are regular files, and never past a limit.

`/dev/zero` has no end, a FIFO waits for a writer, a folder is no file: each is refused before a byte is read.
"""

import os
import stat
from pathlib import Path

Stamp = tuple[int, int, int]
"""a file's inode, size in bytes, and the nanosecond in which it was changed"""
LARGEST = 1 << 20
"""bytes that are read at most where the caller says nothing else"""


class NotAFile(OSError):
    """The path leads to something that cannot be read as a small file; `strerror` says why."""

    def __init__(self, why: str, path: Path) -> None:
        super().__init__(0, why, str(path))


class TooLarge(NotAFile):
    """The file is longer than the caller takes."""


def read(path: Path, largest: int = LARGEST) -> bytes:
    """Returns the file's content, at most `largest` bytes. Links are followed.

    Raises OSError: NotAFile for what is no regular file, TooLarge for a longer one, else what the system says.
    `strerror` is fit for people in each case.
    """
    # O_NONBLOCK: opening a FIFO would wait for its writer; on a regular file it has no effect
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(kind):
            raise NotAFile(f"not a regular file but {_kind(kind)}", path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = file.read(largest + 1)  # the size alone is no proof: files below /proc have none, others grow
    finally:
        os.close(descriptor)
    if len(raw) > largest:
        raise TooLarge(f"larger than {largest} bytes", path)
    return raw


def stamp(path: Path) -> Stamp | None:
    """What differs once the file, or what a link leads to, is written anew; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"
