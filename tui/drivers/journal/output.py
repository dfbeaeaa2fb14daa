"""The output of an incident's steps, in a file beside its lock: a failed deploy says why only there."""

import contextlib
import os
from pathlib import Path
from typing import IO

from tui.drivers import paths
from tui.drivers.journal.database import Database
from tui.model.errors import ConsoleError
from tui.text.redact import HEAD, Redactor

LARGEST_OUTPUT = 32 * 1024 * 1024
"""bytes of an incident's output that are kept: its beginning, where a deploy that is loud for ever says why"""


class Output(Database):
    """The output of the steps, an incident a file."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(path)
        self._spools: dict[str, tuple[IO[bytes], Redactor]] = {}
        self.lost = ""
        """why a step's output could not be kept, if so"""

    def spool(self, incident: str, raw: bytes) -> None:
        """Append a step's output to a file beside the lock: a failed deploy says why only there. Lines without secrets;
        what has no end yet waits for it. Never raises: what cannot be written is lost, and `lost` says so."""
        try:
            if incident not in self._spools:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                descriptor = paths.opened(paths.incident_dir(incident) / "output.log", flags)
                opened: IO[bytes] = os.fdopen(descriptor, "ab", buffering=0)
                self._spools[incident] = (opened, Redactor())
                if opened.seek(0, os.SEEK_END) == 0:
                    opened.write(HEAD.encode())
            file, redactor = self._spools[incident]
            if file.tell() > LARGEST_OUTPUT:
                self.lost = f"the output of the steps is kept to {LARGEST_OUTPUT >> 20} MB"
                return
            file.write(redactor.feed(raw))
        except (OSError, ConsoleError) as error:
            self.lost = f"the output of the steps is not kept whole: {error}"

    async def close(self) -> None:
        """Close all files, with what is left to be written."""
        await super().close()
        for file, redactor in self._spools.values():
            with contextlib.suppress(OSError), file:  # a full disk: `lost` has said so
                file.write(redactor.flush())
        self._spools.clear()
