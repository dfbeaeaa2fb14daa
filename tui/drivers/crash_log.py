"""Faults of this program, with where they happened, in a file beside the journal: a person sees one line."""

import os
from datetime import UTC, datetime

from tui.drivers import paths
from tui.model.errors import ConsoleError
from tui.text.redact import redact

NAME = "faults.log"
LARGEST = 1024 * 1024
"""bytes; a file that is larger begins anew"""


def keep(text: str) -> str:
    """Append it, without secrets. Returns the file's path; empty where it could not be written."""
    try:
        path = paths.state_dir() / NAME
        file = paths.opened(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        with os.fdopen(file, "w", encoding="utf-8", errors="replace") as kept:
            if os.fstat(file).st_size > LARGEST:
                os.ftruncate(file, 0)
            kept.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n{redact(text)}\n")
    except (OSError, ConsoleError):
        return ""
    return str(path)
