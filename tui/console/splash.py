"""The first picture: the last known board, marked with its age, written before anything heavy is imported.

The standard library only, and of that nothing slow: no argparse, no pathlib, no typing, no dataclasses. The
file of the last board is text from outside; what is not printable ASCII is shown as `?`.
"""

import os
import sys

from tui.console import board_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FLAGS = frozenset(
    {"--read-only", "--no-color", "--ascii", "--no-ascii", "--mouse", "--no-mouse", "--low-bandwidth", "--trust"}
    | {"-q", "--quiet", "-v", "--verbose"}
)
VALUES = frozenset({"--services", "--accept-host-key", "--watch", "--dokku", "--pace", "--scenario", "--game-day"})
NO_SCREEN = frozenset({"", "dumb", "unknown"})

ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H"
MODES_OFF = (
    "\x1b[?2026l"  # synchronised output: a frame that was never finished would stay invisible
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # the mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus, bracketed paste, sizes in band
    "\x1b[?7h\x1b[0m\x1b[?25h"  # line wrap, no attributes, a cursor
)
LEAVE = "\x1b[<u\x1b[?1049l"
"""keyboard protocol of the alternate screen, and that screen itself"""

up = False
"""whether the alternate screen is ours now: set here and by the driver"""
used = False
"""whether anything was done to the terminal that has to be undone"""


def shows(argv: "Sequence[str]") -> str | None:
    """`console` or `sandbox` when this command line clearly opens the console; None when in doubt."""
    wanted = "console"
    words = iter(argv)
    for word in words:
        name, equals, _ = word.partition("=")
        if word == "sandbox" and wanted == "console":
            wanted = "sandbox"
        elif name in VALUES:
            if not equals and next(words, None) is None:
                return None
        elif word not in FLAGS:
            return None
    return wanted


def drawable(environ: "Mapping[str, str]") -> bool:
    """True where this kind of terminal can put the cursor somewhere. One that terminfo does not know is taken for an
    ordinary one: the newest terminals are unknown on old hosts."""
    term = environ.get("TERM", "")
    if term in NO_SCREEN:
        return False
    try:
        import _curses  # `curses` itself would cost as much again as the picture

        _curses.setupterm(term, 1)
        return _curses.tigetstr("cup") is not None
    except (ImportError, _curses.error):
        return True


def begin(argv: "Sequence[str]", environ: "Mapping[str, str]") -> bool:
    """Paint, if this start leads to a screen on this terminal; says whether it did."""
    global up, used
    wanted = shows(argv)
    if (
        wanted is None
        or environ.get("ACCESSIBLE", "") not in ("", "0")
        or not (os.isatty(0) and os.isatty(1))
        or not drawable(environ)
    ):
        return False
    size = os.get_terminal_size(1)
    if wanted == "sandbox":
        lines = ["rollback  SANDBOX", "", "starting a pretend host on this machine; nothing real is touched"]
    else:
        lines = _board(argv, environ)
    picture = "\r\n".join(_cut(line, size.columns or 80) for line in lines[: max(1, (size.lines or 24) - 1)])
    up = used = True
    return put(ENTER + picture)


def end() -> None:
    """Leave the terminal as a shell wants it, also after a fault; nothing is written when nothing has."""
    global up, used
    if used:
        put(MODES_OFF + (LEAVE if up else ""))
    up = used = False


def put(text: str) -> bool:
    """Write to the terminal at once; says whether it is still there."""
    try:
        os.write(1, text.encode("ascii", "replace"))
    except OSError:
        return False
    return True


def _board(argv: "Sequence[str]", environ: "Mapping[str, str]") -> list[str]:
    found = board_cache.read(board_cache.state_folder(dict(environ), sys.platform))
    if found is None or not _same(argv, environ, found["services"]):
        return ["rollback  starting", "", "no board yet"]
    import time

    now = time.time()
    lines = [
        f"rollback  starting  {found['environment']}  {found['services']}",
        "",
        "the board as it was LAST SEEN; nothing here is current",
    ]
    for row in found["rows"]:
        seen = _age(row["at"] or found["at"], now)
        lines.append(
            f"  {row['health'][:9]:<9}{row['service'][:18]:<19}{row['release'][:15]:<16}{seen}  {row['detail']}"
        )
    return lines


def _same(argv: "Sequence[str]", environ: "Mapping[str, str]", services: str) -> bool:
    """True where the board is of the services.yaml that was named, or where none was."""
    named = environ.get("ROLLBACK_SERVICES", "")
    for at, word in enumerate(argv):
        if word == "--services":
            named = argv[at + 1]  # `shows` has seen that there is one
        elif word.startswith("--services="):
            named = word.partition("=")[2]
    return not named or os.path.realpath(os.path.expanduser(named)) == services  # noqa: PTH111 - see lastboard


def _age(stamp: str, now: float) -> str:
    """`as of 02:13:05Z, 4 h ago`."""
    day, _, clock = stamp.removesuffix("Z").partition("T")
    try:
        seconds = now - _epoch(day, clock)
    except (ValueError, OverflowError):
        return "as of an unknown time"
    if seconds < -60:
        return f"as of {clock}Z, by a clock ahead of this one"
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"as of {clock}Z, {int(seconds // length)} {unit} ago"
    return f"as of {clock}Z, {max(0, int(seconds))} s ago"


def _epoch(day: str, clock: str) -> int:
    """Seconds since 1970 of a moment in UTC, by the proleptic Gregorian calendar. Raises ValueError.

    By hand: `calendar` and `datetime` cost a third of the picture."""
    year, month, date = map(int, day.split("-"))
    hour, minute, second = map(int, clock.split(":"))
    year, shifted = (year - 1, month + 9) if month < 3 else (year, month - 3)
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * shifted + 2) // 5 + date - 719469
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def _cut(line: str, columns: int) -> str:
    return "".join(char if " " <= char <= "~" else "?" for char in line[:columns])
