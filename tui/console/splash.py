"""The first thing on the screen, written before anything heavy is imported: the last known board, with its age.

Standard library only. Textual takes the same alternate screen over a moment later.
"""

import os
import shutil
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

from tui.console import lastboard

ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
LEAVE = "\x1b[?1049l\x1b[?25h"


def folder() -> Path:
    """Where the board lies: as `drivers.paths` says, but without its imports."""
    named = os.environ.get("ROLLBACK_STATE_DIR")
    if named:
        return Path(named)
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111 - pathlib's costs more
    return Path(base) / "rollback"


def text(now: datetime, columns: int, lines: int) -> str:
    """The splash for a screen of this size."""
    at, rows = lastboard.read(folder())
    out = [" rollback: starting"]
    if at is None:
        out.append("   no board is known yet")
    else:
        out.append(f"   as of {at:%Y-%m-%d %H:%M:%S}Z, {_age((now - at).total_seconds())} ago; not live")
        out.extend(
            f"   {row.get('health', ''):<9} {row.get('service', ''):<18} {row.get('release', '')}" for row in rows
        )
    return "\r\n".join(_harmless(line)[: columns - 1] for line in out[: lines - 1])


def show(descriptor: int = 1) -> None:
    """Write it at once."""
    columns, lines = shutil.get_terminal_size()
    os.write(descriptor, (ENTER + text(datetime.now(UTC), columns, lines)).encode("utf-8", "replace"))


def _harmless(line: str) -> str:
    return "".join(c if unicodedata.category(c)[0] != "C" else "?" for c in line)


def _age(seconds: float) -> str:
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {name}"
    return f"{max(0, seconds):.0f} s"
