"""The last known board in a file: what the next start shows before it knows anything, marked with its age.

Standard library only: it is read before anything else is imported.
"""

import contextlib
import json
import os
from datetime import datetime
from pathlib import Path

NAME = "board.json"
LARGEST = 256 * 1024
Rows = list[dict[str, str]]
"""each with service, health, release, detail"""


def write(folder: Path, services: str, at: datetime, rows: Rows) -> None:
    """Leave the board for the next start. A board that cannot be written is no reason to stop anything."""
    text = json.dumps({"schema": 1, "at": at.isoformat(), "services": services, "rows": rows})
    fresh = folder / f"{NAME}.{os.getpid()}"
    with contextlib.suppress(OSError):
        fresh.write_text(text)
        fresh.chmod(0o600)
        fresh.replace(folder / NAME)


def read(folder: Path) -> tuple[datetime | None, Rows]:
    """When it was written, and its rows; nothing where there is none or it cannot be read."""
    try:
        with (folder / NAME).open("rb") as file:
            found = json.loads(file.read(LARGEST))
        at = datetime.fromisoformat(found["at"])
        rows = [{str(k): str(v) for k, v in row.items()} for row in found["rows"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None, []
    return (at, rows) if at.tzinfo is not None else (None, [])
