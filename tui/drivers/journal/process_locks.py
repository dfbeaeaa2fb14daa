"""Which process holds an incident: a lock on a file of its own, which ends with the process however that ends.

Two consoles on one machine never steer the same incident.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import IO

from tui.drivers import paths
from tui.drivers.journal import lock_holder
from tui.drivers.journal.database import Database


class Locks(Database):
    """The incidents that this process holds."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(path)
        self._locks: dict[str, IO[bytes]] = {}

    def lock(self, incident: str) -> bool:
        """Hold an incident until this process ends; False when another process holds it."""
        if incident in self._locks:
            return True
        path = paths.incident_dir(incident) / "lock"
        try:
            file: IO[bytes] = os.fdopen(paths.opened(path, os.O_RDWR | os.O_CREAT), "rb+", buffering=0)
        except OSError as error:
            raise self._broken(error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._locks[incident] = file  # kept open on purpose: closing the file would let the lock go
        with contextlib.suppress(OSError):  # on a full disk nobody reads whose it is; the lock holds all the same
            file.truncate(0)
            file.write(f"{os.getpid()}\n".encode())
        return True

    def holder(self, incident: str) -> str:
        """The other process that holds an incident, in words for people; empty where none does. Takes nothing."""
        return "" if incident in self._locks else lock_holder.of(paths.incident_dir(incident) / "lock")

    async def close(self) -> None:
        """Close the file and let every incident go."""
        await super().close()
        for lock in self._locks.values():
            lock.close()
        self._locks.clear()
