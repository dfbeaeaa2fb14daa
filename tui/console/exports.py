"""Files that people take out of the console: always new ones, readable by their owner alone."""

import os
from itertools import count
from pathlib import Path

from tui.drivers.paths import private
from tui.text.redact import redact


def fresh(folder: Path, name: str, suffix: str, text: str) -> Path:
    """A new file in `folder` with this text, without secrets; a number is added to the name where there is one already.
    Raises OSError, and ConfigError where the folder is a link or somebody else's."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private(folder)
    plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in name)[:60].lstrip(".") or "copy"
    for number in count():
        path = folder / f"{plain}{f'-{number}' if number else ''}{suffix}"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            if number < 1000:
                continue
            raise
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(redact(text).rstrip("\n") + "\n")
        return path
    raise AssertionError("count() does not end")
