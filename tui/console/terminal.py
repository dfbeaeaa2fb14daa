"""What a terminal can do, and what Textual 8.2.8 does not do for one that is slow, odd or gone.

Everything private to Textual is touched here and nowhere else; each piece has a test that fails when an update makes it
wrong or needless.
"""

import asyncio
import base64
import codecs
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST_COPY = 74_000
"""bytes of base64 that terminals take in one piece; more is only written to the file"""
BARE = frozenset({"", "dumb", "unknown", "emacs"})
"""TERM values without a cursor that can be moved"""
PLAIN_FONTS = frozenset({"linux", "vt100", "vt102", "vt220", "ansi", "cons25"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What is known of the terminal before anything is drawn."""

    usable: bool
    """whether a full screen can be drawn at all"""
    colour: bool
    ascii_only: bool
    mouse: bool


def describe(
    environ: Mapping[str, str], *, colour: bool = True, ascii_only: bool | None = None, mouse: bool | None = None
) -> Terminal:
    """What can be known from the environment, with what the person asked for on top.

    The mouse is off inside ssh unless it is asked for: it would keep people from selecting text with their terminal.
    """
    term = environ.get("TERM", "")
    remote = any(name in environ for name in ("SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT"))
    plain = term in PLAIN_FONTS or not _utf8(environ)
    return Terminal(
        usable=term not in BARE,
        colour=colour and not environ.get("NO_COLOR") and not term.startswith("vt"),
        ascii_only=plain if ascii_only is None else ascii_only,
        mouse=not remote if mouse is None else mouse,
    )


def _utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale says UTF-8. Python itself sets LC_CTYPE=C.UTF-8 where there is none: that says nothing."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environ.get(name, "")
        if value and not (name == "LC_CTYPE" and value == "C.UTF-8" and environ.get("LANG", "C") in ("", "C", "POSIX")):
            return value.lower().replace("-", "").endswith("utf8")
    return False


def prepare(environ: dict[str, str] | os._Environ[str]) -> None:
    """Before Textual is imported: it reads these once. What the person set stays."""
    for name, value in (("TEXTUAL_ANIMATIONS", "none"), ("TEXTUAL_SMOOTH_SCROLL", "0"), ("ESCDELAY", "50")):
        environ.setdefault(name, value)


def forgive_input() -> None:
    """Bytes that are no UTF-8 (old mouse reports after a tmux re-attach, a line that drops bytes) must neither end the
    input thread nor the program: they become a replacement character, which is bound to nothing."""
    import textual.drivers.linux_driver as driver

    def lenient(encoding: str) -> Callable[..., codecs.IncrementalDecoder]:
        return lambda errors="replace": codecs.getincrementaldecoder(encoding)(errors)

    driver.getincrementaldecoder = lenient  # type: ignore[assignment, attr-defined]


def heed_signals(leave: Callable[[int], None]) -> None:
    """A lost terminal and a request to end are handled inside the loop, so that the terminal is restored and the
    journal closed: by default they would kill the program with the alternate screen and the mouse left on. `leave` is
    given the exit code, 128 + the signal's number."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, leave, 128 + number)


def writer_idle(app: Any) -> bool:
    """Whether the terminal has taken all that was written to it: a frame made before that only adds to the queue.

    Textual writes through a thread with a queue of 30 frames, which blocks the whole program once it is full. Where
    there is no such thread (tests, the web), nothing can be known and nothing is held back.
    """
    writer = getattr(getattr(app, "_driver", None), "_writer_thread", None)
    queue = getattr(writer, "_queue", None)
    return queue is None or queue.empty()


def copy(text: str, name: str, write: Callable[[str], None], environ: Mapping[str, str], folder: Path) -> str:
    """Offer `text` to the terminal's clipboard and write it to a file in any case: many terminals take no such offer
    and none says so. Returns what to tell the person."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{name}.txt"
    path.write_text(text + "\n")
    path.chmod(0o600)
    sequence = osc52(text, environ)
    if sequence is None:
        return f"written to {path} (too long for the clipboard)"
    write(sequence)
    return f"offered to the clipboard, and written to {path}"


def osc52(text: str, environ: Mapping[str, str]) -> str | None:
    """The sequence that offers `text` to the clipboard, wrapped for tmux and screen; None where it is too long."""
    payload = base64.b64encode(text.encode()).decode()
    if len(payload) > LARGEST_COPY:
        return None
    sequence = f"\x1b]52;c;{payload}\x07"
    if environ.get("TMUX"):
        return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
    if environ.get("TERM", "").startswith("screen"):
        pieces = [sequence[i : i + 250] for i in range(0, len(sequence), 250)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence
