"""Which process holds an incident, from its lock's file."""

import fcntl
import os
from pathlib import Path

from tui.text.clean import clean_line


def of(lock: Path) -> str:
    """The process in words for people, with its terminal where the system tells; empty where none holds the lock.

    The lock is taken for a moment: a process that tries to hold the incident just then is told that somebody does.
    """
    try:
        file = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process(os.read(file, 32).decode("ascii", "replace").strip())
    finally:
        os.close(file)
    return ""


def _process(pid: str) -> str:
    if not pid.isdigit():
        return "another process"
    try:
        terminal = str(Path(f"/proc/{pid}/fd/0").readlink())
    except OSError:
        terminal = ""
    return f"process {pid}" + (f" on {clean_line(terminal, 60)}" if terminal.startswith("/dev/pts/") else "")
