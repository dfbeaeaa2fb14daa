"""Copying: always into a file, and into the clipboard of the terminal at the far end (OSC 52) where it takes
it."""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tui.console.exports import fresh

LARGEST = 74_994
"""base64 characters that every terminal takes; xterm cuts or ignores more"""
SCREEN_CHUNK = 512
"""GNU screen passes strings of at most 768 bytes on"""


def copy(text: str, write: Callable[[str], None], environ: Mapping[str, str], folder: Path, name: str = "copy") -> Path:
    """Into a new file in `folder`, and to the clipboard unless it is too large for that (`fits`). Raises OSError."""
    path = fresh(folder, f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}", ".txt", text)
    if fits(text):
        write(sequence(text, environ))
    return path


def fits(text: str) -> bool:
    """True where terminals take a text of this length."""
    return len(base64.b64encode(text.encode())) <= LARGEST


def sequence(text: str, environ: Mapping[str, str]) -> str:
    """The bytes that ask the terminal to take `text`.

    tmux passes a wrapped sequence on where `allow-passthrough` is on, and takes a bare one itself where
    `set-clipboard` is: it gets both, for they say the same. GNU screen only knows the wrapped one, in short
    pieces."""
    bare = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    term = environ.get("TERM", "")
    if environ.get("TMUX") or term.startswith("tmux"):
        doubled = bare.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\{bare}"
    if environ.get("STY") or term.startswith("screen"):
        return "".join(f"\x1bP{bare[at : at + SCREEN_CHUNK]}\x1b\\" for at in range(0, len(bare), SCREEN_CHUNK))
    return bare
